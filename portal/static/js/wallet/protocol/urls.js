/**
 * Which addresses this wallet talks to or sends a person to: https, or http on this machine's own names.
 * It protects against script and data addresses and against plain-text transport; it does not judge the host.
 */
import { WalletError, must } from "./errors.js";

export function isLocalHost(hostname) {
  return hostname === "localhost" || hostname.endsWith(".localhost");
}

export function safeUrl(text, code = "address") {
  let url;
  try {
    url = new URL(text);
  } catch {
    throw new WalletError(code, "not an address");
  }
  const allowed = url.protocol === "https:" || (url.protocol === "http:" && isLocalHost(url.hostname));
  must(allowed, code, `scheme ${url.protocol}`);
  must(!url.username && !url.password, code, "credentials in an address");
  return url;
}

/** OpenID4VCI 1.0, 12.2.2 and RFC 8414, 3.1: the well-known part stands between host and path. */
export function wellKnown(issuer, name) {
  const url = safeUrl(issuer, "issuer_address");
  must(!url.search && !url.hash, "issuer_address", "query or fragment");
  const path = url.pathname === "/" ? "" : url.pathname.replace(/\/$/, "");
  return `${url.origin}/.well-known/${name}${path}`;
}
