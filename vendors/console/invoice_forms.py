"""What a billing manager says about invoices."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.kit.seen import SeenForm, marks_of
from vendors.billing.details import LONGEST
from vendors.billing.document_models import PaidBackTo


class DetailsForm(SeenForm):
    legal_name = forms.CharField(
        label=_("Legal name"),
        max_length=LONGEST["legal_name"],
        error_messages={"required": _("Say whom invoices are made out to.")},
    )
    address = forms.CharField(
        label=_("Address"),
        help_text=_("At most six lines."),
        max_length=LONGEST["address"],
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    country = forms.CharField(
        label=_("Country"),
        help_text=_("Two letters, for example CZ."),
        max_length=LONGEST["country"],
        required=False,
        widget=forms.TextInput(attrs={"data-width": "short"}),
    )
    tax_id = forms.CharField(label=_("Tax number"), max_length=LONGEST["tax_id"], required=False)
    purchase_order = forms.CharField(
        label=_("Purchase-order number"),
        help_text=_("Stands on each invoice from the next one on."),
        max_length=LONGEST["purchase_order"],
        required=False,
    )
    cost_centre = forms.CharField(label=_("Cost centre"), max_length=LONGEST["cost_centre"], required=False)
    paid_back_to = forms.ChoiceField(
        label=_("When an invoice that you have paid becomes cheaper"),
        help_text=_("Its tax goes the same way. What no card paid stays as credit."),
        choices=PaidBackTo.choices,
        widget=forms.RadioSelect,
        required=False,
    )

    def __init__(self, *args: Any, present: dict[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, value in present.items():
            self.fields[name].initial = value
        self.fields["seen"].initial = marks_of(present)

    def clean_paid_back_to(self) -> str:
        """A form that does not say it leaves it as it is."""
        return str(self.cleaned_data["paid_back_to"] or self.fields["paid_back_to"].initial)


class DisputeForm(forms.Form):
    reason = forms.CharField(
        label=_("What is wrong with this charge"),
        help_text=_("One or two sentences. No names: the case's reference is known."),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Say in a sentence what is wrong with this charge.")},
    )
