// Runs before the page is drawn: what needs script may show itself, what replaces it may hide.
document.documentElement.classList.add("script");
