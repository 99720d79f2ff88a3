// Copy buttons and masked values beside an identifier.
import { register } from "./start.js";

export async function copyText(text) {
  if (navigator.clipboard?.writeText) return navigator.clipboard.writeText(text);
  const box = document.createElement("textarea"); // an address without TLS has no clipboard
  box.value = text;
  box.className = "visually-hidden";
  document.body.append(box);
  box.select();
  document.execCommand("copy");
  box.remove();
}

register("[data-copy]", (button) => {
  button.addEventListener("click", async () => {
    await copyText(button.parentElement.querySelector("code").textContent.trim());
    confirmCopied(button);
  });
});

function confirmCopied(button) {
  const use = button.querySelector("use");
  const before = use.getAttribute("href");
  if (before.endsWith("#check")) return;
  use.setAttribute("href", before.replace(/#.*$/, "#check"));
  announce(button.dataset.copied);
  setTimeout(() => use.setAttribute("href", before), 1600);
}

export function announce(text) {
  const region = document.getElementById("announcer");
  if (region) region.textContent = text;
}

register("[data-reveal]", (button) => {
  const value = button.parentElement.querySelector("code");
  const use = button.querySelector("use");
  button.addEventListener("click", () => {
    const shown = value.classList.toggle("shown");
    button.setAttribute("aria-pressed", String(shown));
    use.setAttribute("href", use.getAttribute("href").replace(/#.*$/, shown ? "#eye-off" : "#eye"));
  });
});

document.addEventListener("htmx:afterSwap", (event) => {
  const live = event.detail.elt.closest?.("[data-live]") ?? document.querySelector(`#${CSS.escape(event.detail.target?.id || "none")}[data-live]`);
  const region = document.getElementById("announcer");
  if (live && region && region.textContent !== live.dataset.live) region.textContent = live.dataset.live;
});
