"""WebAuthn verification for one relying party, around py_webauthn: typed, strict, one family of errors."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from webauthn import (
    base64url_to_bytes,
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    CredentialDeviceType,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from portal.kit.errors import Refused

TIMEOUT_MS = 300_000
MAX_CREDENTIAL_ID = 1023
ALGORITHMS = [
    COSEAlgorithmIdentifier.ECDSA_SHA_256,
    COSEAlgorithmIdentifier.EDDSA,
    COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256,
]


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """`rp_id` is the tenant's host without its port; `origin` the one exact origin that may answer."""

    rp_id: str
    name: str
    origin: str


@dataclass(frozen=True, slots=True)
class VerifiedRegistration:
    credential_id: bytes
    public_key: bytes = field(repr=False)
    sign_count: int
    aaguid: str
    backup_eligible: bool
    backed_up: bool


@dataclass(frozen=True, slots=True)
class VerifiedAuthentication:
    sign_count: int
    backed_up: bool


def _json(options: Any) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(options_to_json(options))
    return made


def registration_options(
    party: RelyingParty,
    *,
    user_handle: bytes,
    user_name: str,
    display_name: str,
    challenge: bytes,
    exclude: Sequence[bytes],
) -> dict[str, Any]:
    """Options for `navigator.credentials.create` (WebAuthn Level 3, 7.1 step 1): discoverable, user verification."""
    return _json(
        generate_registration_options(
            rp_id=party.rp_id,
            rp_name=party.name,
            user_id=user_handle,
            user_name=user_name,
            user_display_name=display_name,
            challenge=challenge,
            timeout=TIMEOUT_MS,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED,
                require_resident_key=True,
                user_verification=UserVerificationRequirement.REQUIRED,
            ),
            supported_pub_key_algs=ALGORITHMS,
            exclude_credentials=[PublicKeyCredentialDescriptor(id=known) for known in exclude],
        )
    )


def authentication_options(party: RelyingParty, *, challenge: bytes) -> dict[str, Any]:
    """Options for `navigator.credentials.get`: no allow list, so nothing tells who has an account here."""
    return _json(
        generate_authentication_options(
            rp_id=party.rp_id,
            challenge=challenge,
            timeout=TIMEOUT_MS,
            user_verification=UserVerificationRequirement.REQUIRED,
        )
    )


def verify_registration(
    response: dict[str, Any], *, expected_party: RelyingParty, expected_challenge: bytes
) -> VerifiedRegistration:
    """WebAuthn Level 3, 7.1. Refused("registration_invalid") for every way to fail.

    1. type `webauthn.create` (step 7), challenge (8), origin in an exact list of one (9), no foreign top origin (10–11)
    2. rpIdHash (13), user present (14), user verified (15)
    3. BE and BS agree (16–17), algorithm offered (19), attestation statement by its format (20–22)
    4. credential id at most 1023 bytes (25)
    """
    try:
        done = verify_registration_response(
            credential=response,
            expected_challenge=expected_challenge,
            expected_rp_id=expected_party.rp_id,
            expected_origin=expected_party.origin,
            require_user_presence=True,
            require_user_verification=True,
            supported_pub_key_algs=ALGORITHMS,
        )
    except Exception as error:
        # The library reads eight formats of attestation out of the sender's bytes: whatever trips it is a no.
        raise Refused("registration_invalid", detail={"cause": _cause_of(error)}) from error
    if _is_cross_origin(response):
        raise Refused("registration_invalid", detail={"cause": "cross_origin"})
    if len(done.credential_id) > MAX_CREDENTIAL_ID:
        raise Refused("registration_invalid", detail={"cause": "credential_id_too_long"})
    return VerifiedRegistration(
        credential_id=done.credential_id,
        public_key=done.credential_public_key,
        sign_count=done.sign_count,
        aaguid=done.aaguid,
        backup_eligible=done.credential_device_type is CredentialDeviceType.MULTI_DEVICE,
        backed_up=done.credential_backed_up,
    )


# What the library says in words, as the code that is written down; anything else by the name of its error.
CAUSES = {
    "User verification": "no_user_verification",
    "User presence": "no_user_presence",
    "Unexpected client data origin": "other_origin",
    "Unexpected RP ID hash": "other_relying_party",
    "Client data challenge": "other_challenge",
    "Unexpected client data type": "other_ceremony",
}


def _cause_of(error: Exception) -> str:
    said = str(error)
    return next((code for words, code in CAUSES.items() if said.startswith(words)), type(error).__name__)


def _is_cross_origin(response: dict[str, Any]) -> bool:
    """7.1 steps 10–11 and 7.2 steps 13–14: we are never framed."""
    try:
        client_data = json.loads(base64url_to_bytes(response["response"]["clientDataJSON"]))
    except (ValueError, KeyError, TypeError, RecursionError):
        return True
    return bool(client_data.get("crossOrigin")) or "topOrigin" in client_data


def verify_authentication(
    response: dict[str, Any],
    *,
    expected_party: RelyingParty,
    expected_challenge: bytes,
    expected_user_handle: bytes,
    public_key: bytes,
    sign_count: int,
) -> VerifiedAuthentication:
    """WebAuthn Level 3, 7.2. Refused("authentication_invalid") for every way to fail, a cloned counter included."""
    try:
        handle = base64url_to_bytes(response["response"].get("userHandle") or "")
        done = verify_authentication_response(
            credential=response,
            expected_challenge=expected_challenge,
            expected_rp_id=expected_party.rp_id,
            expected_origin=expected_party.origin,
            credential_public_key=public_key,
            credential_current_sign_count=sign_count,
            require_user_verification=True,
        )
    except Exception as error:
        raise Refused("authentication_invalid", detail={"cause": type(error).__name__}) from error
    # Step 6: a discoverable credential must name its user.
    if handle != expected_user_handle or _is_cross_origin(response):
        raise Refused("authentication_invalid", detail={"cause": "user_handle_or_origin"})
    return VerifiedAuthentication(done.new_sign_count, done.credential_backed_up)
