// A page that answers a post is asked for, not posted again, when it is reloaded or come back to: the browser would stop at
// a question of its own, and a code typed wrong would count twice.
if (document.querySelector("[data-answer-to-post]")) history.replaceState(history.state, "", location.href);
