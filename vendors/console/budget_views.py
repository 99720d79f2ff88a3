"""Budgets and alerts in the console: what may be spent, what is spent, and who is told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from portal.kit import clock
from portal.kit.errors import Invalid, NotAllowed
from portal.kit.ids import parse_public_id
from portal.kit.seen import ChangedMeanwhile
from portal.recent import recent_sign_in
from portal.rights import actor_of, requires, seat_of
from tenants.rights import Right, Role
from vendors.billing import services
from vendors.billing.beside import Beside, beside_budgets
from vendors.billing.book import standing
from vendors.billing.bounds import NOTHING
from vendors.billing.budgeting import BudgetState, budget_states
from vendors.billing.models import Budget
from vendors.billing.price_file import amount_text
from vendors.billing.unpriced import first_prices
from vendors.console.budget_forms import BudgetForm, LiftForm, profile_names
from vendors.models import Connection
from vendors.wording import partner_name


def _to_list(request: HttpRequest) -> HttpResponse:
    return redirect("budgets:list", organisation=seat_of(request).tenant.slug)


def _budget_or_404(text: str) -> Budget:
    try:
        found = Budget.objects.filter(id=parse_public_id(Budget.prefix, text), closed_at=None).first()
    except ValueError:
        found = None
    if found is None:
        raise Http404
    return found


def _for_what(budget: Budget, names: dict[UUID, str]) -> str:
    """What it counts, in words."""
    parts = [partner_name(budget.vendor) if budget.vendor else _("Everything")]
    if budget.profile_id:
        parts.append(names.get(budget.profile_id, _("a profile that is gone")))
    if budget.department:
        parts.append(budget.department)
    return " · ".join(parts)


def _tone(state: BudgetState) -> str:
    if state.spent >= state.budget.amount or state.cap_is_met:
        return "bad"
    return "warn" if state.budget.shares and state.told else "info"


def _not_counted(budget: Budget, beside: Beside, unstated: Sequence[str]) -> list[str]:
    """What an invoice has beside the budget's checks, in words; and the partners of own contracts, `unstated`, of whom nobody
    has entered what a check costs."""
    own = beside.of(budget)
    told = []
    if own.fee:
        amount = {"amount": amount_text(own.fee), "currency": own.currency}
        told.append(_("%(amount)s %(currency)s a period for the plan") % amount)
    told += [
        _("what is missing to the minimum of %(amount)s %(currency)s a period for %(partner)s")
        % {"amount": amount_text(least), "currency": own.currency, "partner": partner_name(vendor)}
        for vendor, least in own.minimums
    ]
    told += [
        _("checks by %(partner)s: nobody has entered what one costs") % {"partner": partner_name(vendor)}
        for vendor in unstated
        if budget.vendor in ("", vendor)
    ]
    return [*told, _("taxes")]


def _row(
    request: HttpRequest,
    state: BudgetState,
    names: dict[UUID, str],
    beside: Beside,
    unstated: Sequence[str] = (),
) -> dict[str, Any]:
    budget = state.budget
    return {
        "budget": budget,
        "state": state,
        "for_what": _for_what(budget, names),
        "tone": _tone(state),
        "not_counted": _not_counted(budget, beside, unstated),
        "used": min(state.spent + state.reserved, budget.amount),
        "is_lifted": budget.is_hard and not budget.holds_at(clock.now()),
        "roles": ", ".join(str(Role(role).label) for role in budget.lifting_roles),
        "may_lift": budget.is_hard and budget.may_lift(seat_of(request).role),
    }


def _unstated(partners: Iterable[tuple[str, str, str]]) -> list[str]:
    """Those in use under an own contract whose price nobody has entered."""
    own = {
        vendor
        for vendor, kind, status in partners
        if kind == Connection.Kind.OWN_CONTRACT and status != Connection.Status.REMOVED
    }
    return sorted(own - set(first_prices(own))) if own else []


@require_GET
@requires(Right.SEE_USAGE)
def budgets(request: HttpRequest) -> HttpResponse:
    names = profile_names()
    found = standing()
    states = budget_states(found)
    partners = list(Connection.objects.values_list("vendor", "kind", "status"))
    beside = (
        beside_budgets(found, {vendor for vendor, *_rest in partners})
        if states
        else Beside(found.currencies[0], NOTHING, ())
    )
    unstated = _unstated(partners) if states else []
    rows = [_row(request, state, names, beside, unstated) for state in states]
    may_manage = seat_of(request).may(Right.MANAGE_BILLING)
    return render(request, "billing/budgets.html", {"rows": rows, "may_manage": may_manage})


@require_http_methods(["GET", "POST"])
@requires(Right.MANAGE_BILLING)
def new(request: HttpRequest) -> HttpResponse:
    form = BudgetForm(request.POST or None, currency=standing().currencies[0])
    if request.method == "POST" and form.is_valid():
        try:
            services.open_budget(form.plan(), actor=actor_of(request))
        except Invalid as refused:
            form.add_error(refused.field or None, refused.sentence)
        else:
            return _to_list(request)
    return render(request, "billing/budget_form.html", {"form": form})


@require_http_methods(["GET", "POST"])
@requires(Right.MANAGE_BILLING)
@recent_sign_in
def edit(request: HttpRequest, budget_id: str) -> HttpResponse:
    budget = _budget_or_404(budget_id)
    form = BudgetForm(request.POST or None, budget=budget)
    if request.method == "POST" and form.is_valid():
        seen = form.take_seen()
        try:
            services.change_budget(budget.id, form.plan(budget), actor=actor_of(request), seen=seen)
        except ChangedMeanwhile as conflict:
            form.show_conflict(conflict)
        except Invalid as refused:
            form.add_error(refused.field or None, refused.sentence)
        else:
            return _to_list(request)
    context = {"form": form, "budget": budget, "for_what": _for_what(budget, profile_names())}
    return render(request, "billing/budget_form.html", context)


@require_POST
@requires(Right.MANAGE_BILLING)
@recent_sign_in
def close(request: HttpRequest, budget_id: str) -> HttpResponse:
    services.close_budget(_budget_or_404(budget_id).id, actor=actor_of(request))
    return _to_list(request)


@require_http_methods(["GET", "POST"])
@requires(Right.SEE_USAGE)
@recent_sign_in
def lift(request: HttpRequest, budget_id: str) -> HttpResponse:
    """Break the glass: for the roles the budget names, with a reason that stays."""
    budget, role = _budget_or_404(budget_id), seat_of(request).role
    if not budget.is_hard or not budget.may_lift(role):
        raise NotAllowed("role_may_not_lift")
    form = LiftForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.lift_cap(budget.id, **form.cleaned_data, role=role, actor=actor_of(request))
        except Invalid as refused:
            form.add_error(refused.field or None, refused.sentence)
        else:
            return _to_list(request)
    return render(request, "billing/budget_lift.html", {"form": form, "budget": budget})
