"""What a member says about a new key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy, ngettext

from portal.api.scopes import ALLOWS, Scope
from portal.api.services import LIFETIMES


class KeyForm(forms.Form):
    label = forms.CharField(
        label=gettext_lazy("Name"),
        help_text=gettext_lazy("What will use it, for example “Nightly cost report”."),
        max_length=80,
        error_messages={"required": gettext_lazy("Name the key after what will use it.")},
    )
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("What it may do"),
        help_text=gettext_lazy("Only what you may do yourself is offered."),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Choose what the key may do.")},
    )
    days = forms.TypedChoiceField(
        label=gettext_lazy("How long it works"), coerce=int, initial=90, widget=forms.RadioSelect
    )

    def __init__(self, *args: Any, scopes: Sequence[Scope], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["scopes"].choices = [  # type: ignore[attr-defined]
            (scope.value, f"{scope.label}: {ALLOWS[scope].sees}") for scope in scopes
        ]
        self.fields["days"].choices = [  # type: ignore[attr-defined]
            (days, ngettext("%d day", "%d days", days) % days) for days in LIFETIMES
        ]
