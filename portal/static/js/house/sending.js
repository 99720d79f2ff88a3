/**
 * Sends photographs and clips: first a place in line, then the upload, and meanwhile what is being done. A full line
 * never loses anything: the same upload is sent again by itself.
 */

import { pauseOrOnline, upload } from "../upload.js";

const JSON_ONLY = { Accept: "application/json" };
const PROGRESS_MS = 900;
const BACK_MS = 10_000;

/** The server said no: `status`, and its answer. */
export class Answered extends Error {
  constructor(status, told) {
    super(`answered ${status}`);
    this.status = status;
    this.told = told;
  }
}

export class Sender {
  /** @param {HTMLFormElement} form  with data-admission, data-progress and a CSRF field
   *  @param {import("./views.js").Views} views  told that the line is full, how much was sent and what is being done */
  constructor(form, views) {
    this.form = form;
    this.views = views;
  }

  /** Post `fields` (a mapping of names to blobs) to the form's address, as often as the line is full. */
  async send(fields) {
    for (;;) {
      const ticket = await this.#placeInLine();
      this.views.showWaiting(false);
      const told = await this.#upload(fields, ticket);
      if (!told.busy) return told;
      this.views.showWaiting(true);
      await pause(told.wait_ms);
    }
  }

  /** Post a few words and read JSON. */
  async ask(url, fields = {}) {
    return this.#post(url, fields);
  }

  async #placeInLine() {
    let ticket = "";
    for (;;) {
      const place = await this.#post(this.form.dataset.admission, { ticket });
      if (place.ready) return place.ticket;
      ticket = place.ticket;
      this.views.showWaiting(true);
      await pause(place.wait_ms);
    }
  }

  async #upload(fields, ticket) {
    const watching = setInterval(() => this.#lookAtProgress(), PROGRESS_MS);
    try {
      return await this.#post(this.form.action || location.href, { ...fields, ticket }, (share) => this.views.showSent(share));
    } catch (error) {
      if (error instanceof Answered && error.told.busy) return error.told;
      throw error;
    } finally {
      clearInterval(watching);
    }
  }

  async #lookAtProgress() {
    try {
      const response = await fetch(this.form.dataset.progress, { headers: JSON_ONLY });
      const told = await response.json();
      if (told.working) this.views.showStages(told.html);
    } catch {
      // Progress is only told, the answer of the upload decides.
    }
  }

  async #post(url, fields, onSent) {
    const body = new FormData();
    for (const [name, value] of Object.entries(fields)) body.append(name, value);
    const token = this.form.querySelector("[name=csrfmiddlewaretoken]").value;
    const response = await upload(url, body, { headers: { ...JSON_ONLY, "X-CSRFToken": token }, onSent });
    const told = response.json();
    if (!response.ok || told === null) throw new Answered(response.status, told ?? {});
    return told;
  }
}

/** Sends again what failed, unless the person did: at once when the device is online again, else after a while. A device
 *  that was online all the time hears nothing when the other side is back. */
export async function whenBack(views, send) {
  await pauseOrOnline(BACK_MS);
  if (views.now === "failed") send();
}

export function pause(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, Math.max(250, milliseconds)));
}
