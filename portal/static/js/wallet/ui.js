/** What every page of the wallet shares: views, words, problems, the way back. Remote text is only ever text. */
import { setNow } from "./protocol/encoding.js";
import { WalletError } from "./protocol/errors.js";

const words = JSON.parse(document.getElementById("wallet-words").textContent);
const GOING_BACK_MS = 4000;
const RETRYABLE = new Set(["network", "unavailable", "other_tab", "issuer_slow", "unknown"]);

/** A translated sentence with its {places} filled in. */
export function word(key, values = {}) {
  return (words[key] ?? key).replaceAll(/\{(\w+)\}/g, (place, name) => String(values[name] ?? place));
}

export const hasWord = (key) => key in words;

export const find = (selector, root = document) => root.querySelector(selector);

export function make(tag, { className, text, ...attributes } = {}, ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children.filter(Boolean));
  return node;
}

export function fill(name, content, root = document) {
  for (const slot of root.querySelectorAll(`[data-slot="${name}"]`)) slot.replaceChildren(...[content].flat());
}

export function toggle(selector, visible, root = document) {
  for (const node of root.querySelectorAll(selector)) node.hidden = !visible;
}

/** Show one view of the page; its heading takes the focus, so that a screen reader says where it is. */
export function show(name, { focus = true } = {}) {
  for (const view of document.querySelectorAll("[data-view]")) view.hidden = view.dataset.view !== name;
  const heading = find(`[data-view="${name}"] [data-heading]`);
  if (!heading) return;
  if (focus) heading.focus();
}

/** Say something to screen readers and in the working view. */
export function say(text) {
  fill("progress", text);
}

/** A press is handled once at a time. */
export function on(action, handler) {
  for (const button of document.querySelectorAll(`[data-act="${action}"]`)) {
    button.addEventListener("click", async (event) => {
      if (button.ariaDisabled === "true") return;
      button.ariaDisabled = "true";
      try {
        await handler(event);
      } catch (error) {
        showProblem(error);
      } finally {
        button.ariaDisabled = "false";
      }
    });
  }
}

export function closeDialogs() {
  for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
}

let retry;

/** A problem in plain words: what happened, what to do, and the ways on. */
export function showProblem(error, { again } = {}) {
  const code = error instanceof WalletError && hasWord(`error.${error.code}.title`) ? error.code : "unknown";
  console.warn("wallet:", error instanceof WalletError ? error.message : error.name);
  fill("problem-title", word(`error.${code}.title`));
  fill("problem-text", word(`error.${code}.text`));
  fill("problem-code", code);
  closeDialogs();
  retry = RETRYABLE.has(code) ? again ?? (() => location.reload()) : undefined;
  toggle('[data-act="retry"]', Boolean(retry));
  show("problem");
}

on("retry", () => retry?.());

/** The person came from a page in this tab, or opened the wallet on its own: then there is nothing to go back to. */
export function goBack() {
  if (history.length > 1) {
    history.back();
    setTimeout(() => show("stranded"), GOING_BACK_MS);
  } else {
    show("stranded");
  }
}

on("back", goBack);

/** Run a page; whatever it raises is shown. */
export async function start(page) {
  // Not on a page that comes out of the browser's own store: its time is of the day it was served.
  const loaded = performance.getEntriesByType("navigation")[0];
  if (loaded?.transferSize > 0) setNow(Number(find('meta[name="served-at"]')?.content));
  try {
    await page();
  } catch (error) {
    showProblem(error);
  }
}

/**
 * The link's parameters, taken out of the address so that neither history nor a shared screen keeps them;
 * a reload of this tab finds them again.
 */
export function takeParameters(page) {
  const key = `wallet:${page}`;
  const raw = location.hash.length > 1 ? location.hash.slice(1).replace(/^\?/, "") : location.search.slice(1);
  if (raw) {
    sessionStorage.setItem(key, raw);
    history.replaceState(history.state, "", location.pathname);
  }
  const kept = sessionStorage.getItem(key);
  if (!kept) throw new WalletError("link_missing");
  return new URLSearchParams(kept);
}

/** Holds until this tab is left: two tabs must not spend the same one-time code. */
export function claimForThisTab(name) {
  if (!navigator.locks) return Promise.resolve();
  return new Promise((resolve, reject) => {
    navigator.locks.request(`wallet:${name}`, { ifAvailable: true }, (lock) => {
      if (!lock) {
        reject(new WalletError("other_tab"));
        return undefined;
      }
      resolve();
      return new Promise(() => {});
    });
  });
}
