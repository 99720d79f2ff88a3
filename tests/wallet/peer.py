"""An issuer and verifier of the tests' own, on `acme.localhost`: joserfc and the reference SD-JWT library, none of ours.

`flaws` names what the peer does wrong in one test; everything it received is kept for the test to look at.
"""

import base64
import hashlib
import json
import secrets
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from joserfc import jwe, jwt
from joserfc.jwk import ECKey
from jwcrypto.jwk import JWK
from sd_jwt.common import SDObj
from sd_jwt.issuer import SDJWTIssuer
from sd_jwt.verifier import SDJWTVerifier

from tests.wallet.picture import PORTRAIT, logo_png

VCT = "https://acme.localhost/types/verified-identity/1"
CODE = "482913"
PRE_AUTHORIZED = "urn:ietf:params:oauth:grant-type:pre-authorized_code"
AUDIENCE = "https://self-issued.me/v2"
CLAIMS = ["given_name", "family_name", "birthdate", "portrait", "evidence"]


@dataclass
class Answer:
    body: bytes = b""
    status: int = 200
    type: str = "application/json"


def as_json(value: object, status: int = 200) -> Answer:
    return Answer(json.dumps(value).encode(), status)


@dataclass
class Peer:
    """One tenant-like authority. Set `flaws` before the wallet comes."""

    host: str = ""
    wallet: str = ""
    flaws: set[str] = field(default_factory=set)
    person: dict[str, Any] = field(default_factory=dict)
    tx_code: str | None = CODE
    vct: str = VCT
    color: str = "#1d2a5b"
    lifetime: int = 86400 * 365
    revoked: bool = False
    offers: dict[str, dict[str, Any]] = field(default_factory=dict)
    tokens: set[str] = field(default_factory=set)
    nonces: set[str] = field(default_factory=set)
    requests: dict[str, dict[str, Any]] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    answers: list[dict[str, Any]] = field(default_factory=list)
    proofs: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.key = ECKey.generate_key("P-256", {"kid": "k1"})
        self.encryption_key = ECKey.generate_key("P-256", {"kid": "e1"})
        self.person = {
            "given_name": "Anna",
            "family_name": "Novak",
            "birthdate": "1985-04-12",
            "portrait": PORTRAIT,
            "evidence": {"type": "document", "document_type": "passport", "chip": True},
        }

    @property
    def origin(self) -> str:
        return f"http://{self.host}"

    @property
    def did(self) -> str:
        """`other_issuer`: a sound DID with a document of its own, on a host that offered nothing."""
        host = self.host.replace("acme", "evil") if "other_issuer" in self.flaws else self.host
        return f"did:web:{quote(host, safe='.')}"

    @property
    def kid(self) -> str:
        return f"{self.did}#k1"

    # issuer

    def new_offer(self) -> str:
        """A link into the wallet for one fresh offer by reference."""
        name = secrets.token_urlsafe(16)
        self.offers[name] = {"tries": 0, "used": False, "expired": False}
        return f"{self.wallet}/offer?credential_offer_uri={quote(f'{self.origin}/offers/{name}', safe='')}"

    def offer(self, name: str) -> Answer:
        known = self.offers.get(name)
        if known is None or known["expired"] or known["used"]:
            return as_json({"error": "gone"}, 404)
        grant: dict[str, Any] = {"pre-authorized_code": name}
        if self.tx_code:
            grant["tx_code"] = {
                "input_mode": "numeric",
                "length": len(self.tx_code),
                "description": "Shown on the page you came from.",
            }
        return as_json(
            {
                "credential_issuer": self.origin,
                "credential_configuration_ids": ["VerifiedIdentity"],
                "grants": {PRE_AUTHORIZED: grant},
            }
        )

    def issuer_metadata(self) -> Answer:
        claims = [
            {"path": [name], "display": [{"name": name.replace("_", " ").capitalize(), "locale": "en"}]}
            for name in CLAIMS
        ]
        configuration = {
            "format": "dc+sd-jwt",
            "vct": self.vct,
            "cryptographic_binding_methods_supported": ["jwk"],
            "credential_signing_alg_values_supported": ["ES256"],
            "proof_types_supported": {"jwt": {"proof_signing_alg_values_supported": ["ES256"]}},
            "credential_metadata": {
                "display": [
                    {
                        "name": "Verified ID",
                        "locale": "en",
                        "background_color": self.color,
                        "logo": {"uri": f"{self.origin}/logo.png"},
                    }
                ],
                "claims": claims,
            },
        }
        issuer = "http://evil.localhost" if "other_metadata" in self.flaws else self.origin
        return as_json(
            {
                "credential_issuer": issuer,
                "credential_endpoint": f"{self.origin}/credential",
                "nonce_endpoint": f"{self.origin}/nonce",
                "notification_endpoint": f"{self.origin}/notification",
                "display": [{"name": "Acme Ltd", "locale": "en"}],
                "credential_configurations_supported": {"VerifiedIdentity": configuration},
            }
        )

    def server_metadata(self) -> Answer:
        return as_json(
            {
                "issuer": self.origin,
                "token_endpoint": f"{self.origin}/token",
                "grant_types_supported": [PRE_AUTHORIZED],
                "pre-authorized_grant_anonymous_access_supported": True,
                "response_types_supported": [],
            }
        )

    def token(self, form: dict[str, str]) -> Answer:
        offer = self.offers.get(form.get("pre-authorized_code", ""))
        if offer is None or offer["used"] or form.get("grant_type") != PRE_AUTHORIZED:
            return as_json({"error": "invalid_grant"}, 400)
        if self.tx_code != form.get("tx_code"):
            return as_json({"error": "invalid_grant"}, 400)
        offer["used"] = True
        token = secrets.token_urlsafe(16)
        self.tokens.add(token)
        return as_json({"access_token": token, "token_type": "Bearer", "expires_in": 300})

    def nonce(self) -> Answer:
        nonce = secrets.token_urlsafe(16)
        self.nonces.add(nonce)
        return as_json({"c_nonce": nonce})

    def credential(self, body: dict[str, Any], authorization: str) -> Answer:
        if "outage" in self.flaws:
            return as_json({}, 503)
        if authorization.removeprefix("Bearer ") not in self.tokens:
            return as_json({"error": "invalid_token"}, 401)
        assert body["credential_configuration_id"] == "VerifiedIdentity"
        proof = body["proofs"]["jwt"][0]
        header = json.loads(unpadded(proof.split(".")[0]))
        holder = ECKey.import_key(header["jwk"])
        claims = jwt.decode(proof, holder, algorithms=["ES256"]).claims
        assert header["typ"] == "openid4vci-proof+jwt"
        assert "d" not in header["jwk"]
        assert claims["aud"] == self.origin
        assert abs(claims["iat"] - time.time()) < 60
        self.proofs.append(header["jwk"])
        if "stale_nonce_once" in self.flaws:
            self.flaws.discard("stale_nonce_once")
            return as_json({"error": "invalid_nonce"}, 400)
        self.nonces.remove(claims["nonce"])
        return as_json({"credentials": [{"credential": self.issue(header["jwk"])}], "notification_id": "n1"})

    def issue(self, holder: dict[str, Any]) -> str:
        if "other_holder" in self.flaws:
            holder = ECKey.generate_key("P-256").as_dict(private=False)
        key = ECKey.generate_key("P-256") if "forged" in self.flaws else self.key
        now = int(time.time())
        end = now - 10 if "expired" in self.flaws else now + self.lifetime
        visible = {
            "iss": self.did,
            "iat": now,
            "exp": end,
            "vct": "https://acme.localhost/types/other" if "other_type" in self.flaws else self.vct,
            "status": {"status_list": {"idx": 7, "uri": f"{self.origin}/status/1"}},
        }
        hidden = {SDObj(name): value for name, value in self.person.items()}
        issuer = SDJWTIssuer(
            {**visible, **hidden},
            JWK(**key.as_dict(private=True)),
            JWK(**{name: holder[name] for name in ("kty", "crv", "x", "y")}),
            sign_alg="ES256",
            add_decoy_claims=True,
            extra_header_parameters={"typ": "dc+sd-jwt", "kid": self.kid},
        )
        text: str = issuer.sd_jwt_issuance
        if "foreign_disclosure" in self.flaws:
            text += base64.urlsafe_b64encode(b'["salt","family_name","Smith"]').rstrip(b"=").decode() + "~"
        return text

    def status_list(self) -> Answer:
        bits = bytearray(16)
        bits[0] = 0b10000000 if self.revoked else 0
        lst = base64.urlsafe_b64encode(zlib.compress(bytes(bits))).rstrip(b"=").decode()
        now = int(time.time())
        claims = {
            "sub": f"{self.origin}/status/1",
            "iat": now,
            "exp": now + 300,
            "status_list": {"bits": 1, "lst": lst},
        }
        token = jwt.encode(
            {"alg": "ES256", "typ": "statuslist+jwt", "kid": self.kid}, claims, self.key, algorithms=["ES256"]
        )
        return Answer(token.encode(), type="application/statuslist+jwt")

    def did_document(self) -> Answer:
        method = {
            "id": self.kid,
            "type": "JsonWebKey2020",
            "controller": self.did,
            "publicKeyJwk": self.key.as_dict(private=False),
        }
        return as_json(
            {
                "id": self.did,
                "verificationMethod": [method],
                "assertionMethod": [self.kid],
                "authentication": [self.kid],
            }
        )

    # verifier

    def new_request(self, *, mode: str = "direct_post", method: str = "post", **changes: Any) -> str:
        name = secrets.token_urlsafe(16)
        now = int(time.time())
        claims = {
            "client_id": f"decentralized_identifier:{self.did}",
            "aud": AUDIENCE,
            "response_type": "vp_token",
            "response_mode": mode,
            "response_uri": f"{self.origin}/answers/{name}",
            "nonce": secrets.token_urlsafe(16),
            "state": name,
            "iat": now,
            "exp": now + 300,
            "dcql_query": {
                "credentials": [
                    {
                        "id": "identity",
                        "format": "dc+sd-jwt",
                        "meta": {"vct_values": [self.vct]},
                        "claims": [
                            {"path": ["given_name"]},
                            {"path": ["family_name"]},
                            {"path": ["portrait"]},
                        ],
                    }
                ]
            },
            "client_metadata": {
                "client_name": "Acme recovery",
                "vp_formats_supported": {
                    "dc+sd-jwt": {"sd-jwt_alg_values": ["ES256"], "kb-jwt_alg_values": ["ES256"]}
                },
                "jwks": {
                    "keys": [{**self.encryption_key.as_dict(private=False), "use": "enc", "alg": "ECDH-ES"}]
                },
                "encrypted_response_enc_values_supported": ["A256GCM"],
            },
            **changes,
        }
        self.requests[name] = {name: value for name, value in claims.items() if value is not None}
        parameters = f"client_id={quote(self.client_id, safe='')}&request_uri={quote(f'{self.origin}/requests/{name}', safe='')}"
        return f"{self.wallet}/present?{parameters}" + (
            "&request_uri_method=post" if method == "post" else ""
        )

    @property
    def client_id(self) -> str:
        return f"decentralized_identifier:{self.did}"

    def request_object(self, name: str, form: dict[str, str]) -> Answer:
        claims = dict(self.requests[name])
        if "wallet_nonce" in form and "no_wallet_nonce" not in self.flaws:
            claims["wallet_nonce"] = form["wallet_nonce"]
        key = ECKey.generate_key("P-256") if "forged_request" in self.flaws else self.key
        header = {
            "alg": "ES256",
            "typ": "JWT" if "plain_typ" in self.flaws else "oauth-authz-req+jwt",
            "kid": self.kid,
        }
        return Answer(
            jwt.encode(header, claims, key, algorithms=["ES256"]).encode(),
            type="application/oauth-authz-req+jwt",
        )

    def receive_answer(self, name: str, form: dict[str, str]) -> Answer:
        if "refuses_answer" in self.flaws:
            return as_json({"error": "invalid_request"}, 400)
        request = self.requests[name]
        if "error" in form:
            self.answers.append(form)
            return as_json({"redirect_uri": f"{self.origin}/refused"})
        if request["response_mode"] == "direct_post.jwt":
            assert set(form) == {"response"}
            opened = jwe.decrypt_compact(
                form["response"], self.encryption_key, algorithms=["ECDH-ES", "A256GCM", "A128GCM"]
            )
            assert opened.headers()["kid"] == "e1"
            plain = json.loads(opened.plaintext or b"")
            token, state = plain["vp_token"], plain["state"]
        else:
            token, state = json.loads(form["vp_token"]), form["state"]
        assert state == name
        self.answers.append({query: self.verify(shown[0], request) for query, shown in token.items()})
        next_page = (
            "javascript:alert(1)"
            if "script_redirect" in self.flaws
            else f"{self.origin}/back?response_code=c1"
        )
        return as_json({"redirect_uri": next_page})

    def verify(self, presentation: str, request: dict[str, Any]) -> dict[str, Any]:
        verifier = SDJWTVerifier(
            presentation,
            lambda issuer, header: JWK(**self.key.as_dict(private=False)),
            self.client_id,
            request["nonce"],
        )
        binding = json.loads(unpadded(presentation.split("~")[-1].split(".")[1]))
        hashes = [unpadded_digest(text) for text in request.get("transaction_data", [])]
        assert binding.get("transaction_data_hashes", []) == hashes
        payload: dict[str, Any] = verifier.get_verified_payload()
        return payload

    # doors

    def answer(self, method: str, path: str, form: dict[str, str], body: bytes, authorization: str) -> Answer:
        first, _, rest = path.strip("/").partition("/")
        doors: dict[str, Callable[[], Answer]] = {
            ".well-known/openid-credential-issuer": self.issuer_metadata,
            ".well-known/oauth-authorization-server": self.server_metadata,
            ".well-known/did.json": self.did_document,
            "token": lambda: self.token(form),
            "nonce": self.nonce,
            "credential": lambda: self.credential(json.loads(body), authorization),
            "notification": lambda: self.events.append(json.loads(body)) or Answer(status=204),
            "status/1": self.status_list,
            "logo.png": lambda: Answer(logo_png(), type="image/png"),
            "offers": lambda: self.offer(rest),
            "requests": lambda: self.request_object(rest, form),
            "answers": lambda: self.receive_answer(rest, form),
        }
        door = doors.get(path.strip("/")) or doors.get(first)
        if door:
            return door()
        page = f"<!doctype html><html lang=en><title>{first}</title><h1>{first or 'start'}</h1><p>{quote(path)}</p>"
        return Answer(page.encode(), type="text/html; charset=utf-8")


def unpadded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def unpadded_digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
