"""What staff type about the authority."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy

from portal.kit.seen import SeenForm
from portal.kit.typed import TypedWordForm
from tenants.verified_id.models import Credential, TrustedIssuer
from tenants.verified_id.protocol.dcql import JWT_VC, SD_JWT


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


class TrustedIssuerForm(forms.Form):
    """An issuer by its DID, or by the certificate of the authority that signs its own."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=120,
        help_text=gettext_lazy("As your colleagues know it."),
        error_messages={"required": gettext_lazy("Give the issuer a name.")},
    )
    purpose = forms.ChoiceField(
        label=gettext_lazy("What it may prove"),
        choices=TrustedIssuer.Purpose.choices,
        help_text=gettext_lazy("Its cards are believed for this alone."),
    )
    did = forms.CharField(
        label=gettext_lazy("DID"),
        max_length=300,
        required=False,
        help_text=gettext_lazy("For example did:web:partner.example.com. Its keys are read there."),
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false"}),
    )
    requires_domain = forms.BooleanField(
        label=gettext_lazy("A domain of its own has to vouch for the DID"),
        required=False,
        help_text=gettext_lazy("Without it you believe whoever runs the host in the DID."),
    )
    certificate_pem = forms.CharField(
        label=gettext_lazy("Or the certificate of its authority"),
        max_length=64 * 1024,
        required=False,
        help_text=gettext_lazy(
            "In PEM. For issuers that send a certificate along, such as those of an EU PID."
        ),
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
    )
    status_origin = forms.CharField(
        label=gettext_lazy("Where its status lists are"),
        max_length=300,
        required=False,
        help_text=gettext_lazy(
            "Only with a certificate, such as https://pid.example.eu. Nowhere else is asked."
        ),
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false", "inputmode": "url"}),
    )
    types = forms.CharField(
        label=gettext_lazy("Type of its card"),
        max_length=300,
        required=False,
        help_text=gettext_lazy(
            "Leave it empty for the usual one. Otherwise the vct of an SD-JWT VC, or the type of a card in a JWT."
        ),
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false"}),
    )
    format = forms.ChoiceField(
        label=gettext_lazy("Format of its card"),
        required=False,
        choices=[
            ("", gettext_lazy("The usual one for its purpose")),
            (SD_JWT, "SD-JWT VC"),
            (JWT_VC, gettext_lazy("W3C credential in a JWT, as Microsoft Entra issues it")),
        ],
    )
