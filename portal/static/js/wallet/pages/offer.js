/** Taking a card: who offers what, the person's consent, the code, the card. */
import { cardFace, cardName, issuerHost, issuerName, openCard } from "../card.js";
import { claimLabel, TECHNICAL } from "../claims.js";
import { fetchLogo } from "../images.js";
import { digestOf, nowSeconds, randomText } from "../protocol/encoding.js";
import { WalletError } from "../protocol/errors.js";
import { notifyIssuer, redeemCode, requestCredential } from "../protocol/issuance.js";
import { createHolderKey } from "../protocol/jws.js";
import { fetchIssuer, fetchOffer } from "../protocol/offer.js";
import { verifyIssued } from "../protocol/sdjwt.js";
import { allCards, dropAttempt, getAttempt, isPromised, noteEvent, requireStorage, saveAttempt, saveCard } from "../store.js";
import { claimForThisTab, fill, find, goBack, make, on, say, show, showProblem, start, takeParameters, toggle, word } from "../ui.js";

/** A failed check of what the issuer sent; anything else may be tried again with what was received. */
const ISSUERS_FAULT = /^credential_/;
/** Long enough to see the card before the page that asked for it comes back. */
const SEEN_MS = 1200;
let attempt;
let returns = false;

start(async () => {
  const parameters = takeParameters("offer");
  await requireStorage();
  returns = parameters.get("return") === "back";
  const digest = await digestOf(parameters.toString());
  const taken = (await allCards()).filter((card) => card.offerDigest === digest);
  if (taken.length) return showTaken(taken, "already");
  await claimForThisTab(`offer:${digest}`);
  await loadOffer(digest, parameters);
  return undefined;
});

async function loadOffer(digest, parameters) {
  attempt = await getAttempt(digest);
  if (attempt && attempt.token.expiresAt > nowSeconds()) return receive();
  attempt = undefined;
  const offer = await fetchOffer(parameters);
  const issuer = await fetchIssuer(offer);
  const logo = await fetchLogo(issuer.configurations[0].display.logo ?? issuer.display.logo, issuer.id);
  attempt = { digest, offer, issuer, logo, token: undefined, received: {} };
  showOffer();
  return undefined;
}

function showOffer() {
  const { offer, issuer, logo } = attempt;
  fill("offer-title", word("offer.title", { issuer: issuerName(issuer.id, issuer.display) }));
  fill("issuer-host", issuerHost(issuer.id));
  const preview = ({ display }) => cardFace({ display, issuer: issuer.id, issuerDisplay: issuer.display, logo });
  fill("preview", issuer.configurations.map(preview));
  fill("offered-claims", offeredClaims(issuer).map((text) => make("li", { text })));
  toggle("[data-claims]", offeredClaims(issuer).length > 0);
  prepareCode(offer.transactionCode);
  show("consent");
}

function offeredClaims({ configurations }) {
  const labels = configurations.flatMap(({ claims }) => claims
    .filter(({ path }) => path.length > 0 && !TECHNICAL.has(path[0]))
    .map(({ path, label }) => label ?? claimLabel(path)));
  return [...new Set(labels)];
}

function prepareCode(transactionCode) {
  toggle("[data-code]", Boolean(transactionCode));
  if (!transactionCode) return;
  const input = find("#id_transaction_code");
  input.inputMode = transactionCode.numeric ? "numeric" : "text";
  const hint = word(transactionCode.length ? "code.hint_length" : "code.hint", { count: transactionCode.length });
  fill("code-hint", transactionCode.description ?? hint);
}

/** The code as typed, without the blanks and dashes people put between groups; complains beside the field. */
function typedCode(transactionCode) {
  if (!transactionCode) return undefined;
  const typed = find("#id_transaction_code").value;
  const value = transactionCode.numeric ? typed.replaceAll(/[\s-]/g, "") : typed.trim();
  const wrongDigits = transactionCode.numeric && !/^\d+$/.test(value);
  const wrongLength = transactionCode.length && value.length !== transactionCode.length;
  if (!value) throw new CodeComplaint(word("code.empty"));
  if (wrongDigits) throw new CodeComplaint(word("code.digits"));
  if (wrongLength) throw new CodeComplaint(word("code.length", { count: transactionCode.length }));
  return value;
}

class CodeComplaint extends Error {}

function complain(text) {
  const input = find("#id_transaction_code");
  fill("code-error", text);
  toggle("[data-code-error]", Boolean(text));
  input.setAttribute("aria-invalid", text ? "true" : "false");
  if (text) input.focus();
}

async function accept() {
  let transactionCode;
  try {
    transactionCode = typedCode(attempt.offer.transactionCode);
  } catch (error) {
    if (!(error instanceof CodeComplaint)) throw error;
    complain(error.message);
    return;
  }
  complain("");
  await redeem(transactionCode);
}

async function redeem(transactionCode) {
  say(word("progress.asking"));
  show("working");
  try {
    attempt.token = await redeemCode(attempt.issuer, attempt.offer, transactionCode);
  } catch (error) {
    if (error.code !== "transaction_code") {
      showProblem(error, { again: showOffer });
      return;
    }
    show("consent", { focus: false });
    complain(word("code.wrong"));
    return;
  }
  attempt.passing = find("#id_not_my_device").checked;
  attempt.offer = { issuer: attempt.offer.issuer }; // the code is spent; it is not kept
  await saveAttempt(attempt);
  await receive();
}

/** Everything after the code was redeemed; safe to run again. */
async function receive() {
  show("working");
  try {
    for (const configuration of attempt.issuer.configurations) await receiveOne(configuration);
    const cards = await keepCards();
    await dropAttempt(attempt.digest);
    await showTaken(cards, "done");
    if (returns) setTimeout(goBack, SEEN_MS);
  } catch (error) {
    if (ISSUERS_FAULT.test(error.code ?? "")) await refuseReceived();
    if (error.code === "offer_gone" || ISSUERS_FAULT.test(error.code ?? "")) await dropAttempt(attempt.digest);
    showProblem(error, { again: receive });
  }
}

async function receiveOne(configuration) {
  const { issuer, token, received } = attempt;
  if (!received[configuration.id]) {
    say(word("progress.receiving"));
    const holderKey = await createHolderKey();
    const answer = await requestCredential(issuer, configuration, token, holderKey, { onWait: () => say(word("progress.waiting")) });
    received[configuration.id] = { unverified: answer.credential, notificationId: answer.notificationId, holderKey };
    await saveAttempt(attempt);
  }
  say(word("progress.checking"));
  const { unverified, holderKey } = received[configuration.id];
  await verifyIssued(unverified, { expectedIssuer: issuer.id, expectedVct: configuration.vct, expectedKey: holderKey.publicJwk });
}

function notificationOf({ notificationId }) {
  const { accessToken, expiresAt } = attempt.token;
  return { endpoint: attempt.issuer.notificationEndpoint, id: notificationId, accessToken, expiresAt };
}

async function refuseReceived() {
  for (const one of Object.values(attempt.received)) await notifyIssuer(notificationOf(one), "credential_failure");
}

async function keepCards() {
  const cards = attempt.issuer.configurations.map((configuration) => newCard(configuration, attempt.received[configuration.id]));
  for (const card of cards) await saveCard(card);
  for (const card of cards) await notifyIssuer(card.notification, "credential_accepted");
  for (const card of cards) {
    if (!card.passing) await noteEvent({ kind: "received", host: issuerHost(card.issuer), card: cardName(card), cardId: card.id });
  }
  return cards;
}

function newCard(configuration, received) {
  return {
    id: randomText(), credential: received.unverified, holderKey: received.holderKey,
    issuer: attempt.issuer.id, issuerDisplay: attempt.issuer.display, logo: attempt.logo,
    display: configuration.display, claimLabels: configuration.claims, vct: configuration.vct,
    receivedAt: Date.now(), offerDigest: attempt.digest, notification: notificationOf(received),
    passing: attempt.passing === true,
  };
}

async function showTaken(cards, view) {
  const opened = await Promise.all(cards.map(openCard));
  fill("taken", opened.map(cardFace), find(`[data-view="${view}"]`));
  const passing = cards.every((card) => card.passing);
  toggle("[data-passing]", passing);
  toggle("[data-not-promised]", !passing && !(await isPromised()));
  show(view);
}

on("accept", accept);
find("#wallet-offer")?.addEventListener("submit", (event) => {
  event.preventDefault();
  find('[data-act="accept"]').click();
});
