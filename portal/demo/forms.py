"""What a visitor of the demonstration types."""

from __future__ import annotations

import base64
import binascii
from datetime import date

from django import forms
from django.utils.translation import gettext_lazy as _

LARGEST_PICTURE = 1_500_000


class TryForm(forms.Form):
    given_names = forms.CharField(
        label=_("Given names"), max_length=30, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    family_name = forms.CharField(
        label=_("Family name"), max_length=30, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    birthdate = forms.DateField(
        label=_("Date of birth"),
        help_text=_("Any date. It is printed in the specimen passport."),
        widget=forms.DateInput(attrs={"type": "date", "autocomplete": "off"}, format="%Y-%m-%d"),
    )

    def clean_birthdate(self) -> date:
        day: date = self.cleaned_data["birthdate"]
        if not date(1900, 1, 1) <= day < date(2020, 1, 1):
            raise forms.ValidationError(_("Use a date between 1900 and 2020."))
        return day


class PersonForm(TryForm):
    """With the picture, as the page's script sends it."""

    picture = forms.CharField(max_length=LARGEST_PICTURE)

    def clean_picture(self) -> bytes:
        try:
            return base64.b64decode(self.cleaned_data["picture"], validate=True)
        except binascii.Error as error:
            raise forms.ValidationError(_("The picture did not arrive. Take it again.")) from error
