"""The partner as an issuer: its did:web, its linked domain, its credentials (SD-JWT VC), what it shows of them, its status list."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
import zlib
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings
from joserfc import jws
from joserfc.jwk import ECKey

from portal.sandboxes.partners import pictures
from portal.sandboxes.partners.world import Session, has, shown_person, word

TYPE = "urn:readmit:verified-identity:1"
CREDENTIAL_LIFE = 24 * 3600
CURVE_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
LIST_BITS = 8_192
REVOKED_AT = 0
VALID_AT = 1
NAMES = {"mononym": {"given": ""}, "cyrillic": {"given": "Зоя", "family": "Космодемьянская"}}
HEADER = {"alg": "ES256"}


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def issuer_key() -> ECKey:
    """The same after a restart, so that whoever read the DID document before still believes it."""
    number = int.from_bytes(hashlib.sha256(word("handoff issuer").encode()).digest()) % (CURVE_ORDER - 1) + 1
    return ECKey.import_key(ec.derive_private_key(number, ec.SECP256R1()))


STRANGER = ECKey.generate_key("P-256", private=True)


def did() -> str:
    return "did:web:" + settings.SANDBOX_ORIGIN.partition("://")[2].replace(":", "%3A")


def key_id() -> str:
    return f"{did()}#issuing"


def did_document() -> dict[str, Any]:
    public = issuer_key().as_dict(private=False)
    method = {
        "id": key_id(),
        "type": "JsonWebKey2020",
        "controller": did(),
        "publicKeyJwk": {name: public[name] for name in ("kty", "crv", "x", "y")},
    }
    return {
        "@context": ["https://www.w3.org/ns/did/v1"],
        "id": did(),
        "verificationMethod": [method],
        "assertionMethod": [key_id()],
        "service": [
            {
                "id": f"{did()}#domains",
                "type": "LinkedDomains",
                "serviceEndpoint": {"origins": [settings.SANDBOX_ORIGIN]},
            }
        ],
    }


def did_configuration() -> dict[str, Any]:
    """Well Known DID Configuration: the domain says that the DID is its own."""
    now = int(time.time())
    linkage = {
        "@context": ["https://www.w3.org/2018/credentials/v1"],
        "issuer": did(),
        "issuanceDate": datetime.fromtimestamp(now, UTC).isoformat(),
        "type": ["VerifiableCredential", "DomainLinkageCredential"],
        "credentialSubject": {"id": did(), "origin": settings.SANDBOX_ORIGIN},
    }
    claims = {"iss": did(), "sub": did(), "nbf": now - 60, "exp": now + CREDENTIAL_LIFE, "vc": linkage}
    return {"linked_dids": [_signed({"typ": "JWT", "kid": key_id()}, claims, issuer_key())]}


def status_list() -> str:
    """Token Status List, one bit for each: entry 0 is revoked, and nothing else."""
    packed = bytearray(LIST_BITS // 8)
    packed[REVOKED_AT // 8] |= 1 << (REVOKED_AT % 8)
    now = int(time.time())
    claims = {
        "sub": status_uri(),
        "iat": now - 1,
        "exp": now + 300,
        "status_list": {"bits": 1, "lst": b64(zlib.compress(bytes(packed), 9))},
    }
    return _signed({"typ": "statuslist+jwt", "kid": key_id()}, claims, issuer_key())


def status_uri() -> str:
    return f"{settings.SANDBOX_ORIGIN}/statuses/1"


def _signed(header: dict[str, str], claims: dict[str, Any], key: ECKey) -> str:
    return jws.serialize_compact({**HEADER, **header}, json.dumps(claims), key, algorithms=["ES256"])


def credential_of(session: Session) -> tuple[str, ECKey]:
    """Issued once for a session (RFC 9901, section 4), bound to a key made for it; and that key."""
    kept = session.wanted.get("issued")
    if kept is None or has("contradiction"):
        kept = session.wanted["issued"] = _issue(session)
    return kept


def _issue(session: Session) -> tuple[str, ECKey]:
    holder = ECKey.generate_key("P-256", private=True)
    public = holder.as_dict(private=False)
    now = int(time.time()) - (3_600 if has("credential_of_before") else 0)
    disclosures = [
        b64(json.dumps([b64(secrets.token_bytes(16)), name, value]).encode())
        for name, value in _claims(session).items()
    ]
    payload = {
        "iss": "did:web:stranger.example" if has("another_issuer") else did(),
        "iat": now,
        "exp": now - 600 if has("credential_expired") else now + CREDENTIAL_LIFE,
        "vct": "urn:example:library-card" if has("another_type") else TYPE,
        "cnf": {"jwk": {name: public[name] for name in ("kty", "crv", "x", "y")}},
        "status": {
            "status_list": {
                "idx": REVOKED_AT
                if has("credential_revoked")
                else VALID_AT + secrets.randbelow(LIST_BITS - 1),
                "uri": status_uri(),
            }
        },
        "_sd_alg": "sha-256",
        "_sd": sorted(b64(hashlib.sha256(each.encode()).digest()) for each in disclosures),
    }
    by_stranger = has("another_issuer") or has("another_key")
    kid = "did:web:stranger.example#issuing" if has("another_issuer") else key_id()
    issued = _signed({"typ": "dc+sd-jwt", "kid": kid}, payload, STRANGER if by_stranger else issuer_key())
    return "~".join([issued, *disclosures, ""]), holder


def _claims(session: Session) -> dict[str, str]:
    person = shown_person(session) | NAMES.get(session.scenario, {})
    said = {
        "given_name": person["given"],
        "family_name": person["family"],
        "birthdate": person["birthdate"],
        "document_type": "passport",
        "document_number": person["number"],
        "document_country": person["country"],
        "document_expiry": person["expires"],
    }
    if session.scenario != "missing_portrait":
        data = b"no picture" if has("picture_unusable") else session.picture or pictures.drawn()
        said["portrait"] = "data:image/jpeg;base64," + base64.b64encode(data).decode()
    return {name: value for name, value in said.items() if value}


def presentation_of(session: Session) -> str:
    """Shown for this session alone: its nonce and its audience, signed by the key the credential is bound to."""
    sd_jwt, holder = credential_of(session)
    if has("no_key_binding"):
        return sd_jwt
    claims = {
        "iat": int(time.time()),
        "aud": session.wanted["iss"],
        "nonce": session.wanted["nonce"],
        "sd_hash": b64(hashlib.sha256(sd_jwt.encode()).digest()),
    }
    if has("shown_before"):
        claims["nonce"] = "of-another-session-" + secrets.token_hex(8)
    signer = STRANGER if has("another_holder") else holder
    return sd_jwt + _signed({"typ": "kb+jwt"}, claims, signer)
