"""One issuer, one wallet, one stranger and a fixed clock for every protocol test."""

import inspect
import json
import random
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from tenants.verified_id.protocol.did_web import did_web, verification_method_id
from tenants.verified_id.protocol.encoding import b64u, parse_json_object, to_json, unb64u
from tenants.verified_id.protocol.errors import ProtocolError, Refusing
from tenants.verified_id.protocol.keys import LocalSigner, Signer
from tenants.verified_id.protocol.sd_jwt import disclosure_digest
from tenants.verified_id.protocol.sd_jwt_vc import issue_credential
from tenants.verified_id.protocol.status_list import StatusReference
from tenants.verified_id.protocol.trust import Trust

NOW = 1_800_000_000
REFUSING = Refusing("invalid_request", "test")
ISSUER_ORIGIN = "https://acme.id.example.com"
DID = did_web(ISSUER_ORIGIN)
VCT = "https://acme.id.example.com/types/verified-identity/1"
STATUS = StatusReference(f"{ISSUER_ORIGIN}/status/1", 4711)
CLAIMS = {
    "given_name": "Anna",
    "family_name": "Novak",
    "birthdate": "1980-05-23",
    "portrait": "data:image/jpeg;base64,/9j/4AAQ",
    "assurance_level": "IAL2",
    "evidence": [{"type": "document"}],
    "partner": "house",
}


def p256_signer(scalar: int, did: str = "") -> LocalSigner:
    signer = LocalSigner(ec.derive_private_key(scalar, ec.SECP256R1()))
    if did:
        signer.kid = verification_method_id(did, signer.public_jwk)
    return signer


def ed25519_signer(seed: int) -> LocalSigner:
    return LocalSigner(ed25519.Ed25519PrivateKey.from_private_bytes(seed.to_bytes(32, "big")))


ISSUER = p256_signer(0x1111, DID)
HOLDER = p256_signer(0x2222)
STRANGER = p256_signer(0x3333)
TRUSTED = {ISSUER.kid: ISSUER.public_jwk}
TRUST = Trust((DID,), TRUSTED)


def vectors(name: str) -> Any:
    return json.loads((Path(__file__).parent / "vectors" / f"{name}.json").read_text("utf-8"))


def dice(seed: int = 1) -> Callable[[int], bytes]:
    """Randomness that is the same in every run."""
    return random.Random(seed).randbytes


def credential(**changes: Any) -> str:
    arguments: dict[str, Any] = {
        "signer": ISSUER,
        "issuer": DID,
        "vct": VCT,
        "holder_key": HOLDER.public_jwk,
        "issued_at": NOW - 1000,
        "expires_at": NOW + 86_400,
        "disclosable": CLAIMS,
        "random": dice(),
        "status": STATUS,
    }
    return issue_credential(**(arguments | changes))


def forge(
    payload: Mapping[str, Any], *, header: Mapping[str, Any] | None = None, signer: Signer = ISSUER
) -> str:
    """A token with any header and payload, truly signed: what a careless or hostile issuer could send."""
    protected = {"alg": signer.alg, "typ": "dc+sd-jwt", "kid": signer.kid} | dict(header or {})
    protected = {name: value for name, value in protected.items() if value is not None}
    signing_input = f"{b64u(to_json(protected))}.{b64u(to_json(payload))}"
    return f"{signing_input}.{b64u(signer.sign(signing_input.encode()))}"


def reforge(
    token: str, *, header: Mapping[str, Any] | None = None, signer: Signer = ISSUER, **claims: Any
) -> str:
    """The same token with some members changed (None removes one), signed again."""
    old_header, old_claims = (parse_json_object(unb64u(part), REFUSING) for part in token.split(".")[:2])
    merged = {name: value for name, value in (old_claims | claims).items() if value is not None}
    return forge(merged, header=old_header | dict(header or {}), signer=signer)


def tampered(token: str) -> str:
    """The same token with one bit of the signature turned."""
    head, _, signature = token.rpartition(".")
    raw = bytearray(unb64u(signature))
    raw[5] ^= 1
    return f"{head}.{b64u(bytes(raw))}"


def disclosure(*elements: Any) -> tuple[str, str]:
    text = b64u(to_json(list(elements)))
    return text, disclosure_digest(text)


def refused(call: Callable[[], object]) -> ProtocolError:
    with pytest.raises(ProtocolError) as caught:
        call()
    return caught.value


def numbered_steps(function: Callable[..., object]) -> set[int]:
    """The step numbers a verifier's docstring promises."""
    return {int(number) for number in re.findall(r"(?<!\S)(\d+)\.\s", inspect.getdoc(function) or "")}
