"""A member's new passkey: always one that signs in by itself."""

from __future__ import annotations

from typing import Any

from allauth.mfa.webauthn.forms import AddWebAuthnForm
from django import forms
from django.utils.translation import gettext_lazy as _


class AddPasskeyForm(AddWebAuthnForm):  # type: ignore[misc]
    """Nobody has to know what "passwordless" means: without it the key could not sign in, only come second."""

    name = forms.CharField(
        label=_("Name"),
        required=False,
        max_length=100,
        help_text=_("The device it is on, so that you can tell two apart."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # A ticked box that is not shown: allauth's script reads `checked`, and asks the device for the PIN or finger.
        self.fields["passwordless"] = forms.BooleanField(
            required=True, initial=True, widget=forms.CheckboxInput(attrs={"hidden": True})
        )
