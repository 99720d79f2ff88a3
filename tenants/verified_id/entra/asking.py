"""What is asked for: the bodies of the two requests, as the documentation has them. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

LEAST_THRESHOLD, MOST_THRESHOLD = 50, 100


@dataclass(frozen=True, slots=True)
class Callback:
    """Where the result is sent, and the two secrets that come back with it."""

    url: str
    state: str = field(repr=False)
    api_key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks: the tenant's authority at Microsoft, and its name as people read it in the app."""

    authority: str
    name: str


def _common(asker: Asker, callback: Callback) -> dict[str, Any]:
    return {
        "authority": asker.authority,
        "includeQRCode": False,
        "registration": {"clientName": asker.name},
        "callback": {
            "url": callback.url,
            "state": callback.state,
            "headers": {"api-key": callback.api_key},
        },
    }


def issuance_body(
    asker: Asker,
    callback: Callback,
    *,
    credential_type: str,
    manifest_url: str,
    claims: Mapping[str, str],
    pin: str,
) -> dict[str, Any]:
    return _common(asker, callback) | {
        "type": credential_type,
        "manifest": manifest_url,
        "claims": dict(claims),
        "pin": {"value": pin, "length": len(pin), "type": "numeric"},
    }


def presentation_body(
    asker: Asker,
    callback: Callback,
    *,
    purpose: str,
    credential_type: str,
    accepted_issuers: Sequence[str],
    photo_claim: str,
    threshold: int | None,
    marks: tuple[str, Sequence[str]] = ("", ()),
) -> dict[str, Any]:
    """`threshold` None asks for no face. `marks`: the claim that tells cards apart, and those that are wanted; none for any.
    ValueError without an issuer: an empty list means anybody's card to the service."""
    if not accepted_issuers:
        raise ValueError("a request without accepted issuers accepts everybody's card")
    whole = _common(asker, callback)
    whole["registration"]["purpose"] = purpose
    validation: dict[str, Any] = {"allowRevoked": False, "validateLinkedDomain": True}
    if threshold is not None:
        if not LEAST_THRESHOLD <= threshold <= MOST_THRESHOLD:
            raise ValueError("the threshold is outside what the service knows")
        validation["faceCheck"] = {"sourcePhotoClaimName": photo_claim, "matchConfidenceThreshold": threshold}
    wanted: dict[str, Any] = {
        "type": credential_type,
        "purpose": purpose,
        "acceptedIssuers": list(accepted_issuers),
        "configuration": {"validation": validation},
    }
    claim, wanted_marks = marks
    if wanted_marks:
        wanted["constraints"] = [{"claimName": claim, "values": list(wanted_marks)}]
    return whole | {"includeReceipt": threshold is not None, "requestedCredentials": [wanted]}
