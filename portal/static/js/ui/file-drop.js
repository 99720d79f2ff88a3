// Shows which file was chosen or dropped, and refuses one that is too large before it travels.
import { register } from "./start.js";

register(".file-drop", (drop) => {
  const input = drop.querySelector("input[type='file']");
  const text = drop.querySelector(".file-drop-text");
  const note = drop.querySelector(".file-drop-note");
  const limit = Number(drop.dataset.maxBytes || 0);
  const over = (on) => drop.classList.toggle("file-over", on);
  input.addEventListener("dragenter", () => over(true));
  for (const name of ["dragleave", "drop"]) input.addEventListener(name, () => over(false));
  input.addEventListener("change", () => {
    const files = [...input.files];
    const tooLarge = limit && files.some((file) => file.size > limit);
    note.textContent = tooLarge ? drop.dataset.tooLarge : "";
    if (tooLarge) input.value = "";
    const chosen = tooLarge ? [] : files;
    text.textContent = chosen.length ? chosen.map((file) => file.name).join(", ") : text.dataset.empty;
    drop.classList.toggle("file-chosen", chosen.length > 0);
  });
});
