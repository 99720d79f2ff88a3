/** A demonstration's specimen passport: it arrives behind the address, and this tab alone keeps it. */
const KEY = "house:specimen";
const SEND = "house:send-specimen";
const LARGEST = 3_000_000;

/** Take it out of the address, so that neither history nor a shared screen keeps it. */
export function takeArrived() {
  const passport = new URLSearchParams(location.hash.slice(1)).get("specimen");
  if (!passport) return;
  history.replaceState(history.state, "", location.pathname + location.search);
  if (passport.length <= LARGEST && /^[A-Za-z0-9+/]+=*$/.test(passport)) sessionStorage.setItem(KEY, passport);
}

/** The photograph, or null. */
export function heldSpecimen() {
  const passport = sessionStorage.getItem(KEY);
  if (!passport) return null;
  return new Blob([Uint8Array.from(atob(passport), (letter) => letter.charCodeAt(0))], { type: "image/jpeg" });
}

export const sendNext = () => sessionStorage.setItem(SEND, "yes");

/** Whether the person said on the page before to use it; asked once. */
export function shallSend() {
  const said = sessionStorage.getItem(SEND) !== null;
  sessionStorage.removeItem(SEND);
  return said;
}
