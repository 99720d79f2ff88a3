"""The forms of the guide: a beginning, and then the parts of a profile, each on a page of its own."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from recovery.console.profile_forms import CALLOUTS, PARTNERS, ProfileForm
from recovery.models import Profile
from recovery.presets import PRESETS

WHO = ("name", "description", "who", "departments", "groups_in", "groups_out", "privileged")
PROOF = (
    *PARTNERS,
    "evidence_required",
    "eid_level",
    "face_threshold",
    "pass_lifetime_minutes",
    "old_ways",
    "reuse_hours",
    "held_days",
    "daily_checks",
)
MATCH = ("names", "birthdate_required", "former_names", "other_document", *CALLOUTS)


class BeginForm(forms.Form):
    name = forms.CharField(
        label=_("Name"),
        max_length=80,
        error_messages={"required": _("Give the profile a name.")},
    )
    preset = forms.ChoiceField(
        label=_("Begin with"),
        choices=[(one.key, one.title) for one in PRESETS],
        initial=PRESETS[0].key,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what to begin with.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["preset"].choice_hints = {one.key: one.hint for one in PRESETS}  # type: ignore[attr-defined]


class _StepForm(ProfileForm):
    """Some fields of the profile's form, by the same rules."""

    of_step: tuple[str, ...] = ()

    def __init__(self, *args: Any, profile: Profile, **kwargs: Any) -> None:
        super().__init__(*args, profile=profile, **kwargs)
        kept = {*self.of_step, "seen"}
        self.fields = {name: field for name, field in self.fields.items() if name in kept}

    def values(self) -> dict[str, Any]:
        """Nothing but what the step asks."""
        data = {name: value for name, value in self.cleaned_data.items() if name != "seen"}
        for whole, parts in (("partners", PARTNERS), ("callouts", CALLOUTS)):
            chosen = [data.pop(part) for part in parts if part in data]
            if any(part in self.fields for part in parts):
                data[whole] = [one for one in chosen if one]
        if data.get("who") == Profile.Everyone.EVERYONE:
            data["departments"] = []
        return data


class WhoForm(_StepForm):
    of_step = WHO


class ProofForm(_StepForm):
    of_step = PROOF


class MatchForm(_StepForm):
    of_step = MATCH
