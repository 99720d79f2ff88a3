/** Showing a card: who asks, for what, which claims; then yes or no. */
import { cardFace, cardName, openCard } from "../card.js";
import { claimLabel, claimList, inReadingOrder, plainText, secondsText, TECHNICAL } from "../claims.js";
import { plainValue } from "../protocol/disclosures.js";
import { matchCards } from "../protocol/dcql.js";
import { digestOf, nowSeconds } from "../protocol/encoding.js";
import { must } from "../protocol/errors.js";
import { fetchRequest, parseLink } from "../protocol/request.js";
import { sendPresentation, sendRefusal } from "../protocol/response.js";
import { allCards, noteEvent, removeCard, requireStorage } from "../store.js";
import {
  claimForThisTab, fill, find, goBack, hasWord, make, on, say, show, showProblem, start, takeParameters, toggle, word,
} from "../ui.js";

let request;
let wanted;
let answeredKey;

start(async () => {
  const parameters = takeParameters("present");
  const link = parseLink(parameters);
  const digest = await digestOf(parameters.toString());
  answeredKey = `wallet:answered:${digest}`;
  if (sessionStorage.getItem(answeredKey)) return show("answered");
  await requireStorage();
  await claimForThisTab(`request:${digest}`);
  request = await fetchRequest(link);
  return showRequest();
});

async function showRequest() {
  const cards = await Promise.all((await allCards()).map(openCard));
  describeVerifier();
  wanted = matchCards(request.query, cards.filter((card) => !card.expired));
  if (wanted) return showConsent();
  const hasRunOut = matchCards(request.query, cards) !== null;
  fill("no-card-title", word(hasRunOut ? "expired_card.title" : "no_card.title"));
  fill("no-card-text", word(hasRunOut ? "expired_card.text" : "no_card.text", { host: request.host }));
  fill("asked-claims", askedLabels().map((text) => make("li", { text })));
  toggle("[data-asked]", askedLabels().length > 0);
  return show("no-card");
}

function describeVerifier() {
  fill("request-title", word("request.title", { host: request.host }));
  fill("verifier-name", request.verifierName ? word("verifier.calls_itself", { name: request.verifierName }) : "");
  fill("purpose", request.transactionData.map(({ shown }) => make("dl", { className: "wallet-claims" }, ...shown.map(purposeRow))));
  toggle("[data-purpose]", request.transactionData.some(({ shown }) => shown.length > 0));
}

const purposeRow = ([name, value]) => make("div", {},
  make("dt", { text: purposeLabel(name) }), make("dd", { text: plainText(value) }));

const purposeLabel = (name) => (hasWord(`purpose.${name}`) ? word(`purpose.${name}`) : claimLabel([name]));

function askedLabels() {
  return [...new Set(request.query.credentials.flatMap(({ claims }) => (claims ?? []).map(({ path }) => claimLabel(path))))];
}

function showConsent() {
  fill("choices", wanted.map(choiceFor));
  show("consent");
}

/** One asked credential: the cards that fit, and exactly what would leave with the chosen one. */
function choiceFor({ id, options }) {
  const claims = make("div", { className: "wallet-shared", "aria-live": "polite" });
  const showClaims = (option) => claims.replaceChildren(sharedClaims(option));
  const group = make("fieldset", { className: "wallet-choice", "data-query": id },
    make("legend", { text: word(options.length > 1 ? "choice.several" : "choice.one") }),
    ...options.map((option, index) => optionFor(id, option, index, options.length, showClaims)));
  showClaims(options[0]);
  return make("div", { className: "wallet-request" }, group, claims);
}

function optionFor(id, option, index, count, showClaims) {
  const face = cardFace(option.card);
  if (count === 1) return face;
  const input = make("input", { type: "radio", name: `card-${id}`, value: String(index) });
  input.checked = index === 0;
  input.addEventListener("change", () => showClaims(option));
  const name = make("span", { className: "visually-hidden", text: cardName(option.card) });
  return make("label", { className: "wallet-option" }, input, name, face);
}

/** Read from the disclosures themselves, so that it is exactly what leaves, even where more hangs on one of them. */
function sharedClaims({ card, claims, digests }) {
  const shared = Object.entries(plainValue(card.tree, digests)).filter(([name]) => !TECHNICAL.has(name));
  const asked = claims.map(([name]) => name);
  const rank = ([name]) => (asked.includes(name) ? asked.indexOf(name) : asked.length);
  shared.sort((one, other) => rank(one) - rank(other));
  return make("div", {},
    make("h3", { text: word("shared.title") }),
    claimList(shared.map(([name, value]) => ({ path: [name], value })), card.claimLabels),
    make("p", { className: "muted small", text: sentAlong(card) }));
}

function sentAlong(card) {
  const until = Number.isFinite(card.claims.exp) ? secondsText(card.claims.exp) : "";
  return until ? word("shared.always_until", { date: until }) : word("shared.always");
}

function chosen() {
  return wanted.map(({ id, options }) => {
    const index = Number(find(`input[name="card-${id}"]:checked`)?.value ?? 0);
    const { card, digests } = options[index];
    return { id, stored: card.stored, digests, privateKey: card.holderKey.privateKey, card };
  });
}

async function share() {
  const choices = chosen();
  must(request.expiresAt === undefined || request.expiresAt > nowSeconds(), "request_expired", "while reading");
  say(word("progress.sending"));
  show("working");
  let next;
  try {
    next = await sendPresentation(request, choices);
  } catch (error) {
    showProblem(error, { again: showConsent });
    return;
  }
  await remember(choices);
  await leave(next, "sent");
}

/** What was shown to whom; a passing card is gone with its key. What cannot be written down stops nobody. */
async function remember(choices) {
  try {
    for (const { card, digests } of choices) {
      if (card.passing) await removeCard(card.id);
      else await noteEvent({ kind: "shown", host: request.host, card: cardName(card), cardId: card.id, claims: sharedNames(card, digests) });
    }
  } catch (error) {
    console.warn("wallet: history", error.code);
  }
}

const sharedNames = (card, digests) => inReadingOrder(
  Object.keys(plainValue(card.tree, digests)).filter((name) => !TECHNICAL.has(name)).map((name) => ({ path: [name] })),
  card.claimLabels,
).map(({ path }) => claimLabel(path, card.claimLabels));

/** A refusal that cannot be delivered is a refusal all the same: nothing left this browser. */
async function refuse() {
  say(word("progress.refusing"));
  show("working");
  let next;
  try {
    next = await sendRefusal(request);
  } catch (error) {
    console.warn("wallet: refusal", error.code);
  }
  await noteEvent({ kind: "declined", host: request.host }).catch((error) => console.warn("wallet: history", error.code));
  await leave(next, "refused");
}

/** The request page is replaced in the history: a step back does not answer twice. */
async function leave(next, view) {
  sessionStorage.setItem(answeredKey, view);
  toggle("[data-onward]", Boolean(next));
  toggle("[data-no-onward]", !next);
  for (const link of document.querySelectorAll("a[data-onward-link]")) link.href = next ?? "/";
  show(view);
  if (next) location.replace(next);
}

on("share", share);
on("refuse", refuse);
on("leave", goBack);
