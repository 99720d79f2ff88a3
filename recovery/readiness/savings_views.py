"""*Usage → Savings*: what recovering by oneself saves, with the organisation's own figures where it has them."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from portal.kit import clock
from portal.rights import requires, seat_of
from recovery.readiness.savings import CENT, Figures, savings_of
from recovery.selectors import recovered_between
from tenants.directory.models import DirectoryPerson
from tenants.rights import Right
from vendors.billing.help_desk import reset_cost
from vendors.billing.models import UsageEntry

# What Microsoft's estimator begins with.
SHARE, DESK_MINUTES, OWN_COST, OWN_MINUTES = Decimal(3), 60, Decimal(2), 5
LOOKED_BACK = timedelta(days=90)


def _money(label: Any, hint: Any = "") -> forms.DecimalField:
    widget = forms.NumberInput(attrs={"data-width": "short"})
    return forms.DecimalField(
        label=label, help_text=hint, min_value=0, max_value=100_000, decimal_places=2, widget=widget
    )


def _whole(label: Any, most: int) -> forms.IntegerField:
    widget = forms.NumberInput(attrs={"data-width": "short"})
    return forms.IntegerField(label=label, min_value=0, max_value=most, widget=widget)


class FiguresForm(forms.Form):
    people = _whole(gettext_lazy("People with an account"), 100_000_000)
    share = forms.DecimalField(
        label=gettext_lazy("Locked out in a month, per cent"),
        min_value=0,
        max_value=100,
        decimal_places=2,
        widget=forms.NumberInput(attrs={"data-width": "short"}),
    )
    desk_cost = _money(gettext_lazy("One reset at the help desk costs"))
    desk_minutes = _whole(gettext_lazy("And takes, in minutes"), 10_000)
    own_cost = _money(gettext_lazy("One recovery by oneself costs"))
    own_minutes = _whole(gettext_lazy("And takes, in minutes"), 10_000)

    def figures(self) -> Figures:
        return Figures(**self.cleaned_data)


@require_GET
@requires(Right.SEE_USAGE)
def savings(request: HttpRequest) -> HttpResponse:
    """Nothing is kept: the figures stand in the address."""
    desk = reset_cost()
    own = _own_cost(desk.currency)
    initial = {
        "people": DirectoryPerson.objects.filter(status=DirectoryPerson.Status.ACTIVE).count(),
        "share": SHARE,
        "desk_cost": desk.amount.quantize(CENT),
        "desk_minutes": DESK_MINUTES,
        "own_cost": OWN_COST if own is None else own,
        "own_minutes": OWN_MINUTES,
    }
    form = FiguresForm(request.GET if "people" in request.GET else initial)
    context = {
        "form": form,
        "currency": desk.currency,
        "desk_is_own": desk.is_own,
        "own_is_measured": own is not None,
        "savings": savings_of(form.figures()) if form.is_valid() else None,
        "may_change": seat_of(request).may(Right.MANAGE_BILLING),
    }
    return render(request, "readiness/savings.html", context)


def _own_cost(currency: str) -> Decimal | None:
    """What an account recovered in the last three months cost in this currency; None where none was, or nothing was
    counted in it."""
    since, now = clock.now() - LOOKED_BACK, clock.now()
    accounts = recovered_between(since, now)
    entries = UsageEntry.objects.filter(currency=currency, occurred_at__gte=since)
    spent: Decimal | None = entries.aggregate(sum=Sum("amount"))["sum"] if accounts else None
    return (spent / accounts).quantize(CENT) if spent is not None and accounts else None
