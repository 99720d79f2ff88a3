/** OpenID4VCI 1.0, what is offered and by whom: the credential offer (4.1) and the metadata behind it (12.2). */
import { isObject, isText, parseJson } from "./encoding.js";
import { must } from "./errors.js";
import { getObject } from "./net.js";
import { safeUrl, wellKnown } from "./urls.js";

export const PRE_AUTHORIZED = "urn:ietf:params:oauth:grant-type:pre-authorized_code";
const OFFER = "offer_invalid";
const METADATA = "issuer_metadata";

/** The offer in a link's parameters: by value or by reference, never both (4.1.1). */
export async function fetchOffer(parameters) {
  const byValue = parameters.getAll("credential_offer");
  const byReference = parameters.getAll("credential_offer_uri");
  must(byValue.length + byReference.length === 1, OFFER, "one offer expected");
  const untrustedOffer = byValue.length ? parseJson(byValue[0], OFFER) : await getObject(byReference[0], "offer_gone");
  return parseOffer(untrustedOffer);
}

export function parseOffer(untrustedOffer) {
  must(isObject(untrustedOffer), OFFER, "not an object");
  const { credential_issuer: issuer, credential_configuration_ids: ids, grants } = untrustedOffer;
  must(isText(issuer), OFFER, "credential_issuer");
  safeUrl(issuer, OFFER);
  must(Array.isArray(ids) && ids.length > 0 && ids.length <= 20 && ids.every((id) => isText(id)), OFFER, "ids");
  const grant = isObject(grants) ? grants[PRE_AUTHORIZED] : undefined;
  must(isObject(grant), "offer_grant", "no pre-authorized code");
  must(isText(grant["pre-authorized_code"], 8192), OFFER, "pre-authorized_code");
  return {
    issuer, configurationIds: [...new Set(ids)], code: grant["pre-authorized_code"],
    transactionCode: parseTransactionCode(grant.tx_code),
    authorizationServer: isText(grant.authorization_server) ? grant.authorization_server : undefined,
  };
}

/** 4.1.1: `tx_code` may be an empty object, and then still asks for a code. */
function parseTransactionCode(value) {
  if (value === undefined) return undefined;
  must(isObject(value), OFFER, "tx_code");
  return {
    numeric: (value.input_mode ?? "numeric") === "numeric",
    length: Number.isInteger(value.length) && value.length > 0 && value.length <= 64 ? value.length : undefined,
    description: isText(value.description, 300) ? value.description : undefined,
  };
}

/** Everything needed to accept the offer; raises unless the issuer speaks what this wallet speaks. */
export async function fetchIssuer(offer) {
  const metadata = await getObject(wellKnown(offer.issuer, "openid-credential-issuer"), METADATA);
  must(metadata.credential_issuer === offer.issuer, METADATA, "metadata of another issuer"); // 12.2.3
  must(metadata.credential_response_encryption?.encryption_required !== true, "issuer_unsupported", "encryption");
  const server = authorizationServer(offer, metadata);
  const serverMetadata = await getObject(wellKnown(server, "oauth-authorization-server"), METADATA);
  must(serverMetadata.issuer === server, METADATA, "metadata of another server"); // RFC 8414, 3.3
  const grants = serverMetadata.grant_types_supported;
  must(!Array.isArray(grants) || grants.includes(PRE_AUTHORIZED), "issuer_unsupported", "grant");
  return {
    id: offer.issuer, display: displayOf(metadata.display),
    tokenEndpoint: endpoint(serverMetadata.token_endpoint),
    credentialEndpoint: endpoint(metadata.credential_endpoint),
    nonceEndpoint: optionalEndpoint(metadata.nonce_endpoint),
    deferredEndpoint: optionalEndpoint(metadata.deferred_credential_endpoint),
    notificationEndpoint: optionalEndpoint(metadata.notification_endpoint),
    configurations: configurationsOf(offer, metadata),
  };
}

/** 12.2.4: without `authorization_servers` the issuer is its own. */
function authorizationServer(offer, metadata) {
  const servers = metadata.authorization_servers;
  if (!Array.isArray(servers) || servers.length === 0) return offer.issuer;
  const chosen = offer.authorizationServer ?? servers[0];
  must(servers.includes(chosen), METADATA, "authorization_server is not listed");
  return chosen;
}

function endpoint(value) {
  must(isText(value), METADATA, "endpoint");
  return safeUrl(value, METADATA).href;
}

const optionalEndpoint = (value) => (value === undefined ? undefined : endpoint(value));

function configurationsOf(offer, metadata) {
  const supported = metadata.credential_configurations_supported;
  must(isObject(supported), METADATA, "configurations");
  const offered = offer.configurationIds.map((id) => [id, supported[id]]);
  must(offered.every(([, configuration]) => isObject(configuration)), METADATA, "unknown configuration");
  const usable = offered.filter(([, configuration]) => speaksOurs(configuration));
  must(usable.length > 0, "issuer_unsupported", "format or binding");
  return usable.map(([id, configuration]) => ({
    id, vct: configuration.vct,
    didBinding: !(configuration.cryptographic_binding_methods_supported ?? ["jwk"]).includes("jwk"),
    display: displayOf(configuration.credential_metadata?.display),
    claims: claimsOf(configuration.credential_metadata?.claims),
  }));
}

function speaksOurs(configuration) {
  const bindings = configuration.cryptographic_binding_methods_supported;
  const algorithms = configuration.proof_types_supported?.jwt?.proof_signing_alg_values_supported;
  return configuration.format === "dc+sd-jwt" && isText(configuration.vct)
    && Array.isArray(bindings) && (bindings.includes("jwk") || bindings.includes("did:jwk"))
    && Array.isArray(algorithms) && algorithms.includes("ES256");
}

/** The display entry for the reader's language, as bounded plain text; colours only as #rrggbb. */
function displayOf(list, language = document.documentElement.lang || "en") {
  const entries = Array.isArray(list) ? list.filter(isObject) : [];
  const base = language.split("-")[0];
  const found = entries.find((entry) => entry.locale === language)
    ?? entries.find((entry) => isText(entry.locale) && entry.locale.split("-")[0] === base) ?? entries[0] ?? {};
  const colour = (value) => (/^#[0-9a-fA-F]{6}$/.test(value ?? "") ? value : undefined);
  return {
    name: isText(found.name, 120) ? found.name : undefined,
    description: isText(found.description, 300) ? found.description : undefined,
    background: colour(found.background_color),
    logo: isText(found.logo?.uri, 200_000) ? found.logo.uri : undefined,
  };
}

function claimsOf(list) {
  const entries = Array.isArray(list) ? list.filter((entry) => isObject(entry) && Array.isArray(entry.path)) : [];
  return entries.slice(0, 100).map((entry) => ({ path: entry.path, label: displayOf(entry.display).name }));
}
