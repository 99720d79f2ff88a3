/** The live face: choose a way, light meter, the challenge, the upload. The recording lives on this page only. */

import { runLiveness } from "../liveness.js";
import { Preview } from "../preview.js";
import { Answered, Sender, whenBack } from "./sending.js";
import { Views } from "./views.js";

const form = document.getElementById("face");
const views = new Views(form);
const sender = new Sender(form, views);
const stage = document.getElementById("live-stage");
const video = stage.querySelector("video");
const preview = new Preview({ views, video, flashing });
let clip = null;
let running = null;

views.actions({ open, start, send, back, cancel: () => running?.abort() });
form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("change", showWay);
document.addEventListener("keydown", (event) => event.key === "Escape" && running?.abort());
window.addEventListener("pageshow", (event) => event.persisted && location.replace(form.dataset.here));
if (matchMedia("(prefers-reduced-motion: reduce)").matches) form.elements.way.value = "turns";
showWay();
// The consent said what comes: the browser asks for the camera now. Lights and colours wait for "Start".
preview.open({ focus: false });

function flashing() {
  return form.elements.way.value === "colours";
}

function showWay() {
  for (const node of form.querySelectorAll("[data-warning], [data-only=colours]")) node.hidden = !flashing();
}

function open() {
  preview.open();
}

function back() {
  preview.close();
  views.show("ready");
}

/** A challenge is drawn for each start: a second press must not draw another that makes the first one void. */
async function start() {
  if (running) return;
  running = new AbortController();
  const challenge = await drawn();
  if (!challenge) {
    running = null;
    return;
  }
  preview.rest();
  stage.classList.add("running");
  try {
    clip = await runLiveness({ video, stage, challenge, signal: running.signal });
  } catch {
    views.show("stopped");
    return;
  } finally {
    stage.classList.remove("running");
    for (const text of stage.querySelectorAll("[data-when]")) text.hidden = true;
    running = null;
    preview.close();
  }
  await send();
}

async function drawn() {
  views.showNoConnection(false);
  try {
    return await sender.ask(form.dataset.challenge, { flashing: flashing() ? "yes" : "no" });
  } catch (error) {
    if (error instanceof Answered) location.assign(form.dataset.here);
    else views.showNoConnection(true);
    return null;
  }
}

async function send() {
  views.showWaiting(false);
  views.show("working");
  try {
    const told = await sender.send({ clip });
    location.assign(told.next);
  } catch (error) {
    if (error instanceof Answered) location.assign(form.dataset.here);
    else {
      views.show("failed");
      whenBack(views, send);
    }
  }
}
