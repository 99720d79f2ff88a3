/** Token Status List (draft 20): whether the issuer still stands by a card. Asked only when the person asks. */
import { fromBase64url, isObject, isText, nowSeconds } from "./encoding.js";
import { must, WalletError } from "./errors.js";
import { decodeJws, verifyJws } from "./jws.js";
import { exchange, textOf } from "./net.js";
import { resolveIssuerKey } from "./sdjwt.js";

const CODE = "status_unknown";
const TYPE = "statuslist+jwt";
const LIST_LIMIT = 4 * 1024 * 1024;
const STATES = new Map([[0, "valid"], [1, "revoked"], [2, "suspended"]]);

/** The reference inside a card, if it has one (section 6.2). */
export function statusReference(payload) {
  const reference = payload.status?.status_list;
  const usable = isObject(reference) && isText(reference.uri) && Number.isInteger(reference.idx) && reference.idx >= 0;
  return usable ? reference : undefined;
}

/** Section 8.3: fetch, verify with the card issuer's own key, check subject and times, read the bits. */
export async function fetchStatus(payload, issuer) {
  const { uri, idx } = statusReference(payload);
  const answer = await exchange(uri, { headers: { Accept: `application/${TYPE}` } });
  must(answer.status === 200, CODE, `status ${answer.status}`);
  const decoded = decodeJws(textOf(answer).trim(), CODE);
  const key = await resolveIssuerKey(payload.iss, decoded.unverifiedHeader.kid, issuer, CODE);
  const { payload: list } = await verifyJws(decoded, key, { expectedType: TYPE, code: CODE });
  must(list.sub === uri, CODE, "sub");
  must(list.exp === undefined || list.exp > nowSeconds(), CODE, "exp");
  must(isObject(list.status_list) && [1, 2, 4, 8].includes(list.status_list.bits), CODE, "bits");
  return STATES.get(readBits(await inflate(fromBase64url(list.status_list.lst)), idx, list.status_list.bits)) ?? "unknown";
}

function readBits(bytes, index, bits) {
  const position = index * bits;
  const byte = bytes[Math.floor(position / 8)];
  must(byte !== undefined, CODE, "idx");
  return (byte >> (position % 8)) & ((1 << bits) - 1);
}

async function inflate(bytes) {
  const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate")).getReader();
  const chunks = [];
  let size = 0;
  for (let step = await reader.read(); !step.done; step = await reader.read()) {
    size += step.value.length;
    if (size > LIST_LIMIT) throw new WalletError(CODE, "list too large");
    chunks.push(step.value);
  }
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}
