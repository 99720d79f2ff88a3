/** The document: camera with a frame guide, or files; then the upload. Photographs live on this page only. */

import { CameraError, openCamera } from "../camera.js";
import { Answered, Sender, whenBack } from "./sending.js";
import { heldSpecimen, shallSend } from "./specimen.js";
import { Views } from "./views.js";

const LARGEST_SIDE = 3200;
const LARGE_BYTES = 5_000_000;
const HINT_MS = 700;

const form = document.getElementById("document");
const views = new Views(form);
const sender = new Sender(form, views);
const shots = [...form.querySelectorAll("[data-shot]")];
const video = form.querySelector("video");
const picture = form.querySelector("img.photograph");
const taken = new Map();
let camera = null;
let current = shots[0];
let pending = null;
let hinting = 0;
let taking = false;
let resend = null;

views.actions({
  take: takePhotograph,
  use: usePhotograph,
  again: () => showShot(current),
  files: () => showFiles(),
  camera: () => showShot(current),
  send: () => resend?.(),
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  sendFiles();
});
window.addEventListener("pagehide", closeCamera);
// A page that came back from the history shows where the person is now.
window.addEventListener("pageshow", (event) => event.persisted && location.replace(form.dataset.here));
offerSpecimen();
// Somebody who just corrected a file chosen before goes on with files.
if (specimenWanted()) sendSpecimen();
else if (!document.querySelector(".error-summary")) showShot(current, { focus: false });

/** Only a demonstration's page has a place for it, and only a passport is one photograph. */
function offerSpecimen() {
  const place = document.getElementById("specimen");
  if (!place || shots.length !== 1 || !heldSpecimen()) return;
  place.hidden = false;
  place.querySelector("button").addEventListener("click", sendSpecimen);
}

function specimenWanted() {
  const place = document.getElementById("specimen");
  return Boolean(place && !place.hidden && shallSend());
}

function sendSpecimen() {
  document.getElementById("specimen").hidden = true;
  taken.set(current.dataset.shot, heldSpecimen());
  sendAll();
}

async function showShot(shot, { problems = [], focus = true } = {}) {
  current = shot;
  try {
    camera = await opened();
  } catch (error) {
    if (!(error instanceof CameraError)) throw error;
    views.showCameraError(error.code);
    showFiles();
    return;
  }
  for (const other of shots) other.hidden = other !== shot;
  form.querySelector(".viewfinder").dataset.shape = shot.dataset.shape;
  listProblems(problems);
  views.show("camera", { focus });
  startHints();
}

async function opened() {
  if (camera?.live) return camera;
  const lens = await openCamera(video, { facing: "environment", purpose: "document" });
  lens.onended = () => {
    if (camera !== lens) return;
    views.showCameraError("stopped");
    showFiles({ focus: true });
  };
  return lens;
}

function listProblems(problems) {
  const place = form.querySelector("[data-problems]");
  place.replaceChildren();
  if (!problems.length) return;
  const list = document.createElement("ul");
  for (const sentence of problems) {
    const item = document.createElement("li");
    item.textContent = sentence;
    list.append(item);
  }
  list.className = "callout callout-compact tone-warn problems";
  place.append(list);
}

function startHints() {
  clearInterval(hinting);
  const place = form.querySelector("[data-hint]");
  hinting = setInterval(() => {
    if (!camera?.live || !video.videoWidth) return;
    const hint = camera.hint();
    place.textContent = hint ? (form.dataset[hint === "too_dark" ? "hintDark" : "hintBright"] ?? "") : "";
  }, HINT_MS);
}

/** A still takes a moment on many telephones: a second press must not take another over it. */
async function takePhotograph() {
  if (taking || !camera) return;
  taking = true;
  try {
    pending = await camera.still();
  } catch (error) {
    if (!(error instanceof CameraError)) throw error;
    camera = null;
    showShot(current);
    return;
  } finally {
    taking = false;
  }
  if (picture.src) URL.revokeObjectURL(picture.src);
  picture.src = URL.createObjectURL(pending);
  clearInterval(hinting);
  views.show("review");
}

function usePhotograph() {
  if (views.now !== "review") return;
  taken.set(current.dataset.shot, pending);
  const next = shots.find((shot) => !taken.has(shot.dataset.shot));
  if (next) showShot(next);
  else sendAll();
}

function showFiles({ focus = false } = {}) {
  closeCamera();
  views.show("files", { focus });
}

async function sendFiles() {
  for (const shot of shots) {
    const file = form.elements[shot.dataset.shot].files[0];
    if (file) taken.set(shot.dataset.shot, await reduced(file));
  }
  const missing = shots.find((shot) => !taken.has(shot.dataset.shot));
  if (missing) {
    tellAtFile(missing.dataset.shot, [form.dataset.missing]);
    return;
  }
  sendAll({ fromFiles: true });
}

/** Telephones make files larger than anybody needs. What cannot be read here is sent as it is: the server says why. */
async function reduced(file) {
  if (file.size < LARGE_BYTES) return file;
  try {
    const bitmap = await createImageBitmap(file);
    const scale = Math.min(1, LARGEST_SIDE / Math.max(bitmap.width, bitmap.height));
    const canvas = new OffscreenCanvas(Math.round(bitmap.width * scale), Math.round(bitmap.height * scale));
    canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    return await canvas.convertToBlob({ type: "image/jpeg", quality: 0.92 });
  } catch {
    return file;
  }
}

async function sendAll({ fromFiles = false } = {}) {
  resend = () => sendAll({ fromFiles });
  closeCamera();
  views.showWaiting(false);
  views.show("working");
  try {
    const told = await sender.send(Object.fromEntries(taken));
    location.assign(told.next);
  } catch (error) {
    if (!(error instanceof Answered)) {
      views.show("failed");
      whenBack(views, () => resend?.());
    } else if (error.told.problems) takeAgain(error.told.problems, fromFiles);
    else location.assign(form.dataset.here);
  } finally {
    unlock();
  }
}

function takeAgain(problems, fromFiles) {
  for (const shot of Object.keys(problems)) taken.delete(shot);
  const first = shots.find((shot) => shot.dataset.shot in problems) ?? shots[0];
  if (!fromFiles) {
    showShot(first, { problems: problems[first.dataset.shot] });
    return;
  }
  showFiles();
  for (const [shot, sentences] of Object.entries(problems)) tellAtFile(shot, sentences);
}

function tellAtFile(shot, sentences) {
  const input = form.elements[shot];
  const note = input.closest(".file-drop").querySelector(".file-drop-note");
  note.textContent = sentences.join(" ");
  input.value = "";
  input.focus();
}

function unlock() {
  for (const button of form.querySelectorAll("button[type=submit]")) button.disabled = false;
}

function closeCamera() {
  clearInterval(hinting);
  const lens = camera;
  camera = null;
  lens?.close();
}
