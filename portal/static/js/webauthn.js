// Passkey ceremonies against our JSON addresses. Options come as PublicKeyCredentialCreationOptionsJSON and
// PublicKeyCredentialRequestOptionsJSON (WebAuthn Level 3, 5.4 and 5.5), answers go back as RegistrationResponseJSON and
// AuthenticationResponseJSON (5.1.8).

export class Refusal extends Error {
  constructor(code, sentence, next = "") {
    super(code);
    this.sentence = sentence;
    this.next = next;
  }
}

export const isSupported = () => window.isSecureContext && "PublicKeyCredential" in window && "credentials" in navigator;

const toBytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const toText = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const decodeIds = (list = []) => list.map((entry) => ({ ...entry, id: toBytes(entry.id) }));

async function post(url, csrf, body) {
  const response = await fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRFToken": csrf },
    body: JSON.stringify(body ?? {}),
    credentials: "same-origin",
  });
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refusal(answer.error || "failed", answer.sentence || "", answer.next || "");
  return answer;
}

function creationOptions(json) {
  if (PublicKeyCredential.parseCreationOptionsFromJSON) return PublicKeyCredential.parseCreationOptionsFromJSON(json);
  return { ...json, challenge: toBytes(json.challenge), user: { ...json.user, id: toBytes(json.user.id) }, excludeCredentials: decodeIds(json.excludeCredentials) };
}

function requestOptions(json) {
  if (PublicKeyCredential.parseRequestOptionsFromJSON) return PublicKeyCredential.parseRequestOptionsFromJSON(json);
  return { ...json, challenge: toBytes(json.challenge), allowCredentials: decodeIds(json.allowCredentials) };
}

function registrationJson(credential) {
  if (credential.toJSON) return credential.toJSON();
  const { response } = credential;
  return {
    id: credential.id, rawId: toText(credential.rawId), type: credential.type, authenticatorAttachment: credential.authenticatorAttachment,
    clientExtensionResults: credential.getClientExtensionResults(),
    response: { clientDataJSON: toText(response.clientDataJSON), attestationObject: toText(response.attestationObject), transports: response.getTransports?.() ?? [] },
  };
}

function authenticationJson(credential) {
  if (credential.toJSON) return credential.toJSON();
  const { response } = credential;
  return {
    id: credential.id, rawId: toText(credential.rawId), type: credential.type, authenticatorAttachment: credential.authenticatorAttachment,
    clientExtensionResults: credential.getClientExtensionResults(),
    response: {
      clientDataJSON: toText(response.clientDataJSON), authenticatorData: toText(response.authenticatorData), signature: toText(response.signature),
      userHandle: response.userHandle ? toText(response.userHandle) : null,
    },
  };
}

/** Ask the device for a new passkey and register it. Resolves to the server's answer. */
export async function createPasskey(optionsUrl, registerUrl, csrf, label = "") {
  const options = await post(optionsUrl, csrf);
  const credential = await navigator.credentials.create({ publicKey: creationOptions(options) });
  return post(registerUrl, csrf, { credential: registrationJson(credential), label: label || deviceName() });
}

/** Sign in with a passkey that the device knows. Resolves to the server's answer. */
export async function usePasskey(optionsUrl, completeUrl, csrf, { conditional = false, signal } = {}) {
  const options = await post(optionsUrl, csrf);
  const request = { publicKey: requestOptions(options), signal };
  if (conditional) request.mediation = "conditional";
  const credential = await navigator.credentials.get(request);
  return post(completeUrl, csrf, { credential: authenticationJson(credential) });
}

/** What the person reads when it did not work; `texts` holds textCanceled, textExists and textFailed. */
export function explain(error, texts) {
  if (error instanceof Refusal) return error.sentence || texts.textFailed;
  if (error.name === "InvalidStateError") return texts.textExists || texts.textFailed;
  if (error.name === "NotAllowedError" || error.name === "AbortError") return texts.textCanceled;
  return texts.textFailed;
}

function deviceName() {
  const agent = navigator.userAgent;
  const device = [["iPhone", "iPhone"], ["iPad", "iPad"], ["Android", "Android"], ["Macintosh", "Mac"], ["Windows", "Windows"], ["Linux", "Linux"]].find(([mark]) => agent.includes(mark));
  const browser = [["Edg/", "Edge"], ["Firefox/", "Firefox"], ["Chrome/", "Chrome"], ["Safari/", "Safari"]].find(([mark]) => agent.includes(mark));
  return [browser?.[1], device?.[1]].filter(Boolean).join(", ");
}
