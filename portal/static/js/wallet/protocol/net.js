/**
 * The only place that talks to the network: no cookies, no referrer, no redirects (OpenID4VP 1.0, 14.7),
 * and a bound on time and size, because every answer comes from a stranger.
 */
import { fromUtf8, isObject, parseJson } from "./encoding.js";
import { WalletError, must } from "./errors.js";
import { safeUrl } from "./urls.js";

const TIME_LIMIT_MS = 15_000;
const SIZE_LIMIT = 512 * 1024;

async function readBounded(response, limit) {
  if (!response.body) return new Uint8Array();
  const reader = response.body.getReader();
  const chunks = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.length;
    if (size > limit) {
      await reader.cancel();
      throw new WalletError("too_large", `over ${limit} bytes`);
    }
    chunks.push(value);
  }
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}

export async function exchange(address, { method = "GET", headers = {}, body, limit = SIZE_LIMIT } = {}) {
  const url = safeUrl(address);
  try {
    const response = await fetch(url, {
      method, headers, body,
      credentials: "omit", redirect: "error", cache: "no-store", referrerPolicy: "no-referrer", mode: "cors",
      signal: AbortSignal.timeout(TIME_LIMIT_MS),
    });
    const bytes = await readBounded(response, limit);
    return { status: response.status, type: mediaType(response), bytes };
  } catch (error) {
    if (error instanceof WalletError) throw error;
    throw new WalletError("network", error.name);
  }
}

function mediaType(response) {
  return (response.headers.get("Content-Type") ?? "").split(";")[0].trim().toLowerCase();
}

export function textOf(answer) {
  try {
    return fromUtf8(answer.bytes);
  } catch {
    throw new WalletError("malformed", "not UTF-8");
  }
}

/** The JSON object of an answer, or an empty one when the answer holds no object. */
export function objectOf(answer) {
  try {
    const value = JSON.parse(textOf(answer));
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}

export async function getObject(address, code) {
  const answer = await exchange(address, { headers: { Accept: "application/json" } });
  must(answer.status === 200, answer.status >= 500 ? "unavailable" : code, `status ${answer.status}`);
  const value = parseJson(textOf(answer), code);
  must(isObject(value), code, "not an object");
  return value;
}

export function postForm(address, fields, headers = {}) {
  return exchange(address, {
    method: "POST", body: new URLSearchParams(fields).toString(),
    headers: { "Content-Type": "application/x-www-form-urlencoded", Accept: "application/json", ...headers },
  });
}

export function postJson(address, value, accessToken) {
  const headers = { "Content-Type": "application/json", Accept: "application/json" };
  if (accessToken) headers.Authorization = `Bearer ${accessToken}`;
  return exchange(address, { method: "POST", body: JSON.stringify(value), headers });
}
