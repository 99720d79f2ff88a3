/** Good news needs no answer: it is read, and then the way back opens by itself. */

const SEEN_MS = 1500;
const form = document.getElementById("result");

setTimeout(() => location.replace(form.dataset.next), SEEN_MS);
