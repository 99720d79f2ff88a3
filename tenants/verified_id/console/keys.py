"""Signing keys as the console lists them: their state with its dates, and what each has signed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Max, Q

from portal.kit import clock
from portal.kit.errors import NotHere
from tenants.verified_id.models import Credential, SigningKey, StatusList
from tenants.verified_id.selectors import signing_keys
from tenants.verified_id.signing import LINGERS

_STATE = Credential.State


@dataclass(frozen=True, slots=True)
class Signed:
    """How many cards a key signed: `valid` can be shown now, `kept` could be again or are."""

    valid: int = 0
    expired: int = 0
    suspended: int = 0
    revoked: int = 0
    last_expires_at: datetime | None = None

    @property
    def kept(self) -> int:
        """What a compromise would revoke."""
        return self.valid + self.expired + self.suspended

    @property
    def all(self) -> int:
        return self.kept + self.revoked


@dataclass(frozen=True, slots=True)
class KeyShown:
    """`leaves_at`: when it is published no longer; None while that is not sure."""

    key: SigningKey
    signed: Signed

    @property
    def thumbprint(self) -> str:
        return self.key.kid.partition("#")[2]

    @property
    def leaves_at(self) -> datetime | None:
        if self.key.state != SigningKey.State.RETIRED or self.key.retired_at is None:
            return None
        lingers = self.key.retired_at + LINGERS
        return max(lingers, self.signed.last_expires_at) if self.signed.last_expires_at else lingers


def _signed(**chosen: UUID) -> Mapping[UUID, Signed]:
    """By key, in one query."""
    moment = clock.now()
    live, over = Q(expires_at__gt=moment), Q(expires_at__lte=moment)
    rows = (
        Credential.objects.filter(**chosen)
        .order_by()
        .values("status_list__key")
        .annotate(
            valid=Count("id", filter=Q(state=_STATE.VALID) & live),
            expired=Count("id", filter=Q(state=_STATE.VALID) & over),
            suspended=Count("id", filter=Q(state=_STATE.SUSPENDED)),
            revoked=Count("id", filter=Q(state=_STATE.REVOKED)),
            last_expires_at=Max("expires_at"),
        )
    )
    return {
        row["status_list__key"]: Signed(
            row["valid"], row["expired"], row["suspended"], row["revoked"], row["last_expires_at"]
        )
        for row in rows
    }


def keys_shown() -> list[KeyShown]:
    """Every key, the newest first."""
    signed = _signed()
    return [KeyShown(key, signed.get(key.id, Signed())) for key in signing_keys()]


def get_key_shown(thumbprint: str) -> KeyShown:
    """NotHere for one that is not ours."""
    key = SigningKey.objects.filter(kid__endswith=f"#{thumbprint}").first()
    if key is None:
        raise NotHere("key_unknown")
    return KeyShown(key, _signed(status_list__key=key.id).get(key.id, Signed()))


def list_address(key: SigningKey) -> str:
    """Where the list of the cards it signed is published."""
    return (
        StatusList.objects.filter(key=key).order_by("-created_at").values_list("uri", flat=True).first() or ""
    )
