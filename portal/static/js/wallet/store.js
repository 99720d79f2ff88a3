/**
 * The cards of this browser, in IndexedDB: `cards` are kept until removed, `attempts` only until an offer has
 * been taken, so that a reload in the middle does not lose a code that can be used once.
 */
import { WalletError } from "./protocol/errors.js";

const NAME = "wallet";
const VERSION = 1;

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
    request.onupgradeneeded = () => {
      request.result.createObjectStore("cards", { keyPath: "id" });
      request.result.createObjectStore("attempts", { keyPath: "digest" });
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

export const requireStorage = () => open();

export async function allCards() {
  const cards = await run("cards", "readonly", (store) => store.getAll());
  return cards.sort((one, other) => other.receivedAt - one.receivedAt);
}

export const getCard = (id) => run("cards", "readonly", (store) => store.get(id));

export async function saveCard(card) {
  await run("cards", "readwrite", (store) => store.put(card));
  await navigator.storage?.persist?.().catch(() => false);
  channel?.postMessage("changed");
}

export async function removeCard(id) {
  await run("cards", "readwrite", (store) => store.delete(id));
  channel?.postMessage("changed");
}

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
  sessionStorage.clear();
  channel?.postMessage("changed");
}
