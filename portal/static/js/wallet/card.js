/** The face of a card: issuer, kind, portrait, name, until when. */
import { plainValue } from "./protocol/disclosures.js";
import { isExpired, readStored } from "./protocol/sdjwt.js";
import { secondsText } from "./claims.js";
import { pictureElement, pictureFrom } from "./images.js";
import { fill, find, make, word } from "./ui.js";

/** A stored card with its claims read. */
export async function openCard(card) {
  const stored = await readStored(card.credential);
  const claims = plainValue(stored.tree);
  return { ...card, stored, claims, vct: stored.payload.vct, tree: stored.tree, expired: isExpired(stored.payload) };
}

export const cardName = (card) => card.display.name ?? word("card.unnamed");
export const issuerHost = (issuer) => new URL(issuer).host;
export const issuerName = (issuer, display) => display.name ?? issuerHost(issuer);

export function holderName(claims) {
  return [claims.given_name, claims.family_name].filter((part) => typeof part === "string").join(" ").slice(0, 120);
}

/** `preview` is a card that was not received yet: no portrait, no name. */
export function cardFace({ display, issuer, issuerDisplay, logo, claims = {}, expired = false, status }) {
  const face = find("#wallet-card").content.firstElementChild.cloneNode(true);
  const issuerText = issuerName(issuer, issuerDisplay);
  fill("card-name", display.name ?? word("card.unnamed"), face);
  fill("card-issuer", issuerText, face);
  fill("card-logo", logo ? pictureElement(logo, "", "credential-logo") : initials(issuerText), face);
  fill("card-holder", holderName(claims), face);
  fill("card-valid", validity(claims.exp, expired), face);
  const picture = pictureFrom(claims.portrait);
  fill("card-portrait", picture ? pictureElement(picture, word("portrait.alt"), "wallet-card-portrait") : "", face);
  const mark = stateWord(expired, status);
  fill("card-state", mark, face);
  find('[data-slot="card-state"]', face).hidden = !mark;
  paint(face, display.background);
  return face;
}

function validity(end, expired) {
  return Number.isFinite(end) ? word(expired ? "card.expired_on" : "card.valid_until", { date: secondsText(end) }) : "";
}

function stateWord(expired, status) {
  if (expired) return word("card.expired");
  return status === "revoked" || status === "suspended" ? word(`status.${status}`) : "";
}

function initials(text) {
  const letters = text.split(/[\s.]+/).filter(Boolean).slice(0, 2).map((part) => [...part][0].toUpperCase()).join("");
  return make("span", { className: "credential-mark", "aria-hidden": "true", text: letters });
}

/** The issuer's colour, and black or white on it, whichever reads better: its own text colour is not trusted. */
function paint(face, background) {
  if (!background) return;
  const channel = (start) => {
    const value = Number.parseInt(background.slice(start, start + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  const luminance = 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5);
  face.style.setProperty("--card-ground", background);
  face.style.setProperty("--card-ink", luminance > 0.179 ? "#000000" : "#ffffff");
}
