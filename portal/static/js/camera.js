/**
 * The camera: opening it, saying in a code why it cannot be opened, taking stills in full resolution, and a light meter
 * for hints. Words for people are the page's; this module only returns codes.
 */

/** Why there is no picture. `code`: insecure, unsupported, refused, missing, in_use, unfit, stopped, failed. */
export class CameraError extends Error {
  constructor(code, cause) {
    super(code, { cause });
    this.name = "CameraError";
    this.code = code;
  }
}

const CODES = {
  NotAllowedError: "refused",
  SecurityError: "refused",
  NotFoundError: "missing",
  NotReadableError: "in_use",
  AbortError: "in_use",
  OverconstrainedError: "unfit",
};

const SIZES = {
  face: { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } },
  document: { width: { ideal: 2560 }, height: { ideal: 1440 } },
};
/** Some cameras that another program holds open without an error and never give a picture. */
const FIRST_PICTURE_MS = 20_000;

/**
 * Open a camera into a <video>.
 * @param {HTMLVideoElement} video
 * @param {{facing?: "user"|"environment", purpose?: "face"|"document", signal?: AbortSignal}} wanted
 * @returns {Promise<Camera>}
 */
export async function openCamera(video, { facing = "user", purpose = "face", signal } = {}) {
  if (!window.isSecureContext) throw new CameraError("insecure");
  if (!navigator.mediaDevices?.getUserMedia) throw new CameraError("unsupported");
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({
      audio: false,
      video: { facingMode: { ideal: facing }, ...SIZES[purpose] },
    });
  } catch (error) {
    throw new CameraError(CODES[error.name] ?? "failed", error);
  }
  const camera = new Camera(video, stream, { facing, purpose });
  if (signal?.aborted) {
    camera.close();
    throw new CameraError("stopped");
  }
  signal?.addEventListener("abort", () => camera.close(), { once: true });
  try {
    await camera.ready();
  } catch (error) {
    camera.close();
    throw error;
  }
  return camera;
}

/** Whether the device has more than one camera; known for certain only after one was opened. */
export async function hasSeveralCameras() {
  const devices = (await navigator.mediaDevices?.enumerateDevices?.()) ?? [];
  return devices.filter((device) => device.kind === "videoinput").length > 1;
}

export class Camera {
  #stream;
  #canvas = document.createElement("canvas");

  constructor(video, stream, { facing, purpose }) {
    this.video = video;
    this.facing = facing;
    this.purpose = purpose;
    this.#stream = stream;
    video.playsInline = true;
    video.muted = true;
    video.srcObject = stream;
    // People expect a mirror; what is sent is never mirrored.
    video.style.transform = facing === "user" ? "scaleX(-1)" : "";
    for (const track of stream.getTracks()) {
      track.addEventListener("ended", () => this.onended?.(), { once: true });
    }
  }

  get track() {
    return this.#stream.getVideoTracks()[0];
  }

  get live() {
    return this.track?.readyState === "live";
  }

  /** Resolves with the first picture. */
  async ready() {
    const silence = new Promise((_, reject) => setTimeout(() => reject(new CameraError("in_use")), FIRST_PICTURE_MS));
    try {
      await Promise.race([this.#firstPicture(), silence]);
    } catch (error) {
      throw error instanceof CameraError ? error : new CameraError("failed", error);
    }
  }

  /** The other camera of a phone. */
  async flip() {
    const facing = this.facing === "user" ? "environment" : "user";
    this.close();
    return openCamera(this.video, { facing, purpose: this.purpose });
  }

  /** A still in the best resolution the device gives, as a JPEG. */
  async still({ quality = 0.92 } = {}) {
    if (!this.live) throw new CameraError("stopped");
    const photo = await this.#photo();
    return photo ?? this.frame({ side: Infinity, quality });
  }

  /** The current picture as a JPEG, its longer side at most `side`. */
  async frame({ side = 640, quality = 0.85 } = {}) {
    const canvas = this.#draw(side);
    const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", quality));
    if (!blob) throw new CameraError("failed");
    return blob;
  }

  /** How light and how even the picture is: mean 0 to 255, and the share that is burnt out. */
  light() {
    const canvas = this.#draw(64);
    const { data } = canvas.getContext("2d", { willReadFrequently: true }).getImageData(0, 0, canvas.width, canvas.height);
    let sum = 0;
    let burnt = 0;
    for (let i = 0; i < data.length; i += 4) {
      const grey = 0.299 * data[i] + 0.587 * data[i + 1] + 0.114 * data[i + 2];
      sum += grey;
      if (grey > 250) burnt += 1;
    }
    const pixels = data.length / 4;
    return { mean: sum / pixels, burnt: burnt / pixels };
  }

  /** A hint about the light, or "": too_dark, too_bright, too_bright_for_flashes. */
  hint({ flashing = false } = {}) {
    const { mean, burnt } = this.light();
    if (mean < 35) return "too_dark";
    if (burnt > 0.25) return "too_bright";
    if (flashing && mean > 190) return "too_bright_for_flashes";
    return "";
  }

  close() {
    for (const track of this.#stream.getTracks()) track.stop();
    if (this.video.srcObject === this.#stream) this.video.srcObject = null;
  }

  async #firstPicture() {
    await this.video.play();
    if (this.video.videoWidth) return;
    await new Promise((resolve) => this.video.addEventListener("resize", resolve, { once: true }));
  }

  async #photo() {
    if (!("ImageCapture" in window)) return null;
    try {
      const blob = await new ImageCapture(this.track).takePhoto();
      return blob.type === "image/jpeg" ? blob : null;
    } catch {
      return null; // many cameras offer no photograph: the video picture serves
    }
  }

  #draw(side) {
    const { videoWidth, videoHeight } = this.video;
    if (!videoWidth) throw new CameraError("stopped");
    const scale = Math.min(1, side / Math.max(videoWidth, videoHeight));
    this.#canvas.width = Math.round(videoWidth * scale);
    this.#canvas.height = Math.round(videoHeight * scale);
    this.#canvas.getContext("2d", { willReadFrequently: true }).drawImage(this.video, 0, 0, this.#canvas.width, this.#canvas.height);
    return this.#canvas;
  }
}
