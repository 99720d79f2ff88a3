// A relying party of another make: openid-client. It pushes a request, is told where its browser came back to, and
// exchanges the code. Input, one JSON object a line: {verb: "begin", …} and {verb: "finish", returned}. One line answers each.
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const from = (path) => import(pathToFileURL(`${process.argv[2]}/node_modules/${path}`).href);
const oidc = await from("openid-client/build/index.js");
const jose = await from("jose/dist/webapi/index.js");
// Names under .localhost are this machine's; the resolver of Node does not know all of them.
const { request } = await import("node:http");

function ask(url, options) {
  const target = new URL(url);
  const headers = { ...Object.fromEntries(new Headers(options.headers)), host: target.host };
  return new Promise((resolve, reject) => {
    const sent = request(
      { host: "127.0.0.1", port: target.port, path: target.pathname + target.search, method: options.method, headers },
      (answer) => {
        const parts = [];
        answer.on("data", (part) => parts.push(part));
        answer.on("end", () => resolve(new Response(Buffer.concat(parts), { status: answer.statusCode, headers: answer.headers })));
      },
    );
    sent.on("error", reject);
    sent.end(options.body ? String(options.body) : undefined);
  });
}

let config, bound;
const verbs = {
  async keys() {
    const pair = await jose.generateKeyPair("ES256", { extractable: true });
    verbs.pair = pair;
    return { jwks: { keys: [{ ...(await jose.exportJWK(pair.publicKey)), kid: "k1", alg: "ES256", use: "sig" }] } };
  },
  async begin({ issuer, clientId, secret, proof, redirectUri, claims }) {
    const proofs = {
      basic: () => oidc.ClientSecretBasic(secret),
      post: () => oidc.ClientSecretPost(secret),
      key: () => oidc.PrivateKeyJwt({ key: verbs.pair.privateKey, kid: "k1" }),
    };
    config = await oidc.discovery(new URL(issuer), clientId, undefined, proofs[proof](), {
      execute: [oidc.allowInsecureRequests],
      [oidc.customFetch]: ask,
    });
    const verifier = oidc.randomPKCECodeVerifier();
    bound = { pkceCodeVerifier: verifier, expectedState: oidc.randomState(), expectedNonce: oidc.randomNonce() };
    const url = await oidc.buildAuthorizationUrlWithPAR(config, {
      redirect_uri: redirectUri,
      scope: "openid",
      state: bound.expectedState,
      nonce: bound.expectedNonce,
      code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
      claims: JSON.stringify(claims),
    });
    return { url: url.href };
  },
  async finish({ returned }) {
    const tokens = await oidc.authorizationCodeGrant(config, new URL(returned), bound);
    return { claims: tokens.claims() };
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const told = JSON.parse(line);
  try {
    console.log(JSON.stringify(await verbs[told.verb](told)));
  } catch (error) {
    console.log(JSON.stringify({ error: error.error ?? error.code ?? error.name, message: `${error.message} ${error.cause ?? ""}` }));
  }
}
