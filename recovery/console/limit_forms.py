"""What staff choose for the edges of a recovery: how often it may be tried, and who hears."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.kit.seen import SeenForm
from recovery.models import Profile
from recovery.profiles import marks_of_profile
from recovery.statuses import Told

FIELDS = ("proofings", "attempts_a_day", "told")


class LimitsForm(SeenForm):
    proofings = forms.IntegerField(
        label=_("Sessions at a partner, in one recovery"),
        min_value=1,
        max_value=3,
        help_text=_(
            "From 1 to 3, those left behind in another browser among them. Fewer cost less at most; with one, whoever loses "
            "the browser half-way begins again."
        ),
        widget=forms.NumberInput(attrs={"data-width": "short"}),
    )
    attempts_a_day = forms.IntegerField(
        label=_("Recoveries of one person in a day"),
        min_value=2,
        max_value=12,
        help_text=_(
            "From 2 to 12 in which the code was right. The next one waits for a day and every address is told; nobody is locked "
            "out."
        ),
        widget=forms.NumberInput(attrs={"data-width": "short"}),
    )
    told = forms.MultipleChoiceField(
        label=_("Who hears beside the person"),
        choices=Told.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_(
            "Every address of the person is told of every recovery that waits, is refused or succeeds. Nothing turns that off."
        ),
    )

    def __init__(self, *args: Any, profile: Profile, **kwargs: Any) -> None:
        kwargs.setdefault("initial", limits_initial(profile))
        super().__init__(*args, **kwargs)

    def values(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in FIELDS}

    def seen_marks(self) -> str | None:
        return self.cleaned_data["seen"] or None


def limits_initial(profile: Profile) -> Mapping[str, Any]:
    return {**{name: getattr(profile, name) for name in FIELDS}, "seen": marks_of_profile(profile)}
