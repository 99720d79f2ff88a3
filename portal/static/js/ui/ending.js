// A page of a case whose time has passed leads to the page that says so. It asks first: members may have given it more
// time since. Timers stand still while a device sleeps, so it also asks whenever the page is looked at again.
const shown = document.querySelector("[data-case-minutes]");

async function leadOn(ends, address) {
  if (document.hidden || Date.now() < ends) return;
  try {
    const answer = await fetch(address, { redirect: "manual", cache: "no-store" });
    if (answer.ok) location.assign(address);
  } catch {
    // No connection: the page says that already.
  }
}

if (shown) {
  const left = Number(shown.dataset.caseMinutes) * 60_000;
  const ends = Date.now() + left;
  const look = () => leadOn(ends, shown.dataset.caseEnded);
  // What is further away than a timer can count is nobody's page any more.
  if (left < 2 ** 31 - 1) setTimeout(look, left);
  document.addEventListener("visibilitychange", look);
  addEventListener("online", look);
}
