// The sign-in page: a discoverable passkey, chosen on the device.
import { explain, isSupported, usePasskey } from "./webauthn.js";
import { setBusy } from "./ui/busy.js";

const root = document.getElementById("sign-in");

if (root) {
  const button = document.getElementById("sign-in-passkey");
  const status = document.getElementById("sign-in-status");
  const say = (text) => { status.textContent = text; };

  if (!isSupported()) {
    button.disabled = true;
    say(root.dataset.textUnsupported);
  }
  button.addEventListener("click", async () => {
    setBusy(button, true);
    say(root.dataset.textWorking);
    try {
      const answer = await usePasskey(root.dataset.optionsUrl, root.dataset.completeUrl, root.dataset.csrf);
      window.location.assign(answer.next);
    } catch (error) {
      say(explain(error, root.dataset));
      setBusy(button, false);
    }
  });
}
