"""HashiCorp Vault's and OpenBao's Transit engine, over its HTTP API (decision 0024).

Keeps the private key out of this process and of its database: only a SHA-256 digest goes out, only a signature comes
back. A stolen token can sign as long as it lives; it cannot take the key along. Foreign words end in this file.
"""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import urllib3
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from django.conf import settings

from portal.kit.errors import Misconfigured, Refused, Unavailable
from tenants.verified_id.key_services.contract import KeptKey, MadeKey
from tenants.verified_id.protocol.encoding import unb64u
from tenants.verified_id.protocol.errors import ProtocolError
from tenants.verified_id.protocol.keys import Signer, public_jwk

SIGN_SECONDS = 3.0
_MOST_BYTES = 64 * 1024
# A wallet waits for the signature, so this is asked from the request; the address is the operator's own setting.
_pool = urllib3.PoolManager(maxsize=8, retries=False)


def _ask(method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
    if not settings.TRANSIT_URL or not settings.TRANSIT_TOKEN:
        raise Misconfigured("key_service_unset")
    try:
        answer = _pool.request(
            method,
            f"{settings.TRANSIT_URL.rstrip('/')}/v1/{settings.TRANSIT_MOUNT}/{path}",
            json=body,
            headers={"X-Vault-Token": settings.TRANSIT_TOKEN, "X-Vault-Request": "true"},
            redirect=False,
            timeout=urllib3.Timeout(total=SIGN_SECONDS),
            preload_content=False,
        )
        data = answer.read(_MOST_BYTES)
        answer.release_conn()
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise Unavailable("key_service_down") from error
    if answer.status == 204:
        return {}
    if answer.status in (200, 201):
        return _object(data)
    raise _refusal(answer.status)


def _object(data: bytes) -> dict[str, Any]:
    try:
        told = json.loads(data)
    except ValueError:
        told = None
    found = told.get("data") if isinstance(told, dict) else None
    if not isinstance(found, dict):
        raise Unavailable("key_service_answer")
    return found


def _refusal(status: int) -> Exception:
    """403: the token or its policy. 404: no such key or mount. 412, 429, 472, 473, 5xx: sealed, standby, too many."""
    if status == 403:
        return Misconfigured("key_service_denied")
    if status == 404:
        return Misconfigured("key_service_no_key")
    if status in (412, 429, 472, 473) or status >= 500:
        return Unavailable("key_service_down")
    return Refused("key_service_refused")


class TransitSigner:
    alg = "ES256"

    def __init__(self, key: KeptKey) -> None:
        self.kid = key.kid
        self.public_jwk = key.public_jwk
        self._name = key.name

    def sign(self, data: bytes) -> bytes:
        """`jws` marshaling is the raw r || s of RFC 7518, in base64url, after `vault:v<version>:`."""
        asked = {
            "input": b64encode(hashlib.sha256(data).digest()).decode(),
            "prehashed": True,
            "marshaling_algorithm": "jws",
        }
        said = _ask("POST", f"sign/{self._name}/sha2-256", asked).get("signature")
        parts = said.split(":") if isinstance(said, str) else []
        try:
            signature = unb64u(parts[2]) if len(parts) == 3 and parts[0] == "vault" else b""
        except ProtocolError:
            signature = b""
        if len(signature) != 64:
            raise Unavailable("key_service_answer")
        return signature


class TransitKeys:
    def make(self, key_id: UUID) -> MadeKey:
        """A key of its own for each row, never exportable. Version 1 stays the only one: our own table rotates."""
        name = f"readmit-{key_id.hex}"
        _ask("POST", f"keys/{name}", {"type": "ecdsa-p256", "exportable": False})
        versions = _ask("GET", f"keys/{name}").get("keys")
        first = versions.get("1") if isinstance(versions, dict) else None
        pem = first.get("public_key") if isinstance(first, dict) else None
        try:
            public = load_pem_public_key(str(pem).encode())
        except ValueError as error:
            raise Unavailable("key_service_answer") from error
        if not isinstance(public, ec.EllipticCurvePublicKey):
            raise Unavailable("key_service_answer")
        return MadeKey(public_jwk(public), name=name)

    def signer(self, key: KeptKey) -> Signer:
        return TransitSigner(key)
