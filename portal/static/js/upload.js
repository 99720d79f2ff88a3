/**
 * Sends what was recorded, and tells how much of it is on its way: fetch says nothing about that, and on a slow network
 * a page that only turns in circles looks broken.
 */

/** The network gave nothing for this long: the person reads that the connection was lost, and the take is kept. */
const SILENCE_MS = 60_000;

/**
 * POST a body. Rejects when the network fails; any answer of the server resolves.
 * @param {string} url
 * @param {Blob|FormData} body
 * @param {{headers?: Record<string, string>, onSent?: (share: number) => void}} [how]  `share` from 0 to 1
 * @returns {Promise<{ok: boolean, status: number, url: string, json: () => unknown}>}  `json` is null for anything else
 */
export function upload(url, body, { headers = {}, onSent = () => {} } = {}) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    let silence = 0;
    const heard = () => {
      clearTimeout(silence);
      silence = setTimeout(() => request.abort(), SILENCE_MS);
    };
    request.open("POST", url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.addEventListener("progress", (event) => {
      heard();
      if (event.lengthComputable && event.total) onSent(event.loaded / event.total);
    });
    request.addEventListener("load", () => resolve(answerOf(request)));
    for (const end of ["error", "abort"]) request.addEventListener(end, () => reject(new TypeError(end)));
    request.addEventListener("loadend", () => clearTimeout(silence));
    heard();
    onSent(0);
    request.send(body);
  });
}

function answerOf(request) {
  return {
    ok: request.status >= 200 && request.status < 300,
    status: request.status,
    url: request.responseURL,
    json: () => {
      if (!request.getResponseHeader("Content-Type")?.startsWith("application/json")) return null;
      return JSON.parse(request.responseText);
    },
  };
}

/** Resolves after a while, or as soon as the device says that it is online again. */
export function pauseOrOnline(milliseconds) {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      window.removeEventListener("online", done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    window.addEventListener("online", done);
  });
}
