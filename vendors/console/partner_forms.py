"""The settings of a partner that the tenant brings itself, made from the manifest."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, cast
from urllib.parse import urlsplit

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from joserfc.errors import JoseError
from joserfc.jwk import import_key

from portal.kit.client_tls import check_dates, read_identity, read_roots
from portal.kit.errors import Misconfigured
from portal.kit.money import EXPONENTS
from portal.kit.seen import SeenForm, marks_of
from portal.kit.typed import TypedWordForm
from vendors.connecting import (
    ContractTerms,
    asked_for,
    missing_secret,
    secrets_after,
    settings_of,
    shown_terms,
    terms_of,
)
from vendors.context import open_secrets
from vendors.contract import Field, Manifest
from vendors.models import Connection
from vendors.registry import adapter_of, is_name, own_name
from vendors.titles import MOST_TITLE, title_of, title_of_name
from vendors.wording import PROBLEMS

LONGEST = 4_000
LONGEST_TEXT = 60_000
PRICE = {"unit_price": "", "currency": "EUR"}


class SecretText(forms.Textarea):
    """Text of several lines that is never shown again, not even when the form comes back with an error."""

    def __init__(self) -> None:
        super().__init__(attrs={"rows": 4, "autocomplete": "off", "spellcheck": "false"})

    def format_value(self, value: Any) -> str:
        return ""


def _field(field: Field, *, has_secret: bool) -> forms.Field:
    hint = _(field.hint) if field.hint else ""
    if field.kind == "secret":
        if has_secret:
            hint = _("Leave it empty to keep the one that is stored. It is never shown again.")
        return forms.CharField(
            label=_(field.label),
            help_text=hint,
            # Of those that stand in each other's place `clean` asks for one.
            required=field.required and not has_secret and not field.instead_of,
            error_messages={"required": _("Enter this: %(setting)s.") % {"setting": _(field.label)}},
            max_length=LONGEST_TEXT if field.is_long else LONGEST,
            widget=SecretText() if field.is_long else forms.PasswordInput(attrs={"autocomplete": "off"}),
        )
    if field.kind == "choice":
        choices = [(value, _(label)) for value, label in field.choices]
        return forms.ChoiceField(label=_(field.label), help_text=hint, choices=choices)
    if field.is_long:
        return forms.CharField(
            label=_(field.label),
            help_text=hint,
            required=field.required,
            max_length=LONGEST_TEXT,
            widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
        )
    return forms.CharField(
        label=_(field.label), help_text=hint, required=field.required, max_length=300, strip=True
    )


def _has_secret(manifest: Manifest, field: Field, stored: Sequence[str]) -> bool:
    """It is stored, or one that stands in its place."""
    group = {
        other.name for other in manifest.fields if field.instead_of and other.instead_of == field.instead_of
    }
    return bool(({field.name} | group) & set(stored))


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return bool(
        parts.scheme in ("https", "http") and parts.hostname and not parts.query and not parts.fragment
    )


class ManifestForm(SeenForm):
    """One field for each setting of the manifest."""

    manifest: Manifest
    stored: Sequence[str]

    def add_settings(self, manifest: Manifest, connection: Connection | None) -> None:
        self.manifest = manifest
        self.stored = sorted(open_secrets(connection)) if connection is not None else []
        for field in manifest.fields:
            self.fields[field.name] = _field(field, has_secret=_has_secret(manifest, field, self.stored))
            if connection is not None and field.kind != "secret":
                self.fields[field.name].initial = connection.config.get(field.name, "")
        self.order_fields([field.name for field in manifest.fields])

    def clean_issuer(self) -> str:
        issuer: str = self.cleaned_data["issuer"]
        if not _is_address(issuer):
            raise forms.ValidationError(_("Enter the issuer's address, for example https://id.example.com"))
        return issuer

    def clean_api_base(self) -> str:
        address: str = self.cleaned_data["api_base"]
        if address and not _is_address(address):
            raise forms.ValidationError(_("Enter an address that begins with https:// or http://"))
        return address

    def clean_service(self) -> str:
        address: str = self.cleaned_data["service"]
        if not _is_address(address):
            raise forms.ValidationError(_("Enter an address that begins with https:// or http://"))
        return address

    def clean_app_base(self) -> str:
        address: str = self.cleaned_data["app_base"]
        if address and not _is_address(address):
            raise forms.ValidationError(_("Enter an address that begins with https:// or http://"))
        return address

    def clean_identity(self) -> str:
        text: str = self.cleaned_data["identity"]
        try:
            if text:
                check_dates(read_identity(text))
        except Misconfigured as error:
            raise forms.ValidationError(_(PROBLEMS[error.code])) from error
        return text

    def clean_server_root(self) -> str:
        text: str = self.cleaned_data["server_root"]
        try:
            read_roots(text)
        except Misconfigured as error:
            raise forms.ValidationError(_(PROBLEMS[error.code])) from error
        return text

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
        given = {name: "given" for name in self._secret_names() if data.get(name)}
        groups = [field.instead_of for field in self.manifest.fields if field.name in given]
        if any(groups.count(group) > 1 for group in groups if group):
            self.add_error("private_key", _("Enter a secret or a private key, not both."))
        held = secrets_after(self.manifest, dict.fromkeys(self.stored, "stored"), given)
        absent = missing_secret(self.manifest, held)
        if absent is not None and not any(name in self.errors for name in self._secret_names()):
            self.add_error(absent, asked_for(self.manifest, absent))
        return data

    def _secret_names(self) -> list[str]:
        return [field.name for field in self.manifest.fields if field.kind == "secret"]

    def secrets(self) -> dict[str, str]:
        return {
            field.name: self.cleaned_data[field.name]
            for field in self.manifest.fields
            if field.kind == "secret"
        }


class NameForm(forms.Form):
    """What tells one of several connections from the others. It becomes a part of addresses and of the ledger."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=60,
        help_text=gettext_lazy(
            "Letters, digits and spaces, at most 30. It stands in addresses and commands, and it stays: a connection of another "
            "name is another connection. What people read is its title, which comes next."
        ),
    )

    def clean_name(self) -> str:
        name = "-".join(str(self.cleaned_data["name"]).lower().split())
        if not is_name(name):
            raise forms.ValidationError(
                _("Write the name in letters from a to z, digits, hyphens and spaces, at most 30.")
            )
        return name


class RemoveForm(TypedWordForm):
    """`sessions`: how many lie at the partner, where it erases them when it is asked; else nothing is asked."""

    erases = forms.BooleanField(
        label=gettext_lazy("Ask the partner to erase what it holds of your people"),
        help_text=gettext_lazy(
            "Its keys stay sealed for that alone. Without it they are destroyed at once, and nobody can ask any more."
        ),
        required=False,
        initial=True,
    )
    field_order = ["erases", "word"]

    def __init__(self, *args: Any, sessions: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not sessions:
            self.fields.pop("erases")


class PartnerSettingsForm(ManifestForm):
    """One field for each setting of the manifest, and the price of one's own contract."""

    unit_price = forms.DecimalField(
        label=gettext_lazy("Price of one decision"),
        help_text=gettext_lazy(
            "From your contract. It is used to count, never to invoice. Empty: nobody knows yet, and what checks cost is called "
            "unknown until you enter it. Enter 0 only where a decision costs nothing."
        ),
        required=False,
        min_value=Decimal(0),
        max_value=Decimal(99_999),
        max_digits=12,
        decimal_places=6,
        widget=forms.NumberInput(attrs={"data-width": "short"}),
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
        named: str = "",
        **kwargs: Any,
    ) -> None:
        """`named`: the key of one of several; people read its title."""
        super().__init__(*args, **kwargs)
        self.add_settings(manifest, connection)
        if named:
            self._add_title(connection.title if connection else "", named)
        plain = [field.name for field in manifest.fields if field.kind != "secret"]
        priced = shown_terms(terms)
        if terms is None and manifest.asks_wallets:
            self.fields["unit_price"].initial = Decimal(0)
            self.fields["unit_price"].help_text = _(
                "Showing costs nothing. Enter what you want to count, or leave it."
            )
        if terms is not None:
            # What was counted at a price stays counted: one that is known is changed, not forgotten.
            self.fields["unit_price"].required = True
            self.fields["unit_price"].help_text = _(
                "From your contract. It is used to count, never to invoice."
            )
            for name, value in priced.items():
                self.fields[name].initial = value
        known = settings_of(connection, plain) | priced
        if named:
            known["title"] = connection.title if connection else ""
        self.fields["seen"].initial = marks_of(known)

    def _add_title(self, title: str, named: str) -> None:
        self.fields["title"] = forms.CharField(
            label=_("Title"),
            max_length=MOST_TITLE,
            initial=title or title_of_name(own_name(named)),
            help_text=_(
                "People read it where they agree to be checked, and you wherever this partner stands."
            ),
            error_messages={"required": _("Enter a title of at most 60 characters.")},
        )
        self.order_fields(["title", *self.fields])

    def title(self) -> str | None:
        return self.cleaned_data.get("title")

    def terms(self) -> ContractTerms | None:
        """None where nobody said what a decision costs."""
        price: Decimal | None = self.cleaned_data["unit_price"]
        return None if price is None else ContractTerms(price, self.cleaned_data["currency"])

    def config(self) -> dict[str, str]:
        return {
            field.name: self.cleaned_data[field.name]
            for field in self.manifest.fields
            if field.kind != "secret"
        }


def standing_settings(connection: Connection | None, vendor: str) -> dict[str, str]:
    """What the page would show in its fields; choices begin with their first."""
    first = {field.name: field.choices[0][0] for field in adapter_of(vendor).manifest.fields if field.choices}
    terms = terms_of(vendor)
    priced = {"unit_price": f"{terms.unit_price}", "currency": terms.currency} if terms else PRICE
    title = {"title": title_of(vendor)} if own_name(vendor) else {}
    return {**first, **priced, **title, **(connection.config if connection else {})}


class KeysForm(ManifestForm):
    """New keys beside the ones in use. `seen` is which were in use, and which waited, when the page was drawn."""

    def __init__(self, *args: Any, connection: Connection, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        manifest = adapter_of(connection.vendor).manifest
        secret = tuple(field for field in manifest.fields if field.kind == "secret")
        self.add_settings(replace(manifest, fields=secret), connection)
        for field in secret:
            self.fields[field.name].help_text = _("Leave it empty to go on with the one in use.")

    def draw_from(self, standing: str) -> None:
        """What was typed is never shown again; the next try counts from what stands there now."""
        self.fields["seen"].initial = standing
        if not self.is_bound:
            return
        data = cast(QueryDict, self.data).copy()
        data[self.add_prefix("seen")] = standing
        self.data = data
