/** The visitor's specimen passport, kept by this tab only, and where it may go: the house partner's pages. */
const KEY = "try:specimen";

export function keepSpecimen(passport, goesTo) {
  sessionStorage.setItem(KEY, JSON.stringify({ passport, goesTo }));
}

/** The address with the specimen behind it. A fragment is sent to no server; the page there takes it up. */
export function withSpecimen(address) {
  const held = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
  if (!held || new URL(address, location.href).origin !== held.goesTo) return address;
  return `${address}#specimen=${encodeURIComponent(held.passport)}`;
}
