/** What was done with the cards of this browser, in words. */
import { make, word } from "./ui.js";

const KINDS = new Set(["received", "shown", "declined", "removed"]);

export function historyList(events) {
  return events.filter(({ kind }) => KINDS.has(kind)).map((event) => make("li", {}, line(event), moment(event), shared(event)));
}

const line = ({ kind, host, card }) => make("p", {},
  make("strong", { className: "wallet-host", text: word(`history.${kind}`, { host }) }), card ? ` ${card}` : "");

function moment({ at }) {
  const date = new Date(at);
  const format = new Intl.DateTimeFormat(document.documentElement.lang || undefined, { dateStyle: "long", timeStyle: "short" });
  return make("time", { className: "muted small", datetime: date.toISOString(), text: format.format(date) });
}

function shared({ claims = [] }) {
  return claims.length ? make("p", { className: "small", text: word("history.claims", { claims: claims.join(", ") }) }) : undefined;
}
