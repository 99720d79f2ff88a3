/** The cards of this browser. */
import { cardFace, cardName, openCard } from "../card.js";
import { nowSeconds } from "../protocol/encoding.js";
import { allCards, clearStaleAttempts, forgetEverything, isPromised, onCardsChanged, requireStorage } from "../store.js";
import { closeDialogs, fill, make, on, show, start, toggle, word } from "../ui.js";

async function showCards({ focus = false } = {}) {
  const cards = await Promise.all((await allCards()).map(openCard));
  fill("cards", cards.map((card) => make("li", {}, linkTo(card))));
  toggle("[data-has-cards]", cards.length > 0);
  toggle("[data-not-promised]", cards.length > 0 && !(await isPromised()));
  show(cards.length ? "cards" : "empty", { focus });
}

function linkTo(card) {
  const name = make("span", { className: "visually-hidden", text: word("card.open", { name: cardName(card) }) });
  return make("a", { className: "wallet-card-link", href: `/card#${card.id}` }, name, cardFace(card));
}

start(async () => {
  await requireStorage();
  await clearStaleAttempts(nowSeconds());
  await showCards();
  onCardsChanged(() => showCards());
});

on("forget", async () => {
  await forgetEverything();
  closeDialogs();
  await showCards({ focus: true });
});
