/** One card, all of it readable, and the way to remove it. */
import { cardFace, cardName, issuerHost, issuerName, openCard } from "../card.js";
import { claimList, inReadingOrder, secondsText, TECHNICAL } from "../claims.js";
import { historyList } from "../history.js";
import { WalletError } from "../protocol/errors.js";
import { notifyIssuer } from "../protocol/issuance.js";
import { fetchStatus, statusReference } from "../protocol/status.js";
import { allEvents, getCard, noteEvent, onCardsChanged, removeCard, requireStorage, saveCard } from "../store.js";
import { closeDialogs, fill, find, on, show, showProblem, start, toggle, word } from "../ui.js";

let card;

start(async () => {
  await requireStorage();
  await showCard();
  window.addEventListener("hashchange", () => showCard().catch(showProblem));
  onCardsChanged(() => showCard().catch(showProblem));
});

async function showCard() {
  const record = await getCard(location.hash.slice(1));
  if (!record) throw new WalletError("card_missing");
  card = await openCard(record);
  const { claims } = card;
  fill("face", cardFace(card));
  const readable = Object.entries(claims).filter(([name]) => !TECHNICAL.has(name)).map(([name, value]) => ({ path: [name], value }));
  fill("claims", claimList(inReadingOrder(readable, card.claimLabels), card.claimLabels));
  fill("issuer", issuerName(card.issuer, card.issuerDisplay));
  fill("issuer-host", issuerHost(card.issuer));
  fill("issued-on", Number.isFinite(claims.iat) ? secondsText(claims.iat) : word("value.none"));
  fill("valid-until", Number.isFinite(claims.exp) ? secondsText(claims.exp) : word("card.no_end"));
  fill("received-on", secondsText(card.receivedAt / 1000));
  const shown = (await allEvents()).filter(({ cardId, kind }) => cardId === card.id && kind === "shown");
  fill("history", historyList(shown));
  toggle("[data-never-shown]", shown.length === 0);
  describeStatus();
  show("card", { focus: false });
}

function describeStatus() {
  const reference = statusReference(card.stored.payload);
  toggle("[data-status]", Boolean(reference));
  const state = card.expired ? "expired" : card.status ?? "unasked";
  fill("status", word(`status.${state}`, { date: card.statusAt ? secondsText(card.statusAt / 1000) : "" }));
  find('[data-slot="status"]').dataset.state = state;
}

on("check-status", async () => {
  fill("status", word("status.asking"));
  try {
    const status = await fetchStatus(card.stored.payload, card.issuer);
    await saveCard({ ...(await getCard(card.id)), status, statusAt: Date.now() });
    await showCard();
  } catch (error) {
    console.warn("wallet: status", error.code);
    fill("status", word("status.unanswered"));
  }
});

on("remove", async () => {
  await notifyIssuer(card.notification, "credential_deleted");
  await removeCard(card.id);
  await noteEvent({ kind: "removed", host: issuerHost(card.issuer), card: cardName(card) });
  closeDialogs();
  show("removed");
});
