/** did:web (CCG report): a name becomes an address, the document there names keys and what each is for. */
import { isObject } from "./encoding.js";
import { must, WalletError } from "./errors.js";
import { getObject } from "./net.js";
import { isLocalHost, safeUrl, wellKnown } from "./urls.js";

/** The host a did:web lives on, as in URL.host. */
export function didWebHost(did, code) {
  return new URL(didWebAddress(did, code)).host;
}

export function didWebAddress(did, code) {
  must(typeof did === "string" && did.length <= 512, code, "did");
  const match = /^did:web:([A-Za-z0-9.-]+(?:%3[Aa][0-9]{1,5})?)((?::[A-Za-z0-9._~-]+)*)$/.exec(did);
  must(match, code, "not a did:web");
  const host = decodeURIComponent(match[1]);
  const segments = match[2].split(":").slice(1);
  must(segments.every((segment) => !/^\.+$/.test(segment)), code, "did path");
  const scheme = isLocalHost(host.split(":")[0].toLowerCase()) ? "http" : "https";
  const path = segments.length ? segments.join("/") : ".well-known";
  return safeUrl(`${scheme}://${host}/${path}/did.json`, code).href;
}

/** The public key `kid` of `did`, when its document lists it under one of `purposes`. */
export async function resolveDidKey(did, kid, { purposes, code }) {
  const absolute = (id) => (typeof id === "string" && id.startsWith("#") ? did + id : id);
  must(typeof kid === "string" && absolute(kid).startsWith(`${did}#`), code, "kid is not of this DID");
  const untrustedDocument = await getObject(didWebAddress(did, code), code);
  must(untrustedDocument.id === did, code, "document of another DID");
  const methods = listOf(untrustedDocument.verificationMethod);
  const listed = purposes.flatMap((purpose) => listOf(untrustedDocument[purpose]));
  const named = listed.some((entry) => absolute(isObject(entry) ? entry.id : entry) === absolute(kid));
  must(named, code, "key is not for this purpose");
  const method = [...methods, ...listed].find((entry) => isObject(entry) && absolute(entry.id) === absolute(kid));
  must(isObject(method?.publicKeyJwk), code, "no such key");
  must(method.controller === undefined || method.controller === did, code, "key of another controller");
  return method.publicKeyJwk;
}

/** SD-JWT VC, "JWT VC Issuer Metadata": keys of an issuer that is an https address. */
export async function resolveIssuerMetadataKey(issuer, kid, { code }) {
  const metadata = await getObject(wellKnown(issuer, "jwt-vc-issuer"), code);
  must(metadata.issuer === issuer, code, "metadata of another issuer");
  const jwks = isObject(metadata.jwks) ? metadata.jwks : await fetchJwks(metadata.jwks_uri, code);
  const keys = listOf(jwks.keys).filter(isObject);
  const key = kid === undefined && keys.length === 1 ? keys[0] : keys.find((entry) => kid !== undefined && entry.kid === kid);
  if (!key) throw new WalletError(code, "no such key");
  return key;
}

function fetchJwks(address, code) {
  must(typeof address === "string", code, "no keys");
  return getObject(address, code);
}

function listOf(value) {
  return Array.isArray(value) ? value.slice(0, 100) : [];
}
