// A part of a page that could not be fetched says so in the corner: without that a search, a filter or a check would
// seem to have found nothing new. A part that asks again and again says it once, until it is answered.
import { toast } from "./toast.js";

const words = document.querySelector("[data-trouble]")?.dataset;
let told = "";

function tell(text) {
  if (!text || told === text) return;
  told = text;
  toast(text, "warn");
}

function wordsFor(status) {
  if (status === 429) return words.notNow;
  return [401, 403, 404, 410].includes(status) ? words.noMore : words.failed;
}

if (words) {
  for (const name of ["sendError", "timeout"]) document.addEventListener(`htmx:${name}`, () => tell(words.offline));
  document.addEventListener("htmx:responseError", (event) => tell(wordsFor(event.detail.xhr.status)));
  document.addEventListener("htmx:afterOnLoad", (event) => { if (event.detail.xhr.status < 400) told = ""; });
  window.addEventListener("online", () => { told = ""; });
  // A form is not sent into the void: the browser's own page would stand where what was typed had been.
  document.addEventListener("submit", (event) => {
    if (navigator.onLine || event.defaultPrevented || event.target.method === "dialog") return;
    event.preventDefault();
    event.stopImmediatePropagation();
    told = "";
    tell(words.offline);
  }, true);
}
