"""The settings of a partner that the tenant brings itself, made from the manifest."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from joserfc.errors import JoseError
from joserfc.jwk import import_key

from portal.kit.money import EXPONENTS
from portal.kit.seen import SeenForm, marks_of
from vendors.connecting import ContractTerms, settings_of, shown_terms
from vendors.contract import Field, Manifest
from vendors.models import Connection

LONGEST = 4_000


def _field(field: Field, *, has_secret: bool) -> forms.Field:
    hint = _(field.hint) if field.hint else ""
    if field.kind == "secret":
        if has_secret:
            hint = _("Leave it empty to keep the one that is stored. It is never shown again.")
        return forms.CharField(
            label=_(field.label),
            help_text=hint,
            required=False,
            max_length=LONGEST,
            widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        )
    return forms.CharField(
        label=_(field.label), help_text=hint, required=field.required, max_length=300, strip=True
    )


class PartnerSettingsForm(SeenForm):
    """One field for each setting of the manifest, and the price of one's own contract."""

    unit_price = forms.DecimalField(
        label=gettext_lazy("Price of one decision"),
        help_text=gettext_lazy("From your contract. It is used to count, never to invoice."),
        min_value=Decimal(0),
        max_value=Decimal(99_999),
        max_digits=12,
        decimal_places=6,
        initial=Decimal(0),
    )
    currency = forms.ChoiceField(
        label=gettext_lazy("Currency"), choices=[(code, code) for code in EXPONENTS], initial="EUR"
    )

    def __init__(
        self,
        *args: Any,
        manifest: Manifest,
        connection: Connection | None,
        terms: ContractTerms | None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.manifest = manifest
        self.has_secret = connection is not None and connection.secrets_sealed is not None
        for field in manifest.fields:
            self.fields[field.name] = _field(field, has_secret=self.has_secret)
            if connection is not None and field.kind != "secret":
                self.fields[field.name].initial = connection.config.get(field.name, "")
        self.order_fields([field.name for field in manifest.fields])
        plain = [field.name for field in manifest.fields if field.kind != "secret"]
        priced = shown_terms(terms)
        if terms is not None:
            for name, value in priced.items():
                self.fields[name].initial = value
        self.fields["seen"].initial = marks_of(settings_of(connection, plain) | priced)

    def clean_issuer(self) -> str:
        issuer: str = self.cleaned_data["issuer"]
        try:
            parts = urlsplit(issuer)
        except ValueError:
            parts = urlsplit("")
        if parts.scheme not in ("https", "http") or not parts.hostname or parts.query or parts.fragment:
            raise forms.ValidationError(_("Enter the issuer's address, for example https://id.example.com"))
        return issuer

    def clean_private_key(self) -> str:
        text: str = self.cleaned_data["private_key"]
        if not text:
            return ""
        try:
            key = import_key(json.loads(text))
            usable = key.is_private and key.key_type in ("EC", "RSA")
        except (JoseError, ValueError, TypeError, KeyError):
            usable = False
        if not usable:
            raise forms.ValidationError(_("This is not a private JWK (EC P-256 or RSA)."))
        return text

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        given = [name for name in ("client_secret", "private_key") if data.get(name)]
        if len(given) > 1:
            self.add_error("private_key", _("Enter a secret or a private key, not both."))
        if not given and not self.has_secret and "private_key" not in self.errors:
            self.add_error("client_secret", _("Enter a client secret or a private key."))
        return data

    def terms(self) -> ContractTerms:
        return ContractTerms(self.cleaned_data["unit_price"], self.cleaned_data["currency"])

    def config(self) -> dict[str, str]:
        return {
            field.name: self.cleaned_data[field.name]
            for field in self.manifest.fields
            if field.kind != "secret"
        }

    def secrets(self) -> dict[str, str]:
        return {
            field.name: self.cleaned_data[field.name]
            for field in self.manifest.fields
            if field.kind == "secret"
        }
