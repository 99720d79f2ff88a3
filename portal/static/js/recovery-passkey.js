// The page "Create your passkey": runs the registration ceremony (WebAuthn Level 3, section 7.1, steps 1 to 4).
import { createPasskey, explain, isSupported } from "./webauthn.js";
import { setBusy } from "./ui/busy.js";

const root = document.getElementById("passkey");
const words = document.querySelector("[data-passkey-words]");

if (words) {
  const agent = navigator.userAgent;
  const platform = /iPhone|iPad|Macintosh/.test(agent) ? "apple" : /Android/.test(agent) ? "android" : /Windows/.test(agent) ? "windows" : "";
  const text = platform && words.getAttribute(`data-words-${platform}`);
  if (text) words.textContent = text;
}

if (root) {
  const button = document.getElementById("passkey-create");
  const status = document.getElementById("passkey-status");
  const say = (text) => { status.textContent = text; };

  if (!isSupported()) {
    button.disabled = true;
    say(root.dataset.textUnsupported);
  }
  button.addEventListener("click", async () => {
    setBusy(button, true);
    say(root.dataset.textWorking);
    try {
      const answer = await createPasskey(root.dataset.optionsUrl, root.dataset.registerUrl, root.dataset.csrf);
      window.location.assign(answer.next);
    } catch (error) {
      // The answer to an earlier try was lost on its way: it is done.
      if (error.next) return window.location.assign(error.next);
      say(explain(error, root.dataset));
      setBusy(button, false);
    }
  });
}
