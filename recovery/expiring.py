"""Cases whose time is over: found by the worker, or by the next request of the browser that holds one."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from portal.kit import clock
from recovery.alerting import alert_members
from recovery.cases import locked, move_case
from recovery.models import Case
from recovery.statuses import MOVES, CaseStatus
from tenants.models import Tenant

# Why a case ended in review.
UNREVIEWED = "review_time_over"
MAY_EXPIRE = frozenset(status for status in CaseStatus if MOVES.allows(status, CaseStatus.EXPIRED))


def is_over(case: Case) -> bool:
    """Whether its time has passed and nothing has ended it yet."""
    return case.state in MAY_EXPIRE and case.expires_at < clock.now()


def minutes_left(case: Case) -> int | None:
    """Until its time is over, begun minutes counted whole: what a page says of it does not tell how long opening it took.
    None for a case that has ended."""
    left = case.expires_at - clock.now()
    return max(0, -(-left // timedelta(minutes=1))) if case.state in MAY_EXPIRE else None


def end_if_over(case_id: UUID) -> Case:
    """The case, ended if its time has passed; of one in review members hear. Read again under the lock: a case that went
    on in between is left alone."""
    case = locked(case_id)
    if not is_over(case):
        return case
    if case.state is not CaseStatus.IN_REVIEW:
        return move_case(case_id, CaseStatus.EXPIRED, reasons=["time_over"])
    case = move_case(case_id, CaseStatus.EXPIRED, reasons=[UNREVIEWED])
    alert_members(case, reasons=[UNREVIEWED])
    return case


def expire_cases_of(tenant: Tenant) -> int:
    """End the tenant's cases whose time is over. Called in its scope."""
    due = Case.objects.filter(expires_at__lt=clock.now(), status__in=MAY_EXPIRE)
    found = list(due.order_by("id").values_list("id", flat=True)[:500])
    return sum(end_if_over(case_id).state is CaseStatus.EXPIRED for case_id in found)
