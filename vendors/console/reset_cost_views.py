"""What one reset at the help desk costs: the billing manager's own number for the usage page."""

from __future__ import annotations

from decimal import Decimal

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from portal.kit.errors import Invalid
from portal.kit.money import EXPONENTS
from portal.kit.seen import ChangedMeanwhile, SeenForm, marks_of
from portal.rights import actor_of, requires, seat_of
from tenants.rights import Right
from vendors.billing import help_desk


class ResetCostForm(SeenForm):
    amount = forms.DecimalField(
        label=gettext_lazy("One reset at the help desk costs"),
        help_text=gettext_lazy("The agent's time and the time of the person who cannot work, together."),
        min_value=Decimal(0),
        max_value=help_desk.HIGHEST,
        decimal_places=2,
        widget=forms.NumberInput(attrs={"data-width": "short"}),
    )
    currency = forms.ChoiceField(
        label=gettext_lazy("Currency"),
        help_text=gettext_lazy("It is compared with what costs in this currency."),
        choices=[(code, code) for code in EXPONENTS],
    )


@require_http_methods(["GET", "POST"])
@requires(Right.MANAGE_BILLING)
def reset_cost(request: HttpRequest) -> HttpResponse:
    found = help_desk.reset_cost()
    initial = {"amount": found.amount, "currency": found.currency, "seen": marks_of(found.marks())}
    form = ResetCostForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        seen = form.take_seen()
        try:
            help_desk.change_reset_cost(
                form.cleaned_data["amount"], form.cleaned_data["currency"], actor=actor_of(request), seen=seen
            )
        except ChangedMeanwhile as conflict:
            form.show_conflict(conflict)
        except Invalid as refused:
            form.add_error(refused.field or None, refused.sentence)
        else:
            return redirect("usage:usage", organisation=seat_of(request).tenant.slug)
    return render(request, "billing/reset_cost.html", {"form": form, "found": found})
