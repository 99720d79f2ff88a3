// Times in the reader's zone; the exact time, with its zone, on hover.
import { register } from "./start.js";

const language = document.documentElement.lang || undefined;
const UNITS = [["year", 31536000], ["month", 2592000], ["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];

function format(options) {
  try {
    return new Intl.DateTimeFormat(language, options);
  } catch {
    return new Intl.DateTimeFormat(undefined, options);
  }
}

const formats = {
  date: format({ day: "numeric", month: "short", year: "numeric" }),
  time: format({ hour: "2-digit", minute: "2-digit" }),
  datetime: format({ day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" }),
  exact: format({ dateStyle: "full", timeStyle: "long" }),
};
const ago = new Intl.RelativeTimeFormat(language, { numeric: "auto" });

function relative(date) {
  const seconds = Math.round((date - Date.now()) / 1000);
  const [unit, size] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? UNITS.at(-1);
  return ago.format(Math.round(seconds / size), unit);
}

function show(node) {
  const kind = node.dataset.local;
  const date = new Date(node.dateTime);
  if (Number.isNaN(date.valueOf()) || !node.dateTime.includes("T")) return; // a plain date has no zone to move to
  node.textContent = kind === "relative" ? relative(date) : (formats[kind] ?? formats.datetime).format(date);
  node.title = formats.exact.format(date);
}

export function localTimes(root = document) {
  root.querySelectorAll("time[data-local]").forEach(show);
}

register("time[data-local]", show);
setInterval(() => document.querySelectorAll("time[data-local='relative']").forEach(show), 30000);

// A new organisation is mostly where its founder sits; a choice already made stays.
register("select[data-zone-of-reader]", (select) => {
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (select.value === "UTC" && [...select.options].some((option) => option.value === here)) select.value = here;
});
