"""What people type about their passkeys."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class PassForm(forms.Form):
    characters = forms.CharField(
        label=_("Temporary Access Pass"),
        max_length=60,
        help_text=_("Twelve letters and digits. Hyphens and capitals do not matter."),
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}
        ),
        error_messages={"required": _("Type the characters of the pass.")},
    )


class LabelForm(forms.Form):
    label = forms.CharField(
        label=_("Name of this passkey"),
        max_length=60,
        error_messages={"required": _("Give the passkey a name you will recognise.")},
    )
