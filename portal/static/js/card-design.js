/**
 * The card while it is designed: title and colours as they are typed. What the colours come to, text that was left empty
 * among it, is the server's word (verified_id/parts/contrast.html); here it is only put on.
 */
const preview = document.getElementById("card-preview");
const card = preview.querySelector(".credential");
const form = document.getElementById("card-design");
const contrast = document.getElementById("contrast");

function paint({ ground, ink }) {
  if (!ground || !ink) return;
  card.style.setProperty("--card-ground", ground);
  card.style.setProperty("--card-ink", ink);
}

paint(preview.dataset);
form?.elements.card_title.addEventListener("input", (event) => {
  card.querySelector(".credential-title").textContent = event.target.value;
});
if (contrast) {
  new MutationObserver(() => {
    const told = contrast.querySelector("[data-ground]");
    if (told) paint(told.dataset);
  }).observe(contrast, { childList: true });
}
