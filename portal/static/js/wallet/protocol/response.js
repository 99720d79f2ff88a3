/** OpenID4VP 1.0, section 8: the answer, plain or encrypted, and where the person goes afterwards. */
import { WalletError, must } from "./errors.js";
import { encryptJwe } from "./jwe.js";
import { objectOf, postForm } from "./net.js";
import { present } from "./sdjwt.js";
import { safeUrl } from "./urls.js";

/** `choices`: what the person agreed to, as {id, stored, digests, privateKey}. Returns where to go, if anywhere. */
export async function sendPresentation(request, choices) {
  const sent = choices.map(({ id }) => id);
  const bound = request.transactionData.every(({ credentialIds }) => sent.some((id) => credentialIds.includes(id)));
  must(bound, "request_transaction", "names none of the cards");
  const token = {};
  for (const { id, stored, digests, privateKey } of choices) {
    token[id] = [await present(stored, digests, {
      privateKey, audience: request.clientId, nonce: request.nonce, transactionData: transactionsFor(request, id, sent),
    })];
  }
  return post(request, await bodyOf(request, token));
}

/** 8.4: each piece of transaction data is bound into one of the presentations it names. */
function transactionsFor({ transactionData }, id, sent) {
  return transactionData
    .filter(({ credentialIds }) => sent.find((one) => credentialIds.includes(one)) === id)
    .map(({ encoded }) => encoded);
}

async function bodyOf(request, token) {
  const state = request.state === undefined ? {} : { state: request.state };
  if (!request.encryption) return { vp_token: JSON.stringify(token), ...state };
  return { response: await encryptJwe(JSON.stringify({ vp_token: token, ...state }), request.encryption) };
}

/** 8.5: a refusal, and "no card that fits", are both `access_denied`. */
export function sendRefusal(request) {
  return post(request, { error: "access_denied", ...(request.state === undefined ? {} : { state: request.state }) });
}

async function post(request, fields) {
  const answer = await postForm(request.responseUri, fields);
  if (answer.status >= 500 || answer.status === 429) throw new WalletError("unavailable", `status ${answer.status}`);
  must(answer.status >= 200 && answer.status < 300, "response_refused", `status ${answer.status}`);
  const { redirect_uri: next } = objectOf(answer);
  return next === undefined ? undefined : safeUrl(next, "response_redirect").href;
}
