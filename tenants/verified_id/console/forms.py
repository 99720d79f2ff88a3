"""What staff type about the authority."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy

from portal.kit.seen import SeenForm
from portal.kit.typed import TypedWordForm
from tenants.verified_id.models import Credential


class DomainForm(forms.Form):
    origin = forms.CharField(
        label=gettext_lazy("Your domain"),
        max_length=200,
        help_text=gettext_lazy("One that people know as yours, such as www.example.com. Not this host."),
        error_messages={"required": gettext_lazy("Type your domain.")},
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false", "inputmode": "url"}),
    )


class CardForm(SeenForm):
    card_title = forms.CharField(
        label=gettext_lazy("Title of the card"),
        max_length=60,
        help_text=gettext_lazy("People read it in their wallet."),
        error_messages={"required": gettext_lazy("Give the card a title.")},
    )
    lifetime_days = forms.IntegerField(
        label=gettext_lazy("A new card is valid for"),
        min_value=1,
        max_value=1825,
        help_text=gettext_lazy("From 1 to 1,825 days. Cards issued before stay as they are."),
        widget=forms.NumberInput(attrs={"data-width": "short", "data-suffix": gettext_lazy("days")}),
    )


class RevokeForm(TypedWordForm):
    reason = forms.CharField(
        label=gettext_lazy("Why"),
        max_length=300,
        help_text=gettext_lazy("One sentence. Auditors read it."),
        error_messages={"required": gettext_lazy("Say why in one sentence.")},
    )
    field_order = ["reason", "word"]


class IssuedFilterForm(forms.Form):
    """The filters of the list, as they stand in the address. Anything unusable means: all."""

    status = forms.ChoiceField(required=False, choices=[("", ""), *Credential.State.choices])
    since = forms.DateField(required=False)
    until = forms.DateField(required=False)
