/** Compact JWS with WebCrypto (RFC 7515, RFC 7518, RFC 8037, RFC 9864). Only asymmetric algorithms exist here. */
import { fromBase64url, fromUtf8, isObject, parseJson, toBase64url, utf8 } from "./encoding.js";
import { must, WalletError } from "./errors.js";

const EC = (curve, hash) => ({
  kty: "EC", crv: curve, members: ["x", "y"],
  importAs: { name: "ECDSA", namedCurve: curve }, signWith: { name: "ECDSA", hash },
});
const ED25519 = { kty: "OKP", crv: "Ed25519", members: ["x"], importAs: { name: "Ed25519" }, signWith: { name: "Ed25519" } };

const ALGORITHMS = new Map([
  ["ES256", EC("P-256", "SHA-256")],
  ["ES384", EC("P-384", "SHA-384")],
  ["Ed25519", ED25519],
  ["EdDSA", ED25519],
]);
export const VERIFIABLE_ALGORITHMS = [...ALGORITHMS.keys()];

function part(text, code) {
  let value;
  try {
    value = parseJson(fromUtf8(fromBase64url(text)), code);
  } catch {
    throw new WalletError(code, "not a JWT");
  }
  must(isObject(value), code, "not a JWT");
  return value;
}

/** Nothing returned here is verified yet. */
export function decodeJws(compact, code) {
  const parts = typeof compact === "string" ? compact.split(".") : [];
  must(parts.length === 3, code, "not a JWT");
  return {
    unverifiedHeader: part(parts[0], code), unverifiedPayload: part(parts[1], code),
    signed: utf8(`${parts[0]}.${parts[1]}`), signature: parts[2],
  };
}

/** Raises `code` unless: 1. the type and algorithm are as expected, 2. nothing critical, 3. the signature holds. */
export async function verifyJws(decoded, jwk, { expectedType, code }) {
  const header = decoded.unverifiedHeader;
  must(header.typ === expectedType, code, "typ");
  const algorithm = ALGORITHMS.get(header.alg);
  must(algorithm, code, "alg");
  must(!("crit" in header), code, "crit");
  must(jwk.kty === algorithm.kty && jwk.crv === algorithm.crv, code, "key does not fit alg");
  let holds = false;
  try {
    const key = await crypto.subtle.importKey("jwk", publicMembers(jwk, algorithm), algorithm.importAs, false, ["verify"]);
    holds = await crypto.subtle.verify(algorithm.signWith, key, fromBase64url(decoded.signature), decoded.signed);
  } catch (error) {
    throw new WalletError(code, error.name);
  }
  must(holds, code, "signature");
  return { header, payload: decoded.unverifiedPayload };
}

function publicMembers(jwk, algorithm) {
  return Object.fromEntries(["kty", "crv", ...algorithm.members].map((name) => [name, jwk[name]]));
}

/** A key of this wallet: the private half never leaves the browser's key store. */
export async function createHolderKey() {
  const pair = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign", "verify"]);
  const { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", pair.publicKey);
  return { privateKey: pair.privateKey, publicJwk: { kty, crv, x, y } };
}

export async function signJws(header, payload, privateKey) {
  const encode = (value) => toBase64url(utf8(JSON.stringify(value)));
  const input = `${encode({ alg: "ES256", ...header })}.${encode(payload)}`;
  const signature = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, privateKey, utf8(input));
  return `${input}.${toBase64url(signature)}`;
}
