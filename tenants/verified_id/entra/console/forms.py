"""What staff type about their authority at Microsoft."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.kit.registrations import (
    PLAIN,
    application_field,
    directory_field,
    plain_field,
    read_secret,
    read_uuid,
    secret_field,
)
from portal.kit.seen import SeenForm, marks_of
from tenants.verified_id.entra import addresses
from tenants.verified_id.entra.models import EntraConnection
from tenants.verified_id.entra.services import settings_of

_DID = re.compile(r"did:(web|ion):[A-Za-z0-9._:%-]{1,280}")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,99}")
MAX_ISSUERS = 20


class ConnectionForm(SeenForm):
    directory = directory_field()
    client_id = application_field(gettext_lazy("Of the app registration that this portal signs in as."))
    client_secret = secret_field(
        gettext_lazy("Its value, not its ID. Leave it empty to sign in with a certificate that is made here.")
    )
    authority = plain_field(
        gettext_lazy("Decentralized identifier of your authority"),
        gettext_lazy("Begins with did:web. From the page Organization settings of Verified ID."),
        gettext_lazy("Enter the identifier of your authority."),
        longest=300,
    )
    manifest_url = plain_field(
        gettext_lazy("Manifest URL"),
        gettext_lazy("From the page of the credential: it ends in /manifest."),
        gettext_lazy("Enter the manifest URL."),
        longest=600,
    )
    credential_type = plain_field(
        gettext_lazy("Credential type"),
        gettext_lazy("As the rules of the credential name it."),
        gettext_lazy("Enter the type."),
        longest=100,
        initial="VerifiedIdentity",
    )
    accepted_issuers = forms.CharField(
        label=gettext_lazy("Issuers whose cards are accepted"),
        max_length=6_000,
        help_text=gettext_lazy("One identifier a line. Usually your authority alone."),
        error_messages={"required": gettext_lazy("Name at least one issuer. An empty list accepts nobody.")},
        widget=forms.Textarea(attrs={**PLAIN, "rows": 3}),
    )
    photo_claim = plain_field(
        gettext_lazy("Claim with the photo"),
        gettext_lazy("The live face is compared with it."),
        gettext_lazy("Enter the name of the claim."),
        longest=100,
        initial="portrait",
    )

    authority_id = forms.CharField(
        label=gettext_lazy("Authority ID"),
        max_length=60,
        required=False,
        help_text=gettext_lazy(
            "For recoveries: the id of your authority in the Admin API, under which its records are."
        ),
        widget=forms.TextInput(attrs=PLAIN),
    )
    mark_claim = forms.CharField(
        label=gettext_lazy("Claim with the mark of a card"),
        max_length=100,
        required=False,
        initial="cardId",
        help_text=gettext_lazy(
            "For recoveries: the one claim that the rules of the credential index. This portal writes a random mark there, by "
            "which it finds a card in your records and revokes it."
        ),
        widget=forms.TextInput(attrs=PLAIN),
    )

    def __init__(self, *args: Any, connection: EntraConnection | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if connection is not None:
            values = settings_of(connection)
            for name, value in values.items():
                self.fields[name].initial = "\n".join(value) if isinstance(value, list) else value
            if connection.secret_sealed is not None:
                hint = _("Leave it empty to keep the one that is stored. It is never shown again.")
            else:
                hint = _("Leave it empty to go on with the certificate.")
            self.fields["client_secret"].help_text = hint
            self.fields["seen"].initial = marks_of(values)

    def clean_directory(self) -> str:
        return read_uuid(self.cleaned_data["directory"])

    def clean_client_id(self) -> str:
        return read_uuid(self.cleaned_data["client_id"])

    def clean_client_secret(self) -> str:
        return read_secret(self.cleaned_data["client_secret"])

    def clean_authority(self) -> str:
        return _did(self.cleaned_data["authority"])

    def clean_credential_type(self) -> str:
        return _name(self.cleaned_data["credential_type"])

    def clean_photo_claim(self) -> str:
        return _name(self.cleaned_data["photo_claim"])

    def clean_authority_id(self) -> str:
        typed: str = self.cleaned_data["authority_id"]
        return read_uuid(typed) if typed else ""

    def clean_mark_claim(self) -> str:
        typed: str = self.cleaned_data["mark_claim"]
        return _name(typed) if typed else ""

    def clean_accepted_issuers(self) -> list[str]:
        lines = [line.strip() for line in self.cleaned_data["accepted_issuers"].splitlines() if line.strip()]
        if len(lines) > MAX_ISSUERS:
            raise forms.ValidationError(_("Name at most 20 issuers."))
        return list(dict.fromkeys(_did(line) for line in lines))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        url, directory = data.get("manifest_url"), data.get("directory")
        if url:
            found = addresses.manifest_directory(url)
            if not found:
                self.add_error(
                    "manifest_url", _("This is not the address of a manifest at Microsoft Verified ID.")
                )
            elif directory and found != directory:
                self.add_error("manifest_url", _("This manifest belongs to another directory."))
        if data.get("authority_id") and "mark_claim" in data and not data["mark_claim"]:
            self.add_error(
                "mark_claim", _("Name the claim: without it no card can be found in your records.")
            )
        return data


def _did(text: str) -> str:
    if not _DID.fullmatch(text):
        raise forms.ValidationError(_("An identifier looks like did:web:verifiedid.example.com."))
    return text


def _name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise forms.ValidationError(_("Use letters and digits, as the rules of the credential have it."))
    return text
