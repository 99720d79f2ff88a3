// A page that was told where to go asks no more: each further answer would begin the same navigation again, and on a
// network slower than the polling the person would never arrive.
const GIVEN_UP_MS = 20_000;
let leavingSince = 0;

document.addEventListener("htmx:beforeOnLoad", (event) => {
  if (event.detail.xhr.getResponseHeader("HX-Redirect")) leavingSince = performance.now();
});

document.addEventListener("htmx:beforeRequest", (event) => {
  // Still here after that long: the network was lost on the way, and asking again is how the page finds out.
  if (leavingSince && performance.now() - leavingSince < GIVEN_UP_MS) event.preventDefault();
});

window.addEventListener("pageshow", () => (leavingSince = 0));
