// Enhances elements once each, on load and in whatever htmx swaps in.
const enhancements = [];
const done = new WeakMap();

function apply(root, { selector, enhance }) {
  const nodes = [...root.querySelectorAll(selector)];
  if (root.matches?.(selector)) nodes.unshift(root);
  for (const node of nodes) {
    const seen = done.get(node) ?? new Set();
    if (seen.has(enhance)) continue;
    done.set(node, seen.add(enhance));
    enhance(node);
  }
}

export function register(selector, enhance) {
  const entry = { selector, enhance };
  enhancements.push(entry);
  apply(document, entry);
}

export function enhanceAll(root = document) {
  for (const entry of enhancements) apply(root, entry);
}

document.addEventListener("htmx:load", (event) => enhanceAll(event.detail.elt));
