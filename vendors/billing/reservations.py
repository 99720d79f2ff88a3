"""Reserving what a check costs before it begins.

Protects a tenant from spending above a hard cap, also when many checks begin at once: a check reserves its price under the
lock of every budget it counts in before it begins, and the reservation is taken off when the check is in the ledger or
never came to anything. What it does not do: stop a check that runs. Budgets count list prices, before anything is included.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from portal.kit import clock
from portal.kit.ids import short_reference
from portal.kit.outbox import Job, enqueue
from portal.kit.scope import current_tenant_id
from vendors.billing.book import Book, standing
from vendors.billing.budget_alerts import tell_cap_met, tell_shares
from vendors.billing.counting import (
    NOTHING,
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
from vendors.billing.recording import SCALE, STEPS, Usage, pricing_of


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
    held = {entry.idempotency_key: entry for entry in open_reservations([*instead_of, *_keys(usages)])}
    reservations = [entry for entry in reservations if entry.idempotency_key not in held]
    freed = [held[key] for key in map(reserved_key, set(instead_of) - set(_keys(usages))) if key in held]
    met = [
        (budget, row)
        for budget, row in _locked(_counting(reservations), usages[0].occurred_at)
        if not _fits(budget, row, reservations, freed)
    ]
    for budget, row in met:
        tell_cap_met(budget, row, usages[0].case_id)
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


def _reservation(usage: Usage, expires_at: datetime) -> Entry:
    pricing = pricing_of(Book.of(usage.product), usage)
    charged = pricing.kind is not Paid.FREE
    return Entry(
        kind=EntryKind.RESERVATION,
        idempotency_key=reserved_key(usage.idempotency_key),
        debit=Account.RESERVED,
        credit=Account.BUDGETS,
        amount=(pricing.unit_price * usage.quantity if charged else NOTHING).quantize(SCALE),
        currency=pricing.currency or standing().currencies[0],
        meter=Meter(usage.meter),
        vendor=usage.vendor,
        connection_kind=pricing.kind,
        quantity=usage.quantity,
        price_version_id=UUID(pricing.ours.price.id) if pricing.ours else None,
        contract_price=pricing.own,
        unit_price=pricing.unit_price.quantize(SCALE),
        case_id=usage.case_id,
        case_reference=short_reference(usage.case_id),
        step=usage.step or STEPS[Meter(usage.meter)],
        mode=usage.mode,
        profile_id=usage.profile_id,
        department=usage.department,
        expires_at=expires_at,
        occurred_at=usage.occurred_at,
    )


def _locked(budgets: Sequence[Budget], moment: datetime) -> list[tuple[Budget, BudgetWindow]]:
    """Each budget's window, locked in the order in which everybody locks them."""
    found = standing()
    return [
        (budget, add_to_window(budget, window_at(found, budget.every, moment)))
        for budget in sorted(budgets, key=lambda budget: budget.id)
    ]


def _fits(budget: Budget, row: BudgetWindow, wanted: Sequence[Entry], freed: Sequence[Entry]) -> bool:
    if not budget.holds_at(clock.now()):
        return True
    more = sum((entry.amount for entry in wanted if counts(budget, entry)), NOTHING)
    less = sum(
        (
            entry.amount
            for entry in freed
            if counts(budget, entry) and row.starts_at <= entry.occurred_at < row.ends_at
        ),
        NOTHING,
    )
    return not more or row.spent + row.reserved - less + more <= budget.amount


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
        if not _fits(budget, row, wanted, freed):
            return False
    return True
