// What was typed survives a sign-in that had ended, a page that was open for too long, and a refusal by the server: it
// waits in this tab, for this reader, and is put back where it stood. Passwords, codes and files are never kept.
import { register } from "./start.js";
import { toast } from "./toast.js";

const PREFIX = "readmit-draft:";
const LIFE = 3600000; // an hour
const JUST_NOW = 60000; // a form that was sent longer ago was answered
const NEVER = new Set(["password", "file", "hidden", "submit", "button", "image"]);

const keep = (path) => PREFIX + path;

function read(path) {
  try {
    return JSON.parse(sessionStorage.getItem(keep(path)));
  } catch {
    return null;
  }
}

function write(path, draft) {
  try {
    sessionStorage.setItem(keep(path), JSON.stringify(draft));
  } catch {
    // A full or forbidden store: the form works without it.
  }
}

function typed(form) {
  return [...form.elements].filter((control) => control.name && !NEVER.has(control.type) && control.autocomplete !== "one-time-code");
}

function valuesOf(form) {
  return typed(form).map((control) => {
    const ticks = control.type === "checkbox" || control.type === "radio";
    const chosen = control.multiple ? [...control.selectedOptions].map((option) => option.value) : control.value;
    return { name: control.name, value: chosen, on: ticks ? control.checked : null };
  });
}

function fits(form, values) {
  const names = new Set(typed(form).map((control) => control.name));
  return values.length > 0 && values.every(({ name }) => names.has(name));
}

function fill(form, values) {
  for (const control of typed(form)) {
    const same = values.filter(({ name }) => name === control.name);
    if (control.type === "checkbox" || control.type === "radio") {
      const mine = same.find(({ value }) => value === control.value);
      if (mine) control.checked = mine.on;
    } else if (control.multiple) {
      for (const option of control.options) option.selected = Boolean(same[0]?.value.includes(option.value));
    } else if (same.length) control.value = same[0].value;
  }
  form.dispatchEvent(new Event("change", { bubbles: true }));
}

// The page says who reads it; without that nothing is kept.
register("[data-drafts]", (mark) => {
  if (document.querySelector("[data-form-lost]")) return; // a page about what went wrong, at the address of the form
  const reader = mark.dataset.drafts;
  const path = location.pathname;
  const draft = read(path);
  if (draft) sessionStorage.removeItem(keep(path));
  if (draft?.lost && draft.reader === reader && Date.now() - draft.at < LIFE) {
    const form = [...document.querySelectorAll("main form[method='post']")].find((one) => fits(one, draft.values));
    if (form) {
      fill(form, draft.values);
      toast(mark.dataset.restored, "info");
    }
  }
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post" || !form.closest("main")) return;
    const values = valuesOf(form);
    if (values.length) write(path, { reader, values, at: Date.now(), lost: false });
  });
});

function lose(path) {
  const draft = read(path);
  if (draft && Date.now() - draft.at < JUST_NOW) write(path, { ...draft, lost: true });
}

// A page for signing in, or for what went wrong, stands where the answer to the form was expected.
register("[data-form-lost]", (mark) => {
  const next = new URLSearchParams(location.search).get("next") ?? "";
  const before = document.referrer && new URL(document.referrer).origin === location.origin ? new URL(document.referrer).pathname : "";
  for (const path of [mark.dataset.formLost || next.split("?")[0], before]) if (path) lose(path);
});
