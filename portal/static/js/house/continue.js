/** Goes back to the relying party by itself; the button is there for whoever is kept from it. */

location.replace(document.getElementById("way-back").href);
