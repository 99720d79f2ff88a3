"""Asking a partner to erase a session when Readmit has its answer, where the organisation wants that.

Protects people from copies of their documents that nobody needs any more. It waits until the answer was taken or destroyed
here, asks again until the partner says that nothing is left, and writes down when. What it does not do: believe a partner
that only says it will; and after it was asked, no later record of the session is compared with the answer.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from uuid import UUID

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.errors import Unavailable
from portal.kit.outbox import Apply, Job, effect
from portal.kit.scope import tenant_scope
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from vendors.contract import AdapterError, Erases, ErasureReceipt
from vendors.leases import Lease, gave_keys_in_use, hold, lock_attempt, scope_of
from vendors.models import ProofingAttempt
from vendors.phases import OPEN
from vendors.planning import enqueue_erasing

ASK_AGAIN = timedelta(days=1)
# Partners take up to four days.
MAX_ASKED = 7


@effect
def erase_proofing(job: Job) -> Apply | None:
    with tenant_scope(scope_of(job)):
        attempt = lock_attempt(job.uuid("attempt_id"))
        if attempt.phase in OPEN or attempt.started_at is None or attempt.erased_at is not None:
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
    attempt.save(update_fields=["leased_until", "erase_asked_at", "erased_at"])
    if receipt.complete:
        _note(lease, "erased")
    elif times < MAX_ASKED:
        if is_first:
            _note(lease, "asked")
        enqueue_erasing(attempt.id, times=times, after=ASK_AGAIN)
    else:
        _note(lease, "never_confirmed")


def _note(lease: Lease, code: str) -> None:
    record_event(
        EventName.PROOFING_ERASED,
        actor=SYSTEM,
        subject=lease.attempt.public_id,
        case_id=lease.attempt.reference,
        data={"vendor": lease.connection.vendor, "code": code},
    )
