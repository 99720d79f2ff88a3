"""What staff type about their organisation at Okta."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.kit.registrations import plain_field
from portal.kit.seen import SeenForm
from tenants.directory.connections.okta.addresses import read_host


class OktaForm(SeenForm):
    host = plain_field(
        gettext_lazy("Address of your Okta organisation"),
        gettext_lazy("Such as example.okta.com, or your own domain where people sign in."),
        gettext_lazy("Enter the address."),
        longest=200,
    )
    client_id = plain_field(
        gettext_lazy("Client ID"),
        gettext_lazy("Of an API Services application. Its key is made here."),
        gettext_lazy("Enter the client ID."),
    )

    def __init__(self, *args: Any, is_new: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)

    def clean_host(self) -> str:
        try:
            return read_host(self.cleaned_data["host"].strip())
        except ValueError as error:
            raise forms.ValidationError(_("This is not an address such as example.okta.com.")) from error

    def clean_client_id(self) -> str:
        text: str = self.cleaned_data["client_id"].strip()
        if not re.fullmatch(r"[A-Za-z0-9]{15,40}", text):
            raise forms.ValidationError(_("This is not a client ID such as 0oa1b2c3d4e5f6g7h8i9."))
        return text
