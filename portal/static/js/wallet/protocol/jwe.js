/** Compact JWE, ECDH-ES directly to A128GCM or A256GCM (RFC 7516; RFC 7518, 4.6). Encrypts only. */
import { toBase64url, utf8 } from "./encoding.js";
import { must, WalletError } from "./errors.js";

export const CONTENT_ENCRYPTIONS = new Map([["A128GCM", 128], ["A256GCM", 256]]);
const CODE = "request_encryption";

export async function encryptJwe(plaintext, { recipientJwk, enc }) {
  const bits = CONTENT_ENCRYPTIONS.get(enc);
  must(bits, CODE, "enc");
  const { kty, crv, x, y } = recipientJwk;
  must(kty === "EC" && crv === "P-256", CODE, "key");
  const curve = { name: "ECDH", namedCurve: "P-256" };
  try {
    const recipient = await crypto.subtle.importKey("jwk", { kty, crv, x, y }, curve, false, []);
    const ephemeral = await crypto.subtle.generateKey(curve, false, ["deriveBits"]);
    const epk = await crypto.subtle.exportKey("jwk", ephemeral.publicKey);
    const secret = await crypto.subtle.deriveBits({ name: "ECDH", public: recipient }, ephemeral.privateKey, 256);
    const header = { alg: "ECDH-ES", enc, epk: { kty: epk.kty, crv: epk.crv, x: epk.x, y: epk.y } };
    if (typeof recipientJwk.kid === "string") header.kid = recipientJwk.kid;
    return await seal(plaintext, header, await concatKdf(new Uint8Array(secret), enc, bits));
  } catch (error) {
    throw error instanceof WalletError ? error : new WalletError(CODE, error.name);
  }
}

async function seal(plaintext, header, rawKey) {
  const protectedHeader = toBase64url(utf8(JSON.stringify(header)));
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const key = await crypto.subtle.importKey("raw", rawKey, "AES-GCM", false, ["encrypt"]);
  const parameters = { name: "AES-GCM", iv, additionalData: utf8(protectedHeader), tagLength: 128 };
  const sealed = new Uint8Array(await crypto.subtle.encrypt(parameters, key, utf8(plaintext)));
  const ciphertext = sealed.slice(0, -16);
  const tag = sealed.slice(-16);
  return [protectedHeader, "", toBase64url(iv), toBase64url(ciphertext), toBase64url(tag)].join(".");
}

/** RFC 7518, 4.6.2 with empty PartyUInfo and PartyVInfo; one round of SHA-256 covers both key sizes. */
export async function concatKdf(secret, enc, bits, apu = new Uint8Array(), apv = new Uint8Array()) {
  const blocks = [number(1), secret, prefixed(utf8(enc)), prefixed(apu), prefixed(apv), number(bits)];
  const hash = await crypto.subtle.digest("SHA-256", await new Blob(blocks).arrayBuffer());
  return new Uint8Array(hash).slice(0, bits / 8);
}

function number(value) {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

function prefixed(bytes) {
  const out = new Uint8Array(4 + bytes.length);
  out.set(number(bytes.length));
  out.set(bytes, 4);
  return out;
}
