"""The card form: what a person types, and the payment method that comes of it. Numbers are never kept."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.sandboxes.stripe.api.errors import ApiError
from portal.sandboxes.stripe.objects import cards, payment_methods
from portal.sandboxes.stripe.store import Doc, Store

COUNTRIES = [
    ("", _("Not said")), ("AT", _("Austria")), ("BE", _("Belgium")), ("CH", _("Switzerland")), ("CZ", _("Czechia")),
    ("DE", _("Germany")), ("DK", _("Denmark")), ("ES", _("Spain")), ("FI", _("Finland")), ("FR", _("France")),
    ("GB", _("United Kingdom")), ("IE", _("Ireland")), ("IT", _("Italy")), ("NL", _("Netherlands")),
    ("NO", _("Norway")), ("PL", _("Poland")), ("PT", _("Portugal")), ("SE", _("Sweden")), ("US", _("United States")),
]  # fmt: skip
FIELD_OF = {"number": "number", "exp_month": "expiry", "exp_year": "expiry", "cvc": "cvc"}


class NotRepeated(forms.TextInput):
    """What was typed is not in the page that asks again, as with a password; its digits may be seen while they are typed."""

    def format_value(self, value: Any) -> None:
        return None


class CardForm(forms.Form):
    """`email` is asked only where nobody knows it yet."""

    email = forms.EmailField(label=_("E-mail"), widget=forms.EmailInput(attrs={"autocomplete": "email"}))
    number = forms.CharField(
        label=_("Card number"),
        max_length=30,
        help_text=_("A test card, for example 4242 4242 4242 4242. Never a real one."),
        widget=forms.TextInput(attrs={"autocomplete": "cc-number", "inputmode": "numeric"}),
    )
    expiry = forms.CharField(
        label=_("Expires"),
        max_length=9,
        help_text=_("Month and year, such as 12 / 34"),
        widget=forms.TextInput(attrs={"autocomplete": "cc-exp", "inputmode": "numeric"}),
    )
    cvc = forms.CharField(
        label=_("Security code"),
        max_length=4,
        widget=NotRepeated(attrs={"autocomplete": "cc-csc", "inputmode": "numeric"}),
    )
    name = forms.CharField(
        label=_("Name on the card"), max_length=256, widget=forms.TextInput(attrs={"autocomplete": "cc-name"})
    )
    country = forms.ChoiceField(
        label=_("Country"),
        choices=COUNTRIES,
        required=False,
        widget=forms.Select(attrs={"autocomplete": "country"}),
    )

    def __init__(self, *args: Any, ask_email: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not ask_email:
            del self.fields["email"]

    def clean_expiry(self) -> tuple[int, int]:
        matched = re.fullmatch(r"\s*(\d{1,2})\s*/?\s*(\d{2}|\d{4})\s*", self.cleaned_data["expiry"])
        if matched is None:
            raise forms.ValidationError(_("Write month and year, such as 12 / 34."))
        year = int(matched[2])
        return int(matched[1]), year + 2000 if year < 100 else year

    def details(self) -> dict[str, Any]:
        """What was said about the person, for the customer."""
        country = self.cleaned_data["country"]
        blank = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))
        return {
            "email": self.cleaned_data.get("email"),
            "name": self.cleaned_data["name"],
            "address": blank | {"country": country} if country else None,
        }

    def method(self, store: Store) -> Doc:
        """A payment method of the card. Raises the API's own errors."""
        card = cards.by_number(self.cleaned_data["number"])
        month, year = self.cleaned_data["expiry"]
        cards.require_expiry(month, year)
        cards.require_cvc(self.cleaned_data["cvc"], card)
        details = self.details()
        billing = {name: details[name] for name in ("address", "email", "name")}
        return payment_methods.make(store, card, month, year, billing)

    def refuse(self, error: ApiError) -> None:
        """Say what the issuer or the card check said, beside the field it is about."""
        field = FIELD_OF.get(error.param)
        self.add_error(field if field in self.fields else None, error.message)
