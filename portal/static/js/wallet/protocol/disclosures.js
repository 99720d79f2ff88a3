/**
 * The claims of an SD-JWT (RFC 9901, section 7.1): disclosures put back where their digests stand. Each node
 * remembers which disclosures it needs, so that a presentation can send those and no others.
 */
import { digestOf, fromBase64url, fromUtf8, isObject, parseJson } from "./encoding.js";
import { must } from "./errors.js";

const NEVER_NAMES = new Set(["_sd", "...", "_sd_alg", "__proto__"]);
/** SD-JWT VC, "Claims": these can never be selectively disclosed. */
const NEVER_DISCLOSED = new Set(["iss", "nbf", "exp", "cnf", "vct", "vct#integrity", "aka_vcts", "status"]);
const DEPTH_LIMIT = 12;
const COUNT_LIMIT = 500;

export async function decodeDisclosures(encodedList, code) {
  must(encodedList.length <= COUNT_LIMIT, code, "too many disclosures");
  const byDigest = new Map();
  for (const encoded of encodedList) {
    const parts = parseJson(fromUtf8(fromBase64url(encoded)), code);
    must(Array.isArray(parts) && (parts.length === 2 || parts.length === 3), code, "disclosure shape");
    must(typeof parts[0] === "string", code, "disclosure salt");
    const digest = await digestOf(encoded);
    must(!byDigest.has(digest), code, "disclosure twice");
    byDigest.set(digest, { encoded, parts });
  }
  return byDigest;
}

/** Raises unless every digest stands once, every disclosure is used, and no name is taken twice or forbidden. */
export function unpackClaims(payload, byDigest, code) {
  const context = { byDigest, code, seen: new Set(), used: new Set() };
  const tree = unpackObject(payload, [], context, 0);
  must(context.used.size === byDigest.size, code, "unused disclosure");
  return tree;
}

function unpackValue(value, needs, context, depth) {
  must(depth <= DEPTH_LIMIT, context.code, "too deep");
  if (Array.isArray(value)) return unpackArray(value, needs, context, depth);
  if (isObject(value)) return unpackObject(value, needs, context, depth);
  return { kind: "leaf", needs, value };
}

function unpackObject(value, needs, context, depth) {
  const children = new Map();
  for (const [name, member] of Object.entries(value)) {
    if (name === "_sd" || (depth === 0 && name === "_sd_alg")) continue;
    must(!NEVER_NAMES.has(name), context.code, "forbidden name");
    children.set(name, unpackValue(member, needs, context, depth + 1));
  }
  const digests = value._sd ?? [];
  must(Array.isArray(digests), context.code, "_sd");
  for (const digest of digests) {
    const parts = take(digest, 3, context);
    if (!parts) continue;
    const [, name, member] = parts;
    must(typeof name === "string" && !NEVER_NAMES.has(name) && !children.has(name), context.code, "forbidden name");
    must(depth > 0 || !NEVER_DISCLOSED.has(name), context.code, "claim may not be disclosed");
    children.set(name, unpackValue(member, [...needs, digest], context, depth + 1));
  }
  return { kind: "object", needs, children };
}

function unpackArray(list, needs, context, depth) {
  const children = [];
  for (const item of list) {
    if (isObject(item) && "..." in item) {
      must(Object.keys(item).length === 1, context.code, "array digest");
      const parts = take(item["..."], 2, context);
      if (parts) children.push(unpackValue(parts[1], [...needs, item["..."]], context, depth + 1));
    } else {
      children.push(unpackValue(item, needs, context, depth + 1));
    }
  }
  return { kind: "array", needs, children };
}

/** The disclosure behind a digest, or nothing when the digest is a decoy. */
function take(digest, length, context) {
  must(typeof digest === "string" && !context.seen.has(digest), context.code, "digest twice");
  context.seen.add(digest);
  const found = context.byDigest.get(digest);
  if (!found) return undefined;
  must(found.parts.length === length, context.code, "disclosure shape");
  context.used.add(digest);
  return found.parts;
}

/** The plain value of a node: all of it, or what a verifier sees who is given only the `shared` disclosures. */
export function plainValue(node, shared) {
  const seen = (child) => shared === undefined || child.needs.every((digest) => shared.has(digest));
  if (node.kind === "leaf") return node.value;
  if (node.kind === "array") return node.children.filter(seen).map((child) => plainValue(child, shared));
  const members = [...node.children].filter(([, child]) => seen(child));
  return Object.fromEntries(members.map(([name, child]) => [name, plainValue(child, shared)]));
}

/** Every disclosure needed to show a node with all that is inside it. */
export function neededDigests(node, found = new Set()) {
  for (const digest of node.needs) found.add(digest);
  if (node.kind !== "leaf") for (const child of node.children.values()) neededDigests(child, found);
  return found;
}

/** Nodes at a claims path pointer (OpenID4VP 1.0, section 7): text, whole numbers, or null for every element. */
export function nodesAt(root, path) {
  let nodes = [root];
  for (const step of path) nodes = nodes.flatMap((node) => stepInto(node, step));
  return nodes;
}

function stepInto(node, step) {
  if (typeof step === "string") return node.kind === "object" && node.children.has(step) ? [node.children.get(step)] : [];
  if (node.kind !== "array") return [];
  if (step === null) return node.children;
  return step < node.children.length ? [node.children[step]] : [];
}
