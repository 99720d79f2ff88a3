// On the page that opens the partner's check, in a demonstration: the specimen passport goes along.
import { withSpecimen } from "./specimen.js";

document.body.addEventListener("htmx:beforeOnLoad", (event) => {
  const next = event.detail.xhr.getResponseHeader("HX-Redirect");
  if (!next || withSpecimen(next) === next) return;
  event.preventDefault();
  location.assign(withSpecimen(next));
});

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[href]");
  if (!link || withSpecimen(link.href) === link.href) return;
  event.preventDefault();
  location.assign(withSpecimen(link.href));
});
