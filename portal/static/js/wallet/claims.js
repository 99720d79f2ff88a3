/** Claims as a person reads them: labels in the reader's language, dates and pictures, never raw JSON. */
import { isObject } from "./protocol/encoding.js";
import { isImageText, pictureElement, pictureFrom } from "./images.js";
import { hasWord, make, word } from "./ui.js";

/** Said in words of their own, or of no use to a person. */
export const TECHNICAL = new Set([
  "iss", "iat", "nbf", "exp", "vct", "vct#integrity", "aka_vcts", "cnf", "status", "sub", "jti", "_sd_alg",
]);
const TEXT_LIMIT = 500;

export function claimLabel(path, claims = []) {
  const wanted = JSON.stringify(path);
  const named = claims.find((claim) => claim.label && JSON.stringify(claim.path) === wanted)?.label;
  if (named) return named;
  const names = path.filter((step) => typeof step === "string");
  const name = String(names.at(-1) ?? "");
  return hasWord(`claim.${name}`) ? word(`claim.${name}`) : humanised(name);
}

function humanised(name) {
  const text = name.slice(0, 80).replaceAll(/[_-]+/g, " ").trim();
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** A node for any claim value. */
export function claimValue(value, path = [], claims = []) {
  if (isImageText(value)) return portraitOf(value);
  if (Array.isArray(value)) {
    return make("ul", { className: "wallet-values" }, ...value.map((item) => make("li", {}, claimValue(item, path, claims))));
  }
  if (isObject(value)) {
    return claimList(Object.entries(value).map(([name, inner]) => ({ path: [...path, name], value: inner })), claims);
  }
  return document.createTextNode(plainText(value));
}

function portraitOf(value) {
  const picture = pictureFrom(value);
  return picture ? pictureElement(picture, word("portrait.alt"), "wallet-portrait") : document.createTextNode(word("portrait.unreadable"));
}

export function plainText(value) {
  if (value === true) return word("value.yes");
  if (value === false) return word("value.no");
  if (value === null || value === "") return word("value.none");
  const text = String(value).slice(0, TEXT_LIMIT);
  return /^\d{4}-\d{2}-\d{2}$/.test(text) ? dayText(new Date(`${text}T00:00:00Z`), "UTC") : text;
}

const READING_ORDER = ["given_name", "family_name", "name", "birthdate", "birth_date", "portrait"];

/** The issuer's own order, then names first: the order inside a credential is shuffled on purpose. */
export function inReadingOrder(entries, claims = []) {
  const order = [...claims.map(({ path }) => path[0]), ...READING_ORDER];
  const rank = ({ path }) => (order.includes(path[0]) ? order.indexOf(path[0]) : order.length);
  return [...entries].sort((one, other) => rank(one) - rank(other));
}

export function claimList(entries, claims = []) {
  return make("dl", { className: "wallet-claims" }, ...entries.map(({ path, value }) => make("div", {},
    make("dt", { text: claimLabel(path, claims) }), make("dd", {}, claimValue(value, path, claims)))));
}

const language = () => document.documentElement.lang || undefined;

export function dayText(date, timeZone) {
  return Number.isNaN(date.getTime()) ? "" : new Intl.DateTimeFormat(language(), { dateStyle: "long", timeZone }).format(date);
}

export const secondsText = (seconds) => dayText(new Date(seconds * 1000));
