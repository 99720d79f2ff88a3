/**
 * What comes before a live check: the camera is opened, the light is measured, and whatever takes the camera away is
 * said in words. The page has the views "ready" and "camera" and the element #light.
 */
import { CameraError, openCamera } from "./camera.js";

const LIGHT_MS = 400;

export class Preview {
  #metering = 0;
  #opening = null;

  /** @param {{views: object, video: HTMLVideoElement, flashing: () => boolean}} page */
  constructor({ views, video, flashing }) {
    this.views = views;
    this.video = video;
    this.flashing = flashing;
    this.camera = null;
    window.addEventListener("pagehide", () => this.close());
    openOnceAllowed(() => this.#waits() && this.open());
  }

  get live() {
    return Boolean(this.camera?.live);
  }

  /** A second press while the browser still asks changes nothing. */
  open({ focus = true } = {}) {
    this.#opening ??= this.#open(focus).finally(() => { this.#opening = null; });
    return this.#opening;
  }

  /** The light meter rests while colours are shown; the camera goes on. */
  rest() {
    clearInterval(this.#metering);
  }

  close() {
    clearInterval(this.#metering);
    if (this.camera) this.camera.onended = null;
    this.camera?.close();
    this.camera = null;
  }

  async #open(focus) {
    this.views.showCameraError("");
    try {
      if (!this.live) this.camera = await openCamera(this.video, { facing: "user", purpose: "face" });
    } catch (error) {
      if (!(error instanceof CameraError)) throw error;
      this.#lost(error.code, focus);
      return;
    }
    // A call came in, the device was locked, the cable was pulled: while a challenge runs, that ends the challenge.
    this.camera.onended = () => this.views.now === "camera" && this.#lost("stopped", true);
    this.views.show("camera", { focus });
    clearInterval(this.#metering);
    this.#metering = setInterval(() => this.#measure(), LIGHT_MS);
    this.#measure();
  }

  #lost(code, focus) {
    this.close();
    this.views.show("ready", { focus });
    this.views.showCameraError(code);
  }

  #waits() {
    return this.views.now === "ready" && !this.#opening && !document.hidden;
  }

  #measure() {
    if (!this.live || !this.video.videoWidth) return;
    document.getElementById("light").value = this.camera.light().mean;
    const hint = this.camera.hint({ flashing: this.flashing() });
    for (const node of document.querySelectorAll("[data-light-is]")) node.hidden = node.dataset.lightIs !== hint;
  }
}

/** Whoever allows the camera in the browser's settings need not find the button again. */
async function openOnceAllowed(open) {
  try {
    const permission = await navigator.permissions.query({ name: "camera" });
    permission.addEventListener("change", () => permission.state === "granted" && open());
  } catch {
    // Not every browser tells: the button is there.
  }
}
