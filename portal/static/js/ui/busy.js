// A submit button locks after the first press and says what is happening; a page from the history is unlocked again.
import { register } from "./start.js";

export function setBusy(button, busy) {
  const label = button.querySelector(".button-label");
  if (busy && button.getAttribute("aria-busy") !== "true") {
    button.setAttribute("aria-busy", "true");
    button.setAttribute("aria-disabled", "true");
    button.dataset.idleLabel = label?.textContent ?? "";
    if (label && button.dataset.busyLabel && !label.classList.contains("visually-hidden")) label.textContent = button.dataset.busyLabel;
  } else if (!busy && button.getAttribute("aria-busy") === "true") {
    button.removeAttribute("aria-busy");
    button.removeAttribute("aria-disabled");
    if (label && button.dataset.idleLabel) label.textContent = button.dataset.idleLabel;
  }
}

// On the document, so that it speaks last: a form that another module or htmx takes over is not ours to lock.
document.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (!button?.matches("button[data-busy-label]")) return;
  if (button.getAttribute("aria-busy") === "true") return event.preventDefault();
  if (event.defaultPrevented || event.target.method === "dialog" || event.target.target) return;
  setBusy(button, true);
});

document.addEventListener("click", (event) => {
  if (event.target.closest?.("[aria-disabled='true']")) event.preventDefault();
}, true);

document.addEventListener("htmx:beforeRequest", (event) => {
  const button = event.detail.requestConfig?.triggeringEvent?.submitter ?? event.detail.elt;
  if (!button.matches?.("button[data-busy-label]")) return;
  setBusy(button, true);
  event.detail.elt.addEventListener("htmx:afterRequest", () => setBusy(button, false), { once: true });
});

window.addEventListener("pageshow", (event) => {
  if (event.persisted) document.querySelectorAll("[aria-busy='true']").forEach((button) => setBusy(button, false));
});

register("form[data-autosubmit]", (form) => form.addEventListener("change", () => form.requestSubmit()));
