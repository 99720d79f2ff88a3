// @sd-jwt/sd-jwt-vc beside us in bench_sd_jwt.py: the same keys, claims and rounds, by processor time.
// Arguments: the folder that holds node_modules. Input: one JSON object on stdin. Output: one JSON object.
import { createHash, createPrivateKey, createPublicKey, randomBytes, sign, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const { SDJwtVcInstance } = createRequire(`${process.argv[2]}/bench.js`)("@sd-jwt/sd-jwt-vc");
const asked = JSON.parse(readFileSync(0, "utf8"));
const form = { dsaEncoding: "ieee-p1363" };
const withoutSecret = ({ d, ...open }) => open;
const pair = (jwk) => ({
  secret: createPrivateKey({ key: jwk, format: "jwk" }),
  open: createPublicKey({ key: withoutSecret(jwk), format: "jwk" }),
});
const [issuer, holder] = [pair(asked.issuer), pair(asked.holder)];
const signer = ({ secret }) => (data) => sign("sha256", Buffer.from(data), { key: secret, ...form }).toString("base64url");
const checks = ({ open }) => (data, signature) =>
  verify("sha256", Buffer.from(data), { key: open, ...form }, Buffer.from(signature, "base64url"));

const peer = new SDJwtVcInstance({
  hasher: (data) => createHash("sha256").update(data).digest(),
  hashAlg: "sha-256",
  saltGenerator: (length) => randomBytes(length).toString("base64url"),
  signAlg: "ES256",
  kbSignAlg: "ES256",
  signer: signer(issuer),
  kbSigner: signer(holder),
  verifier: checks(issuer),
  kbVerifier: checks(holder),
});
const payload = { ...asked.claims, cnf: { jwk: withoutSecret(asked.holder) } };
const issue = () => peer.issue(payload, { _sd: asked.hidden }, { header: { kid: asked.kid } });
const frame = Object.fromEntries(asked.hidden.map((name) => [name, true]));
const presentation = await peer.present(await issue(), frame, {
  kb: { payload: { iat: asked.claims.iat, aud: asked.audience, nonce: asked.nonce } },
});
const judge = () => peer.verify(presentation, { keyBindingNonce: asked.nonce });

async function rate(work) {
  for (let warm = 0; warm < 50; warm += 1) await work();
  let best = 0;
  for (let round = 0; round < asked.rounds; round += 1) {
    const begun = process.cpuUsage();
    let calls = 0;
    let spent = 0;
    do {
      await work();
      calls += 1;
      const { user, system } = process.cpuUsage(begun);
      spent = (user + system) / 1e6;
    } while (spent < asked.seconds);
    best = Math.max(best, calls / spent);
  }
  return best;
}

console.log(JSON.stringify({ issue: await rate(issue), verify: await rate(judge), presentation }));
