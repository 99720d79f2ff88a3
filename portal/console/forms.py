"""The forms of the shell that belong to no single room."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.kit.names import validate_name


class CodeForm(forms.Form):
    code = forms.CharField(
        label=_("Code"),
        max_length=20,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "data-width": "short"}
        ),
    )


class SendItemForm(forms.Form):
    email = forms.EmailField(
        label=_("Your colleague's e-mail address"), help_text=_("They need no account and become no member.")
    )


class AccountForm(forms.Form):
    name = forms.CharField(
        label=_("Your name"),
        max_length=120,
        help_text=_("Colleagues see it beside what you do."),
        validators=[validate_name],
    )


class LogFilterForm(forms.Form):
    """Read from the address; what cannot be read is as if it were not there."""

    event = forms.CharField(required=False, max_length=60)
    actor = forms.CharField(required=False, max_length=12)
    case = forms.CharField(required=False, max_length=20)
    since = forms.DateField(required=False)
    until = forms.DateField(required=False)
    sort = forms.CharField(required=False, max_length=20)

    def values(self) -> dict[str, Any]:
        self.is_valid()
        return {name: self.cleaned_data.get(name) or None for name in self.fields}
