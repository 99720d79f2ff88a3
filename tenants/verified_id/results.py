"""What became of a request for a Verified ID: for scripts and for pages that show it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID

from portal.kit import clock
from portal.kit.ids import public_id
from tenants.verified_id.credentials import status_of
from tenants.verified_id.models import Credential, Presentation
from tenants.verified_id.portraits import PREFIX, portrait_bytes
from tenants.verified_id.presentation import MAX_TRIES, get_presentation, read_shown


class ResultStatus(StrEnum):
    """CHECKING: verified but for the status that another issuer publishes. VERIFIED: shown and verified, whether or not a browser came back. DECLINED: the wallet said no. REFUSED: as many
    answers as are counted were wrong. FORGOTTEN: verified, and what was shown is destroyed."""

    WAITING = "waiting"
    CHECKING = "checking"
    VERIFIED = "verified"
    DECLINED = "declined"
    REFUSED = "refused"
    EXPIRED = "expired"
    FORGOTTEN = "forgotten"


@dataclass(frozen=True, slots=True)
class Result:
    status: ResultStatus
    reasons: tuple[str, ...]
    claims: Mapping[str, Any] = field(default_factory=dict, repr=False)
    portrait: bytes | None = field(default=None, repr=False)
    issuer: str = ""
    type: str = ""
    format: str = ""
    holder: str = ""
    credential: str = ""
    credential_status: str = ""

    @property
    def portrait_sha256(self) -> str:
        return hashlib.sha256(self.portrait or b"").hexdigest()


def _status(row: Presentation) -> ResultStatus:
    match row.state:
        case Presentation.State.REFUSED:
            return ResultStatus.DECLINED if row.refusal.startswith("wallet_") else ResultStatus.REFUSED
        case Presentation.State.CHECKING:
            return ResultStatus.CHECKING
        case Presentation.State.WAITING if row.tries >= MAX_TRIES:
            return ResultStatus.REFUSED
        case Presentation.State.WAITING if row.expires_at <= clock.now():
            return ResultStatus.EXPIRED
        case Presentation.State.WAITING:
            return ResultStatus.WAITING
        case _:
            return ResultStatus.FORGOTTEN if row.sealed is None else ResultStatus.VERIFIED


def _reasons(row: Presentation) -> tuple[str, ...]:
    """Why answers were refused, each once, and how the wallet said no."""
    return tuple(sorted({*row.refusals, *([row.refusal] if row.refusal else [])}))


def result_of(presentation_id: UUID) -> Result:
    """What became of it, without letting go of what was shown. NotHere when there is no such request."""
    row = get_presentation(presentation_id)
    status, reasons = _status(row), _reasons(row)
    if status is not ResultStatus.VERIFIED:
        return Result(status, reasons)
    shown = read_shown(row)
    claims, portrait = dict(shown.claims), None
    if str(claims.get("portrait", "")).startswith(PREFIX):
        portrait = portrait_bytes(str(claims.pop("portrait")))
    credential = row.credential_id
    return Result(
        status,
        reasons,
        claims=claims,
        portrait=portrait,
        issuer=shown.issuer,
        type=shown.type,
        format=shown.format,
        holder=row.holder_thumbprint,
        credential=public_id(Credential.prefix, credential) if credential else "",
        # Another issuer's was asked for when it was shown, and is not asked for again.
        credential_status=status_of(credential) if credential else "valid",
    )
