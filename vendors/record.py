"""What a partner did for a tenant: how its last sessions ended, how quickly it answered, why it said no, and what it cost.

Counted from rows that hold no person: attempts are ends and moments, the ledger is amounts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from portal.kit import clock
from vendors.billing.book import standing
from vendors.billing.day_sums import groups_of
from vendors.billing.models import Paid
from vendors.billing.selectors import UsageFilter
from vendors.billing.unpriced import first_prices, unpriced
from vendors.models import PartnerHealth, ProofingAttempt
from vendors.phases import AttemptPhase

DAYS = 30
MOST = 1_000
SHOWN = 20
# Reasons that say nothing about a refusal.
_OF_REFUSALS = ("not_verified", "retry_allowed")


@dataclass(frozen=True, slots=True)
class Session:
    """One session as it ended: `outcome` is empty while it runs, `failed` where the partner gave no answer."""

    began_at: datetime
    outcome: str
    reasons: tuple[str, ...]
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Cost:
    """`unpriced`: of how many of the checks nobody knows the cost."""

    currency: str
    checks: int
    amount: Decimal
    unpriced: int = 0


@dataclass(frozen=True, slots=True)
class Record:
    """Of the last thirty days, at most a thousand sessions. Times in seconds; None where nothing was measured."""

    counted: int
    is_cut: bool
    outcomes: Sequence[tuple[str, int]]
    reasons: Sequence[tuple[str, int]]
    link_median: float | None
    link_slowest: float | None
    session_median: float | None
    session_slowest: float | None
    last: Sequence[Session]
    health: PartnerHealth | None


def record_of(connection_id: UUID) -> Record:
    """Two questions."""
    rows = list(
        ProofingAttempt.objects.filter(
            connection_id=connection_id, created_at__gte=clock.now() - timedelta(days=DAYS)
        )
        .order_by("-created_at", "-id")
        .values_list("created_at", "started_at", "ended_at", "phase", "outcome", "reasons")[:MOST]
    )
    outcomes: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    links, lasted, last = list[float](), list[float](), list[Session]()
    for created_at, started_at, ended_at, phase, outcome, why in rows:
        end = outcome or ("failed" if phase == AttemptPhase.FAILED else "")
        outcomes[end] += 1
        if end in _OF_REFUSALS:
            reasons.update(why)
        took = (ended_at - started_at).total_seconds() if started_at and ended_at else None
        if started_at:
            links.append((started_at - created_at).total_seconds())
        if took is not None:
            lasted.append(took)
        if len(last) < SHOWN:
            last.append(Session(created_at, end, tuple(why), took))
    return Record(
        counted=len(rows),
        is_cut=len(rows) == MOST,
        outcomes=outcomes.most_common(),
        reasons=reasons.most_common(),
        link_median=share_of(links, 0.5),
        link_slowest=share_of(links, 0.95),
        session_median=share_of(lasted, 0.5),
        session_slowest=share_of(lasted, 0.95),
        last=last,
        health=PartnerHealth.objects.filter(connection_id=connection_id).first(),
    )


def share_of(values: Sequence[float], share: float) -> float | None:
    """The value that this share of them does not exceed."""
    if not values:
        return None
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


@dataclass(frozen=True, slots=True)
class Costs:
    """Of the running period, and since a moment: one line for each currency. `is_priced`: somebody entered a price for it."""

    running: list[Cost]
    whole: list[Cost]
    is_priced: bool


def costs_of(vendor: str, *, since: datetime) -> Costs:
    """Exact, from the ledger."""
    found = standing()
    period, zone = found.period_at(clock.now()), found.anchor.zone
    today = clock.now().astimezone(zone).date()
    running = UsageFilter(period.start.astimezone(zone).date(), today, zone, period=period, vendor=vendor)
    whole = UsageFilter(since.astimezone(zone).date(), today, zone, vendor=vendor)
    first = first_prices({vendor})
    return Costs(_sums(running, first), _sums(whole, first), vendor in first)


def _sums(chosen: UsageFilter, first: Mapping[str, datetime]) -> list[Cost]:
    groups = groups_of(chosen, "currency", "billable", "connection_kind")
    rows = [group for group in sorted(groups, key=lambda row: row.key) if group.key[1]]
    own = sum(group.quantity for group in rows if group.key[2] == Paid.OWN_CONTRACT)
    of_vendor = unpriced(chosen, {chosen.vendor: own}, first).get(chosen.vendor)
    unknown = of_vendor.checks if of_vendor else 0
    costs: dict[str, Cost] = {}
    for group in rows:
        known = costs.get(group.key[0], Cost(group.key[0], 0, Decimal(0)))
        costs[known.currency] = Cost(
            known.currency, known.checks + group.quantity, known.amount + group.amount, unknown
        )
    return list(costs.values())
