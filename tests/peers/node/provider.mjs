// An OpenID Provider of another make: oidc-provider, with its own login pages. Whoever signs in is who they say.
// Input: one JSON object as the second argument: {port, redirectUri, secret, jwks}. It says "ready" when it serves.
import { pathToFileURL } from "node:url";

const { Provider } = await import(pathToFileURL(`${process.argv[2]}/node_modules/oidc-provider/lib/index.js`).href);
const { port, redirectUri, secret, jwks } = JSON.parse(process.argv[3]);
const issuer = `http://idp.localhost:${port}`;
const client = { redirect_uris: [redirectUri], response_types: ["code"], grant_types: ["authorization_code"] };
const provider = new Provider(issuer, {
  clients: [
    { ...client, client_id: "by-secret", client_secret: secret },
    ...(jwks
      ? [{ ...client, client_id: "by-key", token_endpoint_auth_method: "private_key_jwt", jwks, token_endpoint_auth_signing_alg: "ES256" }]
      : []),
  ],
  findAccount: (_context, id) => ({
    accountId: id,
    claims: () => ({ sub: id, preferred_username: id, email: `${id}@people.example`, email_verified: id !== "unverified" }),
  }),
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["preferred_username"] },
  conformIdTokenClaims: false,
  pkce: { required: () => true },
  clientAuthMethods: ["client_secret_basic", "private_key_jwt"],
});
provider.listen(port, "127.0.0.1", () => console.log("ready"));
