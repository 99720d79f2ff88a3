"""Budgets: opened, changed, lifted and closed; and whether a check may still begin.

Protects a tenant from spending above a hard cap, also when many checks begin at once: a check reserves its price under the
lock of every budget it counts in before it begins, and the reservation is taken off when the check is in the ledger or
never came to anything. What it does not do: stop a check that runs. Budgets count list prices, before anything is included.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from portal.kit import clock
from portal.kit.actors import Actor
from portal.kit.errors import Invalid, NotAllowed, NotHere
from portal.kit.ids import short_reference
from portal.kit.money import EXPONENTS
from portal.kit.outbox import Job, enqueue
from portal.kit.scope import current_tenant_id
from portal.kit.seen import require_unchanged
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from vendors.billing.book import Book, Standing, standing
from vendors.billing.budget_alerts import tell_cap_met, tell_shares
from vendors.billing.counting import (
    NOTHING,
    add_to_window,
    count_in_budgets,
    counts,
    hold_budgets,
    open_reservations,
    release_of,
    reserved_key,
    share_budgets,
    sums_of,
    window_at,
)
from vendors.billing.insertion import insert_new
from vendors.billing.models import Account, Budget, BudgetWindow, Entry, EntryKind, Meter, Paid
from vendors.billing.price_file import amount_text
from vendors.billing.recording import SCALE, STEPS, Usage, pricing_of

LONGEST_LIFT = timedelta(hours=72)
SHARES = range(1, 201)
MOST_SHARES = 10


# ------------------------------------------------------------------ reservations


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


# ------------------------------------------------------------------ the budgets themselves


@dataclass(frozen=True, slots=True)
class BudgetPlan:
    """What a budget is for and what it does. Empty names mean everything."""

    name: str
    amount: Decimal
    currency: str
    every: str = Budget.Every.PERIOD
    vendor: str = ""
    profile_id: UUID | None = None
    department: str = ""
    shares: tuple[int, ...] = (50, 75, 90, 100)
    is_hard: bool = False
    lifting_roles: tuple[str, ...] = ()


def _check(plan: BudgetPlan) -> BudgetPlan:
    if not plan.name.strip():
        raise Invalid("budget_unnamed", _("Give the budget a name."), field="name")
    if plan.currency not in EXPONENTS:
        raise Invalid("currency_unknown", _("Choose a currency from the list."), field="currency")
    if not NOTHING < plan.amount < 10**9:
        raise Invalid("budget_unusable", _("A budget is more than nothing."), field="amount")
    if len(plan.shares) > MOST_SHARES or any(share not in SHARES for share in plan.shares):
        raise Invalid(
            "shares_unusable", _("Name at most ten shares between 1 and 200 per cent."), field="shares"
        )
    if set(plan.lifting_roles) - Budget.LIFTING_ROLES:
        raise Invalid("roles_unusable", _("Only roles that see usage may lift a cap."), field="lifting_roles")
    return replace(plan, name=plan.name.strip(), shares=tuple(sorted(set(plan.shares))))


def open_budget(plan: BudgetPlan, *, actor: Actor) -> Budget:
    """From now on entries count in it; its first window begins with what the ledger has. Invalid when more is spent
    already."""
    plan = _check(plan)
    hold_budgets()
    budget = Budget(
        name=plan.name,
        vendor=plan.vendor,
        profile_id=plan.profile_id,
        department=plan.department,
        every=plan.every,
        amount=plan.amount,
        currency=plan.currency,
        shares=list(plan.shares),
        is_hard=plan.is_hard,
        lifting_roles=list(plan.lifting_roles),
    )
    window = window_at(standing(), budget.every, clock.now())
    spent, reserved = sums_of(budget, window)
    _refuse_below_spent(budget, spent + reserved)
    budget.save(force_insert=True)
    tell_shares(budget, add_to_window(budget, window, spent, reserved))
    _note(EventName.BUDGET_OPENED, budget, actor)
    return budget


def change_budget(budget_id: UUID, plan: BudgetPlan, *, actor: Actor, seen: str | None = None) -> Budget:
    """Another name, amount, alerts, cap and roles. What it is for stays: close it and open another one."""
    plan = _check(plan)
    hold_budgets()
    budget = locked_budget(budget_id)
    require_unchanged(seen, changeable(budget))
    row = current_window(budget)
    budget.name, budget.amount, budget.is_hard = plan.name, plan.amount, plan.is_hard
    budget.shares, budget.lifting_roles = list(plan.shares), list(plan.lifting_roles)
    _refuse_below_spent(budget, row.spent + row.reserved)
    budget.save(update_fields=["name", "amount", "is_hard", "shares", "lifting_roles"])
    window = window_at(standing(), budget.every, clock.now())
    row = add_to_window(budget, window)
    # With another amount the shares are others: those it has not reached again may be told again.
    row.told = [share for share in row.told if share in budget.shares and row.has_passed(share, budget)]
    row.cap_met_at = None
    row.save(update_fields=["told", "cap_met_at"])
    tell_shares(budget, row)
    _note(EventName.BUDGET_CHANGED, budget, actor)
    return budget


def changeable(budget: Budget) -> dict[str, Any]:
    """What can be changed, as a form shows it."""
    return {
        "name": budget.name,
        "amount": amount_text(budget.amount),
        "shares": ", ".join(str(share) for share in budget.shares),
        "is_hard": budget.is_hard,
        "lifting_roles": list(budget.lifting_roles),
    }


def _refuse_below_spent(budget: Budget, spent: Decimal) -> None:
    if budget.amount < spent:
        raise Invalid(
            "budget_below_spent",
            _("%(spent)s %(currency)s are spent or reserved already. Name at least that.")
            % {"spent": amount_text(spent), "currency": budget.currency},
            field="amount",
        )


def close_budget(budget_id: UUID, *, actor: Actor) -> None:
    """It counts and caps nothing any more. Quiet when it is closed."""
    hold_budgets()
    budget = Budget.objects.select_for_update().filter(id=budget_id).first()
    if budget is None:
        raise NotHere("budget_unknown")
    if budget.closed_at is None:
        budget.closed_at = clock.now()
        budget.save(update_fields=["closed_at"])
        _note(EventName.BUDGET_CLOSED, budget, actor)


def lift_cap(budget_id: UUID, *, hours: int, reason: str, role: str, actor: Actor) -> Budget:
    """Break the glass: the cap holds nobody up for some hours. NotAllowed for a role the budget does not name."""
    budget = locked_budget(budget_id)
    if not budget.may_lift(role):
        raise NotAllowed("role_may_not_lift", _("This budget's cap is lifted by others."))
    if not timedelta(0) < timedelta(hours=hours) <= LONGEST_LIFT:
        raise Invalid("lift_unusable", _("Lift the cap for 1 to 72 hours."), field="hours")
    if not reason.strip():
        raise Invalid("reason_missing", _("Say why: it stays in the audit log."), field="reason")
    budget.lifted_until = clock.now() + timedelta(hours=hours)
    budget.save(update_fields=["lifted_until"])
    record_event(
        EventName.BUDGET_LIFTED,
        actor=actor,
        subject=budget.public_id,
        data={"name": budget.name, "until": budget.lifted_until.isoformat(), "role": role},
        personal={"reason": reason.strip()[:500]},
    )
    return budget


def locked_budget(budget_id: UUID) -> Budget:
    """NotHere for a budget that is unknown or closed."""
    budget = Budget.objects.select_for_update().filter(id=budget_id, closed_at=None).first()
    if budget is None:
        raise NotHere("budget_unknown")
    return budget


def current_window(budget: Budget) -> BudgetWindow:
    """Not written if nothing counted in it yet."""
    window = window_at(standing(), budget.every, clock.now())
    row = BudgetWindow.objects.filter(budget=budget, starts_at=window.start).first()
    return row or BudgetWindow(budget=budget, starts_at=window.start, ends_at=window.end)


@dataclass(frozen=True, slots=True)
class BudgetState:
    """A budget with what its current window says."""

    budget: Budget
    ends_at: datetime
    spent: Decimal
    reserved: Decimal
    told: tuple[int, ...]
    cap_met_at: datetime | None

    @property
    def left(self) -> Decimal:
        return max(self.budget.amount - self.spent - self.reserved, NOTHING)

    @property
    def cap_is_met(self) -> bool:
        return self.cap_met_at is not None or (self.budget.is_hard and not self.left)

    @property
    def shares(self) -> list[dict[str, Any]]:
        return [{"share": share, "told": share in self.told} for share in self.budget.shares]

    @property
    def spent_text(self) -> str:
        return amount_text(self.spent)

    @property
    def amount_text(self) -> str:
        return amount_text(self.budget.amount)


def budget_states(found: Standing | None = None) -> list[BudgetState]:
    """Every open budget, in two questions, however many there are. `found` is how the tenant is billed, if that was read."""
    budgets = list(Budget.objects.filter(closed_at=None).order_by("name", "id"))
    if not budgets:
        return []
    found, moment = found or standing(), clock.now()
    windows = {budget.id: window_at(found, budget.every, moment) for budget in budgets}
    starts = {window.start for window in windows.values()}
    rows = {
        (row.budget_id, row.starts_at): row
        for row in BudgetWindow.objects.filter(budget__in=budgets, starts_at__in=starts)
    }
    states = []
    for budget in budgets:
        window = windows[budget.id]
        row = rows.get((budget.id, window.start)) or BudgetWindow()
        states.append(
            BudgetState(budget, window.end, row.spent, row.reserved, tuple(row.told), row.cap_met_at)
        )
    return states


def _note(name: EventName, budget: Budget, actor: Actor) -> None:
    record_event(
        name,
        actor=actor,
        subject=budget.public_id,
        data={
            "name": budget.name,
            "amount": amount_text(budget.amount),
            "currency": budget.currency,
            "vendor": budget.vendor,
            "department": budget.department,
            "is_hard": budget.is_hard,
            # Who gives themselves the right to lift a cap, and lifts it, is seen to have done both.
            "lifting_roles": list(budget.lifting_roles),
        },
    )
