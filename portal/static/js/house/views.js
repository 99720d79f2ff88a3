/** One view of a page at a time; the heading of the new one takes the focus, so that it is read out. */

export class Views {
  constructor(form) {
    this.form = form;
    this.views = [...form.querySelectorAll("[data-view]")];
  }

  /** The name of the view that is shown. */
  get now() {
    return this.views.find((view) => !view.hidden)?.dataset.view ?? "";
  }

  get(name) {
    return this.views.find((view) => view.dataset.view === name);
  }

  show(name, { focus = true } = {}) {
    for (const view of this.views) view.hidden = view.dataset.view !== name;
    for (const other of document.querySelectorAll("[data-other]")) other.hidden = name === "working";
    const heading = [...this.get(name).querySelectorAll("h2")].find((node) => node.offsetParent !== null);
    if (focus && heading) heading.focus();
  }

  /** "Checking", or "One moment" while the line is full. */
  showWaiting(waiting) {
    this.showWork(waiting ? "waiting" : "checking");
  }

  /** What is said while the person waits: the parts of the page named so, and no other. A heading that takes another's
   *  place takes its focus too, so that it is read out. */
  showWork(name) {
    const parts = [...this.form.querySelectorAll("[data-working]")];
    const focused = parts.some((node) => node === document.activeElement && node.dataset.working !== name);
    for (const node of parts) node.hidden = node.dataset.working !== name;
    if (focused) parts.find((node) => !node.hidden && node.matches("h2"))?.focus();
    this.form.querySelector("[data-sending]").hidden = true;
  }

  /** How much of the upload is on its way; once all of it is, what is being checked. */
  showSent(share) {
    const place = this.form.querySelector("[data-sending]");
    const bar = place.querySelector("progress");
    bar.value = Math.round(share * bar.max);
    place.hidden = share >= 1;
    this.form.querySelector("[data-judging]").hidden = share < 1;
  }

  showStages(html) {
    this.form.querySelector("[data-stages]").innerHTML = html;
  }

  showNoConnection(lost) {
    this.form.querySelector("[data-no-connection]").hidden = !lost;
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
