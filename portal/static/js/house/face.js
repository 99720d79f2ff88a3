/** The live face: choose a way, light meter, the challenge, the upload. The recording lives on this page only. */

import { CameraError, openCamera } from "../camera.js";
import { LivenessError, runLiveness } from "../liveness.js";
import { Answered, Sender } from "./sending.js";
import { Views } from "./views.js";

const LIGHT_MS = 400;

const form = document.getElementById("face");
const views = new Views(form);
const sender = new Sender(form, {
  onWaiting: (waiting) => views.showWaiting(waiting),
  onStages: (html) => views.showStages(html),
});
const stage = document.getElementById("live-stage");
const video = stage.querySelector("video");
let camera = null;
let clip = null;
let running = null;
let metering = 0;

views.actions({ open, start, send, back, cancel: () => running?.abort() });
form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("change", showWay);
document.addEventListener("keydown", (event) => event.key === "Escape" && running?.abort());
window.addEventListener("pagehide", closeCamera);
window.addEventListener("pageshow", (event) => event.persisted && location.replace(form.dataset.here));
if (matchMedia("(prefers-reduced-motion: reduce)").matches) form.elements.way.value = "turns";
showWay();
// The consent said what comes: the browser asks for the camera now. Lights and colours wait for "Start".
open({ focus: false });

function flashing() {
  return form.elements.way.value === "colours";
}

function showWay() {
  for (const node of form.querySelectorAll("[data-warning], [data-only=colours]")) node.hidden = !flashing();
}

function back() {
  closeCamera();
  views.show("ready");
}

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
  const hint = camera.hint({ flashing: flashing() });
  for (const node of form.querySelectorAll("[data-light-is]")) node.hidden = node.dataset.lightIs !== hint;
}

async function start() {
  clearInterval(metering);
  running = new AbortController();
  stage.classList.add("running");
  try {
    const challenge = await sender.ask(form.dataset.challenge, { flashing: flashing() ? "yes" : "no" });
    clip = await runLiveness({ video, stage, challenge, signal: running.signal });
  } catch (error) {
    if (error instanceof LivenessError) views.show("stopped");
    else if (error instanceof Answered) location.assign(form.dataset.here);
    else views.show("stopped");
    return;
  } finally {
    stage.classList.remove("running");
    for (const text of stage.querySelectorAll("[data-when]")) text.hidden = true;
    running = null;
    closeCamera();
  }
  await send();
}

async function send() {
  views.showWaiting(false);
  views.show("working");
  try {
    const told = await sender.send({ clip });
    location.assign(told.next);
  } catch (error) {
    if (error instanceof Answered) location.assign(form.dataset.here);
    else views.show("failed");
  }
}

function closeCamera() {
  clearInterval(metering);
  camera?.close();
  camera = null;
}
