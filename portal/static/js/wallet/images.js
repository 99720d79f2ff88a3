/**
 * Pictures from strangers: a portrait inside a card, a logo of an issuer. Only JPEG and PNG, by their first bytes,
 * and bounded in size and in pixels before the browser is asked to decode them.
 */
import { exchange } from "./protocol/net.js";
import { safeUrl } from "./protocol/urls.js";

const BYTES_LIMIT = 200 * 1024;
const PIXELS_LIMIT = 4096;
const DATA_IMAGE = /^data:image\/(?:png|jpeg);base64,([A-Za-z0-9+/]+={0,2})$/;

export const isImageText = (value) => typeof value === "string" && /^data:image\/(?:png|jpeg);base64,/.test(value);

/** A picture out of a data URI, or nothing. */
export function pictureFrom(text) {
  if (typeof text !== "string" || text.length > BYTES_LIMIT * 1.4) return undefined;
  const match = DATA_IMAGE.exec(text);
  if (!match) return undefined;
  try {
    return checked(Uint8Array.from(atob(match[1]), (character) => character.charCodeAt(0)));
  } catch {
    return undefined;
  }
}

/** An issuer's logo: inside its metadata, or from its own origin; anything else is left out. */
export async function fetchLogo(uri, issuer) {
  if (!uri) return undefined;
  if (uri.startsWith("data:")) return pictureFrom(uri);
  try {
    if (safeUrl(uri).origin !== safeUrl(issuer).origin) return undefined;
    const answer = await exchange(uri, { limit: BYTES_LIMIT });
    return answer.status === 200 ? checked(answer.bytes) : undefined;
  } catch {
    return undefined; // a missing logo is no reason to refuse a card
  }
}

function checked(bytes) {
  const found = bytes.length > BYTES_LIMIT ? undefined : pngSize(bytes) ?? jpegSize(bytes);
  const bounded = found && found.width > 0 && found.height > 0 && Math.max(found.width, found.height) <= PIXELS_LIMIT;
  return bounded ? new Blob([bytes], { type: found.type }) : undefined;
}

function pngSize(bytes) {
  const signature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
  if (bytes.length < 24 || !signature.every((byte, index) => bytes[index] === byte)) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return { type: "image/png", width: view.getUint32(16), height: view.getUint32(20) };
}

/** The frame header (SOF0 to SOF15, without DHT, JPG and DAC) holds the size. */
function jpegSize(bytes) {
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 2; at + 9 < bytes.length && bytes[at] === 0xff; at += 2 + view.getUint16(at + 2)) {
    const marker = bytes[at + 1];
    if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) {
      return { type: "image/jpeg", width: view.getUint16(at + 7), height: view.getUint16(at + 5) };
    }
  }
  return undefined;
}

export function pictureElement(blob, alternative, className) {
  const image = document.createElement("img");
  image.className = className;
  image.alt = alternative;
  const address = URL.createObjectURL(blob);
  image.addEventListener("load", () => URL.revokeObjectURL(address), { once: true });
  image.src = address;
  return image;
}
