// Native dialogs, opened and closed by attribute.
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
});
