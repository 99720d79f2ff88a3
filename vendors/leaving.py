"""A partner that was removed while sessions of people still lie there: its keys stay sealed, for erasing them and nothing else.

Protects people from copies that nobody could ask for any more, and the organisation from keys that lie about: they are destroyed as
soon as the partner confirmed the last session, and after two weeks whatever it says. What it does not do: send anybody there, or
take what the partner tells.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from django.db.models import Q, QuerySet

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.outbox import Job, enqueue
from portal.kit.scope import current_tenant_id
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from vendors.context import open_secrets
from vendors.contract import Erases
from vendors.models import Connection, ProofingAttempt
from vendors.planning import ERASING_AFTER, enqueue_erasing, schedule_erasing
from vendors.registry import adapter_of, is_listed

# A partner is asked on seven days, and takes up to four of its own.
KEPT = timedelta(days=14)
BATCH = 500
KEYS_GONE = "keys_destroyed"


def sessions_there(connection_id: UUID) -> QuerySet[ProofingAttempt]:
    """What was begun at the partner and is not erased as far as anybody knows."""
    return ProofingAttempt.objects.filter(
        connection_id=connection_id, started_at__isnull=False, erased_at=None
    )


def can_erase(connection: Connection) -> bool:
    return is_listed(connection.vendor) and isinstance(adapter_of(connection.vendor), Erases)


def is_left_for_good(connection: Connection) -> bool:
    """Removed, with no keys to ask with."""
    return connection.status == Connection.Status.REMOVED and connection.keys_kept_until is None


def begin_leaving(connection: Connection, ended: Sequence[UUID]) -> int:
    """Keep its keys and have every session there erased, those that were just `ended` after they are cancelled; how many. The
    caller holds the row, removes the connection and saves. None are kept where there is nothing to erase, or nobody who does."""
    number = sessions_there(connection.id).count() if can_erase(connection) else 0
    if number:
        connection.keys_kept_until = clock.now() + KEPT
        for attempt_id in ended:
            enqueue("vendors.cancel_proofing", tenant_id=current_tenant_id(), attempt_id=attempt_id)
        enqueue("vendors.leave_partner", tenant_id=current_tenant_id(), connection_id=connection.id, after="")
        enqueue(
            "vendors.destroy_left_keys",
            tenant_id=current_tenant_id(),
            available_at=connection.keys_kept_until,
            connection_id=connection.id,
        )
    return number


def leave_partner(job: Job) -> None:
    """Have the next few hundred sessions erased that nobody was asked for, or that were refused before."""
    connection = Connection.objects.filter(id=job.uuid("connection_id")).first()
    if connection is None or is_left_for_good(connection):
        return
    waiting = sessions_there(connection.id).filter(Q(erase_due_at=None) | ~Q(erase_error=""))
    if job.payload["after"]:
        waiting = waiting.filter(id__gt=job.uuid("after"))
    rows = list(waiting.order_by("id")[:BATCH])
    moment = clock.now()
    for row in rows:
        if row.erase_due_at is None:
            # No sooner than the answer is destroyed here.
            schedule_erasing(row.id, max(moment, (row.ended_at or row.expires_at) + ERASING_AFTER))
        elif ProofingAttempt.objects.filter(id=row.id, erased_at=None).update(erase_error=""):
            enqueue_erasing(row.id, times=0, after=timedelta())
    if len(rows) == BATCH:
        enqueue(
            "vendors.leave_partner",
            tenant_id=current_tenant_id(),
            connection_id=connection.id,
            after=str(rows[-1].id),
        )


def note_erased(connection: Connection) -> None:
    """One session less there. The connection's row is locked elsewhere: whoever is here holds an attempt's."""
    if connection.status == Connection.Status.REMOVED and not sessions_there(connection.id).exists():
        enqueue("vendors.end_leaving", tenant_id=current_tenant_id(), connection_id=connection.id)


def end_leaving(job: Job) -> None:
    """Nothing is left there: the keys go at once."""
    connection = _left(job)
    if connection is not None and not sessions_there(connection.id).exists():
        _destroy(connection)


def destroy_left_keys(job: Job) -> None:
    """The time is over, whatever the partner says."""
    connection = _left(job)
    if connection is not None and (connection.keys_kept_until or clock.now()) <= clock.now():
        _destroy(connection)


def _left(job: Job) -> Connection | None:
    rows = Connection.objects.select_for_update().filter(status=Connection.Status.REMOVED)
    return rows.filter(id=job.uuid("connection_id"), keys_kept_until__isnull=False).first()


def _destroy(connection: Connection) -> None:
    names = sorted(open_secrets(connection))
    connection.secrets_sealed, connection.config, connection.keys_kept_until = None, {}, None
    connection.save(update_fields=["secrets_sealed", "config", "keys_kept_until"])
    sessions_there(connection.id).filter(erase_due_at__isnull=False).update(erase_error=KEYS_GONE)
    record_event(
        EventName.PARTNER_KEYS_DESTROYED,
        actor=SYSTEM,
        subject=connection.public_id,
        data={"vendor": connection.vendor, "settings": names},
    )
