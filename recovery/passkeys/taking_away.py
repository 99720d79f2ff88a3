"""What a person can no longer get in with: passkeys taken away, suspended or frozen, and sessions that end.

Protects an account whose old devices are lost, or whose new passkey is somebody else's. What it does not do: decide which
of them it was; recovery, the person themself and "this was not me" do.
"""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from django.db import transaction

from portal.kit import clock
from portal.kit.actors import Actor
from portal.kit.ids import public_id
from recovery.passkeys.models import Passkey, PersonSession
from recovery.passkeys.selectors import CONFIRM_WITHIN
from tenants.audit.events import EventName
from tenants.audit.services import record_event


def invalidate_passkeys(person_id: UUID, *, keep: Collection[UUID], reason: str, actor: Actor) -> int:
    """Take away every passkey of a person but those kept (NIST SP 800-63B-4, 4.4). How many there were."""
    gone = list(
        Passkey.objects.select_for_update()
        .filter(person_id=person_id, invalidated_at=None)
        .exclude(id__in=list(keep))
    )
    Passkey.objects.filter(id__in=[passkey.id for passkey in gone]).update(
        invalidated_at=clock.now(), invalidated_reason=reason
    )
    for passkey in gone:
        record_event(
            EventName.PASSKEY_INVALIDATED, actor=actor, subject=passkey.public_id, data={"reason": reason}
        )
    return len(gone)


def suspend_passkeys(person_id: UUID, *, keep: Collection[UUID], reason: str, actor: Actor) -> int:
    """Make every passkey of a person but those kept open nothing until the person confirms it. How many there were. One
    that waits since an earlier recovery, or is frozen, is nobody's any more: take those away first."""
    live = Passkey.objects.select_for_update().filter(
        person_id=person_id, invalidated_at=None, frozen_at=None, suspended_at=None
    )
    suspended = list(live.exclude(id__in=list(keep)))
    Passkey.objects.filter(id__in=[passkey.id for passkey in suspended]).update(suspended_at=clock.now())
    for passkey in suspended:
        record_event(
            EventName.PASSKEY_SUSPENDED, actor=actor, subject=passkey.public_id, data={"reason": reason}
        )
    return len(suspended)


def confirm_passkey(passkey_id: UUID, *, actor: Actor) -> bool:
    """The person says that they still have it: it works again. False, and nothing happens, for one that was not suspended,
    was taken away or frozen meanwhile, or has waited for too long. It takes effect once, however many ask."""
    since = clock.now() - CONFIRM_WITHIN
    waits = Passkey.objects.filter(id=passkey_id, invalidated_at=None, frozen_at=None, suspended_at__gt=since)
    if not waits.update(suspended_at=None):
        return False
    record_event(EventName.PASSKEY_CONFIRMED, actor=actor, subject=public_id(Passkey.prefix, passkey_id))
    return True


def take_away_unconfirmed(*, actor: Actor) -> int:
    """Those that nobody confirmed in time go, as they would have at once. In the scope."""
    late = Passkey.objects.select_for_update().filter(
        invalidated_at=None, suspended_at__lte=clock.now() - CONFIRM_WITHIN
    )
    gone = list(late.order_by("id")[:500])
    Passkey.objects.filter(id__in=[passkey.id for passkey in gone]).update(
        invalidated_at=clock.now(), invalidated_reason="passkey_not_confirmed"
    )
    for passkey in gone:
        record_event(
            EventName.PASSKEY_INVALIDATED,
            actor=actor,
            subject=passkey.public_id,
            data={"reason": "passkey_not_confirmed"},
        )
    return len(gone)


def freeze_passkeys(person_id: UUID, *, reason: str, actor: Actor) -> int:
    """Make every passkey of a person open nothing, until the help desk has spoken with them."""
    live = Passkey.objects.select_for_update().filter(
        person_id=person_id, invalidated_at=None, frozen_at=None
    )
    frozen = list(live)
    Passkey.objects.filter(id__in=[passkey.id for passkey in frozen]).update(frozen_at=clock.now())
    for passkey in frozen:
        record_event(
            EventName.PASSKEY_FROZEN, actor=actor, subject=passkey.public_id, data={"reason": reason}
        )
    return len(frozen)


def end_sessions(person_id: UUID, *, keep: UUID | None, reason: str, actor: Actor) -> int:
    """End every session of a person but one."""
    live = PersonSession.objects.filter(person_id=person_id, ended_at=None).exclude(id=keep or UUID(int=0))
    ended = live.update(ended_at=clock.now())
    if ended:
        record_event(
            EventName.SESSIONS_ENDED,
            actor=actor,
            subject=public_id("person", person_id),
            data={"count": ended, "reason": reason},
        )
    return ended


def end_session(session_id: UUID, *, actor: Actor) -> None:
    """Sign one browser out."""
    if PersonSession.objects.filter(id=session_id, ended_at=None).update(ended_at=clock.now()):
        record_event(
            EventName.SESSIONS_ENDED,
            actor=actor,
            subject=public_id("session", session_id),
            data={"count": 1, "reason": "signed_out"},
        )


@transaction.atomic
def remove_passkey(passkey_id: UUID, *, actor: Actor) -> None:
    """Take one passkey away, and end the sessions that began with it."""
    passkey = Passkey.objects.select_for_update().get(id=passkey_id)
    if passkey.invalidated_at is not None:
        return
    passkey.invalidated_at, passkey.invalidated_reason = clock.now(), "removed_by_person"
    passkey.save(update_fields=["invalidated_at", "invalidated_reason"])
    PersonSession.objects.filter(passkey=passkey, ended_at=None).update(ended_at=clock.now())
    record_event(
        EventName.PASSKEY_INVALIDATED,
        actor=actor,
        subject=passkey.public_id,
        data={"reason": "removed_by_person"},
    )
