"""What came back, read as one thing only, and held against what was asked for. Pure; nothing here is logged.

Protects against a result for another request, of another kind of card, by another issuer, revoked, expired, or without a
face that is alike enough: what the service was told to check is checked once more here, so that a request that was
made wrong cannot pass. What it does not do: verify a signature, for a callback has none; who sent it is `receiving`'s.
"""

from __future__ import annotations

import base64
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

RETRIEVED = "request_retrieved"
STATUSES = {
    "issuance": frozenset({RETRIEVED, "issuance_successful", "issuance_error"}),
    "presentation": frozenset({RETRIEVED, "presentation_verified", "presentation_error"}),
}
MAX_DEPTH = 12
FACE_TOO_UNLIKE = "face_too_unlike"
# What the service tells when a request failed, in our words. `claimValidationError` is said of a face below the threshold and
# of a claim that was constrained: only its message tells them apart, and only a face costs something.
_CLAIMS_REFUSED = "claimValidationError"
_ABOUT_THE_FACE = re.compile(r"\bconfidence score\b", re.IGNORECASE)
_ERRORS = {
    _CLAIMS_REFUSED: "claims_not_asked",
    "accessDenied": "declined",
    "IssuanceFlowFailed": "issuance_failed",
    "tokenError": "card_refused",
}


class Unreadable(Exception):
    """A callback that is none. `reason` is ours, and never a part of what was sent."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Notice:
    """A callback. `body` holds claims and stays out of logs."""

    service_id: str
    status: str
    state: str = field(repr=False)
    body: Mapping[str, Any] = field(repr=False)

    @property
    def problem(self) -> str:
        """Why it failed, in a word of ours. The service's message may be anything and is not kept."""
        error = self.body.get("error")
        if not isinstance(error, dict):
            return "failed_there"
        code, message = error.get("code"), error.get("message")
        if code == _CLAIMS_REFUSED and isinstance(message, str) and _ABOUT_THE_FACE.search(message):
            return FACE_TOO_UNLIKE
        return _ERRORS.get(code, "failed_there") if isinstance(code, str) else "failed_there"


@dataclass(frozen=True, slots=True)
class VerifiedCard:
    """`confidence` is None where no face was asked for."""

    issuer: str
    confidence: Decimal | None
    expires_at: datetime
    claims: Mapping[str, str] = field(repr=False)
    subject: str = field(repr=False)


def read_notice(raw: bytes, *, expected_kind: str) -> Notice:
    """Unreadable for anything that is no callback of that kind of request."""
    try:
        found = json.loads(raw, object_pairs_hook=_once, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Unreadable("not_json") from error
    if not isinstance(found, dict) or _depth(found) > MAX_DEPTH:
        raise Unreadable("not_json")
    service_id, status, state = (found.get(name) for name in ("requestId", "requestStatus", "state"))
    if not isinstance(service_id, str) or not isinstance(state, str) or not isinstance(status, str):
        raise Unreadable("member_missing")
    if status not in STATUSES[expected_kind]:
        raise Unreadable("status_unknown")
    return Notice(service_id, status, state, found)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name is given twice")
    return found


def _no_constant(name: str) -> None:
    raise ValueError(name)


def _depth(value: object) -> int:
    if isinstance(value, dict):
        return 1 + max(map(_depth, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(_depth, value), default=0)
    return 0


def verify_shown(
    notice: Notice,
    *,
    expected_type: str,
    expected_issuers: Sequence[str],
    expected_threshold: int | None,
    now: datetime,
) -> VerifiedCard:
    """What was shown, or Unreadable with the first that does not hold:

    1. exactly one card was shown
    2. by an issuer that is accepted; no list accepts nobody
    3. of the type that was asked for
    4. that is not revoked, said in so many words
    5. whose domain was validated
    6. that has not expired
    7. with a live face at least as alike as was asked for; none only where none was asked for
    """
    shown = notice.body.get("verifiedCredentialsData")
    if not isinstance(shown, list) or len(shown) != 1 or not isinstance(shown[0], dict):  # 1
        raise Unreadable("not_one_card")
    card = shown[0]
    issuer = card.get("issuer")
    if not isinstance(issuer, str) or issuer not in expected_issuers:  # 2
        raise Unreadable("issuer_not_accepted")
    types = card.get("type")
    if not isinstance(types, list) or expected_type not in types:  # 3
        raise Unreadable("type_not_asked")
    if _member(card, "credentialState", "revocationStatus") != "VALID":  # 4
        raise Unreadable("not_known_valid")
    if not _member(card, "domainValidation", "url"):  # 5
        raise Unreadable("domain_not_validated")
    expires_at = _expires_at(card)
    if expires_at <= now:  # 6
        raise Unreadable("card_expired")
    confidence = None
    if expected_threshold is not None:  # 7
        confidence = _confidence(_member(card, "faceCheck", "matchConfidenceScore"))
        if confidence < expected_threshold:
            raise Unreadable(FACE_TOO_UNLIKE)
    claims = card.get("claims")
    texts = (
        {str(name): value for name, value in claims.items() if isinstance(value, str)}
        if isinstance(claims, dict)
        else {}
    )
    return VerifiedCard(issuer, confidence, expires_at, texts, str(notice.body.get("subject", "")))


def check_receipt(
    notice: Notice, *, expected_card: str, expected_threshold: int, expected_confidence: Decimal
) -> None:
    """The receipt of a Face Check has to tell what the callback told: which card, held to which threshold, how alike.
    Unreadable when it tells otherwise. The service's pages disagree on whether it sends one; without one there is nothing to
    compare. Its signature is not verified: it came by the same way as everything else, and what counts of the card is asked
    for where it is kept."""
    receipt = notice.body.get("receipt")
    token = receipt.get("faceCheck") if isinstance(receipt, dict) else None
    if token is None:
        return
    results = _face_results(token)
    fitting = [one for one in results if isinstance(one, dict) and one.get("sourceVcJti") == expected_card]
    if len(results) != 1 or len(fitting) != 1:
        raise Unreadable("receipt_of_another_card")
    threshold, score = fitting[0].get("matchConfidenceThreshold"), fitting[0].get("matchConfidenceScore")
    if threshold != expected_threshold or _confidence(score) != expected_confidence:
        raise Unreadable("receipt_differs")


def _face_results(unverified_token: Any) -> list[Any]:
    try:
        middle = unverified_token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
        results = (
            claims["vc"].get("faceCheckResults") or claims["vc"]["credentialSubject"]["faceCheckResults"]
        )
    except (AttributeError, IndexError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise Unreadable("receipt_differs") from error
    return results if isinstance(results, list) else []


def without_tokens(raw: bytes) -> bytes:
    """A callback as it may rest for a moment: the tokens of a receipt hold the card, with its photo, and are not needed."""
    found = json.loads(raw)
    receipt = found.get("receipt")
    if isinstance(receipt, dict):
        found["receipt"] = {name: value for name, value in receipt.items() if name == "faceCheck"}
    return json.dumps(found).encode()


def _member(card: Mapping[str, Any], outer: str, inner: str) -> Any:
    found = card.get(outer)
    return found.get(inner) if isinstance(found, dict) else None


def _expires_at(card: Mapping[str, Any]) -> datetime:
    text = card.get("expirationDate")
    try:
        found = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        found = None
    if found is None:
        raise Unreadable("expiry_missing")
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _confidence(value: Any) -> Decimal:
    """From 0 to 100. No score is no face."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise Unreadable("face_missing")
    if not 0 <= value <= 100:
        raise Unreadable("face_missing")
    return round(Decimal(str(value)), 3)
