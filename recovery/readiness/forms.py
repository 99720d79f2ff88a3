"""What somebody types to learn whether they could recover."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from recovery.readiness.judging import Printed

ONE_NAME = gettext_lazy("Leave it empty if you have one name only.")


def _name(label: Any, hint: Any = "", *, missing: Any = "") -> forms.CharField:
    """Asked for where there is a sentence for a `missing` one."""
    return forms.CharField(
        label=label,
        max_length=120,
        required=bool(missing),
        help_text=hint,
        error_messages={"required": missing} if missing else None,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )


class PrintedNameForm(forms.Form):
    """The name on the document. Who has one name only leaves the given names empty."""

    given_names = _name(gettext_lazy("Given names on your document"), ONE_NAME)
    family_name = _name(
        gettext_lazy("Family name on your document"),
        missing=gettext_lazy("Type your name as your document prints it."),
    )

    def printed(self) -> Printed:
        return Printed(self.cleaned_data["given_names"], self.cleaned_data["family_name"])


class TwoNamesForm(PrintedNameForm):
    """And the name as the organisation writes it, typed by whoever asks."""

    held_given = _name(gettext_lazy("Given name as your organisation writes it"), ONE_NAME)
    held_family = _name(
        gettext_lazy("Family name as your organisation writes it"),
        gettext_lazy("As in its address book, or in the mails it sends you."),
        missing=gettext_lazy("Type your name as your organisation writes it."),
    )

    def held(self) -> Printed:
        return Printed(self.cleaned_data["held_given"], self.cleaned_data["held_family"])
