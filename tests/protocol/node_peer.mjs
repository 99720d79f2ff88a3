// A peer of another make: @sd-jwt/sd-jwt-vc issues, shows and verifies for test_oracle_node.py.
// Arguments: the folder that holds node_modules. Input: one JSON object on stdin. Output: one JSON object.
import { createHash, createPrivateKey, createPublicKey, randomBytes, sign, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const { SDJwtVcInstance } = createRequire(`${process.argv[2]}/peer.js`)("@sd-jwt/sd-jwt-vc");
const input = JSON.parse(readFileSync(0, "utf8"));

const signer = (jwk) => {
  const key = createPrivateKey({ key: jwk, format: "jwk" });
  return (data) => sign("sha256", Buffer.from(data), { key, dsaEncoding: "ieee-p1363" }).toString("base64url");
};
const checks = (jwk, data, signature) =>
  verify(
    "sha256",
    Buffer.from(data),
    { key: createPublicKey({ key: jwk, format: "jwk" }), dsaEncoding: "ieee-p1363" },
    Buffer.from(signature, "base64url"),
  );

const peer = new SDJwtVcInstance({
  hasher: (data) => createHash("sha256").update(Buffer.from(data)).digest(),
  hashAlg: "sha-256",
  saltGenerator: (length) => randomBytes(length).toString("base64url"),
  signAlg: "ES256",
  kbSignAlg: "ES256",
  ...(input.issuerPrivate && { signer: signer(input.issuerPrivate) }),
  ...(input.holderPrivate && { kbSigner: signer(input.holderPrivate) }),
  ...(input.issuerPublic && {
    verifier: (data, signature) => checks(input.issuerPublic, data, signature),
    statusVerifier: (data, signature) => checks(input.issuerPublic, data, signature),
  }),
  kbVerifier: (data, signature, payload) => checks(payload.cnf.jwk, data, signature),
  statusListFetcher: async () => input.statusListToken,
});

const verbs = {
  issue: async () => ({
    credential: await peer.issue(input.payload, { _sd: input.disclosable }, { header: { kid: input.kid } }),
  }),
  show: async () => ({
    presentation: await peer.present(input.credential, input.frame, { kb: { payload: input.keyBinding } }),
  }),
  verify: async () => ({
    payload: (
      await peer.verify(input.presentation, { keyBindingNonce: input.nonce, currentDate: input.now })
    ).payload,
  }),
};

try {
  console.log(JSON.stringify(await verbs[input.verb]()));
} catch (error) {
  console.log(JSON.stringify({ error: String(error.message ?? error) }));
}
