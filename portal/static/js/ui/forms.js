// The error summary takes the focus, and its links lead to the control and its label.
import { register } from "./start.js";

register("[data-error-summary]", (summary) => {
  summary.focus();
  summary.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#']");
    const control = link && document.getElementById(link.hash.slice(1));
    if (!control) return;
    event.preventDefault();
    (control.closest(".field, .fieldset") ?? control).scrollIntoView({ block: "start" });
    control.focus({ preventScroll: true });
  });
});

register("[data-print]", (button) => button.addEventListener("click", () => window.print()));
