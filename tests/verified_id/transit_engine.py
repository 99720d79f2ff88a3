"""A stand-in for Vault's and OpenBao's Transit engine, written from their API documentation, with nothing of ours in it.

It checks what it is sent as strictly as the documentation says, keeps its keys to itself, and can be told to be sealed,
slow or wrong.
"""

from __future__ import annotations

import base64
import json
import re
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature

TOKEN = "hvs.stand-in"
KEY = re.compile(r"/v1/transit/keys/([\w-]+)")
SIGN = re.compile(r"/v1/transit/sign/([\w-]+)/sha2-256")


class Engine:
    """`mood`: what is wrong with it today. `signed` counts signatures, `seen` the bodies that came."""

    def __init__(self) -> None:
        self.keys: dict[str, ec.EllipticCurvePrivateKey] = {}
        self.mood = ""
        self.seen: list[dict[str, Any]] = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def answer(self, method: str, path: str, token: str, body: dict[str, Any]) -> tuple[int, Any]:
        if self.mood == "sealed":
            return 503, {"errors": ["Vault is sealed"]}
        if token != TOKEN:
            return 403, {"errors": ["permission denied"]}
        if found := KEY.fullmatch(path):
            return self._key(method, found[1], body)
        if (found := SIGN.fullmatch(path)) and method in ("POST", "PUT"):
            return self._sign(found[1], body)
        return 404, {"errors": []}

    def _key(self, method: str, name: str, body: dict[str, Any]) -> tuple[int, Any]:
        if method == "GET":
            if name not in self.keys:
                return 404, {"errors": []}
            pem = (
                self.keys[name]
                .public_key()
                .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
            )
            shown = {"1": {"name": "P-256", "public_key": pem.decode()}}
            return 200, {"data": {"type": "ecdsa-p256", "latest_version": 1, "keys": shown}}
        if body.get("type") != "ecdsa-p256":
            return 400, {"errors": ["unknown key type"]}
        self.keys.setdefault(name, ec.generate_private_key(ec.SECP256R1()))
        return 200, {"data": {"name": name, "type": "ecdsa-p256"}}

    def _sign(self, name: str, body: dict[str, Any]) -> tuple[int, Any]:
        self.seen.append(body)
        if name not in self.keys:
            return 400, {"errors": ["signing key not found"]}
        digest = base64.b64decode(body["input"], validate=True)
        if not body.get("prehashed") or len(digest) != 32:
            return 400, {"errors": ["invalid input"]}
        der = self.keys[name].sign(digest, ec.ECDSA(Prehashed(hashes.SHA256())))
        raw = b"".join(number.to_bytes(32, "big") for number in decode_dss_signature(der))
        jws = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
        plain = base64.b64encode(der).decode()
        text = jws if body.get("marshaling_algorithm") == "jws" else plain
        wrong = {"der": plain, "short": jws[:20], "none": None}
        said = wrong.get(self.mood, text)
        return 200, {"data": {"signature": f"vault:v1:{said}" if said else None, "key_version": 1}}


def _handler(engine: Engine) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length) or b"{}")
            if engine.mood == "slow":
                time.sleep(1)
            status, told = engine.answer(self.command, self.path, self.headers.get("X-Vault-Token", ""), body)
            data = b"<html>" if engine.mood == "html" else json.dumps(told).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PUT = _serve

        def log_message(self, *_arguments: Any) -> None:
            """Quiet."""

    return Handler
