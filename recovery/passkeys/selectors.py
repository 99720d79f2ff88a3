"""Reading passkeys and sessions."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from portal.kit import clock
from portal.kit.codes import digest
from recovery.passkeys.models import Passkey, PersonSession, SavedRecoveryCode
from tenants.directory.models import DirectoryPerson

IDLE = timedelta(hours=1)
# How long a passkey from before a recovery waits to be confirmed.
CONFIRM_WITHIN = timedelta(days=30)


def passkeys_of(person_id: UUID) -> list[Passkey]:
    """All that were not invalidated, newest first; frozen ones too."""
    return list(Passkey.objects.filter(person_id=person_id, invalidated_at=None).order_by("-created_at"))


def invalidated_by_recovery(person_id: UUID, since: datetime | None) -> list[Passkey]:
    """What a recovery that ended at `since` took away."""
    if since is None:
        return []
    near = (since - timedelta(minutes=2), since + timedelta(minutes=2))
    found = Passkey.objects.filter(
        person_id=person_id, invalidated_reason="recovered", invalidated_at__range=near
    )
    return list(found.order_by("created_at"))


def suspended_by_recovery(person_id: UUID, since: datetime | None) -> list[Passkey]:
    """What a recovery that ended at `since` suspended, as far as it was not confirmed meanwhile."""
    if since is None:
        return []
    near = (since - timedelta(minutes=2), since + timedelta(minutes=2))
    found = Passkey.objects.filter(person_id=person_id, suspended_at__range=near)
    return list(found.order_by("created_at"))


def usable_passkeys_of(person_id: UUID) -> list[Passkey]:
    """Those that open the account."""
    return [passkey for passkey in passkeys_of(person_id) if passkey.is_usable]


def is_active(person_id: UUID) -> bool:
    """Whether the account may be used at all: a suspended person signs in nowhere."""
    return DirectoryPerson.objects.filter(id=person_id, status=DirectoryPerson.Status.ACTIVE).exists()


def session_of(token: str) -> PersonSession | None:
    """The live session behind a cookie."""
    if not token:
        return None
    moment = clock.now()
    found = PersonSession.objects.filter(
        token_digest=digest(token), ended_at=None, expires_at__gt=moment, last_seen_at__gt=moment - IDLE
    ).first()
    # Whoever was suspended is out at once, whatever their browser still holds.
    return found if found is not None and is_active(found.person_id) else None


def saved_codes_left(person_id: UUID) -> int:
    return SavedRecoveryCode.objects.filter(person_id=person_id, used_at=None, replaced_at=None).count()


def sessions_of(person_id: UUID) -> list[PersonSession]:
    """The person's live sessions, newest first."""
    live = PersonSession.objects.filter(person_id=person_id, ended_at=None, expires_at__gt=clock.now())
    return list(live.select_related("passkey").order_by("-last_seen_at"))
