"""Budgets: opened, changed, lifted and closed, and what they say.

Protects a budget from a sum that is not the ledger's: whoever opens or changes one waits for those who write, and it is
never set below what is spent. A cap is lifted for some hours by owners and administrators, never by billing managers, who say
which roles may: nobody gives themselves that right. What it does not do: hold a check up, which `reservations` does.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from portal.kit import clock
from portal.kit.actors import Actor
from portal.kit.errors import Invalid, NotAllowed, NotHere
from portal.kit.money import EXPONENTS
from portal.kit.names import has_unseen
from portal.kit.seen import require_unchanged
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from vendors.billing.book import Standing, standing
from vendors.billing.bounds import NOTHING, room_for_rounding
from vendors.billing.budget_alerts import tell_shares
from vendors.billing.counting import (
    add_to_window,
    hold_budgets,
    sums_of,
    window_at,
)
from vendors.billing.models import Budget, BudgetWindow
from vendors.billing.price_file import amount_text

LONGEST_LIFT = timedelta(hours=72)
LONGEST_NAME = 80
SHARES = range(1, 201)
MOST_SHARES = 10


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
    name = plan.name.strip()
    if not name:
        raise Invalid("budget_unnamed", _("Give the budget a name."), field="name")
    if has_unseen(name):
        raise Invalid("text_unusable", _("This holds a character that cannot be printed."), field="name")
    if len(name) > LONGEST_NAME:
        raise Invalid("name_too_long", _("A name has at most 80 characters."), field="name")
    if plan.currency not in EXPONENTS:
        raise Invalid("currency_unknown", _("Choose a currency from the list."), field="currency")
    if not NOTHING < plan.amount < 10**9:
        raise Invalid("budget_unusable", _("A budget is more than nothing."), field="amount")
    if len(plan.shares) > MOST_SHARES or any(share not in SHARES for share in plan.shares):
        raise Invalid(
            "shares_unusable", _("Name at most ten shares between 1 and 200 per cent."), field="shares"
        )
    if set(plan.lifting_roles) - Budget.LIFTING_ROLES:
        raise Invalid("roles_unusable", _("Owners and administrators may lift a cap."), field="lifting_roles")
    return replace(plan, name=name, shares=tuple(sorted(set(plan.shares))))


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
    sums = sums_of(budget, window)
    _refuse_below_spent(budget, sums.spent + sums.reserved)
    budget.save(force_insert=True)
    tell_shares(budget, add_to_window(budget, window, sums))
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
    if has_unseen(reason.strip()):
        raise Invalid("text_unusable", _("This holds a character that cannot be printed."), field="reason")
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
    fine: tuple[str, ...]
    told: tuple[int, ...]
    cap_met_at: datetime | None

    @property
    def left(self) -> Decimal:
        kept = room_for_rounding(self.fine, self.budget)
        return max(self.budget.amount - self.spent - self.reserved - kept, NOTHING)

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
            BudgetState(
                budget,
                window.end,
                row.spent,
                row.reserved,
                tuple(row.fine),
                tuple(row.told),
                row.cap_met_at,
            )
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
            "lifting_roles": list(budget.lifting_roles),
        },
    )
