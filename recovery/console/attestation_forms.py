"""What staff choose about attestation: how many have to say that it is them, who beside the manager, and for how long."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.kit.errors import Invalid
from portal.kit.seen import SeenForm
from recovery.attesting.attesters import asks_for_attestation, rule_of
from recovery.attesting.rule import HOURS, AttestationRule
from recovery.attesting.settling import people_named
from recovery.models import Profile
from recovery.profiles import marks_of_profile
from recovery.statuses import EvidenceKind
from tenants.directory.selectors import people_by_id


class AttestationForm(SeenForm):
    required = forms.BooleanField(
        label=_("Somebody who knows the person has to say that it is them"),
        required=False,
        help_text=_(
            "One more kind of evidence, beside the document and the code. It is asked for last, when everything else passed, "
            "and opens nothing by itself. It costs nothing."
        ),
    )
    voices = forms.TypedChoiceField(
        label=_("How many have to say so"),
        choices=[(1, _("One: the manager, or one of those named below")), (2, _("Two of them"))],
        coerce=int,
        widget=forms.RadioSelect,
    )
    named = forms.CharField(
        label=_("Who else may"),
        required=False,
        help_text=_(
            "User names, e-mail addresses or employee numbers, one on each line, at most ten. They are asked for people "
            "without a manager in your directory, and as the second voice. Each needs a passkey that is older than 72 hours."
        ),
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
    )
    hours = forms.IntegerField(
        label=_("How long they have"),
        min_value=HOURS[0],
        max_value=HOURS[1],
        help_text=_("From 1 to 72 hours. After that the person may ask again, three times in a day."),
        widget=forms.NumberInput(attrs={"data-width": "short", "data-suffix": _("hours")}),
    )

    def __init__(self, *args: Any, profile: Profile, **kwargs: Any) -> None:
        kwargs.setdefault("initial", attestation_initial(profile))
        super().__init__(*args, **kwargs)
        self.evidence = list(profile.evidence_required)

    def clean_named(self) -> list[str]:
        try:
            return [str(person.id) for person in people_named(self.cleaned_data["named"])]
        except Invalid as error:
            raise forms.ValidationError(error.sentence) from error

    def values(self) -> dict[str, Any]:
        """What the services take."""
        data = self.cleaned_data
        rest = [one for one in self.evidence if one != EvidenceKind.ATTESTATION.value]
        rule = AttestationRule.of({name: data[name] for name in ("voices", "named", "hours")})
        return {
            "evidence_required": [*rest, EvidenceKind.ATTESTATION.value] if data["required"] else rest,
            "attestation": rule.kept(),
        }

    def seen_marks(self) -> str | None:
        return self.cleaned_data["seen"] or None


def attestation_initial(profile: Profile) -> Mapping[str, Any]:
    rule = rule_of(profile)
    return {
        "required": asks_for_attestation(profile),
        "voices": rule.voices,
        "named": "\n".join(person.user_name for person in people_by_id(rule.named)),
        "hours": rule.hours,
        "seen": marks_of_profile(profile),
    }
