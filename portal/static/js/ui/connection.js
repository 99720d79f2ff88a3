// A claimant's page says when the network is gone, and sends nothing into the void: what was typed stays on the page.
const place = document.querySelector("[data-connection]");

if (place) {
  const tell = (lost) => { place.hidden = !lost; };
  window.addEventListener("offline", () => tell(true));
  window.addEventListener("online", () => tell(false));
  document.addEventListener("htmx:sendError", () => tell(true));
  document.addEventListener("htmx:afterOnLoad", () => tell(false));
  document.addEventListener("submit", (event) => {
    if (navigator.onLine || event.defaultPrevented) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    tell(true);
  }, true);
  tell(!navigator.onLine);
}
