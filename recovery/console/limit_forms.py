"""What staff choose for the edges of a recovery: how often it may be tried, and who hears."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.kit.seen import SeenForm
from recovery.models import Profile
from recovery.profiles import marks_of_profile
from recovery.statuses import Told

FIELDS = (
    "proofings",
    "attempts_a_day",
    "told",
    "code_goes_to",
    "work_domains",
    "no_address",
    "decoys_end",
    "first_proofs_a_day",
)
MOST_DOMAINS = 50
_DOMAIN = re.compile(r"(?=.{1,253}$)([^\W_]([\w-]{0,61}[^\W_])?\.)+[^\W\d_]([\w-]{0,61}[^\W_])")
NO_ADDRESS_HINTS = {
    Profile.NoAddress.HELD.value: _(
        "Only who showed the same document here before, or whose number a file brought, with a date of birth on file that "
        "agrees. Members and the manager are told, since no mail reaches the person."
    ),
    Profile.NoAddress.REVIEWED.value: _(
        "Who showed none gets on with a date of birth that agrees and the word of the manager, or of people you name under "
        "“Somebody who knows them”. Then two members look at it, always."
    ),
}
DECOYS_HINTS = {
    Profile.DecoysEnd.NO_CODE.value: _("After two hours the page says that the time is over."),
    Profile.DecoysEnd.FREE_PARTNER.value: _(
        "Whoever they are, they read the same and cost you nothing. Needed where people without an address may recover: else "
        "going on would tell who has an account."
    ),
}


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

    code_goes_to = forms.ChoiceField(
        label=_("Where the code goes"),
        choices=Profile.CodeGoesTo.choices,
        widget=forms.RadioSelect,
        help_text=_(
            "Whoever is locked out rarely reads the mailbox that the account opens. Another one is settled if it came with the "
            "account, or was held for 30 days and a code or link sent there came back."
        ),
    )
    work_domains = forms.CharField(
        label=_("Mail domains that the account opens"),
        required=False,
        help_text=_(
            "Separated by commas. Addresses that your directory labels as work, or that share their domain with the user name, "
            "count as such without being named."
        ),
    )
    no_address = forms.ChoiceField(
        label=_("People of whom you hold no e-mail address"),
        choices=Profile.NoAddress.choices,
        widget=forms.RadioSelect,
        help_text=_(
            "Whether somebody has an address is what your directory says, not what they say. An address that was taken away "
            "within 72 hours counts as one."
        ),
    )
    decoys_end = forms.ChoiceField(
        label=_("Whoever is nobody here, and gets no code"),
        choices=Profile.DecoysEnd.choices,
        widget=forms.RadioSelect,
    )
    first_proofs_a_day = forms.IntegerField(
        label=_("How many may go on without a code in a day"),
        min_value=1,
        max_value=500,
        help_text=_(
            "Of everybody together, 1 to 500, and five from one network. With several profiles in force the lowest number "
            "counts. When it is used up you are told."
        ),
        widget=forms.NumberInput(attrs={"data-width": "short"}),
    )

    def __init__(self, *args: Any, profile: Profile, **kwargs: Any) -> None:
        kwargs.setdefault("initial", limits_initial(profile))
        super().__init__(*args, **kwargs)
        found: dict[str, Any] = dict(self.fields)
        found["no_address"].choice_hints = NO_ADDRESS_HINTS
        found["decoys_end"].choice_hints = DECOYS_HINTS

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        goes_on = data.get("decoys_end") == Profile.DecoysEnd.FREE_PARTNER
        if data.get("no_address") not in (None, Profile.NoAddress.OFF) and not goes_on:
            self.add_error(
                "decoys_end",
                _(
                    "Let whoever gets no code go on as well: else going on would tell who has an account here."
                ),
            )
        return data

    def clean_work_domains(self) -> list[str]:
        words = re.split(r"[\s,;]+", self.cleaned_data["work_domains"].casefold())
        found = list(dict.fromkeys(word.lstrip("@") for word in words if word.strip("@")))
        if len(found) > MOST_DOMAINS:
            raise forms.ValidationError(_("At most 50 domains."))
        for word in found:
            if not _DOMAIN.fullmatch(word):
                raise forms.ValidationError(_("“%(word)s” is no mail domain.") % {"word": word[:60]})
        return found

    def values(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in FIELDS}

    def seen_marks(self) -> str | None:
        return self.cleaned_data["seen"] or None


def limits_initial(profile: Profile) -> Mapping[str, Any]:
    said = {name: getattr(profile, name) for name in FIELDS}
    return {**said, "work_domains": ", ".join(profile.work_domains), "seen": marks_of_profile(profile)}
