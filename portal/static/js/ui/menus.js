// Menus close on Escape, on a click elsewhere, and when another opens. On a narrow screen the console's list unfolds.
import { register } from "./start.js";

register("[data-menu]", (menu) => {
  menu.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && menu.open) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
    if (event.key === "ArrowDown" || event.key === "ArrowUp") move(menu, event);
  });
  menu.addEventListener("toggle", () => {
    if (menu.open) document.querySelectorAll("[data-menu][open]").forEach((other) => { if (other !== menu) other.open = false; });
  });
});

function move(menu, event) {
  const items = [...menu.querySelectorAll(".menu-item")];
  if (!items.length) return;
  event.preventDefault();
  menu.open = true;
  const at = items.indexOf(document.activeElement);
  const next = event.key === "ArrowDown" ? at + 1 : at < 0 ? items.length - 1 : at - 1;
  items[(next + items.length) % items.length].focus();
}

document.addEventListener("click", (event) => {
  document.querySelectorAll("[data-menu][open]").forEach((menu) => { if (!menu.contains(event.target)) menu.open = false; });
});

register("[data-nav-toggle]", (button) => {
  const side = document.getElementById(button.getAttribute("aria-controls")).closest(".console-side");
  const set = (open) => {
    side.classList.toggle("nav-open", open);
    button.setAttribute("aria-expanded", String(open));
  };
  button.addEventListener("click", () => set(button.getAttribute("aria-expanded") !== "true"));
  side.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !side.classList.contains("nav-open")) return;
    set(false);
    button.focus();
  });
});
