"""Reserving what a check costs before it begins.

Protects a tenant from spending above a hard cap, also when many checks begin at once: a check reserves its price under the
lock of every budget it counts in before it begins, and the reservation is taken off when the check is in the ledger or
never came to anything. It is reserved at the dearest it may be on an invoice (`bounds`), and where it may end in a later
window than it began, there must be room in both. What it does not do: stop a check that runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from portal.kit import clock
from portal.kit.ids import short_reference
from portal.kit.outbox import Job, enqueue
from portal.kit.scope import current_tenant_id
from vendors.billing.book import SCALE, Book, standing
from vendors.billing.bounds import NOTHING, dearest_of, is_fine, room_for_rounding
from vendors.billing.budget_alerts import tell_cap_met, tell_shares
from vendors.billing.checks import STEPS, Pricing, Usage, pricing_of
from vendors.billing.counting import (
    add_to_window,
    count_in_budgets,
    counts,
    open_reservations,
    release_of,
    reserved_key,
    share_budgets,
    window_at,
)
from vendors.billing.insertion import insert_new
from vendors.billing.models import Account, Budget, BudgetWindow, Entry, EntryKind, Meter, Paid

# A check ends in the window in which it begins or in one of the next; a budget of a day has one each day.
MOST_WINDOWS = 8


def reserve_checks(usages: Sequence[Usage], *, expires_at: datetime, instead_of: Sequence[str] = ()) -> bool:
    """Reserve the prices of checks that are about to begin, all of them or none, each under its own key. False when a hard
    cap does not allow it: the members are told once for each window. Quiet for what is reserved already.

    `instead_of` names reservations that these replace: what they hold is free for these, and for nobody else. Whatever
    becomes of a check, its reservation is released at `expires_at` at the latest. Misconfigured without a price.
    """
    if not has_budgets():
        return True
    reservations = [_reservation(usage, expires_at) for usage in usages]
    share_budgets()
    known = {entry.idempotency_key: entry for entry in open_reservations([*instead_of, *_keys(usages)])}
    reservations = [entry for entry in reservations if entry.idempotency_key not in known]
    freed = [known[key] for key in map(reserved_key, set(instead_of) - set(_keys(usages))) if key in known]
    met = [
        (budget, held)
        for budget, held in _locked(_counting(reservations), usages[0], expires_at)
        if not held.fit(budget, reservations, freed)
    ]
    for budget, held in met:
        tell_cap_met(budget, held.rows[0], usages[0].case_id)
    if met:
        return False
    kept = [entry for entry in reservations if entry.amount and _counting([entry])]
    for reservation in _book([*kept, *map(release_of, freed)]):
        if reservation.kind == EntryKind.RESERVATION:
            enqueue(
                "billing.release_reservation",
                tenant_id=current_tenant_id(),
                available_at=expires_at,
                reservation_id=reservation.id,
            )
    return True


def has_budgets() -> bool:
    return Budget.objects.filter(closed_at=None).exists()


def _keys(usages: Sequence[Usage]) -> list[str]:
    return [usage.idempotency_key for usage in usages]


def _counting(entries: Sequence[Entry]) -> list[Budget]:
    """The open budgets in which any of these counts."""
    budgets = Budget.objects.filter(closed_at=None)
    return [budget for budget in budgets if any(entry.amount and counts(budget, entry) for entry in entries)]


def _dearest(book: Book, usage: Usage, pricing: Pricing, until: datetime) -> Decimal:
    if pricing.kind is Paid.FREE:
        return NOTHING
    if pricing.ours is None:
        return pricing.unit_price
    following = book.find_between(usage.product, usage.occurred_at, until)
    return dearest_of([each for each in following if each.price.currency == pricing.currency])


def _reservation(usage: Usage, expires_at: datetime) -> Entry:
    """At the dearest price that may be in force when the check ends, whatever its tier."""
    book = Book.of(usage.product)
    pricing = pricing_of(book, usage)
    unit_price = _dearest(book, usage, pricing, expires_at)
    return Entry(
        kind=EntryKind.RESERVATION,
        idempotency_key=reserved_key(usage.idempotency_key),
        debit=Account.RESERVED,
        credit=Account.BUDGETS,
        amount=(unit_price * usage.quantity).quantize(SCALE),
        currency=pricing.currency or standing().currencies[0],
        meter=Meter(usage.meter),
        vendor=usage.vendor,
        connection_kind=pricing.kind,
        quantity=usage.quantity,
        price_version_id=UUID(pricing.ours.price.id) if pricing.ours else None,
        contract_price=pricing.own,
        unit_price=unit_price.quantize(SCALE),
        case_id=usage.case_id,
        case_reference=short_reference(usage.case_id),
        step=usage.step or STEPS[Meter(usage.meter)],
        mode=usage.mode,
        profile_id=usage.profile_id,
        department=usage.department,
        expires_at=expires_at,
        occurred_at=usage.occurred_at,
    )


def _locked(budgets: Sequence[Budget], usage: Usage, until: datetime) -> list[tuple[Budget, Held]]:
    """The windows in which a check may end, from now `until` then, locked in the order in which everybody locks them."""
    found = standing()
    held = []
    for budget in sorted(budgets, key=lambda budget: budget.id):
        window = window_at(found, budget.every, usage.occurred_at)
        rows = [add_to_window(budget, window)]
        while window.end <= until and len(rows) < MOST_WINDOWS:
            window = window_at(found, budget.every, window.end)
            rows.append(add_to_window(budget, window))
        held.append((budget, Held(_before(budget, rows[0]), tuple(rows))))
    return held


def _before(budget: Budget, row: BudgetWindow) -> BudgetWindow | None:
    """The window before: what is reserved in it may still be spent in this one."""
    return BudgetWindow.objects.filter(budget=budget, ends_at=row.starts_at).first()


@dataclass(frozen=True, slots=True)
class Held:
    """The windows of a budget that one check may count in, the first being that in which it begins."""

    before: BudgetWindow | None
    rows: tuple[BudgetWindow, ...]

    def fit(self, budget: Budget, wanted: Sequence[Entry], freed: Sequence[Entry]) -> bool:
        """Whether each of the windows would hold, if everything that is reserved up to it were spent in it."""
        if not budget.holds_at(clock.now()):
            return True
        counted = [entry for entry in wanted if counts(budget, entry)]
        if not any(entry.amount for entry in counted):
            return True
        fine = {str(e.price_version_id) for e in counted if is_fine(e.price_version_id, e.connection_kind)}
        open_until_here = sum((entry.amount for entry in counted), NOTHING)
        if self.before is not None:
            open_until_here += self.before.reserved - _in_window(budget, self.before, freed)
        for row in self.rows:
            open_until_here += row.reserved - _in_window(budget, row, freed)
            kept = room_for_rounding(fine.union(row.fine), budget)
            if row.spent + open_until_here + kept > budget.amount:
                return False
        return True


def _in_window(budget: Budget, row: BudgetWindow, entries: Sequence[Entry]) -> Decimal:
    inside = (e for e in entries if counts(budget, e) and row.starts_at <= e.occurred_at < row.ends_at)
    return sum((entry.amount for entry in inside), NOTHING)


def _book(entries: Sequence[Entry]) -> list[Entry]:
    """Write reservations and releases down, each once, and count those that are new."""
    ids = insert_new(entries)
    new = [entry for entry in entries if entry.id in ids]
    if new:
        count_in_budgets(new, tell_shares)
    return new


def release_checks(keys: Sequence[str]) -> None:
    """Release what was reserved for checks that will not be made. Quiet for what is released or never was reserved."""
    _book([release_of(reservation) for reservation in open_reservations(keys)])


def on_release_reservation(job: Job) -> None:
    """Its time is over. Whoever held it has died or forgotten it."""
    reservation = Entry.objects.filter(id=job.uuid("reservation_id"), kind=EntryKind.RESERVATION).first()
    if reservation is not None:
        release_checks([reservation.idempotency_key.removeprefix(reserved_key(""))])


def would_fit(usages: Sequence[Usage], *, instead_of: Sequence[str] = ()) -> bool:
    """What a page says before anybody tries; `reserve_checks` decides."""
    if not Budget.objects.filter(closed_at=None, is_hard=True).exists():
        return True
    moment = usages[0].occurred_at
    wanted = [_reservation(usage, moment) for usage in usages]
    freed, found = open_reservations(instead_of), standing()
    for budget in _counting(wanted):
        window = window_at(found, budget.every, moment)
        row = BudgetWindow.objects.filter(budget=budget, starts_at=window.start).first()
        row = row or BudgetWindow(starts_at=window.start, ends_at=window.end)
        if not Held(_before(budget, row), (row,)).fit(budget, wanted, freed):
            return False
    return True
