"""What somebody types to learn whether they could recover."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from recovery.readiness.judging import Printed


def _name(label: Any, hint: Any = "") -> forms.CharField:
    widget = forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"})
    return forms.CharField(label=label, max_length=120, required=False, help_text=hint, widget=widget)


class PrintedNameForm(forms.Form):
    """The name on the document. Who has one name only leaves the other field empty."""

    given_names = _name(
        gettext_lazy("Given names on your document"), gettext_lazy("All of them, as printed.")
    )
    family_name = _name(gettext_lazy("Family name on your document"))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not data.get("given_names") and not data.get("family_name") and not self.errors:
            self.add_error("family_name", _("Type your name as your document prints it."))
        return data

    def printed(self) -> Printed:
        return Printed(self.cleaned_data["given_names"], self.cleaned_data["family_name"])


class TwoNamesForm(PrintedNameForm):
    """And the name as the organisation writes it, typed by whoever asks."""

    held_given = _name(
        gettext_lazy("Given name as your organisation writes it"),
        gettext_lazy("As in its address book, or in the mails it sends you."),
    )
    held_family = _name(gettext_lazy("Family name as your organisation writes it"))

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if not data.get("held_given") and not data.get("held_family") and not self.errors:
            self.add_error("held_family", _("Type your name as your organisation writes it."))
        return data

    def held(self) -> Printed:
        return Printed(self.cleaned_data["held_given"], self.cleaned_data["held_family"])
