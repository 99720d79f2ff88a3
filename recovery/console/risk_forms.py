"""What staff choose for risky recoveries: what each sign leads to, how long it waits, and who reviews."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.db import models
from django.forms import BoundField
from django.utils.translation import gettext_lazy as _

from portal.kit.seen import SeenForm
from recovery.console.sign_words import HINTS, NAMES
from recovery.models import Profile
from recovery.profiles import marks_of_profile
from recovery.signs import BOUNDS, CHOSEN, Limits, Sign
from tenants.rights import RIGHTS, Right, Role
from tenants.selectors import colleagues


class Answer(models.TextChoices):
    """What a sign leads to."""

    NOTHING = "nothing", _("Nothing")
    WAIT = "wait", _("It waits")
    REVIEW = "review", _("Two members look")
    BOTH = "both", _("Both")


# Where a sign begins: the number beside it, and what it counts.
LIMIT_OF = {
    Sign.REFUSED_BEFORE: ("refused_days", _("days")),
    Sign.ADDRESS_CHANGED: ("address_days", _("days")),
    Sign.BUSY_NETWORK: ("network_cases", _("recoveries")),
    Sign.UNSURE_MATCH: ("match_confidence", _("of 100")),
    Sign.FACE_BARELY_PASSED: ("face_margin", _("points")),
    Sign.DOCUMENT_EXPIRED: ("document_days", _("days")),
    Sign.RECOVERED_BEFORE: ("recovered_days", _("days")),
    Sign.NOT_ME_BEFORE: ("not_me_days", _("days")),
}
# What belongs to no sign: the organisation's hours.
HOURS = {"from_hour": _("Your hours begin at"), "to_hour": _("Your hours end at")}
WEEKENDS = _("Saturday and Sunday as well")
# What a limit is called and counts, by the name it is kept under.
LIMIT_WORDS = {
    **{name: (NAMES[sign], suffix) for sign, (name, suffix) in LIMIT_OF.items()},
    **{name: (label, _("o'clock")) for name, label in HOURS.items()},
    "weekends": (WEEKENDS, ""),
}
REVIEWING_ROLES = [(role.value, role.label) for role in Role if Right.REVIEW_CASES in RIGHTS[role]]


@dataclass(frozen=True, slots=True)
class Row:
    """One sign in the table: what it leads to, and the number where it begins, if it has one."""

    sign: Sign
    name: Any
    hint: Any
    answer: BoundField
    limits: list[BoundField]


def _number(name: str, label: Any, suffix: Any) -> forms.IntegerField:
    least, most = BOUNDS[name]
    return forms.IntegerField(
        label=label,
        min_value=least,
        max_value=most,
        widget=forms.NumberInput(attrs={"data-width": "short", "data-suffix": suffix}),
    )


class RiskForm(SeenForm):
    waiting_hours = forms.IntegerField(
        label=_("How long it waits"),
        min_value=1,
        max_value=168,
        help_text=_(
            "From the decision on, 1 to 168 hours. Every address is told at once and can stop it. After that the person shows "
            "the Verified ID and the face once more, at no charge, and gets the pass."
        ),
        widget=forms.NumberInput(attrs={"data-width": "short", "data-suffix": _("hours")}),
    )
    reviewers_are = forms.ChoiceField(
        label=_("Who reviews"), choices=Profile.ReviewersAre.choices, widget=forms.RadioSelect
    )
    reviewer_role = forms.ChoiceField(
        label=_("Role"),
        required=False,
        help_text=_("Counts only with “Members of one role”."),
    )
    reviewers = forms.MultipleChoiceField(
        label=_("Members"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Counts only with “These members only”. At least two; better three, for holidays."),
    )

    def __init__(self, *args: Any, profile: Profile, **kwargs: Any) -> None:
        kwargs.setdefault("initial", risk_initial(profile))
        super().__init__(*args, **kwargs)
        for sign in CHOSEN:
            answer = forms.ChoiceField(label=NAMES[sign], choices=Answer.choices)
            self.fields[f"answer_{sign.value}"] = answer
            if sign in LIMIT_OF:
                name, suffix = LIMIT_OF[sign]
                self.fields[name] = _number(name, NAMES[sign], suffix)
        for name, label in HOURS.items():
            self.fields[name] = _number(name, label, LIMIT_WORDS[name][1])
        self.fields["weekends"] = forms.BooleanField(label=WEEKENDS, required=False)
        self._offer_reviewers(profile)

    def _offer_reviewers(self, profile: Profile) -> None:
        found: dict[str, Any] = dict(self.fields)
        seated = [
            (str(one.member.id), one.name)
            for one in colleagues()
            if Right.REVIEW_CASES in RIGHTS[Role(one.member.role)]
        ]
        here = {value for value, _name in seated}
        gone = [
            (one, _("A member who may not review any more")) for one in profile.reviewers if one not in here
        ]
        found["reviewers"].choices = [*seated, *gone]
        found["reviewer_role"].choices = [("", _("None")), *REVIEWING_ROLES]
        found["reviewers_are"].choice_hints = {
            Profile.ReviewersAre.ANYONE.value: _("Owners, administrators and help-desk agents."),
            Profile.ReviewersAre.NAMED.value: _(
                "Whoever leaves has to be replaced here: with fewer than two nobody decides."
            ),
        }

    def rows(self) -> list[Row]:
        """The table of signs."""
        rows = []
        for sign in CHOSEN:
            limits = [self[LIMIT_OF[sign][0]]] if sign in LIMIT_OF else []
            rows.append(Row(sign, NAMES[sign], HINTS[sign], self[f"answer_{sign.value}"], limits))
        return rows

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        begins, ends = data.get("from_hour"), data.get("to_hour")
        if begins is not None and ends is not None and begins >= ends:
            self.add_error("to_hour", _("Your hours have to end after they begin."))
        return data

    def values(self) -> dict[str, Any]:
        """What the services take."""
        data = self.cleaned_data
        answers = {sign: data[f"answer_{sign.value}"] for sign in CHOSEN}
        return {
            "review_signs": [
                sign.value for sign, said in answers.items() if said in (Answer.REVIEW, Answer.BOTH)
            ],
            "waiting_signs": [
                sign.value for sign, said in answers.items() if said in (Answer.WAIT, Answer.BOTH)
            ],
            "waiting_hours": data["waiting_hours"],
            "sign_limits": {name: data[name] for name in (*BOUNDS, "weekends")},
            "reviewers_are": data["reviewers_are"],
            "reviewer_role": data["reviewer_role"],
            "reviewers": data["reviewers"],
        }

    def seen_marks(self) -> str | None:
        return self.cleaned_data["seen"] or None


def _answer(sign: Sign, profile: Profile) -> str:
    waits, is_reviewed = sign in profile.waiting_signs, sign in profile.review_signs
    if waits and is_reviewed:
        return Answer.BOTH
    return Answer.WAIT if waits else Answer.REVIEW if is_reviewed else Answer.NOTHING


def risk_initial(profile: Profile) -> Mapping[str, Any]:
    limits = Limits.of(profile.sign_limits)
    return {
        **{f"answer_{sign.value}": _answer(sign, profile) for sign in CHOSEN},
        **{name: getattr(limits, name) for name in (*BOUNDS, "weekends")},
        "waiting_hours": profile.waiting_hours,
        "reviewers_are": profile.reviewers_are,
        "reviewer_role": profile.reviewer_role,
        "reviewers": profile.reviewers,
        "seen": marks_of_profile(profile),
    }
