/** One view of a page at a time; the heading of the new one takes the focus, so that it is read out. */

export class Views {
  constructor(form) {
    this.form = form;
    this.views = [...form.querySelectorAll("[data-view]")];
  }

  get(name) {
    return this.views.find((view) => view.dataset.view === name);
  }

  show(name, { focus = true } = {}) {
    for (const view of this.views) view.hidden = view.dataset.view !== name;
    const other = document.querySelector("[data-other]");
    if (other) other.hidden = name === "working";
    const heading = [...this.get(name).querySelectorAll("h2")].find((node) => node.offsetParent !== null);
    if (focus && heading) heading.focus();
  }

  /** "Checking", or "One moment" while the line is full. */
  showWaiting(waiting) {
    for (const node of this.form.querySelectorAll("[data-working]")) {
      node.hidden = (node.dataset.working === "waiting") !== waiting;
    }
    this.form.querySelector("[data-stages]").hidden = waiting;
  }

  showStages(html) {
    this.form.querySelector("[data-stages]").innerHTML = html;
  }

  showCameraError(code) {
    for (const node of this.form.querySelectorAll("[data-camera-error]")) {
      node.hidden = node.dataset.cameraError !== code;
    }
  }

  /** `{name: handler}` for the buttons with data-act. */
  actions(handlers) {
    for (const button of this.form.querySelectorAll("[data-act]")) {
      button.addEventListener("click", () => handlers[button.dataset.act]?.());
    }
  }
}
