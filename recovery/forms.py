"""What claimants type."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.kit.codes import clean_code
from portal.kit.countries import ANOTHER, country_name


class WhoForm(forms.Form):
    identifier = forms.CharField(
        label=_("User name, e-mail or employee number"),
        max_length=254,
        widget=forms.TextInput(
            attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}
        ),
        error_messages={"required": _("Type your user name, e-mail or employee number.")},
    )

    def clean_identifier(self) -> str:
        typed: str = self.cleaned_data["identifier"]
        if "\x00" in typed:
            raise forms.ValidationError(_("Type your user name, e-mail or employee number."))
        return typed


class CodeForm(forms.Form):
    code = forms.CharField(
        label=_("Code"),
        max_length=40,
        help_text=_("Six digits. Spaces do not matter."),
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
        error_messages={"required": _("Type the six digits from the mail.")},
    )

    def clean_code(self) -> str:
        return clean_code(self.cleaned_data["code"])


class SavedCodeForm(CodeForm):
    """A code the person wrote down while signed in."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["code"]
        field.label = _("Saved code")
        field.help_text = _("Sixteen letters and digits. Hyphens do not matter.")
        field.error_messages["required"] = _("Type one of the codes you saved.")
        field.widget = forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}
        )


class CountryForm(forms.Form):
    country = forms.ChoiceField(
        label=_("Country"),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose a country."), "invalid_choice": _("Choose a country.")},
    )

    def __init__(self, *args: Any, countries: Sequence[str], said: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [
            (code, _("Another country") if code == ANOTHER else country_name(code)) for code in countries
        ]
        self.fields["country"].choices = choices  # type: ignore[attr-defined]
        self.fields["country"].initial = said


class ConsentForm(forms.Form):
    agree = forms.BooleanField(
        label=_("I agree that my document and my face are checked as described"),
        error_messages={"required": _("Tick the box to go on, or call your help desk for another way.")},
    )
    no_flashing = forms.BooleanField(
        label=_("Do not flash colours on my screen"),
        help_text=_(
            "For people who are sensitive to flashing light. You turn your head a few more times instead, and your organisation may let it wait."
        ),
        required=False,
    )
    # The partner the page named.
    partner = forms.CharField(required=False, max_length=80, widget=forms.HiddenInput)
    # What the page said that it is told of the person.
    told = forms.CharField(required=False, max_length=80, widget=forms.HiddenInput)

    def of_eid(self) -> ConsentForm:
        """Without a face there is nothing to flash at."""
        self.fields["agree"].label = _("I agree that I am checked by my eID as described")
        del self.fields["no_flashing"]
        return self


class ContinuationForm(forms.Form):
    code = forms.CharField(
        label=_("Continuation code"),
        max_length=60,
        help_text=_("Sixteen letters and digits. Hyphens do not matter."),
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}
        ),
        error_messages={"required": _("Type the code you wrote down.")},
    )


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
