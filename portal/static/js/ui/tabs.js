// On a narrow screen the tabs scroll: the page's own one is in sight when it opens.
import { register } from "./start.js";

register(".tabs [aria-current]", (tab) => {
  const list = tab.closest("ul");
  if (list.scrollWidth <= list.clientWidth) return;
  const middle = (box) => box.left + box.width / 2;
  list.scrollLeft += middle(tab.getBoundingClientRect()) - middle(list.getBoundingClientRect());
});
