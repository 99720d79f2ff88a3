/**
 * OpenID4VP 1.0, the request object (section 5) of a verifier known by its did:web.
 * It protects the person from answering somebody else than the name on the page, and from a stale request.
 * It does not say whether the verifier deserves an answer: that is the person's decision.
 */
import { fromBase64url, fromUtf8, isObject, isText, nowSeconds, parseJson, randomText } from "./encoding.js";
import { didWebHost, resolveDidKey } from "./did.js";
import { parseQuery } from "./dcql.js";
import { must, WalletError } from "./errors.js";
import { CONTENT_ENCRYPTIONS } from "./jwe.js";
import { decodeJws, VERIFIABLE_ALGORITHMS, verifyJws } from "./jws.js";
import { exchange, postForm, textOf } from "./net.js";
import { safeUrl } from "./urls.js";

const TYPE = "oauth-authz-req+jwt";
const AUDIENCE = "https://self-issued.me/v2"; // 5.8, static discovery
const PREFIX = "decentralized_identifier:";
const SKEW_SECONDS = 60;
const AGE_LIMIT_SECONDS = 600;
const RESPONSE_MODES = ["direct_post", "direct_post.jwt"];
const INVALID = "request_invalid";

/** What this wallet speaks (section 10): sent along when the request is fetched by POST. */
const WALLET_METADATA = {
  vp_formats_supported: { "dc+sd-jwt": { "sd-jwt_alg_values": VERIFIABLE_ALGORITHMS, "kb-jwt_alg_values": ["ES256"] } },
  client_id_prefixes_supported: ["decentralized_identifier"],
  request_object_signing_alg_values_supported: VERIFIABLE_ALGORITHMS,
  response_types_supported: ["vp_token"], response_modes_supported: RESPONSE_MODES,
  transaction_data_types_supported: ["urn:readmit:case:1"],
};

/** The link's parameters, judged before anything is fetched. */
export function parseLink(parameters) {
  for (const name of parameters.keys()) must(parameters.getAll(name).length === 1, INVALID, "parameter twice");
  const clientId = parameters.get("client_id");
  must(isText(clientId), INVALID, "client_id");
  must(clientId.startsWith(PREFIX), "request_prefix", clientId.split(":")[0]);
  const did = clientId.slice(PREFIX.length);
  const [uri, inline] = [parameters.get("request_uri"), parameters.get("request")];
  must((uri === null) !== (inline === null), INVALID, "request or request_uri");
  const method = parameters.get("request_uri_method") ?? "get";
  must(method === "get" || method === "post", INVALID, "request_uri_method");
  return { clientId, did, host: didWebHost(did, INVALID), uri, inline, method };
}

export async function fetchRequest(link) {
  if (link.inline !== null) return verifyRequest(link.inline, link, {});
  const walletNonce = link.method === "post" ? randomText() : undefined;
  const headers = { Accept: `application/${TYPE}` };
  const about = { wallet_metadata: JSON.stringify(WALLET_METADATA), wallet_nonce: walletNonce };
  const answer = walletNonce ? await postForm(link.uri, about, headers) : await exchange(link.uri, { headers });
  must(answer.status < 500, "unavailable", `status ${answer.status}`);
  must(answer.status === 200, "request_gone", `status ${answer.status}`);
  must(answer.type === `application/${TYPE}`, INVALID, "content type");
  return verifyRequest(textOf(answer).trim(), link, { walletNonce });
}

/**
 * 1. type, algorithm and signature by a key of the DID in the link; 2. the same client_id; 3. audience;
 * 4. times; 5. our wallet_nonce; 6. kind of answer and where to; 7. nonce, state; 8. query; 9. transaction data.
 */
export async function verifyRequest(compact, link, { walletNonce, now = nowSeconds() }) {
  const decoded = decodeJws(compact, INVALID);
  const key = await resolveDidKey(link.did, decoded.unverifiedHeader.kid, {
    purposes: ["authentication", "assertionMethod"], code: "request_signature",
  });
  const { payload } = await verifyJws(decoded, key, { expectedType: TYPE, code: "request_signature" }); // 1
  must(payload.client_id === link.clientId, INVALID, "client_id"); // 2
  must([payload.aud].flat().includes(AUDIENCE), INVALID, "aud"); // 3
  checkTimes(payload, now); // 4
  must(walletNonce === undefined || payload.wallet_nonce === walletNonce, INVALID, "wallet_nonce"); // 5
  must(payload.response_type === "vp_token" && RESPONSE_MODES.includes(payload.response_mode), INVALID, "response"); // 6
  must(payload.redirect_uri === undefined, INVALID, "redirect_uri");
  safeUrl(payload.response_uri, INVALID);
  must(isText(payload.nonce, 512) && /^[A-Za-z0-9._~-]+$/.test(payload.nonce), INVALID, "nonce"); // 7
  must(payload.state === undefined || isText(payload.state), INVALID, "state");
  return {
    clientId: link.clientId, host: link.host, nonce: payload.nonce, state: payload.state,
    responseUri: payload.response_uri, encryption: encryptionOf(payload), expiresAt: payload.exp,
    verifierName: isText(payload.client_metadata?.client_name, 120) ? payload.client_metadata.client_name : undefined,
    query: parseQuery(payload.dcql_query), // 8
    transactionData: parseTransactionData(payload.transaction_data), // 9
  };
}

/** Ends in the future, or began a short while ago; a request without either is refused. */
function checkTimes({ exp, iat, nbf }, now) {
  must(iat === undefined || (Number.isFinite(iat) && iat <= now + SKEW_SECONDS), INVALID, "iat");
  must(nbf === undefined || (Number.isFinite(nbf) && nbf <= now + SKEW_SECONDS), INVALID, "nbf");
  if (exp === undefined) must(iat !== undefined && iat > now - AGE_LIMIT_SECONDS, "request_expired", "no end");
  else must(Number.isFinite(exp) && exp > now, "request_expired", "exp");
}

/** Section 8.3: the verifier's key and content encryption, when the answer is to be encrypted. */
function encryptionOf({ response_mode: mode, client_metadata: metadata }) {
  if (mode === "direct_post") return undefined;
  const keys = Array.isArray(metadata?.jwks?.keys) ? metadata.jwks.keys.filter(isObject) : [];
  const recipientJwk = keys.find((key) => key.alg === "ECDH-ES" && key.crv === "P-256" && (key.use ?? "enc") === "enc");
  must(recipientJwk, "request_encryption", "no key");
  const wanted = metadata.encrypted_response_enc_values_supported ?? ["A128GCM"];
  const enc = Array.isArray(wanted) ? wanted.find((value) => CONTENT_ENCRYPTIONS.has(value)) : undefined;
  must(enc, "request_encryption", "enc");
  return { recipientJwk, enc };
}

/**
 * 8.4: a kind of transaction this wallet cannot show must be refused. It can show any whose members are plain
 * values, because every one of them is put before the person; anything nested is refused.
 */
function parseTransactionData(list) {
  if (list === undefined) return [];
  must(Array.isArray(list) && list.length > 0 && list.length <= 5, "request_transaction", "shape");
  return list.map((encoded) => {
    const data = decodeTransaction(encoded);
    must(isObject(data) && isText(data.type) && Array.isArray(data.credential_ids), "request_transaction", "members");
    const algorithms = data.transaction_data_hashes_alg;
    must(algorithms === undefined || [algorithms].flat().includes("sha-256"), "request_transaction", "hash");
    const shown = Object.entries(data).filter(([name]) => !["type", "credential_ids", "transaction_data_hashes_alg"].includes(name));
    must(shown.every(([, value]) => isShowable(value)), "request_transaction", "not plain text");
    return { encoded, credentialIds: data.credential_ids, shown };
  });
}

const isShowable = (value) => isText(value, 300) || Number.isFinite(value) || typeof value === "boolean";

function decodeTransaction(encoded) {
  try {
    return parseJson(fromUtf8(fromBase64url(encoded)));
  } catch {
    throw new WalletError("request_transaction", "encoding");
  }
}
