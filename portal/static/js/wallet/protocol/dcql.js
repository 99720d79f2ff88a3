/**
 * DCQL (OpenID4VP 1.0, section 6), without network or storage: which cards fit, and which disclosures would leave.
 * `trusted_authorities` is not evaluated: its kinds (certificates, ETSI lists, federation) name nothing a did:web
 * card has. That widens what the person may be asked to choose from, never what is sent without consent.
 */
import { isObject, isText } from "./encoding.js";
import { must } from "./errors.js";
import { neededDigests, nodesAt } from "./disclosures.js";

const CODE = "request_query";
const ID = /^[A-Za-z0-9_-]{1,64}$/;

export function parseQuery(untrustedQuery) {
  must(isObject(untrustedQuery), CODE, "dcql_query");
  const credentials = listOf(untrustedQuery.credentials).map(parseCredentialQuery);
  must(credentials.length > 0 && unique(credentials.map(({ id }) => id)), CODE, "credentials");
  const known = new Set(credentials.map(({ id }) => id));
  const sets = untrustedQuery.credential_sets;
  must(sets === undefined || listOf(sets).length > 0, CODE, "credential_sets");
  return { credentials, sets: sets === undefined ? undefined : listOf(sets).map((set) => parseSet(set, known)) };
}

function parseCredentialQuery(query) {
  must(isObject(query) && ID.test(query.id ?? ""), CODE, "id");
  must(isText(query.format) && isObject(query.meta), CODE, "format or meta");
  const types = query.meta.vct_values;
  must(query.format !== "dc+sd-jwt" || (listOf(types).length > 0 && types.every((type) => isText(type))), CODE, "vct_values");
  const claims = query.claims === undefined ? undefined : listOf(query.claims).map(parseClaim);
  must(claims === undefined || claims.length > 0, CODE, "claims");
  return { id: query.id, format: query.format, types, claims, claimSets: parseClaimSets(query.claim_sets, claims) };
}

function parseClaim(claim) {
  const step = (item) => item === null || isText(item, 200) || (Number.isInteger(item) && item >= 0);
  must(isObject(claim) && listOf(claim.path).length > 0 && claim.path.every(step), CODE, "path");
  must(claim.id === undefined || ID.test(claim.id), CODE, "claim id");
  must(claim.values === undefined || listOf(claim.values).length > 0, CODE, "values");
  return { id: claim.id, path: claim.path, values: claim.values };
}

function parseClaimSets(sets, claims) {
  if (sets === undefined) return undefined;
  must(claims && listOf(sets).length > 0, CODE, "claim_sets");
  const byId = new Map(claims.filter(({ id }) => id).map((claim) => [claim.id, claim]));
  return listOf(sets).map((set) => {
    must(listOf(set).length > 0 && set.every((id) => byId.has(id)), CODE, "claim_sets");
    return set.map((id) => byId.get(id));
  });
}

function parseSet(set, known) {
  const options = isObject(set) ? listOf(set.options) : [];
  must(options.length > 0, CODE, "options");
  must(options.every((option) => listOf(option).length > 0 && option.every((id) => known.has(id))), CODE, "options");
  return { options, required: set.required !== false };
}

/**
 * What each credential query would take, from which cards. Null when what is required cannot be met.
 * Optional sets are left out: nothing leaves that the verifier can do without.
 */
export function matchCards(query, cards) {
  const found = new Map(query.credentials.map((one) => [one.id, offersFor(one, cards)]));
  const meets = (ids) => ids.every((id) => found.get(id).length > 0);
  const wanted = query.sets === undefined
    ? [query.credentials.map(({ id }) => id)]
    : query.sets.filter(({ required }) => required).map(({ options }) => options.find(meets) ?? []);
  const ids = [...new Set(wanted.flat())];
  const complete = ids.length > 0 && wanted.every((option) => option.length > 0 && meets(option));
  return complete ? ids.map((id) => ({ id, options: found.get(id) })) : null;
}

function offersFor(query, cards) {
  if (query.format !== "dc+sd-jwt") return [];
  return cards.filter((card) => query.types.includes(card.vct)).flatMap((card) => {
    const claims = chooseClaims(query, card.tree);
    return claims ? [{ card, ...claims }] : [];
  });
}

/** 6.4.1: no claims means nothing selectively disclosable; the first claim set that can be met wins. */
function chooseClaims(query, tree) {
  if (query.claims === undefined) return { claims: [], digests: new Set() };
  for (const set of query.claimSets ?? [query.claims]) {
    const claims = set.map((claim) => ({ ...claim, nodes: nodesAt(tree, claim.path).filter((node) => fits(node, claim)) }));
    if (claims.every(({ nodes }) => nodes.length > 0)) return summed(claims);
  }
  return null;
}

function fits(node, { values }) {
  return values === undefined || (node.kind === "leaf" && values.includes(node.value));
}

function summed(claims) {
  const digests = new Set();
  for (const { nodes } of claims) for (const node of nodes) neededDigests(node, digests);
  return { digests, claims: claims.map(({ path }) => path) };
}

function listOf(value) {
  return Array.isArray(value) && value.length <= 100 ? value : [];
}

function unique(list) {
  return new Set(list).size === list.length;
}
