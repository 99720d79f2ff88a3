/** The Face Check: the camera, a light meter, the challenge, and the recording sent until it is judged. It lives on
 *  this page only. */
import { Views } from "./house/views.js";
import { runLiveness } from "./liveness.js";
import { Preview } from "./preview.js";
import { pauseOrOnline, upload } from "./upload.js";

const AGAIN_MS = 2000;
const MARGIN_MS = 30_000;

const root = document.getElementById("face");
const views = new Views(root);
const stage = document.getElementById("live-stage");
const video = stage.querySelector("video");
const challenge = JSON.parse(document.getElementById("challenge").textContent);
const flashing = root.dataset.flashing === "1";
const preview = new Preview({ views, video, flashing: () => flashing });
let running = null;

views.actions({ open: () => preview.open(), start, cancel: () => running?.abort(), reload: () => location.reload() });
document.addEventListener("keydown", (event) => event.key === "Escape" && running?.abort());
// A page out of the history holds a challenge that was answered: the server knows where the person is now.
window.addEventListener("pageshow", (event) => event.persisted && location.reload());
// The page before said what comes: the browser asks for the camera now, and the button stays for whoever said no.
preview.open({ focus: false });

/** The challenge lasts minutes, of which a reload may find a part gone: whoever took longer to get ready is given a new
 *  one, unasked. */
function tooOld() {
  const needed = challenge.phases.reduce((sum, phase) => sum + phase.duration_ms, 0);
  return performance.now() + needed + MARGIN_MS > Number(root.dataset.leftMs);
}

async function start() {
  if (running) return;
  if (tooOld()) return location.reload();
  running = new AbortController();
  preview.rest();
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
    preview.close();
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
    views.showWork(answer.state);
    await pauseOrOnline(AGAIN_MS);
  }
}

async function post(clip) {
  const headers = { "Content-Type": "application/octet-stream", "X-CSRFToken": root.dataset.csrf, Accept: "application/json" };
  let response;
  try {
    response = await upload(root.dataset.clipUrl, clip, { headers, onSent: showSent });
  } catch {
    return { state: "offline" };
  }
  // Anything but an answer for this page (the case moved on, or was stopped): the server says where the person is.
  return (response.ok && response.json()) || { state: "again" };
}

function showSent(share) {
  views.showWork("checking");
  views.showSent(share);
}
