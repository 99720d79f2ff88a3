// Short notices in the corner. A view sends one by HX-Trigger: {"toast": {"text": "…", "tone": "ok"}}.
import { register } from "./start.js";

const STAYS = { ok: 6000, info: 8000, neutral: 6000 }; // warnings and errors stay until they are dismissed

function tend(node) {
  const dismiss = document.createElement("button");
  dismiss.type = "button";
  dismiss.textContent = "×";
  dismiss.setAttribute("aria-label", node.closest(".toasts").dataset.dismiss);
  dismiss.addEventListener("click", () => node.remove());
  node.append(dismiss);
  const tone = [...node.classList].find((name) => name.startsWith("tone-"))?.slice(5);
  if (STAYS[tone]) leaveLater(node, STAYS[tone]);
}

function leaveLater(node, after) {
  let timer = setTimeout(() => node.remove(), after);
  const hold = () => clearTimeout(timer);
  const resume = () => { timer = setTimeout(() => node.remove(), after); };
  for (const name of ["mouseenter", "focusin"]) node.addEventListener(name, hold);
  for (const name of ["mouseleave", "focusout"]) node.addEventListener(name, resume);
}

export function toast(text, tone = "info") {
  const region = document.getElementById("toasts");
  const template = document.getElementById("toast-template");
  if (!region || !template) return;
  const node = template.content.firstElementChild.cloneNode(true);
  node.classList.add(`tone-${tone}`);
  const shape = node.querySelector("use");
  shape.setAttribute("href", shape.getAttribute("href").replace(/#s-\w+$/, `#s-${tone}`));
  node.querySelector("p").textContent = text;
  region.append(node);
  tend(node);
}

register("#toasts > .toast", (node) => { if (!node.querySelector("button")) tend(node); });
document.addEventListener("toast", (event) => toast(event.detail.text ?? event.detail.value, event.detail.tone));
