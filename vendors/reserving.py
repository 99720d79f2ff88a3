"""Reserving what a recovery costs before it is spent: the partner's decision, and the Face Checks after it.

Protects a tenant's hard caps, and a person from a recovery that stops half-way: the decision is reserved together with the
Face Check that follows it, so that what was begun is finished. What it does not do: decide what a check costs.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from portal.kit import clock
from vendors.billing.models import Meter
from vendors.billing.rating.billability import Outcome
from vendors.billing.services import Usage, has_budgets, release_checks, reserve_checks, would_fit
from vendors.facecheck.models import Judge
from vendors.facecheck.selectors import is_unanswered
from vendors.models import Connection

# After this an attempt has ended by itself (proofing.LIFETIME) and is in the ledger; the rest is for a slow worker.
DECISION_HELD = timedelta(hours=2)
FACE_CHECK_HELD = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Spender:
    """The case a check is for, and what the ledger tells apart."""

    case_id: UUID
    mode: str
    profile_id: UUID | None = None
    department: str = ""
    # Who judges the face after a decision: our own check is on our invoice, Microsoft's on the tenant's own contract there.
    face_by: Judge = Judge.READMIT


def decision_key(attempt_id: UUID) -> str:
    """Of the decision in the ledger."""
    return f"decision:{attempt_id}"


def face_check_key(face_check_id: UUID) -> str:
    return f"face_check:{face_check_id}"


def kept_face_check_key(case_id: UUID) -> str:
    """Of the reservation for a case's Face Check before there is one."""
    return f"face_check_of:{case_id}"


def _usage(meter: Meter, key: str, spender: Spender, vendor: str, kind: str) -> Usage:
    return Usage(
        idempotency_key=key,
        meter=meter,
        vendor=vendor,
        connection_kind=kind,
        outcome=Outcome.PASSED,
        quantity=1,
        case_id=spender.case_id,
        mode=spender.mode,
        profile_id=spender.profile_id,
        department=spender.department,
        occurred_at=clock.now(),
    )


def _recovery(connection_id: UUID, attempt_id: UUID, spender: Spender, *, with_face: bool) -> list[Usage]:
    connection = Connection.objects.get(id=connection_id)
    decision = _usage(Meter.DECISION, decision_key(attempt_id), spender, connection.vendor, connection.kind)
    face = [_face_check(kept_face_check_key(spender.case_id), spender)] if with_face else []
    return [decision, *face]


def _face_check(key: str, spender: Spender) -> Usage:
    return _usage(Meter.FACE_CHECK, key, spender, spender.face_by.value, kind_of_judge(spender.face_by))


def kind_of_judge(judge: Judge) -> str:
    """How a Face Check is paid."""
    return Connection.Kind.THROUGH_US if judge is Judge.READMIT else Connection.Kind.OWN_CONTRACT


def reserve_proofing(
    connection_id: UUID, *, attempt_id: UUID, spender: Spender, until: datetime, with_face: bool = True
) -> bool:
    """Reserve a decision of the partner and the Face Check after it, where there is one. False when a cap does not allow
    it."""
    return reserve_checks(
        _recovery(connection_id, attempt_id, spender, with_face=with_face),
        expires_at=max(until, clock.now() + DECISION_HELD),
        instead_of=[kept_face_check_key(spender.case_id)],
    )


def proofing_fits(connection_id: UUID, *, spender: Spender, with_face: bool = True) -> bool:
    """What a page says before anybody tries."""
    usages = _recovery(connection_id, spender.case_id, spender, with_face=with_face)
    return would_fit(usages, instead_of=[kept_face_check_key(spender.case_id)])


def reserve_face_check(face_check_id: UUID, *, spender: Spender, before: UUID | None) -> bool:
    """Reserve a Face Check in the place of what the case has kept for it, and of the one `before` it if nobody answered
    that."""
    if not has_budgets():
        return True
    freed = [kept_face_check_key(spender.case_id)]
    freed += [face_check_key(before)] if before is not None and is_unanswered(before) else []
    return reserve_checks(
        [_face_check(face_check_key(face_check_id), spender)],
        expires_at=clock.now() + FACE_CHECK_HELD,
        instead_of=freed,
    )


def release_face_check(face_check_id: UUID) -> None:
    """It came to nothing that costs anything."""
    release_checks([face_check_key(face_check_id)])


def release_case(case_id: UUID) -> None:
    """The case is over: nothing is kept for its Face Check any more."""
    release_checks([kept_face_check_key(case_id)])
