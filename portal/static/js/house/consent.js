/** In a demonstration: agree and use the specimen passport, with one press. */
import { heldSpecimen, sendNext, takeArrived } from "./specimen.js";

const place = document.getElementById("use-specimen");

takeArrived();
if (place && heldSpecimen()) {
  place.hidden = false;
  place.querySelector("button").addEventListener("click", sendNext);
}
