// django-allauth's script tells of a ceremony that failed or was left; the person reads it, too.
import { toast } from "./toast.js";

document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  toast(document.querySelector("[data-passkey-problem]")?.dataset.passkeyProblem ?? "", "warn");
});
