"""The credential endpoint and the deferred one (OpenID4VCI 1.0 sections 8 to 10): requests in, bodies out.

A request may come as JSON or as a JWE to one of the issuer's keys; only an encrypted request may ask for an encrypted
answer, because whoever can change a plain one could put their own key there. Errors are never encrypted. State stays
with the caller, as in `issuance`.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tenants.verified_id.protocol.encoding import member_text, parse_json_body
from tenants.verified_id.protocol.encryption import ALG, ENCS, MAX_JWE, check_recipient, decrypt, encrypt
from tenants.verified_id.protocol.errors import ProtocolError, Refusing

MAX_BODY = 64 * 1024
ENCRYPTED = "application/jwt"
_CREDENTIAL = Refusing("invalid_credential_request", "OpenID4VCI 1.0 section 8.3.1.2")
_ENCRYPTION = Refusing("invalid_encryption_parameters", "OpenID4VCI 1.0 section 8.3.1.2")

PrivateKeys = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class ResponseEncryption:
    """To whom and how the answer is encrypted: a P-256 key of the wallet's and one of `ENCS`."""

    jwk: Mapping[str, str]
    enc: str

    def to_object(self) -> dict[str, Any]:
        return {"jwk": dict(self.jwk), "enc": self.enc}


@dataclass(frozen=True)
class CredentialRequest:
    """Exactly one of the two identifiers is set. `unverified_proofs` go to `key_proof.verify_key_proofs`."""

    configuration_id: str | None
    credential_identifier: str | None
    unverified_proofs: tuple[str, ...]
    encryption: ResponseEncryption | None = None


@dataclass(frozen=True)
class DeferredRequest:
    transaction_id: str
    encryption: ResponseEncryption | None = None


def parse_credential_request(
    body: bytes,
    content_type: str,
    *,
    known_configurations: Collection[str],
    known_identifiers: Collection[str] = (),
    max_proofs: int = 1,
    private_jwks: PrivateKeys | None = None,
) -> CredentialRequest:
    """Section 8.2. The known ones are those this access token is good for.

    1. a bounded JSON object, or a JWE to one of our keys that holds one (8.2, 10);  2. exactly one of
    `credential_configuration_id` and `credential_identifier` (8.2), the latter where the token response named any;
    3. it is known (8.3.1.2);
    4. an encrypted answer is asked in an encrypted request, with a key and an algorithm of ours (8.2, 10);
    5. `proofs` has exactly one member, `jwt`, a non-empty list of texts within `max_proofs`; the single `proof`
    of drafts 13 to 15 is read as a list of one (8.2, leniency).
    """
    # 1
    members, came_encrypted = _read(body, content_type, private_jwks or {}, _CREDENTIAL)
    # 2
    configuration_id = member_text(members, "credential_configuration_id", _CREDENTIAL, max_length=256)
    identifier = member_text(members, "credential_identifier", _CREDENTIAL, max_length=256)
    if (configuration_id is None) == (identifier is None):
        raise _CREDENTIAL("credential_identification", clause="OpenID4VCI 1.0 section 8.2", expected="one")
    if configuration_id is not None and known_identifiers:
        raise _CREDENTIAL(
            "credential_identification", clause="OpenID4VCI 1.0 section 8.2", expected="credential_identifier"
        )
    # 3
    if configuration_id is not None and configuration_id not in known_configurations:
        raise _unknown("unknown_credential_configuration", configuration_id)
    if identifier is not None and identifier not in known_identifiers:
        raise _unknown("unknown_credential_identifier", identifier)
    # 4
    encryption = _response_encryption(members, came_encrypted)
    # 5
    return CredentialRequest(configuration_id, identifier, _proofs(members, max_proofs), encryption)


def parse_deferred_request(
    body: bytes, content_type: str, *, private_jwks: PrivateKeys | None = None
) -> DeferredRequest:
    """Section 9.1.

    1. as for a credential request;  2. `transaction_id` is there, else invalid_transaction_id (9.3);
    3. what it says of encryption replaces what the first request said.
    """
    # 1
    members, came_encrypted = _read(body, content_type, private_jwks or {}, _CREDENTIAL)
    # 2
    transaction_id = members.get("transaction_id")
    if not isinstance(transaction_id, str) or not 0 < len(transaction_id) <= 256:
        raise unknown_transaction()
    # 3
    return DeferredRequest(transaction_id, _response_encryption(members, came_encrypted))


def credential_response(credentials: Sequence[str], *, notification_id: str | None = None) -> dict[str, Any]:
    """Section 8.3, status 200 with `NO_STORE`."""
    if not credentials:
        raise ValueError("a credential response carries at least one credential")
    return {
        "credentials": [{"credential": credential} for credential in credentials],
        **({"notification_id": notification_id} if notification_id else {}),
    }


def deferred_response(transaction_id: str, *, interval: int) -> dict[str, Any]:
    """Sections 8.3 and 9.2, status 202 with `NO_STORE`: come back, not sooner than in `interval` seconds."""
    if interval <= 0:
        raise ValueError("an interval is at least a second")
    return {"transaction_id": transaction_id, "interval": interval}


def encrypt_response(made: Mapping[str, Any], to: ResponseEncryption) -> str:
    """Section 10: the answer as a JWE, sent as `application/jwt`."""
    return encrypt(made, to.jwk, enc=to.enc)


def credential_request_denied() -> ProtocolError:
    """Section 8.3.1.2: the wallet should not try again."""
    return ProtocolError("credential_request_denied", "denied", clause="OpenID4VCI 1.0 section 8.3.1.2")


def unknown_transaction() -> ProtocolError:
    """Section 9.3: not ours, not this token's, or answered already."""
    return ProtocolError("invalid_transaction_id", "transaction_id", clause="OpenID4VCI 1.0 section 9.3")


def read_response_encryption(stored: Mapping[str, Any]) -> ResponseEncryption:
    """What `ResponseEncryption.to_object` gave."""
    return ResponseEncryption(stored["jwk"], stored["enc"])


def is_encrypted(content_type: str) -> bool:
    return content_type.split(";", 1)[0].strip().lower() == ENCRYPTED


def _read(
    body: bytes, content_type: str, private_jwks: PrivateKeys, refusing: Refusing
) -> tuple[dict[str, Any], bool]:
    if not is_encrypted(content_type):
        return parse_json_body(body, content_type, refusing, max_bytes=MAX_BODY), False
    if len(body) > MAX_JWE or not private_jwks:
        raise _ENCRYPTION("jwe_size", found=len(body), expected=MAX_JWE)
    try:
        text = body.decode("ascii").strip()
    except UnicodeDecodeError:
        raise _ENCRYPTION("jwe_format", clause="RFC 7516 section 7.1") from None
    return decrypt(text, private_jwks=private_jwks, refusing=_ENCRYPTION), True


def _response_encryption(members: Mapping[str, Any], came_encrypted: bool) -> ResponseEncryption | None:
    if "credential_response_encryption" not in members:
        return None
    asked = members["credential_response_encryption"]
    jwk = asked.get("jwk") if isinstance(asked, Mapping) else None
    if not came_encrypted or not isinstance(asked, Mapping) or not isinstance(jwk, Mapping):
        raise _ENCRYPTION(
            "response_encryption", clause="OpenID4VCI 1.0 section 8.2", expected="an encrypted request"
        )
    if asked.get("enc") not in ENCS or "zip" in asked:
        raise _ENCRYPTION("response_enc", found=asked.get("enc"), expected=ENCS)
    return ResponseEncryption(_recipient(jwk), str(asked["enc"]))


def _recipient(jwk: Mapping[str, Any]) -> dict[str, str]:
    """The wallet's key, which says itself what it is for (section 8.2)."""
    if jwk.get("alg") != ALG:
        raise _ENCRYPTION("response_jwk", found=jwk.get("alg"), expected=ALG)
    return check_recipient(jwk, _ENCRYPTION)


def _unknown(code: str, found: str) -> ProtocolError:
    return ProtocolError(code, code, clause="OpenID4VCI 1.0 section 8.3.1.2", found=found)


def _proofs(members: Mapping[str, Any], max_proofs: int) -> tuple[str, ...]:
    refusing = Refusing("invalid_proof", "OpenID4VCI 1.0 section 8.2")
    proofs = members.get("proofs")
    if proofs is None and isinstance(members.get("proof"), dict):
        single = members["proof"]
        proofs = {single.get("proof_type"): [single.get("jwt")]}
    if not isinstance(proofs, dict) or list(proofs) != ["jwt"]:
        raise refusing("proofs", found=type(proofs).__name__, expected="proofs.jwt")
    texts = proofs["jwt"]
    if not isinstance(texts, list) or not texts or not all(isinstance(text, str) for text in texts):
        raise refusing("proofs", expected="a non-empty list of texts")
    if len(texts) > max_proofs:
        raise refusing("proof_count", found=len(texts), expected=max_proofs)
    return tuple(texts)
