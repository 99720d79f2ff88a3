/**
 * OpenID4VCI 1.0, taking the offer: token (6), nonce (7), credential (8), deferred credential (9), notification (11).
 * It protects the person from losing a used code to a broken connection: each step can be asked again on its own.
 */
import { isObject, isText, nowSeconds, toBase64url, utf8 } from "./encoding.js";
import { must, WalletError } from "./errors.js";
import { signJws } from "./jws.js";
import { objectOf, postForm, postJson } from "./net.js";
import { PRE_AUTHORIZED } from "./offer.js";

const DEFERRED_TRIES = 24;

/** 6.1. A wrong transaction code and a used or expired offer share `invalid_grant`: only the issuer knows which. */
export async function redeemCode(issuer, offer, transactionCode) {
  const fields = { grant_type: PRE_AUTHORIZED, "pre-authorized_code": offer.code };
  if (offer.transactionCode) fields.tx_code = transactionCode;
  const answer = await postForm(issuer.tokenEndpoint, fields);
  const body = objectOf(answer);
  if (answer.status !== 200) throw tokenError(answer, body, offer);
  must(isText(body.access_token, 8192), "issuer_answer", "access_token");
  must(String(body.token_type).toLowerCase() === "bearer", "issuer_unsupported", "token_type");
  const lifetime = Number.isFinite(body.expires_in) ? body.expires_in : 300;
  return { accessToken: body.access_token, expiresAt: nowSeconds() + lifetime, identifiers: identifiersOf(body) };
}

function tokenError(answer, body, offer) {
  if (answer.status >= 500 || answer.status === 429) return new WalletError("unavailable", `status ${answer.status}`);
  const aboutCode = body.error === "invalid_grant" || body.error === "invalid_request";
  if (aboutCode && offer.transactionCode) return new WalletError("transaction_code", body.error);
  return new WalletError(body.error === "invalid_grant" ? "offer_gone" : "issuer_refused", `token ${answer.status}`);
}

/** 6.2: when the token names credential identifiers, those must be asked for instead of the configuration. */
function identifiersOf(body) {
  const details = Array.isArray(body.authorization_details) ? body.authorization_details.filter(isObject) : [];
  return Object.fromEntries(details
    .filter((detail) => isText(detail.credential_configuration_id) && isText(detail.credential_identifiers?.[0]))
    .map((detail) => [detail.credential_configuration_id, detail.credential_identifiers[0]]));
}

/** 8. Asks once more with a fresh nonce when the first one had run out. */
export async function requestCredential(issuer, configuration, token, holderKey, { onWait } = {}) {
  let answer = await askOnce(issuer, configuration, token, holderKey);
  if (answer.status === 400 && objectOf(answer).error === "invalid_nonce") {
    answer = await askOnce(issuer, configuration, token, holderKey);
  }
  if (answer.status === 202) answer = await waitForDeferred(issuer, token, objectOf(answer), onWait);
  return credentialOf(answer);
}

async function askOnce(issuer, configuration, token, holderKey) {
  const proof = await buildProof(issuer, configuration, holderKey, await fetchNonce(issuer));
  const identifier = token.identifiers[configuration.id];
  const what = identifier ? { credential_identifier: identifier } : { credential_configuration_id: configuration.id };
  return postJson(issuer.credentialEndpoint, { ...what, proofs: { jwt: [proof] } }, token.accessToken);
}

async function fetchNonce(issuer) {
  if (!issuer.nonceEndpoint) return undefined;
  const answer = await postForm(issuer.nonceEndpoint, {});
  const nonce = objectOf(answer).c_nonce;
  must(answer.status === 200 && isText(nonce), answer.status >= 500 ? "unavailable" : "issuer_answer", "c_nonce");
  return nonce;
}

/** Appendix F.1. `iss` stays out: the pre-authorized code was redeemed anonymously. */
function buildProof(issuer, { didBinding }, { privateKey, publicJwk }, nonce) {
  const binding = didBinding ? { kid: `did:jwk:${toBase64url(utf8(JSON.stringify(publicJwk)))}#0` } : { jwk: publicJwk };
  const claims = { aud: issuer.id, iat: nowSeconds(), ...(nonce === undefined ? {} : { nonce }) };
  return signJws({ typ: "openid4vci-proof+jwt", ...binding }, claims, privateKey);
}

async function waitForDeferred(issuer, token, body, onWait) {
  must(issuer.deferredEndpoint && isText(body.transaction_id), "issuer_answer", "deferred");
  for (let tries = 0; tries < DEFERRED_TRIES && token.expiresAt > nowSeconds(); tries += 1) {
    onWait?.();
    const seconds = Math.min(Math.max(Number(body.interval) || 5, 1), 30);
    await new Promise((resolve) => { setTimeout(resolve, seconds * 1000); });
    const answer = await postJson(issuer.deferredEndpoint, { transaction_id: body.transaction_id }, token.accessToken);
    if (answer.status !== 202) return answer;
  }
  throw new WalletError("issuer_slow", "deferred");
}

function credentialOf(answer) {
  if (answer.status >= 500 || answer.status === 429) throw new WalletError("unavailable", `status ${answer.status}`);
  if (answer.status === 401) throw new WalletError("offer_gone", "token refused");
  must(answer.status === 200, "issuer_refused", `credential ${answer.status}`);
  const body = objectOf(answer);
  const credential = Array.isArray(body.credentials) ? body.credentials[0]?.credential : undefined;
  must(isText(credential, 500_000), "issuer_answer", "no credential");
  return { credential, notificationId: isText(body.notification_id) ? body.notification_id : undefined };
}

/** 11. Best effort: an issuer need not listen, and the person's card does not hang on it. */
export async function notifyIssuer({ endpoint, id, accessToken, expiresAt }, event) {
  if (!endpoint || !id || expiresAt <= nowSeconds()) return;
  try {
    await postJson(endpoint, { notification_id: id, event }, accessToken);
  } catch (error) {
    console.warn("wallet: notification", error.code);
  }
}
