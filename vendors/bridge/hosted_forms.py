"""What a person says who came over a bridge."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from vendors.bridge.partners import Way


class ConsentForm(forms.Form):
    partner = forms.ChoiceField(
        label=_("How do you want to prove it?"),
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose how to prove it."),
            "invalid_choice": _("This way is not offered any more. Choose another."),
        },
    )
    agree = forms.BooleanField(
        label=_("I agree that I am checked, and that it is passed on as described"),
        error_messages={"required": _("Tick the box to go on, or go back without.")},
    )
    no_flashing = forms.BooleanField(
        label=_("Do not flash colours on my screen"),
        help_text=_(
            "For people who are sensitive to flashing light. You turn your head a few more times instead."
        ),
        required=False,
    )

    def __init__(self, *args: Any, ways: Sequence[Way], has_face: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(way.connection.public_id, way.title) for way in ways]
        self.fields["partner"].choices = choices  # type: ignore[attr-defined]
        self.fields["partner"].initial = choices[0][0] if choices else None
        if len(choices) == 1:
            self.fields["partner"].widget = forms.HiddenInput()
        if not has_face:
            del self.fields["no_flashing"]
