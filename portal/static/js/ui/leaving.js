// A page that was told where to go asks no more: each further answer would begin the same navigation again, and on a
// network slower than the polling the person would never arrive.
const GIVEN_UP_MS = 20_000;
let leavingSince = 0;

document.addEventListener("htmx:beforeOnLoad", (event) => {
  if (!event.detail.xhr.getResponseHeader("HX-Redirect")) return;
  leavingSince = performance.now();
  history.replaceState({ ...history.state, hasLeft: true }, "");
});

document.addEventListener("htmx:beforeRequest", (event) => {
  // Still here after that long: the network was lost on the way, and asking again is how the page finds out.
  if (leavingSince && performance.now() - leavingSince < GIVEN_UP_MS) event.preventDefault();
});

window.addEventListener("pageshow", () => (leavingSince = 0));

// Whoever presses Back at a partner wants to read the page they came from, and perhaps to stop: it went on by itself once, and
// its link is on it now. One that the browser kept whole is asked for anew, for it has no link yet.
const goesOn = document.querySelector("[data-goes-on]");
if (goesOn?.dataset.goesOn === "ready" && history.state?.hasLeft) goesOn.remove();
else if (goesOn) window.addEventListener("pageshow", (shown) => shown.persisted && location.reload());
