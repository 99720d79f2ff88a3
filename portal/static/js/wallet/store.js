/**
 * The cards of this browser, in IndexedDB: `cards` are kept until removed, `attempts` only until an offer has
 * been taken, so that a reload in the middle does not lose a code that can be used once, and `history` says what was
 * shown to whom, by the names of claims and never by their values. A passing card, on somebody else's device, goes as
 * soon as it was shown, or half an hour after it came, and leaves no history.
 */
import { randomText } from "./protocol/encoding.js";
import { WalletError } from "./protocol/errors.js";

const NAME = "wallet";
const VERSION = 2;
const PASSING_MS = 30 * 60 * 1000;
const HISTORY_LIMIT = 200;

function asPromise(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(new WalletError("storage", request.error?.name));
  });
}

let opened;

function open() {
  opened ??= new Promise((resolve, reject) => {
    if (!globalThis.indexedDB || !globalThis.crypto?.subtle) {
      reject(new WalletError("storage", "missing"));
      return;
    }
    const request = indexedDB.open(NAME, VERSION);
    request.onupgradeneeded = ({ oldVersion }) => {
      if (oldVersion < 1) {
        request.result.createObjectStore("cards", { keyPath: "id" });
        request.result.createObjectStore("attempts", { keyPath: "digest" });
      }
      request.result.createObjectStore("history", { keyPath: "id" });
    };
    request.onsuccess = () => {
      request.result.onversionchange = () => request.result.close();
      resolve(request.result);
    };
    request.onerror = () => reject(new WalletError("storage", request.error?.name));
  });
  return opened;
}

async function run(store, mode, act) {
  const database = await open();
  try {
    const transaction = database.transaction(store, mode, { durability: "strict" });
    const finished = new Promise((resolve, reject) => {
      transaction.oncomplete = resolve;
      transaction.onabort = () => reject(new WalletError("storage", transaction.error?.name));
    });
    const result = await asPromise(act(transaction.objectStore(store)));
    await finished;
    return result;
  } catch (error) {
    throw error instanceof WalletError ? error : new WalletError("storage", error.name);
  }
}

const channel = globalThis.BroadcastChannel ? new BroadcastChannel("wallet") : undefined;

/** Calls back when another tab changed the cards. */
export function onCardsChanged(callback) {
  channel?.addEventListener("message", callback);
}

export async function requireStorage() {
  await open();
  await forgetPassingCards();
}

async function forgetPassingCards() {
  const cards = await run("cards", "readonly", (store) => store.getAll());
  const over = Date.now() - PASSING_MS;
  for (const { id, passing, receivedAt } of cards) if (passing && receivedAt < over) await removeCard(id);
}

/** Whether the browser promised not to delete the cards by itself when space runs short. */
export async function isPromised() {
  return (await navigator.storage?.persisted?.().catch(() => false)) === true;
}

export async function allCards() {
  const cards = await run("cards", "readonly", (store) => store.getAll());
  return cards.sort((one, other) => other.receivedAt - one.receivedAt);
}

export const getCard = (id) => run("cards", "readonly", (store) => store.get(id));

export async function saveCard(card) {
  await run("cards", "readwrite", (store) => store.put(card));
  if (!card.passing) await navigator.storage?.persist?.().catch(() => false);
  channel?.postMessage("changed");
}

export async function removeCard(id) {
  await run("cards", "readwrite", (store) => store.delete(id));
  channel?.postMessage("changed");
}

/** What was done with a card: {kind, host, card, claims}. */
export async function noteEvent(event) {
  const at = Date.now();
  await run("history", "readwrite", (store) => store.put({ id: `${at}-${randomText()}`, at, ...event }));
  const old = (await allEvents()).slice(HISTORY_LIMIT);
  for (const { id } of old) await run("history", "readwrite", (store) => store.delete(id));
}

export async function allEvents() {
  const events = await run("history", "readonly", (store) => store.getAll());
  return events.sort((one, other) => other.at - one.at);
}

export const clearHistory = () => run("history", "readwrite", (store) => store.clear());

export const getAttempt = (digest) => run("attempts", "readonly", (store) => store.get(digest));
export const saveAttempt = (attempt) => run("attempts", "readwrite", (store) => store.put(attempt));
export const dropAttempt = (digest) => run("attempts", "readwrite", (store) => store.delete(digest));

/** What was begun and not finished within its token's life holds a key and perhaps a credential: it goes. */
export async function clearStaleAttempts(now) {
  const attempts = await run("attempts", "readonly", (store) => store.getAll());
  for (const { digest, token } of attempts) if (!(token?.expiresAt > now)) await dropAttempt(digest);
}

export async function forgetEverything() {
  await run("cards", "readwrite", (store) => store.clear());
  await run("attempts", "readwrite", (store) => store.clear());
  await clearHistory();
  sessionStorage.clear();
  channel?.postMessage("changed");
}
