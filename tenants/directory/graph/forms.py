"""What staff type about their directory at Microsoft."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.kit.seen import SeenForm, marks_of
from tenants.directory.graph.models import GraphConnection
from tenants.directory.graph.services import settings_of

_PLAIN = {"autocapitalize": "none", "spellcheck": "false", "autocomplete": "off"}


def _text(label: Any, hint: Any, missing: Any) -> forms.CharField:
    return forms.CharField(
        label=label,
        help_text=hint,
        max_length=60,
        error_messages={"required": missing},
        widget=forms.TextInput(attrs=_PLAIN),
    )


class ConnectionForm(SeenForm):
    directory = _text(
        gettext_lazy("Directory (tenant) ID"),
        gettext_lazy("From the overview page of your directory in the Entra admin center."),
        gettext_lazy("Enter the tenant ID."),
    )
    client_id = _text(
        gettext_lazy("Application (client) ID"),
        gettext_lazy(
            "Of an app registration with User.Read.All and GroupMember.Read.All. Three more are needed only where accounts "
            "live at Microsoft; the page about that names them."
        ),
        gettext_lazy("Enter the client ID."),
    )
    client_secret = forms.CharField(
        label=gettext_lazy("Client secret"),
        max_length=300,
        required=False,
        help_text=gettext_lazy("Its value, not its ID."),
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, connection: GraphConnection | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if connection is None:
            return
        values = settings_of(connection)
        for name, value in values.items():
            self.fields[name].initial = value
        self.fields["client_secret"].help_text = _(
            "Leave it empty to keep the one that is stored. It is never shown again."
        )
        self.fields["seen"].initial = marks_of(values)

    def clean_directory(self) -> str:
        return _uuid(self.cleaned_data["directory"])

    def clean_client_id(self) -> str:
        return _uuid(self.cleaned_data["client_id"])

    def clean_client_secret(self) -> str:
        secret: str = self.cleaned_data["client_secret"]
        if secret and not re.fullmatch(r"[\x21-\x7e]+", secret):
            raise forms.ValidationError(_("This is no client secret: it has characters that none has."))
        return secret


class AllowForm(forms.Form):
    """The numbers that were shown, so that an owner allows these and no more."""

    people = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    memberships = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    suspensions = forms.IntegerField(min_value=0, widget=forms.HiddenInput)


def _uuid(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError as error:
        raise forms.ValidationError(
            _("This is not an ID such as 8c6b7f0e-1d2a-4b3c-9d4e-5f6a7b8c9d0e.")
        ) from error
