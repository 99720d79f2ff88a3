/**
 * Runs a liveness challenge: shows its colours on the whole screen, asks for its head turns, takes frames, and packs
 * them into a clip (format: vendors/facecheck/engine/FORMATS.md). It judges nothing: the server does.
 */

/** `code`: canceled, hidden (the page went to the background), turned (the device), camera (the picture stopped). */
export class LivenessError extends Error {
  constructor(code, cause) {
    super(code, { cause });
    this.name = "LivenessError";
    this.code = code;
  }
}

const SIDE = 640;
const QUALITY = 0.85;
const MAX_FRAME_BYTES = 400 * 1024;
const GREY = "rgb(128, 128, 128)";

/**
 * @param {object} run
 * @param {HTMLVideoElement} run.video  playing the front camera
 * @param {HTMLElement} run.stage  covers the screen while it runs; gets `data-phase` and a background colour. The page's
 *   texts, translated, are elements in it with `data-when="still|colour|left|right"`; those that do not fit are hidden.
 * @param {object} run.challenge  as the server gave it
 * @param {(state: {phase: string, number: number, of: number, progress: number}) => void} [run.onState]
 * @param {AbortSignal} [run.signal]
 * @returns {Promise<Blob>}
 */
export async function runLiveness({ video, stage, challenge, onState = () => {}, signal }) {
  const lens = new Lens(video);
  const stop = new AbortController();
  const leave = watch(stop, signal, video);
  const restore = prepare(stage);
  const sleep = stayAwake();
  const phases = [];
  const frames = [];
  const began = performance.now();
  try {
    for (const [number, phase] of challenge.phases.entries()) {
      const shown = labelOf(phase);
      await painted(stage, phase, shown, stop.signal);
      const started = performance.now();
      phases.push({ shown, started_ms: rounded(started - began) });
      onState({ phase: shown, number, of: challenge.phases.length, progress: (started - began) / total(challenge) });
      await takeFrames({ lens, phase, number, started, frames, signal: stop.signal });
    }
    const jpegs = await Promise.all(frames.map((frame) => frame.jpeg));
    check(stop.signal);
    return pack(challenge.nonce, phases, frames, jpegs);
  } finally {
    leave();
    restore();
    sleep();
  }
}

/** What a clip calls a phase: its colour, its side, or "still". */
export function labelOf(phase) {
  return phase.colour || phase.side || phase.kind;
}

/** A clip, from frames `{phase, at_ms}` and their JPEGs. */
export function pack(nonce, phases, frames, jpegs) {
  const times = frames.map(({ phase, at_ms }) => ({ phase, at_ms }));
  const header = new TextEncoder().encode(JSON.stringify({ version: 1, nonce, phases, frames: times }));
  const parts = [new TextEncoder().encode("RDMCLIP1"), length(header.length), header];
  for (const jpeg of jpegs) parts.push(length(jpeg.size), jpeg);
  return new Blob(parts, { type: "application/octet-stream" });
}

async function takeFrames({ lens, phase, number, started, frames, signal }) {
  for (let due = phase.every_ms / 2; due < phase.duration_ms; due += phase.every_ms) {
    // A device that cannot keep up skips a frame rather than falling behind the colours.
    if (performance.now() - started > due + phase.every_ms) continue;
    await until(started + due, signal);
    const at = performance.now() - started;
    if (at < phase.duration_ms) frames.push({ phase: number, at_ms: rounded(at), jpeg: lens.take() });
  }
  await until(started + phase.duration_ms, signal);
}

/** Show the phase, and resolve once the screen really has. */
async function painted(stage, phase, shown, signal) {
  stage.dataset.phase = shown;
  stage.style.backgroundColor = phase.rgb ? `rgb(${phase.rgb.join(", ")})` : GREY;
  const kind = phase.kind === "colour" ? "colour" : shown;
  for (const text of stage.querySelectorAll("[data-when]")) text.hidden = text.dataset.when !== kind;
  await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
  check(signal);
}

function until(moment, signal) {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, Math.max(0, moment - performance.now()));
    signal.addEventListener("abort", stop, { once: true });
  });
}

/** Anything that breaks the challenge ends it at once: a half-seen challenge proves nothing. */
function watch(stop, signal, video) {
  const end = (code) => stop.abort(new LivenessError(code));
  const hidden = () => document.hidden && end("hidden");
  const canceled = () => end("canceled");
  const ended = () => end("camera");
  // Upright pictures and lying ones in one clip look like two recordings.
  const turned = () => end("turned");
  const tracks = video.srcObject?.getVideoTracks() ?? [];
  if (signal?.aborted) canceled();
  if (document.hidden) end("hidden");
  if (!tracks.some((track) => track.readyState === "live")) end("camera");
  signal?.addEventListener("abort", canceled);
  document.addEventListener("visibilitychange", hidden);
  screen.orientation?.addEventListener("change", turned);
  for (const track of tracks) track.addEventListener("ended", ended);
  return () => {
    signal?.removeEventListener("abort", canceled);
    document.removeEventListener("visibilitychange", hidden);
    screen.orientation?.removeEventListener("change", turned);
    for (const track of tracks) track.removeEventListener("ended", ended);
  };
}

function prepare(stage) {
  const before = { hidden: stage.hidden, colour: stage.style.backgroundColor };
  stage.hidden = false;
  return () => {
    stage.hidden = before.hidden;
    stage.style.backgroundColor = before.colour;
    delete stage.dataset.phase;
  };
}

/** Half a minute without a touch dims many a screen. Returns what lets it sleep again. */
function stayAwake() {
  let over = false;
  let lock = null;
  navigator.wakeLock?.request("screen").then(
    (held) => {
      lock = held;
      if (over) held.release();
    },
    () => {}, // not every browser lends it, and none has to
  );
  return () => {
    over = true;
    lock?.release();
  };
}

/** Takes pictures from the video without waiting for their encoding. */
class Lens {
  constructor(video) {
    this.video = video;
  }

  take() {
    const { videoWidth, videoHeight } = this.video;
    if (!videoWidth) return Promise.reject(new LivenessError("camera"));
    const scale = Math.min(1, SIDE / Math.max(videoWidth, videoHeight));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(videoWidth * scale);
    canvas.height = Math.round(videoHeight * scale);
    canvas.getContext("2d").drawImage(this.video, 0, 0, canvas.width, canvas.height);
    const taken = encoded(canvas, QUALITY);
    taken.catch(() => {}); // looked at when the clip is packed
    return taken;
  }
}

async function encoded(canvas, quality) {
  const jpeg = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", quality));
  if (!jpeg) throw new LivenessError("camera");
  return jpeg.size > MAX_FRAME_BYTES && quality > 0.4 ? encoded(canvas, quality - 0.2) : jpeg;
}

function check(signal) {
  if (signal.aborted) throw signal.reason;
}

function total(challenge) {
  return challenge.phases.reduce((sum, phase) => sum + phase.duration_ms, 0);
}

function length(count) {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, count);
  return bytes;
}

function rounded(milliseconds) {
  return Math.round(milliseconds * 10) / 10;
}
