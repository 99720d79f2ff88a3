/** The Face Check: the camera, a light meter, the challenge, and the recording sent until it is judged. It lives on
 *  this page only. */
import { CameraError, openCamera } from "./camera.js";
import { Views } from "./house/views.js";
import { runLiveness } from "./liveness.js";

const LIGHT_MS = 400;
const AGAIN_MS = 2000;

const root = document.getElementById("face");
const views = new Views(root);
const stage = document.getElementById("live-stage");
const video = stage.querySelector("video");
const challenge = JSON.parse(document.getElementById("challenge").textContent);
const flashing = root.dataset.flashing === "1";
let camera = null;
let running = null;
let metering = 0;

views.actions({ open, start, cancel: () => running?.abort(), reload: () => location.reload() });
document.addEventListener("keydown", (event) => event.key === "Escape" && running?.abort());
window.addEventListener("pagehide", closeCamera);
// A page out of the history holds a challenge that was answered: the server knows where the person is now.
window.addEventListener("pageshow", (event) => event.persisted && location.reload());
// The page before said what comes: the browser asks for the camera now, and the button stays for whoever said no.
open({ focus: false });

async function open({ focus = true } = {}) {
  views.showCameraError("");
  try {
    if (!camera?.live) camera = await openCamera(video, { facing: "user", purpose: "face" });
  } catch (error) {
    if (!(error instanceof CameraError)) throw error;
    views.show("ready");
    views.showCameraError(error.code);
    return;
  }
  views.show("camera", { focus });
  clearInterval(metering);
  metering = setInterval(meterLight, LIGHT_MS);
  meterLight();
}

function meterLight() {
  if (!camera?.live) return;
  document.getElementById("light").value = camera.light().mean;
  const hint = camera.hint({ flashing });
  for (const node of root.querySelectorAll("[data-light-is]")) node.hidden = node.dataset.lightIs !== hint;
}

async function start() {
  if (running) return;
  clearInterval(metering);
  running = new AbortController();
  stage.classList.add("running");
  let clip;
  try {
    clip = await runLiveness({ video, stage, challenge, signal: running.signal });
  } catch {
    views.show("stopped");
    return;
  } finally {
    stage.classList.remove("running");
    for (const text of stage.querySelectorAll("[data-when]")) text.hidden = true;
    running = null;
    closeCamera();
  }
  await send(clip);
}

/** The same recording, as often as the line is full or the network is gone; it is judged once. */
async function send(clip) {
  views.show("working");
  for (;;) {
    const answer = await post(clip);
    if (answer.state === "done") return location.assign(answer.next);
    if (answer.state === "again") return location.reload();
    for (const node of root.querySelectorAll("[data-working]")) node.hidden = node.dataset.working !== answer.state;
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
}

async function post(clip) {
  let response;
  try {
    response = await fetch(root.dataset.clipUrl, {
      method: "POST",
      headers: { "Content-Type": "application/octet-stream", "X-CSRFToken": root.dataset.csrf, Accept: "application/json" },
      body: clip,
      credentials: "same-origin",
    });
  } catch {
    return { state: "offline" };
  }
  // Anything but an answer for this page (the case moved on, or was stopped): the server says where the person is.
  if (response.redirected || !response.headers.get("Content-Type")?.startsWith("application/json")) return { state: "again" };
  return response.ok ? response.json() : { state: "again" };
}

function closeCamera() {
  clearInterval(metering);
  camera?.close();
  camera = null;
}
