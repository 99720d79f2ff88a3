import { must, WalletError } from "./errors.js";

export const utf8 = (text) => new TextEncoder().encode(text);

export function fromUtf8(bytes) {
  return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
}

export function toBase64url(bytes) {
  let binary = "";
  for (const byte of new Uint8Array(bytes)) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** Strict: no padding, no other alphabet, no spaces (RFC 7515, section 2). */
export function fromBase64url(text) {
  must(typeof text === "string" && /^[A-Za-z0-9_-]*$/.test(text), "malformed", "base64url");
  must(text.length % 4 !== 1, "malformed", "base64url length");
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

export async function sha256(bytes) {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

export async function digestOf(text) {
  return toBase64url(await sha256(utf8(text)));
}

export function randomText(bytes = 16) {
  return toBase64url(crypto.getRandomValues(new Uint8Array(bytes)));
}

export function parseJson(text, code = "malformed") {
  try {
    return JSON.parse(text);
  } catch {
    throw new WalletError(code, "not JSON");
  }
}

export function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isText(value, limit = 2048) {
  return typeof value === "string" && value.length > 0 && value.length <= limit;
}

let ahead = 0;

/** What the time is, from somebody who knows better than a device whose clock may be days off: issuers and verifiers refuse
 * what is dated so. */
export function setNow(seconds) {
  ahead = Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 - Date.now() : 0;
}

export const nowSeconds = () => Math.floor((Date.now() + ahead) / 1000);
