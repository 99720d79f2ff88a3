/** Waits for work that goes on in another request, shows what is being done, and goes on by itself. */

const place = document.getElementById("checking");

async function look() {
  try {
    const response = await fetch(place.dataset.progress, { headers: { Accept: "application/json" } });
    const told = await response.json();
    if (!told.working) {
      location.replace(told.next ?? location.href);
      return;
    }
    place.innerHTML = told.html;
  } catch {
    // The next look may fare better.
  }
  setTimeout(look, 1000);
}

look();
