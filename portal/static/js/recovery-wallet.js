// The ways into the wallet of this browser. Whoever just kept the Verified ID here is not asked again where it is.
const KEPT_HERE = "recovery:kept-here";
const SHOWN = "recovery:shown";

const offer = document.querySelector("a[data-open-wallet]");
const show = document.querySelector("a[data-show-here]");

// This page answered a post: it leaves the history, so that the wallet's way back leads to the page before it. The
// wallet is told that it is waited for.
function open(event) {
  event?.preventDefault();
  sessionStorage.setItem(KEPT_HERE, "yes");
  location.replace(`${offer.href}&return=back`);
}

if (offer) {
  offer.addEventListener("click", open);
  open();
}

// Once for each request: whoever comes back from the wallet without an answer stays on the page and chooses.
if (show && "unasked" in show.dataset && sessionStorage.getItem(KEPT_HERE) && sessionStorage.getItem(SHOWN) !== show.href) {
  sessionStorage.setItem(SHOWN, show.href);
  location.assign(show.href);
}
