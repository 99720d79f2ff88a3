"""The PID provider: PIDs as SD-JWT VC (PID Rulebook, section 4), what a wallet shows of one, and the status list."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
import zlib
from collections.abc import Collection
from typing import Any

from django.conf import settings
from joserfc import jws
from joserfc.jwk import ECKey

from portal.sandboxes.partners.eu_pid import pki
from portal.sandboxes.partners.world import Session, has

TYPE = "urn:eudi:pid:1"
COUNTRY = "AT"
LIFE = 14 * 24 * 3600
LIST_BITS = 8_192
REVOKED_AT, VALID_AT = 0, 1
NAMES = {"cyrillic": {"given": "Зоя", "family": "Космодемьянская"}}


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _key(issuer: str) -> ECKey:
    return ECKey.import_key(pki.key_of(f"provider {issuer}"))


STRANGER = ECKey.generate_key("P-256", private=True)


def signed(typ: str, claims: dict[str, Any], key: ECKey, chain: list[str] | None = None) -> str:
    header = {"alg": "ES256", "typ": typ, **({"x5c": chain} if chain else {})}
    return jws.serialize_compact(header, json.dumps(claims), key, algorithms=["ES256"])


def status_uri() -> str:
    return f"{settings.SANDBOX_ORIGIN}/statuses/1"


def status_list() -> str:
    """Token Status List, one bit for each: entry 0 is revoked, and nothing else."""
    packed = bytearray(LIST_BITS // 8)
    packed[REVOKED_AT // 8] |= 1 << (REVOKED_AT % 8)
    now = int(time.time())
    claims = {
        "iss": settings.SANDBOX_ORIGIN,
        "sub": status_uri(),
        "iat": now - 1,
        "exp": now + 300,
        "status_list": {"bits": 1, "lst": b64(zlib.compress(bytes(packed), 9))},
    }
    return signed("statuslist+jwt", claims, _key(pki.PROVIDERS), pki.x5c(pki.provider()))


def said_of(session: Session) -> dict[str, Any]:
    """Everything the PID holds."""
    person = session.person | NAMES.get(session.scenario, {})
    claims: dict[str, Any] = {
        "given_name": person["given"],
        "family_name": person["family"],
        "birthdate": person["birthdate"],
        "nationalities": [COUNTRY],
        "place_of_birth": {"locality": "Vienna"},
        "issuing_authority": "A simulator on this machine",
        "issuing_country": COUNTRY,
        "date_of_expiry": person["expires"],
    }
    if session.scenario == "document_number":
        claims["document_number"] = person["number"]
    elif session.scenario != "no_number":
        claims["personal_administrative_number"] = person["number"]
    return claims


def shown(session: Session, names: Collection[str], *, nonce: str, audience: str) -> str:
    """A PID of this very moment, the claims that were asked for, and the wallet's signature over them (RFC 9901)."""
    holder = ECKey.generate_key("P-256", private=True)
    hidden = {
        name: b64(json.dumps([b64(secrets.token_bytes(16)), name, value]).encode())
        for name, value in said_of(session).items()
    }
    issuer = pki.STRANGERS if has("another_issuer") else pki.PROVIDERS
    issued = signed(
        "dc+sd-jwt",
        _payload(holder, hidden, is_revoked=session.scenario == "revoked"),
        STRANGER if has("another_key") else _key(issuer),
        pki.x5c(pki.provider(issuer)),
    )
    sd_jwt = "~".join([issued, *(text for name, text in hidden.items() if name in names), ""])
    if has("no_key_binding"):
        return sd_jwt
    binding = {
        "iat": int(time.time()),
        "aud": audience,
        "nonce": "of-another-session-" + secrets.token_hex(8) if has("shown_before") else nonce,
        "sd_hash": b64(hashlib.sha256(sd_jwt.encode()).digest()),
    }
    return sd_jwt + signed("kb+jwt", binding, STRANGER if has("another_holder") else holder)


def _payload(holder: ECKey, hidden: dict[str, str], *, is_revoked: bool) -> dict[str, Any]:
    public, now = holder.as_dict(private=False), int(time.time())
    at = REVOKED_AT if is_revoked else VALID_AT + secrets.randbelow(LIST_BITS - 1)
    return {
        "iss": settings.SANDBOX_ORIGIN,
        "iat": now - (2 * LIFE if has("credential_expired") else 60),
        "exp": now + (-LIFE if has("credential_expired") else LIFE),
        "vct": "urn:example:library-card" if has("another_type") else TYPE,
        "cnf": {"jwk": {name: public[name] for name in ("kty", "crv", "x", "y")}},
        "status": {"status_list": {"idx": at, "uri": status_uri()}},
        "_sd_alg": "sha-256",
        "_sd": sorted(b64(hashlib.sha256(text.encode()).digest()) for text in hidden.values()),
    }
