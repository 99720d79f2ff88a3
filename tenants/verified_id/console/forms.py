"""What staff type about the authority."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext, gettext_lazy

from portal.kit.seen import SeenForm
from portal.kit.typed import TypedWordForm
from tenants.colours import parse_colour
from tenants.verified_id.claim_names import CLAIM_NAMES, MAY_BE_LEFT_OUT
from tenants.verified_id.console.issued import EXPIRED
from tenants.verified_id.design import OTHER_LOCALES, CardDesign
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


def _title(language: Any) -> forms.CharField:
    return forms.CharField(label=language, max_length=60, required=False)


def _colour(label: Any, hint: Any) -> forms.CharField:
    attrs = {"data-width": "short", "spellcheck": "false", "autocapitalize": "none", "autocomplete": "off"}
    return forms.CharField(
        label=label, help_text=hint, max_length=7, required=False, widget=forms.TextInput(attrs=attrs)
    )


class CardForm(SeenForm):
    card_title = forms.CharField(
        label=gettext_lazy("Title of the card"),
        max_length=60,
        help_text=gettext_lazy("People read it in their wallet."),
        error_messages={"required": gettext_lazy("Give the card a title.")},
    )
    title_de = _title(gettext_lazy("In German"))
    title_fr = _title(gettext_lazy("In French"))
    title_es = _title(gettext_lazy("In Spanish"))
    card_background = _colour(
        gettext_lazy("Background"),
        gettext_lazy("Six hexadecimal digits, like #1f5eff. Empty: your accent colour."),
    )
    card_text = _colour(
        gettext_lazy("Text"), gettext_lazy("Empty: black or white, whichever reads better on the background.")
    )
    left_out = forms.MultipleChoiceField(
        label=gettext_lazy("Leave out"),
        help_text=gettext_lazy(
            "What a recovery does not need. Whoever checks the card elsewhere learns less."
        ),
        choices=[(name, CLAIM_NAMES[name][0]) for name in MAY_BE_LEFT_OUT],
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    lifetime_days = forms.IntegerField(
        label=gettext_lazy("A new card is valid for"),
        min_value=1,
        max_value=1825,
        help_text=gettext_lazy("From 1 to 1,825 days. Cards issued before stay as they are."),
        widget=forms.NumberInput(attrs={"data-width": "short", "data-suffix": gettext_lazy("days")}),
    )
    review_first = forms.BooleanField(
        label=gettext_lazy("A member looks before a card that was offered by name is handed out"),
        required=False,
        help_text=gettext_lazy("Cards of a recovery are never held up by this."),
    )

    offers_jwt = forms.BooleanField(
        label=gettext_lazy("Offer the card as a W3C credential in a JWT too"),
        required=False,
        help_text=gettext_lazy(
            "For wallets and verifiers that know no SD-JWT. Nothing can be kept back in it: whoever reads one claim reads "
            "the portrait as well. A recovery here takes the usual card alone."
        ),
    )

    def _clean_colour(self, name: str) -> str:
        typed = str(self.cleaned_data[name])
        try:
            return parse_colour(typed) if typed else ""
        except ValueError as error:
            raise forms.ValidationError(
                gettext("Type six hexadecimal digits, like #1f5eff, or nothing.")
            ) from error

    def clean_card_background(self) -> str:
        return self._clean_colour("card_background")

    def clean_card_text(self) -> str:
        return self._clean_colour("card_text")

    def design(self) -> CardDesign:
        """What was typed, once it is valid."""
        told = self.cleaned_data
        return CardDesign(
            card_title=told["card_title"],
            lifetime_days=told["lifetime_days"],
            card_titles={locale: told[f"title_{locale}"] for locale in OTHER_LOCALES},
            card_background=told["card_background"],
            card_text=told["card_text"],
            left_out=told["left_out"],
            review_first=told["review_first"],
            offers_jwt=told["offers_jwt"],
        )


def _reason() -> forms.CharField:
    return forms.CharField(
        label=gettext_lazy("Why"),
        max_length=300,
        help_text=gettext_lazy("One sentence. Auditors read it."),
        error_messages={"required": gettext_lazy("Say why in one sentence.")},
    )


class ReasonForm(forms.Form):
    """For what can be taken back."""

    reason = _reason()


class RevokeForm(TypedWordForm):
    reason = _reason()
    field_order = ["reason", "word"]


class RevokeSeveralForm(RevokeForm):
    """`count`: the number that stood on the page, so that nobody confirms another than they read."""

    count = forms.IntegerField(min_value=0, widget=forms.HiddenInput)


class RotateForm(TypedWordForm):
    WITH_OVERLAP, AT_ONCE = "overlap", "at_once"
    when = forms.ChoiceField(
        label=gettext_lazy("When the new key begins to sign"),
        initial=WITH_OVERLAP,
        required=False,
        choices=[
            (
                WITH_OVERLAP,
                gettext_lazy("In ten minutes, when everybody who keeps a copy of the keys has fetched it"),
            ),
            (AT_ONCE, gettext_lazy("At once. Whoever keeps an older copy cannot check new cards until then")),
        ],
        widget=forms.RadioSelect,
    )
    field_order = ["when", "word"]


MOST_CHAIN_BYTES = 64 * 1024


class ChainForm(forms.Form):
    """What an authority answered to a signing request."""

    chain = forms.FileField(
        label=gettext_lazy("Certificate and those above it"),
        help_text=gettext_lazy(
            "One file in PEM: the certificate first, then each that signed the one before."
        ),
        widget=forms.FileInput(attrs={"accept": ".pem,.crt,.cer,.txt", "data-max_bytes": MOST_CHAIN_BYTES}),
        error_messages={
            "required": gettext_lazy("Choose the file that the authority sent."),
            "missing": gettext_lazy("Choose the file that the authority sent."),
            "empty": gettext_lazy("This file is empty."),
            "invalid": gettext_lazy("Choose the file that the authority sent."),
        },
    )

    def clean_chain(self) -> str:
        """The text of it. What is no text holds no PEM, and is refused as such where it is read."""
        sent: UploadedFile[bytes] = self.cleaned_data["chain"]
        if (sent.size or 0) > MOST_CHAIN_BYTES:
            raise forms.ValidationError(gettext("This file is too large to be a chain of certificates."))
        data: bytes = sent.read(MOST_CHAIN_BYTES)
        return data.decode("ascii", "replace")


class LookForm(forms.Form):
    """What a member says about a card that waits."""

    RELEASE, REFUSE = "release", "refuse"
    verdict = forms.ChoiceField(
        label=gettext_lazy("Your decision"),
        choices=[
            (RELEASE, gettext_lazy("Release it: the wallet gets the card when it asks next")),
            (REFUSE, gettext_lazy("Refuse it: what the card would have held is destroyed")),
        ],
        error_messages={"required": gettext_lazy("Choose one of the two.")},
        widget=forms.RadioSelect,
    )
    reason = _reason()


class IssuedFilterForm(forms.Form):
    """The filters of the list, as they stand in the address."""

    status = forms.ChoiceField(required=False, choices=[("", ""), (EXPIRED, ""), *Credential.State.choices])
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
