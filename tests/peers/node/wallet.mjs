// A wallet of another make: @openid4vc/* and jose speak the protocol, @sd-jwt/sd-jwt-vc shows the credential.
// Input: one JSON object on stdin: {steps: [{verb, …}]}. Output: one JSON object with an answer for each step.
// Written here is only what those packages leave to a wallet: keys, DID documents, names under .localhost.
import { X509Certificate, createHash, createPrivateKey, createPublicKey, randomBytes, sign, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { deflateSync } from "node:zlib";

const require = createRequire(`${process.argv[2]}/wallet.mjs`);
const load = async (name) => import(pathToFileURL(resolved(name)).href);
const resolved = (name) => `${process.argv[2]}/node_modules/${name}`;
const { clientAuthenticationAnonymous, setGlobalConfig } = await load("@openid4vc/oauth2/dist/index.mjs");
const { Openid4vciClient } = await load("@openid4vc/openid4vci/dist/index.mjs");
const { Openid4vpClient } = await load("@openid4vc/openid4vp/dist/index.mjs");
const { SDJwtVcInstance } = require("@sd-jwt/sd-jwt-vc");
const jose = await load("jose/dist/webapi/index.js");
const input = JSON.parse(readFileSync(0, "utf8"));
setGlobalConfig({ allowInsecureUrls: true });

// Names under .localhost and .test are this machine; the Host header and SNI keep the name.
const lookup = (name, options, done) =>
  options.all ? done(null, [{ address: "127.0.0.1", family: 4 }]) : done(null, "127.0.0.1", 4);
const seen = [];
let walletNonce;
let wantsSigned = false;
const fetchHere = (address, init = {}) =>
  new Promise((resolve, reject) => {
    const url = new URL(address);
    let body = init.body === undefined || init.body === null ? undefined : String(init.body);
    if (walletNonce && url.pathname.includes("/requests/") && (init.method ?? "").toLowerCase() === "post") {
      // oauth2 0.4.6 expects the nonce back but posts only the metadata: the wallet adds it.
      body = [body, new URLSearchParams({ wallet_nonce: walletNonce }).toString()].filter(Boolean).join("&");
    }
    const headers = Object.fromEntries(new Headers(init.headers ?? {}));
    // openid4vci 0.4.6 reads signed metadata, but asks for none: the wallet does.
    if (wantsSigned && url.pathname.includes("openid-credential-issuer")) headers.accept = "application/jwt";
    if (body !== undefined) headers["content-length"] = String(Buffer.byteLength(body));
    if (init.body instanceof URLSearchParams) {
      headers["content-type"] ??= "application/x-www-form-urlencoded;charset=UTF-8";
    }
    const method = (init.method ?? "GET").toUpperCase();
    const options = { method, headers, lookup, ca: input.ca };
    const request = (url.protocol === "https:" ? https : http).request(url, options, (answer) => {
      const parts = [];
      answer.on("data", (part) => parts.push(part));
      answer.on("end", () => {
        seen.push(`${method} ${url.pathname.replace(/[\w-]{22,}/g, "…")} ${answer.statusCode}`);
        const empty = [204, 304].includes(answer.statusCode);
        const made = new Response(empty ? null : Buffer.concat(parts), {
          status: answer.statusCode,
          headers: Object.entries(answer.headers).map(([name, value]) => [name, String(value)]),
        });
        resolve(made);
      });
    });
    request.on("error", reject);
    request.end(body);
  });

const holder = await jose.generateKeyPair("ES256", { extractable: true });
const holderPublic = await jose.exportJWK(holder.publicKey);
const holderKey = createPrivateKey({ key: await jose.exportJWK(holder.privateKey), format: "jwk" });

// did:web, as its method says: the document at the host, the method by its absolute id.
const keyOfDid = async (didUrl) => {
  const [did] = didUrl.split("#");
  const [host, ...path] = did.slice("did:web:".length).split(":").map(decodeURIComponent);
  const plain = host.split(":")[0].endsWith(".localhost") ? "http" : "https";
  const answer = await fetchHere(`${plain}://${host}/${path.length ? path.join("/") : ".well-known"}/did.json`);
  const document = await answer.json();
  if (document.id !== did) throw new Error(`the document is ${document.id}, not ${did}`);
  const method = document.verificationMethod.find((one) => one.id === didUrl);
  if (!method || !document.assertionMethod.includes(didUrl)) throw new Error(`no method ${didUrl}`);
  return method.publicKeyJwk;
};

const certificateOf = (text) => new X509Certificate(Buffer.from(text, "base64"));
const callbacks = {
  fetch: fetchHere,
  getX509CertificateMetadata: (text) => {
    const names = (certificateOf(text).subjectAltName ?? "").split(", ");
    const of = (kind) => names.filter((one) => one.startsWith(kind)).map((one) => one.slice(kind.length));
    return { sanDnsNames: of("DNS:"), sanUriNames: of("URI:") };
  },
  hash: (data, algorithm) => createHash(algorithm.replace("-", "")).update(data).digest(),
  generateRandom: (length) => randomBytes(length),
  clientAuthentication: clientAuthenticationAnonymous(),
  signJwt: async (signer, { header, payload }) => ({
    jwt: await new jose.SignJWT(payload)
      .setProtectedHeader(header)
      .sign(copies.get(signer.publicJwk?.x) ?? holder.privateKey),
    signerJwk: signer.publicJwk ?? holderPublic,
  }),
  verifyJwt: async (signer, { compact }) => {
    const jwk =
      signer.method === "did" ? await keyOfDid(signer.didUrl)
      : signer.method === "x5c" ? certificateOf(signer.x5c[0]).publicKey.export({ format: "jwk" })
      : signer.publicJwk;
    try {
      await jose.jwtVerify(compact, await jose.importJWK(jwk, signer.alg));
      return { verified: true, signerJwk: jwk };
    } catch (error) {
      return { verified: false };
    }
  },
  encryptJwe: async ({ publicJwk, alg, enc, apu, apv }, data) => {
    const made = new jose.CompactEncrypt(Buffer.from(data)).setProtectedHeader({ alg, enc, kid: publicJwk.kid });
    if (apu && apv) {
      made.setKeyManagementParameters({ apu: jose.base64url.decode(apu), apv: jose.base64url.decode(apv) });
    }
    return { encryptionJwk: publicJwk, jwe: await made.encrypt(await jose.importJWK(publicJwk, alg)) };
  },
  decryptJwe: async (jwe) => {
    const { plaintext } = await jose.compactDecrypt(jwe, holder.privateKey);
    return { decrypted: true, decryptionJwk: holderPublic, payload: Buffer.from(plaintext).toString() };
  },
};

const issuance = new Openid4vciClient({ callbacks });
const presentation = new Openid4vpClient({ callbacks });
const checked = (jwk, data, signature) =>
  verify(
    "sha256",
    Buffer.from(data),
    { key: createPublicKey({ key: jwk, format: "jwk" }), dsaEncoding: "ieee-p1363" },
    Buffer.from(signature, "base64url"),
  );

const sdJwt = (issuerKey) =>
  new SDJwtVcInstance({
    hasher: (data) => createHash("sha256").update(Buffer.from(data)).digest(),
    hashAlg: "sha-256",
    saltGenerator: (length) => randomBytes(length).toString("base64url"),
    kbSignAlg: "ES256",
    kbSigner: (data) =>
      sign("sha256", Buffer.from(data), { key: holderKey, dsaEncoding: "ieee-p1363" }).toString("base64url"),
    verifier: (data, signature) => checked(issuerKey, data, signature),
    statusVerifier: (data, signature) => checked(issuerKey, data, signature),
    kbVerifier: (data, signature, payload) => checked(payload.cnf.jwk, data, signature),
    statusListFetcher: async (uri) => (await fetchHere(uri)).text(),
  });

const didOfHolder = () => `did:jwk:${jose.base64url.encode(JSON.stringify(holderPublic))}`;
// Further keys of this wallet, by the first coordinate of their public half.
const copies = new Map();
const anotherKey = async () => {
  const made = await jose.generateKeyPair("ES256", { extractable: true });
  const publicJwk = await jose.exportJWK(made.publicKey);
  copies.set(publicJwk.x, made.privateKey);
  return publicJwk;
};
let held;
let holds;
let issuerKey;

const verbs = {
  // Offer by reference, metadata, token, nonce, proof, credential, notification; then the credential is verified.
  // `bound` proves a key at each request (DPoP); who is told to wait comes back until somebody has looked.
  // `keys` asks for the card under so many keys at once, as many as the metadata allow with "all".
  // `signed` asks for signed metadata, which the peer verifies.
  async accept({ offer, txCode, clientId, singularProof, bound, byDid, signed = false, keys = 1 }) {
    wantsSigned = signed;
    const credentialOffer = await issuance.resolveCredentialOffer(offer);
    const issuerMetadata = await issuance.resolveIssuerMetadata(credentialOffer.credential_issuer);
    const dpop = bound && { signer: { method: "jwk", alg: "ES256", publicJwk: holderPublic } };
    const { accessTokenResponse, dpop: after } = await issuance.retrievePreAuthorizedCodeAccessTokenFromOffer({
      credentialOffer,
      issuerMetadata,
      txCode,
      ...(dpop && { dpop }),
    });
    const withToken = {
      issuerMetadata,
      accessToken: accessTokenResponse.access_token,
      ...(dpop && { dpop: { ...dpop, nonce: after?.nonce } }),
    };
    const { c_nonce: nonce } = await issuance.requestNonce({ issuerMetadata });
    const [credentialConfigurationId] = credentialOffer.credential_configuration_ids;
    const prove = async (publicJwk) => {
      const { jwt } = await issuance.createCredentialRequestJwtProof({
        issuerMetadata,
        credentialConfigurationId,
        nonce,
        clientId,
        signer: byDid
          ? { method: "did", alg: "ES256", didUrl: `${didOfHolder()}#0` }
          : { method: "jwk", alg: "ES256", publicJwk },
      });
      return jwt;
    };
    const batch = issuerMetadata.credentialIssuer.batch_credential_issuance?.batch_size ?? 1;
    const proven = [holderPublic];
    while (proven.length < (keys === "all" ? batch : keys)) proven.push(await anotherKey());
    const jwts = await Promise.all(proven.map(prove));
    const [jwt] = jwts;
    let { credentialResponse } = await issuance.retrieveCredentials({
      ...withToken,
      credentialConfigurationId,
      ...(singularProof ? { proof: { proof_type: "jwt", jwt } } : { proofs: { jwt: jwts } }),
    });
    let waited = 0;
    for (const { transaction_id: transactionId } = credentialResponse; transactionId && waited < 100; waited += 1) {
      const answer = await issuance.retrieveDeferredCredentials({ ...withToken, transactionId });
      credentialResponse = answer.deferredCredentialResponse;
      if (credentialResponse.credentials) break;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    const { credentials, notification_id: notificationId } = credentialResponse;
    held = credentials[0].credential ?? credentials[0];
    const header = jose.decodeProtectedHeader(held.split("~")[0]);
    issuerKey = await keyOfDid(header.kid);
    const verified = held.includes("~")
      ? await sdJwt(issuerKey).verify(held)
      : await jose.jwtVerify(held, await jose.importJWK(issuerKey, "ES256"));
    if (notificationId) {
      await issuance.sendNotification({
        ...withToken,
        notification: { notificationId, event: "credential_accepted" },
      });
    }
    const bindings = [];
    for (const { credential } of keys === 1 ? [] : credentials) {
      const { payload } = await sdJwt(issuerKey).verify(credential);
      bindings.push({ key: payload.cnf.jwk.x, place: payload.status.status_list.idx, at: payload.iat });
    }
    return {
      keys: proven.map(({ x }) => x),
      bindings,
      txCodeAsked: Boolean(
        credentialOffer.grants?.["urn:ietf:params:oauth:grant-type:pre-authorized_code"]?.tx_code,
      ),
      draft: issuerMetadata.originalDraftVersion,
      metadataSigner: issuerMetadata.signedCredentialIssuer?.signer.didUrl,
      tokenType: accessTokenResponse.token_type,
      waited,
      typ: header.typ,
      kid: header.kid,
      claims: Object.keys(verified.payload).sort(),
      family_name: verified.payload.family_name ?? verified.payload.vc?.credentialSubject?.lastName,
      subject: verified.payload.sub,
      credential: held,
    };
  },

  // The request object by GET or POST, verified with the verifier's DID, then an encrypted answer.
  async show({ request, method, nonce, withhold, changeNonce }) {
    const asked = new URL(request);
    if (method) asked.searchParams.set("request_uri_method", method);
    if (method === "get") asked.searchParams.delete("request_uri_method");
    walletNonce = nonce;
    const parsed = await presentation.parseOpenid4vpAuthorizationRequest({ authorizationRequest: asked.href });
    const found = await presentation.resolveOpenId4vpAuthorizationRequest({
      authorizationRequestPayload: parsed.params,
      ...(nonce && {
        wallet: {
          nonce,
          expectedNonce: nonce,
          metadata: {
            vp_formats_supported: { "dc+sd-jwt": { "sd-jwt_alg_values": ["ES256"], "kb-jwt_alg_values": ["ES256"] } },
            client_id_prefixes_supported: ["decentralized_identifier"],
            request_object_signing_alg_values_supported: ["ES256"],
            authorization_encryption_alg_values_supported: ["ECDH-ES"],
            authorization_encryption_enc_values_supported: ["A256GCM"],
          },
        },
      }),
    });
    const payload = found.authorizationRequestPayload;
    const [query] = payload.dcql_query.credentials;
    const names = Object.fromEntries(query.claims.map((claim) => [claim.id ?? claim.path[0], claim.path[0]]));
    const sets = query.claim_sets ?? [Object.keys(names)];
    const fitting = sets.find((set) => !holds || set.every((id) => holds.includes(names[id]))) ?? [];
    const shown = fitting.map((id) => names[id]).filter((name) => name !== withhold);
    const presented = await sdJwt(issuerKey).present(
      held,
      Object.fromEntries(shown.map((name) => [name, true])),
      {
        kb: {
          payload: {
            iat: Math.floor(Date.now() / 1000),
            aud: payload.client_id,
            nonce: changeNonce ?? payload.nonce,
          },
        },
      },
    );
    const answer = {
      authorizationRequestPayload: payload,
      authorizationResponsePayload: { vp_token: { [query.id]: [presented] } },
    };
    const encrypted = payload.response_mode === "direct_post.jwt";
    const { jarm, authorizationResponsePayload } = await presentation.createOpenid4vpAuthorizationResponse({
      ...answer,
      ...(encrypted && {
        jarm: {
          encryption: { nonce: randomBytes(16).toString("base64url") },
          serverMetadata: {
            authorization_signing_alg_values_supported: [],
            authorization_encryption_alg_values_supported: ["ECDH-ES"],
            authorization_encryption_enc_values_supported: ["A256GCM"],
          },
        },
      }),
    });
    const sent = await presentation.submitOpenid4vpAuthorizationResponse({
      ...answer,
      authorizationResponsePayload,
      ...(encrypted && { jarm: { responseJwt: jarm.responseJwt } }),
    });
    const body = await sent.response.json();
    return {
      // The browser of somebody else, without the cookies of the one that began.
      ...(body.redirect_uri && { followed: (await fetchHere(body.redirect_uri)).status }),
      body,
      version: found.version,
      client: found.client.prefix,
      signedBy: found.jar?.signer?.method,
      responseMode: payload.response_mode,
      status: sent.response.status,
    };
  },

  // A PID of a provider of this make: SD-JWT VC with its certificate in the header, and its status list beside it.
  async pid({ key, x5c, issuer, statusUri, claims }) {
    const provider = createPrivateKey(key);
    const signer = (data) =>
      sign("sha256", Buffer.from(data), { key: provider, dsaEncoding: "ieee-p1363" }).toString("base64url");
    const now = Math.floor(Date.now() / 1000);
    const issuing = new SDJwtVcInstance({
      signer,
      signAlg: "ES256",
      hasher: (data) => createHash("sha256").update(Buffer.from(data)).digest(),
      hashAlg: "sha-256",
      saltGenerator: (length) => randomBytes(length).toString("base64url"),
    });
    const { kty, crv, x, y } = holderPublic;
    held = await issuing.issue(
      {
        ...claims,
        iss: issuer,
        iat: now,
        exp: now + 3600,
        vct: "urn:eudi:pid:1",
        cnf: { jwk: { kty, crv, x, y } },
        status: { status_list: { idx: 3, uri: statusUri } },
      },
      { _sd: Object.keys(claims) },
      { header: { typ: "dc+sd-jwt", x5c } },
    );
    holds = Object.keys(claims);
    issuerKey = createPublicKey(provider).export({ format: "jwk" });
    const list = deflateSync(Buffer.alloc(128)).toString("base64url");
    const status = await new jose.SignJWT({
      sub: statusUri,
      iat: now - 1,
      exp: now + 600,
      status_list: { bits: 1, lst: list },
    })
      .setProtectedHeader({ alg: "ES256", typ: "statuslist+jwt", x5c })
      .sign(provider);
    return { status };
  },

  // Type metadata and the status list, as a verifier of another make would read them.
  async status() {
    const verified = await sdJwt(issuerKey).verify(held);
    const answer = await fetchHere(verified.payload.vct);
    return { vct: verified.payload.vct, type: await answer.json() };
  },
};

const answers = [];
for (const step of input.steps) {
  try {
    answers.push(await verbs[step.verb](step));
  } catch (error) {
    const cause = error?.errorResponse ?? error?.response?.credentialErrorResponseResult?.data ?? error?.cause;
    answers.push({ error: String(error?.message ?? error), cause: cause ? JSON.stringify(cause) : undefined, stack: String(error?.stack) });
  }
}
console.log(JSON.stringify({ answers, seen }));
