"""What an owner sends back about what is held."""

from __future__ import annotations

from django import forms


class AllowForm(forms.Form):
    """The numbers that were shown, so that an owner allows these and no more."""

    people = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    memberships = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    suspensions = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
