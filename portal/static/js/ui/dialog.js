// Native dialogs, opened and closed by attribute; a typed word unlocks a dangerous button.
import { register } from "./start.js";

export function openDialog(id) {
  const dialog = document.getElementById(id);
  if (dialog && !dialog.open) dialog.showModal();
}

export function closeDialog(id) {
  document.getElementById(id)?.close();
}

register("[data-opens]", (button) => {
  button.addEventListener("click", () => openDialog(button.dataset.opens));
});

register("dialog", (dialog) => {
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog || event.target.closest("[data-closes]")) dialog.close();
  });
  dialog.addEventListener("close", () => {
    const word = dialog.querySelector("[data-confirm-word]");
    if (!word) return;
    word.value = "";
    word.dispatchEvent(new Event("input"));
  });
});

register("[data-confirm-word]", (input) => {
  const dialog = input.closest("dialog");
  const wanted = input.dataset.confirmWord.trim().toLowerCase();
  const judge = () => {
    const typed = input.value.trim().toLowerCase() === wanted;
    dialog.querySelectorAll("[data-confirm]").forEach((button) => { button.disabled = !typed; });
  };
  input.addEventListener("input", judge);
  input.addEventListener("keydown", (event) => {
    const button = dialog.querySelector("[data-confirm]");
    if (event.key === "Enter" && button && !button.disabled) button.click();
  });
  judge();
});
