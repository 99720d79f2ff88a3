// Tables on narrow screens take their labels from the headings; ticked rows raise the bar of bulk actions; searches
// keep their address free of empty parameters.
import { register } from "./start.js";

register(".table-collapse table", (table) => {
  const heads = [...table.querySelectorAll("thead th")].map((head) => head.textContent.trim());
  for (const row of table.querySelectorAll("tbody tr, tfoot tr")) {
    let column = 0;
    for (const cell of row.children) {
      if (cell.matches("td") && !cell.dataset.label && heads[column]) cell.dataset.label = heads[column];
      column += cell.colSpan;
    }
  }
});

function update(form) {
  const boxes = [...document.querySelectorAll(`.row-check[form="${CSS.escape(form)}"]`)];
  const ticked = boxes.filter((box) => box.checked).length;
  const bar = document.querySelector(`[data-bulk-form="${CSS.escape(form)}"]`);
  if (bar) {
    bar.hidden = ticked === 0;
    bar.querySelector("[data-bulk-count]").textContent = String(ticked);
  }
  const all = document.querySelector(`.row-check-all[form="${CSS.escape(form)}"]`);
  if (all) {
    all.checked = ticked > 0 && ticked === boxes.length;
    all.indeterminate = ticked > 0 && ticked < boxes.length;
  }
}

register(".row-check", (box) => {
  box.addEventListener("change", () => update(box.getAttribute("form")));
  if (box.checked) update(box.getAttribute("form"));
});
register(".row-check-all", (all) => {
  const form = all.getAttribute("form");
  all.addEventListener("change", () => {
    document.querySelectorAll(`.row-check[form="${CSS.escape(form)}"]`).forEach((box) => { box.checked = all.checked; });
    update(form);
  });
});

document.addEventListener("htmx:configRequest", (event) => {
  if (!event.detail.elt.matches("[data-live-search]")) return;
  const parameters = event.detail.parameters;
  for (const key of Object.keys(parameters)) if (parameters[key] === "") delete parameters[key];
});
