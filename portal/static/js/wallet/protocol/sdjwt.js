/**
 * SD-JWT VC (draft 18) as received from an issuer, and as presented with key binding (RFC 9901).
 * It protects the person from a card that is forged, for another key, or not what was offered.
 */
import { digestOf, isObject, nowSeconds } from "./encoding.js";
import { decodeDisclosures, unpackClaims } from "./disclosures.js";
import { didWebHost, resolveDidKey, resolveIssuerMetadataKey } from "./did.js";
import { must } from "./errors.js";
import { decodeJws, signJws, verifyJws } from "./jws.js";
import { safeUrl } from "./urls.js";

const SKEW_SECONDS = 60;
const SIZE_LIMIT = 400 * 1024;
const SHAPE = "credential_malformed";

function split(text) {
  must(typeof text === "string" && text.length <= SIZE_LIMIT, SHAPE, "size");
  const pieces = text.split("~");
  must(pieces.length >= 2 && pieces.at(-1) === "", SHAPE, "not an SD-JWT without key binding");
  return { jwt: pieces[0], encoded: pieces.slice(1, -1) };
}

/** A card from this browser's own store, verified when it was received. */
export async function readStored(text) {
  const { jwt, encoded } = split(text);
  const { unverifiedHeader: header, unverifiedPayload: payload } = decodeJws(jwt, SHAPE);
  const byDigest = await decodeDisclosures(encoded, SHAPE);
  return { jwt, header, payload, byDigest, tree: unpackClaims(payload, byDigest, SHAPE) };
}

/**
 * Verify a credential from its issuer. 1. shape; 2. the key belongs to the issuer that was asked;
 * 3. signature and type; 4. type as offered; 5. times; 6. bound to our key; 7. disclosures (RFC 9901, 7.1).
 */
export async function verifyIssued(text, { expectedIssuer, expectedVct, expectedKey, now = nowSeconds() }) {
  const { jwt, encoded } = split(text); // 1
  const decoded = decodeJws(jwt, SHAPE);
  const key = await resolveIssuerKey(decoded.unverifiedPayload.iss, decoded.unverifiedHeader.kid, expectedIssuer); // 2
  const { payload } = await verifyJws(decoded, key, { expectedType: "dc+sd-jwt", code: "credential_signature" }); // 3
  must(payload.vct === expectedVct, "credential_type", "vct"); // 4
  checkTimes(payload, now); // 5
  must(sameKey(payload.cnf?.jwk, expectedKey), "credential_key", "cnf"); // 6
  must(payload._sd_alg === undefined || payload._sd_alg === "sha-256", SHAPE, "_sd_alg"); // 7
  unpackClaims(payload, await decodeDisclosures(encoded, SHAPE), SHAPE);
  return { payload };
}

/** The key `kid` of `iss`, which must live on the host of the issuer we asked: no stranger's DID vouches for it. */
export async function resolveIssuerKey(iss, kid, expectedIssuer, code = "credential_issuer") {
  const { host, origin } = safeUrl(expectedIssuer, code);
  must(typeof iss === "string", code, "no iss");
  if (iss.startsWith("did:")) {
    must(didWebHost(iss, code) === host, code, "DID on another host");
    return resolveDidKey(iss, kid, { purposes: ["assertionMethod"], code });
  }
  must(safeUrl(iss, code).origin === origin, code, "issuer on another host");
  return resolveIssuerMetadataKey(iss, kid, { code });
}

function checkTimes(payload, now) {
  const past = (value) => value === undefined || (Number.isFinite(value) && value <= now + SKEW_SECONDS);
  must(past(payload.iat) && past(payload.nbf), "credential_early", "iat or nbf");
  must(payload.exp === undefined || (Number.isFinite(payload.exp) && payload.exp > now), "credential_expired", "exp");
}

function sameKey(jwk, expected) {
  return isObject(jwk) && ["kty", "crv", "x", "y"].every((name) => jwk[name] === expected[name]) && !("d" in jwk);
}

export function isExpired(payload, now = nowSeconds()) {
  return Number.isFinite(payload.exp) && payload.exp <= now;
}

/** The credential with only `digests` disclosed, bound to this verifier and this request (RFC 9901, 4.3). */
export async function present(stored, digests, { privateKey, audience, nonce, transactionData = [], now = nowSeconds() }) {
  const chosen = [...stored.byDigest].filter(([digest]) => digests.has(digest)).map(([, { encoded }]) => encoded);
  const withoutBinding = `${[stored.jwt, ...chosen].join("~")}~`;
  const claims = { iat: now, aud: audience, nonce, sd_hash: await digestOf(withoutBinding) };
  if (transactionData.length) { // OpenID4VP 1.0, B.3.3: over each string exactly as it was received
    claims.transaction_data_hashes = await Promise.all(transactionData.map(digestOf));
    claims.transaction_data_hashes_alg = "sha-256";
  }
  return withoutBinding + await signJws({ typ: "kb+jwt" }, claims, privateKey);
}
