"""An OpenID Provider on loopback that does whatever a test asks of it. It shares no code with the adapter."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from joserfc import jws, jwt
from joserfc.jwk import ECKey, OctKey, RSAKey
from PIL import Image

CLIENT_ID = "client-of-the-tests"
CLIENT_SECRET = "a secret: with/odd+characters"
REGISTRATION_TOKEN = "initial-access-token"


def make_jpeg(colour: str = "grey") -> bytes:
    out = BytesIO()
    Image.new("RGB", (240, 300), colour).save(out, "JPEG")
    return out.getvalue()


@dataclass
class Answers:
    """What the provider does. A test changes the fields it is about."""

    level: Any = "VERIFIED"
    claims: dict[str, Any] = field(
        default_factory=lambda: {"given_name": "Ada", "family_name": "Lovelace", "birthdate": "1985-12-10"}
    )
    number: str = "P1234567"
    reasons: list[str] = field(default_factory=list)
    framework: str = "IDV_DELEGATED"
    sandbox: bool = False
    portrait: bytes | None = None
    served_portrait: bytes | None = None
    portrait_origin: str = ""
    algorithm: str = "ES256"
    key_id: str | None = ""
    time_offset: float = 0
    change_token: Callable[[dict[str, Any]], None] = lambda claims: None
    change_verified: Callable[[dict[str, Any]], Any] = lambda verified: verified
    raw_token: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    # endpoint -> (status, body) served instead
    broken: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    hang: dict[str, float] = field(default_factory=dict)
    reuse_codes: bool = False
    # Return addresses that are registered; empty: any.
    addresses: frozenset[str] = frozenset()


@cache
def _rsa() -> RSAKey:
    """Few tests need one, and it takes a while to find."""
    return RSAKey.generate_key(2048, {"kid": "r1"}, private=True)


class HostileProvider:
    def __init__(self) -> None:
        self.answers = Answers()
        self.key = ECKey.generate_key("P-256", {"kid": "k1", "use": "sig"}, private=True)
        self.other_key = ECKey.generate_key("P-256", {"kid": "k1"}, private=True)
        self.published = [self.key.as_dict(private=False)]
        self.requests: dict[str, dict[str, str]] = {}
        self.codes: dict[str, dict[str, str]] = {}
        self.calls: list[str] = []
        self.registrations: list[dict[str, Any]] = []
        self.released = threading.Event()
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, format: str, *args: Any) -> None:
                pass

            def do_GET(self) -> None:
                provider.serve(self, b"")

            def do_POST(self) -> None:
                provider.serve(self, self.rfile.read(int(self.headers.get("Content-Length", 0))))

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.issuer = f"http://op.localhost:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def rsa(self) -> RSAKey:
        return _rsa()

    def close(self) -> None:
        self.released.set()
        self.server.shutdown()
        self.server.server_close()

    # -------------------------------------------------------------- http

    def serve(self, handler: BaseHTTPRequestHandler, body: bytes) -> None:
        path = urlsplit(handler.path).path
        self.calls.append(path)
        if path in self.answers.hang:
            self.released.wait(self.answers.hang[path])
        if path in self.answers.broken:
            status, content = self.answers.broken[path]
        else:
            status, content = self.answer(path, handler, body)
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        with suppress(OSError):
            handler.wfile.write(content)

    def answer(self, path: str, handler: BaseHTTPRequestHandler, body: bytes) -> tuple[int, bytes]:
        if path == "/.well-known/openid-configuration":
            return 200, json.dumps(self.metadata()).encode()
        if path == "/jwks":
            return 200, json.dumps({"keys": self.published}).encode()
        if path == "/portrait":
            if handler.headers.get("Authorization") != "Bearer portrait-token":
                return 401, b"{}"
            return 200, self.answers.served_portrait or self.answers.portrait or b""
        if path == "/register":
            return self.register(handler, body)
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        if path in ("/par", "/token") and not self.knows(handler, form):
            return 401, b'{"error":"invalid_client"}'
        if path == "/par":
            return self.push(form)
        if path == "/token":
            return self.exchange(form)
        return 404, b"{}"

    def metadata(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "pushed_authorization_request_endpoint": f"{self.issuer}/par",
            "jwks_uri": f"{self.issuer}/jwks",
            "authorization_response_iss_parameter_supported": True,
            **self.answers.metadata,
        }

    def knows(self, handler: BaseHTTPRequestHandler, form: dict[str, str]) -> bool:
        header = handler.headers.get("Authorization", "")
        if form.get("client_assertion"):
            return self.knows_assertion(form["client_assertion"])
        if not header.startswith("Basic "):
            return False
        name, _, secret = base64.b64decode(header[6:]).decode().partition(":")
        return (unquote(name), unquote(secret)) == (CLIENT_ID, CLIENT_SECRET)

    client_key: Any = None

    def knows_assertion(self, assertion: str) -> bool:
        claims = jwt.decode(assertion, self.client_key, algorithms=["ES256"]).claims
        return claims["sub"] == CLIENT_ID and claims["aud"] == self.issuer and claims["exp"] > time.time()

    def register(self, handler: BaseHTTPRequestHandler, body: bytes) -> tuple[int, bytes]:
        if handler.headers.get("Authorization") != f"Bearer {REGISTRATION_TOKEN}":
            return 401, b"{}"
        asked = json.loads(body)
        self.registrations.append(asked)
        made = {**asked, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
        return 201, json.dumps(made).encode()

    def push(self, form: dict[str, str]) -> tuple[int, bytes]:
        needed = {"redirect_uri", "state", "nonce", "code_challenge", "claims", "client_id"}
        if not needed <= set(form) or form.get("code_challenge_method") != "S256":
            return 400, b'{"error":"invalid_request"}'
        if self.answers.addresses and form["redirect_uri"] not in self.answers.addresses:
            return 400, b'{"error":"invalid_request"}'
        request_uri = "urn:ietf:params:oauth:request_uri:" + secrets.token_hex(8)
        self.requests[request_uri] = form
        return 201, json.dumps({"request_uri": request_uri, "expires_in": 60}).encode()

    def exchange(self, form: dict[str, str]) -> tuple[int, bytes]:
        code = form.get("code", "")
        asked = self.codes.get(code) if self.answers.reuse_codes else self.codes.pop(code, None)
        if asked is None or form.get("redirect_uri") != asked["redirect_uri"]:
            return 400, b'{"error":"invalid_grant"}'
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != asked["code_challenge"]:
            return 400, b'{"error":"invalid_grant"}'
        token = self.answers.raw_token or self.sign(asked)
        return 200, json.dumps({"access_token": "x", "token_type": "Bearer", "id_token": token}).encode()

    # -------------------------------------------------------------- the browser's side

    def visit(self, url: str) -> dict[str, list[str]]:
        """A person follows the link and comes back: the query of the return."""
        query = parse_qs(urlsplit(url).query)
        assert query["client_id"] == [CLIENT_ID]
        pushed = query.get("request_uri")
        asked = self.requests[pushed[0]] if pushed else {name: values[0] for name, values in query.items()}
        code = secrets.token_hex(8)
        self.codes[code] = asked
        return {"code": [code], "state": [asked["state"]], "iss": [self.issuer]}

    # -------------------------------------------------------------- tokens

    def sign(self, asked: dict[str, str]) -> str:
        answers = self.answers
        now = int(time.time())
        claims: dict[str, Any] = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "sub": secrets.token_hex(4),
            "nonce": asked["nonce"],
            "iat": now,
            "exp": now + 300,
            "verified_claims": answers.change_verified(self.verified()),
        }
        if answers.sandbox:
            claims["readmit_demonstration"] = True
        answers.change_token(claims)
        key_id = {"ES256": "k1", "none": "k1", "HS256": "k1"}.get(answers.algorithm, "r1")
        header: dict[str, Any] = {"alg": answers.algorithm, "kid": answers.key_id or key_id}
        if answers.key_id is None:
            del header["kid"]
        if answers.algorithm == "none":
            return ".".join([_b64(json.dumps(header).encode()), _b64(json.dumps(claims).encode()), ""])
        if answers.algorithm == "HS256":
            key: Any = OctKey.import_key(json.dumps(self.published[0]).encode())
            return jwt.encode(header, claims, key, algorithms=["HS256"])
        # Not with the library's `jwt`: it would not write what no text can hold.
        payload = json.dumps(claims)
        return jws.serialize_compact({**header, "typ": "JWT"}, payload, self.signer(), [answers.algorithm])

    def signer(self) -> Any:
        if self.answers.algorithm == "ES256":
            return self.key
        return self.rsa

    def verified(self) -> dict[str, Any]:
        answers = self.answers
        moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + answers.time_offset))
        verification: dict[str, Any] = {
            "trust_framework": answers.framework,
            "assurance_level": answers.level,
            "time": moment,
            "verification_process": "process-1",
        }
        if answers.level != "VERIFIED":
            return {"verification": {**verification, "reasons": answers.reasons}, "claims": {}}
        evidence: dict[str, Any] = {
            "type": "document",
            "check_details": [{"check_method": "vri", "name": "mrz", "passed": True}],
            "document_details": {
                "type": "passport",
                "document_number": answers.number,
                "date_of_expiry": "2031-01-01",
                "issuer": {"country": "UTO"},
            },
        }
        if answers.portrait is not None:
            digest = base64.b64encode(hashlib.sha256(answers.portrait).digest()).decode()
            evidence["attachments"] = [
                {
                    "desc": "portrait",
                    "url": f"{answers.portrait_origin or self.issuer}/portrait",
                    "access_token": "portrait-token",
                    "digest": {"alg": "sha-256", "value": digest},
                }
            ]
        return {"verification": {**verification, "evidence": [evidence]}, "claims": dict(answers.claims)}


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
