"""What staff enter about their OpenID Provider."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.kit.seen import SeenForm, marks_of
from recovery.entry.models import SignInProvider
from recovery.entry.provider_services import values_of
from vendors.adapters.oidc.answers import is_web_address

_PLAIN = {"autocapitalize": "none", "spellcheck": "false", "autocomplete": "off"}
CLAIM_OF = {
    SignInProvider.Match.EXTERNAL_ID: "sub",
    SignInProvider.Match.USER_NAME: "preferred_username",
    SignInProvider.Match.EMAIL: "email",
}


class ProviderForm(SeenForm):
    name = forms.CharField(
        label=gettext_lazy("Name on the button"),
        max_length=60,
        help_text=gettext_lazy("As your people know it: “Sign in with …”."),
        error_messages={"required": gettext_lazy("Give it a name.")},
    )
    issuer = forms.CharField(
        label=gettext_lazy("Issuer"),
        max_length=300,
        help_text=gettext_lazy("To the letter, as its metadata names it."),
        error_messages={"required": gettext_lazy("Enter the issuer.")},
        widget=forms.TextInput(attrs={**_PLAIN, "inputmode": "url"}),
    )
    client_id = forms.CharField(
        label=gettext_lazy("Client ID"),
        max_length=200,
        error_messages={"required": gettext_lazy("Enter the client ID.")},
        widget=forms.TextInput(attrs=_PLAIN),
    )
    proof = forms.ChoiceField(
        label=gettext_lazy("How this portal proves itself there"),
        choices=SignInProvider.Proof.choices,
        initial=SignInProvider.Proof.SECRET,
        widget=forms.RadioSelect,
    )
    client_secret = forms.CharField(
        label=gettext_lazy("Client secret"),
        max_length=300,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )
    match = forms.ChoiceField(
        label=gettext_lazy("Who somebody is, is told by"),
        choices=SignInProvider.Match.choices,
        initial=SignInProvider.Match.EXTERNAL_ID,
        widget=forms.RadioSelect,
    )
    claim = forms.CharField(
        label=gettext_lazy("Claim that holds it"),
        max_length=60,
        required=False,
        help_text=gettext_lazy(
            "Empty: sub, preferred_username or email. Choose one that is never given to somebody else."
        ),
        widget=forms.TextInput(attrs=_PLAIN),
    )

    def __init__(self, *args: Any, row: SignInProvider | None, **kwargs: Any) -> None:
        if row is not None:
            values = values_of(row)
            kwargs.setdefault("initial", {**values, "seen": marks_of(values)})
        super().__init__(*args, **kwargs)
        if row is not None:
            self.fields["client_secret"].help_text = _(
                "Leave it empty to keep the one that is stored. It is never shown again."
            )

    def clean_issuer(self) -> str:
        issuer = str(self.cleaned_data["issuer"]).strip()
        if not is_web_address(issuer) or "?" in issuer:
            raise forms.ValidationError(_("Enter an address that begins with https://."))
        return issuer

    def clean_client_secret(self) -> str:
        secret: str = self.cleaned_data["client_secret"]
        if secret and not re.fullmatch(r"[\x20-\x7e]+", secret):
            raise forms.ValidationError(_("This is no client secret: it has characters that none has."))
        return secret

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if data.get("match"):
            match = SignInProvider.Match(data["match"])
            # Another claim than `email` has no word on whether it was verified.
            fixed = match is SignInProvider.Match.EMAIL
            data["claim"] = CLAIM_OF[match] if fixed else (data.get("claim") or CLAIM_OF[match])
        return data
