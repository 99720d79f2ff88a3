"""Asking a partner to erase a session when Readmit has its answer, where the organisation wants that.

Protects people from copies of their documents that nobody needs any more. It waits until the answer was taken or destroyed
here, asks again until the partner says that nothing is left, and writes down when. What it does not do: believe a partner
that only says it will; and after it was asked, no later record of the session is compared with the answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from portal.kit import clock
from portal.kit.actors import SYSTEM, Actor
from portal.kit.errors import NotHere, Refused, Unavailable
from portal.kit.outbox import Apply, Job, effect
from portal.kit.scope import tenant_scope
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from vendors.alerts import tell_of_erasing
from vendors.contract import AdapterError, Erases, ErasureReceipt
from vendors.leases import Lease, gave_keys_in_use, hold, lock_attempt, scope_of
from vendors.leaving import KEYS_GONE, can_erase, is_left_for_good, note_erased
from vendors.models import Connection, ProofingAttempt
from vendors.phases import OPEN
from vendors.planning import ERASED_WITHIN, ERASING_AFTER, enqueue_erasing, schedule_erasing

ASK_AGAIN = timedelta(days=1)
MAX_ASKED = 7
NEVER_CONFIRMED = "never_confirmed"


@transaction.atomic
def ask_to_erase_again(attempt_id: UUID, *, actor: Actor) -> None:
    """Ask now for what was refused, or was never confirmed. Refused while it is being asked, and for what is erased: of
    many who press at once one asks. NotHere for an attempt of somebody else."""
    found = ProofingAttempt.objects.select_related("connection").filter(id=attempt_id).first()
    if found is None or found.erase_due_at is None:
        raise NotHere("attempt_unknown")
    waiting = ProofingAttempt.objects.filter(id=attempt_id, erased_at=None).exclude(erase_error="")
    if not waiting.update(erase_error=""):
        raise Refused(
            "nothing_to_ask_again", _("There is nothing to ask again: it is being asked, or is erased.")
        )
    record_event(
        EventName.PROOFING_ERASED,
        actor=actor,
        subject=found.public_id,
        case_id=found.reference,
        data={"vendor": found.connection.vendor, "code": "asked_again"},
    )
    enqueue_erasing(attempt_id, times=0, after=timedelta())


def ask_to_erase_sessions(references: Sequence[UUID], *, actor: Actor) -> int:
    """Somebody was erased here: their partners are asked for every session of these cases, whatever the settings said when it
    ended. Quiet about what was never begun, is erased or is being asked already; what was refused is asked again. How many."""
    found = ProofingAttempt.objects.filter(reference__in=references, started_at__isnull=False, erased_at=None)
    asked = 0
    for attempt_id in list(found.order_by("id").values_list("id", flat=True)):
        attempt = lock_attempt(attempt_id)
        connection = Connection.objects.get(id=attempt.connection_id)
        is_asked = attempt.erase_due_at is not None and not attempt.erase_error
        can_be_asked = can_erase(connection)
        if is_asked or not can_be_asked or is_left_for_good(connection):
            continue
        # No sooner than the answer is destroyed here, and never while somebody may still be there.
        due_at = max(clock.now(), (attempt.ended_at or attempt.expires_at) + ERASING_AFTER)
        ProofingAttempt.objects.filter(id=attempt.id).update(erase_error="")
        schedule_erasing(attempt.id, due_at)
        record_event(
            EventName.PROOFING_ERASED,
            actor=actor,
            subject=attempt.public_id,
            case_id=attempt.reference,
            data={"vendor": connection.vendor, "code": "person_removed"},
        )
        asked += 1
    return asked


def tell_overdue(job: Job) -> None:
    """The partner had its time, and did not say that nothing is left."""
    attempt = lock_attempt(job.uuid("attempt_id"))
    if attempt.erased_at is not None:
        return
    connection = Connection.objects.get(id=attempt.connection_id)
    if not is_left_for_good(connection):
        tell_of_erasing(connection, overdue_of(connection.id))


def overdue_of(connection_id: UUID) -> int:
    late = clock.now() - ERASED_WITHIN
    found = ProofingAttempt.objects.filter(
        connection_id=connection_id, erase_due_at__lte=late, erased_at=None
    )
    return found.count()


@effect
def erase_proofing(job: Job) -> Apply | None:
    with tenant_scope(scope_of(job)):
        attempt = lock_attempt(job.uuid("attempt_id"))
        if attempt.phase in OPEN or attempt.started_at is None or attempt.erased_at is not None:
            return None
        if is_left_for_good(Connection.objects.get(id=attempt.connection_id)):
            ProofingAttempt.objects.filter(id=attempt.id).update(erase_error=KEYS_GONE)
            return None
        lease = hold(attempt)
    if lease.ref is None or not isinstance(lease.adapter, Erases):
        return partial(_release, attempt.id)
    try:
        receipt = lease.adapter.erase(lease.ctx, lease.ref)
    except AdapterError as error:
        with tenant_scope(scope_of(job)):
            _release(attempt.id)
            is_given = gave_keys_in_use(lease, error)
            if not is_given:
                ProofingAttempt.objects.filter(id=attempt.id).update(erase_error=error.code)
        if is_given or error.retry == "later":
            raise Unavailable(error.code) from error
        return partial(_note, lease, error.code)
    return partial(_write, lease, receipt, int(job.payload["times"]) + 1)


def _release(attempt_id: UUID) -> None:
    ProofingAttempt.objects.filter(id=attempt_id).update(leased_until=None)


def _write(lease: Lease, receipt: ErasureReceipt, times: int) -> None:
    attempt = lock_attempt(lease.attempt.id)
    moment = clock.now()
    is_first = attempt.erase_asked_at is None
    attempt.leased_until = None
    attempt.erase_asked_at = attempt.erase_asked_at or moment
    attempt.erased_at = moment if receipt.complete else None
    is_last = not receipt.complete and times >= MAX_ASKED
    attempt.erase_error = NEVER_CONFIRMED if is_last else ""
    attempt.save(update_fields=["leased_until", "erase_asked_at", "erased_at", "erase_error"])
    if receipt.complete:
        _note(lease, "erased")
        note_erased(lease.connection)
    elif not is_last:
        if is_first:
            _note(lease, "asked")
        enqueue_erasing(attempt.id, times=times, after=ASK_AGAIN)
    else:
        _note(lease, NEVER_CONFIRMED)


def _note(lease: Lease, code: str) -> None:
    record_event(
        EventName.PROOFING_ERASED,
        actor=SYSTEM,
        subject=lease.attempt.public_id,
        case_id=lease.attempt.reference,
        data={"vendor": lease.connection.vendor, "code": code},
    )
