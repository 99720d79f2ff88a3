/** Try it: a picture of the visitor, cut as for a passport, becomes a specimen passport and an account. */
import { openCamera } from "../camera.js";
import { setBusy } from "../ui/busy.js";
import { keepSpecimen } from "./specimen.js";

const WIDTH = 700;
const HEIGHT = 900;

const root = document.getElementById("try");
const form = document.getElementById("try-form");
const make = document.getElementById("try-make");
const video = root.querySelector("video");
const file = form.elements.picture;
let camera = null;
let making = false;

form.addEventListener("submit", (event) => {
  event.preventDefault();
  makePerson();
});
root.querySelector("[data-act=camera]").addEventListener("click", useCamera);
window.addEventListener("pagehide", () => camera?.close());
useCamera();

async function useCamera() {
  try {
    camera = await openCamera(video, { facing: "user", purpose: "face" });
  } catch {
    camera = null;
  }
  if (camera) camera.onended = withoutCamera;
  showSource();
}

/** It was unplugged, or another program took it: a picture from the device serves. */
function withoutCamera() {
  camera = null;
  showSource();
}

function showSource() {
  for (const node of root.querySelectorAll("[data-camera]")) node.hidden = !camera;
  for (const node of root.querySelectorAll("[data-file], [data-camera-error]")) node.hidden = Boolean(camera);
}

async function makePerson() {
  if (making) return;
  problem("");
  const source = camera?.live ? video : await chosenPicture();
  if (!source) return problem(root.dataset.textNoPicture);
  making = true;
  setBusy(make, true);
  try {
    const told = await send(cut(source));
    if (told.errors) problem(inWords(told.errors));
    else show(told);
  } catch {
    problem(root.dataset.textFailed);
  } finally {
    making = false;
    setBusy(make, false);
  }
}

async function chosenPicture() {
  const chosen = file?.files[0];
  return chosen ? createImageBitmap(chosen).catch(() => null) : null;
}

/** The middle of the picture in a passport's shape, as base64 of a JPEG. */
function cut(source) {
  const wide = source.videoWidth ?? source.width;
  const high = source.videoHeight ?? source.height;
  const height = Math.min(high, (wide * HEIGHT) / WIDTH);
  const width = (height * WIDTH) / HEIGHT;
  const canvas = document.createElement("canvas");
  canvas.width = WIDTH;
  canvas.height = HEIGHT;
  canvas.getContext("2d").drawImage(source, (wide - width) / 2, (high - height) / 2, width, height, 0, 0, WIDTH, HEIGHT);
  return canvas.toDataURL("image/jpeg", 0.9).split(",")[1];
}

async function send(picture) {
  const { given_names: given, family_name: family, birthdate } = form.elements;
  const response = await fetch(root.dataset.personUrl, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRFToken": root.dataset.csrf, Accept: "application/json" },
    body: JSON.stringify({ given_names: given.value, family_name: family.value, birthdate: birthdate.value, picture }),
    credentials: "same-origin",
  });
  return response.json();
}

function show(told) {
  camera?.close();
  keepSpecimen(told.passport, told.goes_to);
  const picture = `data:image/jpeg;base64,${told.passport}`;
  root.querySelector(".try-passport").src = picture;
  root.querySelector("[data-download]").href = picture;
  root.querySelector("[data-mailbox]").href = told.mailbox;
  for (const node of root.querySelectorAll("[data-told]")) node.textContent = told[node.dataset.told];
  for (const view of root.querySelectorAll("[data-view]")) view.hidden = view.dataset.view !== "made";
  root.querySelector("[data-view=made] h2").focus();
}

/** Each error behind the name of its field, and the first of them takes the focus. */
function inWords(errors) {
  const fields = Object.keys(errors).map((name) => form.elements[name]);
  fields[0]?.focus();
  return Object.values(errors)
    .map((texts, number) => [fields[number]?.labels?.[0]?.textContent.trim(), texts.join(" ")].filter(Boolean).join(": "))
    .join(" ");
}

function problem(text) {
  root.querySelector("[data-problem]").textContent = text;
}
