/** In a demonstration: agree and use the specimen passport, with one press. */
import { heldSpecimen, sendNext, takeArrived } from "./specimen.js";

const place = document.getElementById("use-specimen");

takeArrived();
if (place && heldSpecimen()) {
  place.hidden = false;
  // One way is the first: whoever brought a specimen is offered it.
  for (const other of document.querySelectorAll(".button-primary")) {
    if (!place.contains(other)) other.classList.replace("button-primary", "button-secondary");
  }
  place.querySelector("button").addEventListener("click", sendNext);
}
