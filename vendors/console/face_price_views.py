"""What a Face Check at Microsoft costs under the organisation's own contract: the billing manager's to say."""

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
from vendors.connecting import ContractTerms, shown_terms
from vendors.face_price import change_face_price, face_price


class FacePriceForm(SeenForm):
    unit_price = forms.DecimalField(
        label=gettext_lazy("One Face Check at Microsoft costs you"),
        help_text=gettext_lazy(
            "From your agreement with Microsoft. It charges each face it compares, alike or not."
        ),
        min_value=Decimal(0),
        max_value=Decimal(99_999),
        max_digits=12,
        decimal_places=6,
        widget=forms.NumberInput(attrs={"data-width": "short"}),
    )
    currency = forms.ChoiceField(
        label=gettext_lazy("Currency"), choices=[(code, code) for code in EXPONENTS], initial="USD"
    )


@require_http_methods(["GET", "POST"])
@requires(Right.MANAGE_BILLING)
def price(request: HttpRequest) -> HttpResponse:
    found = face_price()
    shown = shown_terms(found)
    initial = {"seen": marks_of(shown), **(shown if found else {})}
    form = FacePriceForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        seen = form.take_seen()
        wanted = ContractTerms(form.cleaned_data["unit_price"], form.cleaned_data["currency"])
        try:
            change_face_price(wanted, actor=actor_of(request), seen=seen)
        except ChangedMeanwhile as conflict:
            form.show_conflict(conflict)
        except Invalid as refused:
            form.add_error(refused.field or None, refused.sentence)
        else:
            return redirect("usage:usage", organisation=seat_of(request).tenant.slug)
    return render(request, "billing/face_price.html", {"form": form, "found": found})
