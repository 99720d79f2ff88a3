"""What people type about their passkeys."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class LabelForm(forms.Form):
    label = forms.CharField(
        label=_("Name of this passkey"),
        max_length=60,
        error_messages={"required": _("Give the passkey a name you will recognise.")},
    )
