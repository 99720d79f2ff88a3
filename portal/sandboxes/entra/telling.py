"""What becomes of a request: the callbacks it causes, and the card that was taken or shown."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from django.db import transaction

from portal.sandboxes.entra import registered
from portal.sandboxes.entra.api.records import index_hash
from portal.sandboxes.entra.models import Asked, Card, Delivery
from portal.sandboxes.microsoft import signed

MAX_PIN_TRIES = 3


class Refusal(Exception):
    """The pretended wallet does not do that; the sentence says why."""


def _open(request_id: str) -> Asked:
    asked = Asked.objects.get(id=request_id)
    if asked.is_over:
        raise Refusal("This request is over.")
    if asked.expires_at <= time.time():
        raise Refusal("This request has expired.")
    return asked


def tell(asked: Asked, status: str, *, is_lost: bool = False, **more: Any) -> None:
    """Move the request and put the callback on its way, unless it is to be lost there."""
    asked.status = status
    asked.save(update_fields=["status", "pin_tries"])
    if is_lost:
        return
    body = {
        "requestId": asked.id,
        "requestStatus": status,
        "state": asked.wanted["callback"]["state"],
        **more,
    }
    Delivery.objects.create(asked=asked, body=json.dumps(body), next_at=0.0)


@transaction.atomic
def retrieve(request_id: str) -> None:
    asked = _open(request_id)
    if asked.status == "created":
        tell(asked, "request_retrieved")


@transaction.atomic
def refuse(request_id: str) -> None:
    """The person pressed Cancel. What the real service says then is not documented; this is our guess."""
    asked = _open(request_id)
    error = {"code": "accessDenied", "message": "The user declined the request."}
    tell(asked, f"{asked.kind}_error", error=error)


@transaction.atomic
def expire(request_id: str) -> None:
    """Nobody answers any more. Nothing is told: the caller knows `expiry`."""
    asked = _open(request_id)
    asked.status, asked.expires_at = "expired", int(time.time())
    asked.save(update_fields=["status", "expires_at"])


# Taking a card -----------------------------------------------------------------------------------------------------


def accept_card(request_id: str, pin: str, *, is_lost: bool = False) -> str:
    """Take the card that is offered. Returns a sentence for a pin that is wrong, else nothing."""
    with transaction.atomic():
        asked = _open(request_id)
        if "pin" in asked.wanted and not _is_pin(pin, asked.wanted["pin"]):
            asked.pin_tries += 1
            asked.save(update_fields=["pin_tries"])
            if asked.pin_tries < MAX_PIN_TRIES:
                return "That is not the pin."
            _issuance_failed(asked)
            return "That is not the pin, for the third time. The offer is over."
        claims = asked.wanted.get("claims", {})
        if any(not claims.get(name) for name in registered.REQUIRED_CLAIMS):
            _issuance_failed(asked)
            return "The contract asks for a claim that was not sent. The offer is over."
        now = int(time.time())
        known = (*registered.REQUIRED_CLAIMS, *registered.OPTIONAL_CLAIMS)
        indexed = claims.get(registered.INDEXED_CLAIM, "")
        Card.objects.create(
            type=asked.wanted["type"],
            issuer=asked.wanted["authority"],
            subject=f"did:ion:{secrets.token_urlsafe(24)}",
            # The contract maps what it knows; what else was sent is in no card.
            claims={name: value for name, value in claims.items() if name in known},
            issued_at=now,
            expires_at=_expiration(asked, now),
            record_id=f"urn:pic:{uuid4().hex}",
            index_hash=index_hash(indexed) if indexed else "",
        )
        tell(asked, "issuance_successful", is_lost=is_lost)
    return ""


def _issuance_failed(asked: Asked) -> None:
    tell(asked, "issuance_error", error={"code": "IssuanceFlowFailed", "message": "issuance_service_error"})


def _expiration(asked: Asked, now: int) -> int:
    if "expirationDate" not in asked.wanted:
        return now + registered.VALID_SECONDS
    return int(datetime.fromisoformat(asked.wanted["expirationDate"][:19]).replace(tzinfo=UTC).timestamp())


def _is_pin(typed: str, pin: dict[str, Any]) -> bool:
    if "salt" in pin:
        hashed = hashlib.sha256(f"{pin['salt']}{typed}".encode()).digest()
        typed = base64.b64encode(hashed).decode()
    return hmac.compare_digest(typed.encode(), str(pin["value"]).encode())


# Showing a card ----------------------------------------------------------------------------------------------------


def cards_for(asked: Asked) -> list[Card]:
    """What the pretended wallet would let somebody choose from: of the type, by an accepted issuer, as constrained, and
    with a photo where a face is compared."""
    wanted = asked.wanted["requestedCredentials"][0]
    found = Card.objects.filter(type=wanted["type"], expires_at__gt=int(time.time())).order_by("-id")
    if wanted.get("acceptedIssuers"):
        found = found.filter(issuer__in=wanted["acceptedIssuers"])
    face = face_check_of(asked)
    fitting = [card for card in found[:50] if face is None or card.claims.get(face["sourcePhotoClaimName"])]
    return [card for card in fitting if all(_meets(card, one) for one in wanted.get("constraints", ()))]


def _meets(card: Card, constraint: dict[str, Any]) -> bool:
    value = str(card.claims.get(constraint["claimName"], "")).casefold()
    if "values" in constraint:
        return value in [each.casefold() for each in constraint["values"]]
    if "contains" in constraint:
        return str(constraint["contains"]).casefold() in value
    return value.startswith(str(constraint["startsWith"]).casefold())


def face_check_of(asked: Asked) -> dict[str, Any] | None:
    wanted = asked.wanted["requestedCredentials"][0]
    found: dict[str, Any] | None = wanted.get("configuration", {}).get("validation", {}).get("faceCheck")
    return found


@transaction.atomic
def show_card(request_id: str, card_id: int, score: float, *, is_lost: bool = False) -> None:
    """Show a card, with a face that is `score` like its photo."""
    asked = _open(request_id)
    card = next((each for each in cards_for(asked) if each.id == card_id), None)
    if card is None:
        raise Refusal("No card of that kind is in the wallet.")
    validation = asked.wanted["requestedCredentials"][0].get("configuration", {}).get("validation", {})
    if card.is_revoked and not validation.get("allowRevoked", False):
        error = {"code": "tokenError", "message": "The presented verifiable credential is revoked."}
        tell(asked, "presentation_error", error=error)
        return
    face = validation.get("faceCheck")
    if face is not None and score < face.get("matchConfidenceThreshold", 70):
        message = "Match confidence score failing to meet the threshold."
        tell(asked, "presentation_error", error={"code": "claimValidationError", "message": message})
        return
    tell(asked, "presentation_verified", is_lost=is_lost, **_verified(asked, card, validation, score))


def _moment(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _verified(asked: Asked, card: Card, validation: dict[str, Any], score: float) -> dict[str, Any]:
    face = validation.get("faceCheck")
    photo = face["sourcePhotoClaimName"] if face else ""
    shown: dict[str, Any] = {
        "issuer": card.issuer,
        "type": ["VerifiableCredential", card.type],
        # The photo goes to the comparison and not to the caller.
        "claims": {name: value for name, value in card.claims.items() if name != photo},
        "credentialState": {"revocationStatus": "INVALID" if card.is_revoked else "VALID"},
        "issuanceDate": _moment(card.issued_at),
        "expirationDate": _moment(card.expires_at),
    }
    if validation.get("validateLinkedDomain"):
        shown["domainValidation"] = {"url": "https://contoso.example/"}
    if face:
        shown["faceCheck"] = {"matchConfidenceScore": score, "sourcePhotoQuality": "HIGH"}
    more: dict[str, Any] = {"subject": card.subject, "verifiedCredentialsData": [shown]}
    if asked.wanted.get("includeReceipt"):
        more["receipt"] = _receipt(asked, card, face, score)
    return more


def _receipt(asked: Asked, card: Card, face: dict[str, Any] | None, score: float) -> dict[str, str]:
    now = int(time.time())
    made = {
        "id_token": signed({"sub": card.subject, "iat": now, "nonce": asked.id}),
        "vp_token": signed({"iss": card.subject, "iat": now}),
        "state": asked.wanted["callback"]["state"],
    }
    if face:
        result = {
            "sourceVcJti": card.record_id,
            "matchConfidenceThreshold": face.get("matchConfidenceThreshold", 70),
            "matchConfidenceScore": score,
            "sourcePhotoQuality": "HIGH",
        }
        made["faceCheck"] = signed(
            {"iat": now, "vc": {"type": ["MicrosoftFaceCheckReceipt"], "faceCheckResults": [result]}}
        )
    return made
