"""Fields of a registered application, as every form that connects a directory at Microsoft asks for them."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

PLAIN = {"autocapitalize": "none", "spellcheck": "false", "autocomplete": "off"}


def plain_field(label: Any, hint: Any, missing: Any, *, longest: int = 60, **more: Any) -> forms.CharField:
    """Text that no keyboard corrects. `missing` is the sentence where it is left empty."""
    return forms.CharField(
        label=label,
        help_text=hint,
        max_length=longest,
        error_messages={"required": missing},
        widget=forms.TextInput(attrs=PLAIN),
        **more,
    )


def directory_field() -> forms.CharField:
    return plain_field(
        gettext_lazy("Directory (tenant) ID"),
        gettext_lazy("From the overview page of your directory in the Entra admin center."),
        gettext_lazy("Enter the tenant ID."),
    )


def application_field(hint: Any) -> forms.CharField:
    return plain_field(gettext_lazy("Application (client) ID"), hint, gettext_lazy("Enter the client ID."))


def secret_field(hint: Any) -> forms.CharField:
    """May stay empty: then the one that is stored holds."""
    return forms.CharField(
        label=gettext_lazy("Client secret"),
        max_length=300,
        required=False,
        help_text=hint,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )


def read_uuid(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError as error:
        raise forms.ValidationError(
            _("This is not an ID such as 8c6b7f0e-1d2a-4b3c-9d4e-5f6a7b8c9d0e.")
        ) from error


def read_secret(text: str) -> str:
    if text and not re.fullmatch(r"[\x21-\x7e]+", text):
        raise forms.ValidationError(_("This is no client secret: it has characters that none has."))
    return text
