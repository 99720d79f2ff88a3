"""What staff choose in a recovery profile."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.kit.seen import SeenForm
from portal.kit.typed import is_typed, typed_word_field
from recovery.callouts.services import callout_names
from recovery.models import Profile
from recovery.ordering import connections_here
from recovery.profiles import marks_of_profile
from recovery.statuses import EvidenceKind, Mode
from tenants.directory.selectors import departments_and_groups
from vendors import selectors as partners
from vendors.models import Connection

# What a journey can gather today; a profile that asks for anything else would refuse everybody.
EVIDENCE = {
    EvidenceKind.DOCUMENT_PHOTOGRAPH.value: (
        gettext_lazy("A document and a live face, checked by the partner"),
        gettext_lazy(
            "One kind of evidence. By itself not enough in production: somebody can make a document. Where a partner is an "
            "eID, the eID takes its place."
        ),
    ),
    EvidenceKind.HELD_ADDRESS.value: (
        gettext_lazy("A code to an e-mail address you have held for 72 hours"),
        gettext_lazy(
            "A second kind, which does not stand or fall with the document. A code the person saved while signed in "
            "counts instead."
        ),
    ),
    EvidenceKind.HELD_DOCUMENT_NUMBER.value: (
        gettext_lazy("The document whose number you hold"),
        gettext_lazy(
            "Strong, and only for people who showed the same document in a recovery before, or whose number a file brought at "
            "least 72 hours ago."
        ),
    ),
    EvidenceKind.ATTESTATION.value: (
        gettext_lazy("The word of somebody who knows them: their manager, or people you name"),
        gettext_lazy(
            "One kind, asked for last and at no cost. Under “Somebody who knows them” you say who and how many. It never "
            "counts with a code alone."
        ),
    ),
}
MODE_HINTS = {
    Mode.EVALUATION.value: gettext_lazy(
        "People walk the whole way and nobody gets a pass. Nothing about an account changes."
    ),
    Mode.PRODUCTION.value: gettext_lazy("Who proves who they are gets a pass and creates a new passkey."),
}
NAMES_HINTS = {
    Profile.Names.EXACT.value: gettext_lazy("Case and accents aside, every word has to be there."),
    Profile.Names.RELAXED.value: gettext_lazy(
        "The first given name and the family name have to be in the document; it may have more."
    ),
}


OTHER_DOCUMENT_HINTS = {
    Profile.OtherDocument.TOLD.value: gettext_lazy(
        "The case says so to your colleagues. A stranger of the same name and date of birth could pass."
    ),
    Profile.OtherDocument.DECIDES.value: gettext_lazy(
        "Whoever renewed the document calls your help desk. Nothing changes for people of whom you hold none."
    ),
}
OLD_WAYS_HINTS = {
    Profile.OldWays.REMOVED.value: gettext_lazy(
        "Whoever lost one device of several registers the others anew. A found or stolen device opens nothing, ever."
    ),
    Profile.OldWays.CONFIRMED.value: gettext_lazy(
        "They open nothing until the person, signed in with the new passkey, confirms each under Your security within thirty "
        "days. Privileged accounts, and people without an address, lose them all the same. Where accounts live in another "
        "directory, nothing can be suspended: the ways to sign in stay there, and sessions end."
    ),
}
LATER_PARTNERS = ("second_partner", "third_partner")
PARTNERS = ("connection", *LATER_PARTNERS)
CALLOUTS = ("callout", "second_callout", "third_callout")


class ProfileForm(SeenForm):
    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=80,
        error_messages={"required": gettext_lazy("Give the profile a name.")},
    )
    description = forms.CharField(
        label=gettext_lazy("What it is for"),
        max_length=300,
        required=False,
        help_text=gettext_lazy("For your colleagues. People who recover do not see it."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    mode = forms.ChoiceField(
        label=gettext_lazy("Mode"),
        choices=Mode.choices,
        widget=forms.RadioSelect,
        initial=Mode.EVALUATION,
    )
    connection = forms.ChoiceField(
        label=gettext_lazy("Verification partner"),
        required=False,
        help_text=gettext_lazy(
            "Partners that are ready. The partner checks document and face, or is an eID and needs no face."
        ),
    )
    second_partner = forms.ChoiceField(
        label=gettext_lazy("If it does not answer"),
        required=False,
        help_text=gettext_lazy(
            "People are asked whether they agree to go there instead. A partner's fault costs nothing and is no try. Beside a "
            "partner of the other kind, document or eID, it is a choice that people have from the beginning."
        ),
    )
    third_partner = forms.ChoiceField(
        label=gettext_lazy("If that does not answer either"),
        required=False,
    )
    evidence_required = forms.MultipleChoiceField(
        label=gettext_lazy("What people have to prove"),
        choices=[(value, label) for value, (label, _hint) in EVIDENCE.items()],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Choose what people have to prove.")},
    )
    face_threshold = forms.IntegerField(
        label=gettext_lazy("Face Check threshold"),
        min_value=50,
        max_value=100,
        initial=70,
        help_text=gettext_lazy(
            "From 50 to 100. Higher lets fewer strangers through and sends more of your own people away."
        ),
        widget=forms.NumberInput(attrs={"data-width": "short"}),
    )
    eid_level = forms.ChoiceField(
        label=gettext_lazy("An eID has to be of level"),
        choices=Profile.EidLevel.choices,
        initial=Profile.EidLevel.SUBSTANTIAL,
        help_text=gettext_lazy(
            "Of Regulation (EU) 910/2014. It counts where one of the partners is an eID; a lower one is refused."
        ),
    )
    names = forms.ChoiceField(
        label=gettext_lazy("Names"),
        choices=Profile.Names.choices,
        widget=forms.RadioSelect,
        initial=Profile.Names.EXACT,
    )
    birthdate_required = forms.BooleanField(
        label=gettext_lazy("The date of birth has to agree"),
        required=False,
        initial=True,
        help_text=gettext_lazy(
            "Tells two people of the same name apart. Leave it off only if you hold no dates of birth."
        ),
    )
    former_names = forms.BooleanField(
        label=gettext_lazy("A document in a former name counts"),
        required=False,
        help_text=gettext_lazy(
            "Only names that your directory has held as former ones for 72 hours. Off: whoever married and still shows the "
            "old passport is refused."
        ),
    )
    other_document = forms.ChoiceField(
        label=gettext_lazy("Another document than the one you hold"),
        choices=Profile.OtherDocument.choices,
        widget=forms.RadioSelect,
        initial=Profile.OtherDocument.TOLD,
    )
    pass_lifetime_minutes = forms.IntegerField(
        label=gettext_lazy("A pass works for"),
        min_value=10,
        max_value=480,
        initial=60,
        help_text=gettext_lazy(
            "From 10 to 480 minutes. It works once. Where accounts live in another directory, the policy there may make it "
            "shorter or longer."
        ),
        widget=forms.NumberInput(attrs={"data-width": "short", "data-suffix": gettext_lazy("minutes")}),
    )
    old_ways = forms.ChoiceField(
        label=gettext_lazy("Passkeys from before"),
        choices=Profile.OldWays.choices,
        widget=forms.RadioSelect,
        initial=Profile.OldWays.REMOVED,
        help_text=gettext_lazy(
            "Every session ends, whatever you choose, and saved codes do not work any more."
        ),
    )
    reuse_hours = forms.IntegerField(
        label=gettext_lazy("A proof serves again for"),
        min_value=0,
        max_value=24,
        initial=24,
        help_text=gettext_lazy(
            "Whoever stops on the way, or changes browsers, need not prove and nobody pays again within that time. The "
            "portrait is kept sealed as long. 0 turns it off."
        ),
        widget=forms.NumberInput(attrs={"data-width": "short", "data-suffix": gettext_lazy("hours")}),
    )
    held_days = forms.IntegerField(
        label=gettext_lazy("A Verified ID from before counts for"),
        min_value=0,
        max_value=1825,
        initial=365,
        help_text=gettext_lazy(
            "Whoever still holds one, made of a proof that is not older, shows it and looks into the camera instead of "
            "photographing a document. It counts once it was held for 72 hours. 0 turns it off."
        ),
        widget=forms.NumberInput(attrs={"data-width": "short", "data-suffix": gettext_lazy("days")}),
    )
    daily_checks = forms.IntegerField(
        label=gettext_lazy("Paid checks a day, at most"),
        min_value=1,
        max_value=1_000_000,
        initial=500,
        help_text=gettext_lazy(
            "When so many were charged in 24 hours, nobody else is sent to a partner and you are told by mail."
        ),
        widget=forms.NumberInput(attrs={"data-width": "short"}),
    )
    who = forms.ChoiceField(
        label=gettext_lazy("Who may recover"),
        choices=Profile.Everyone.choices,
        widget=forms.RadioSelect,
        initial=Profile.Everyone.EVERYONE,
    )
    departments = forms.MultipleChoiceField(
        label=gettext_lazy("Departments"),
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=gettext_lazy("Counts only with “Only these departments”."),
    )
    groups_in = forms.MultipleChoiceField(
        label=gettext_lazy("Only members of these groups"),
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=gettext_lazy("Being in one of them is enough. None chosen: groups do not matter."),
    )
    groups_out = forms.MultipleChoiceField(
        label=gettext_lazy("Nobody from these groups"),
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=gettext_lazy(
            "Counts more than every other choice. If one of these groups is deleted, the profile is for nobody until you "
            "save it again."
        ),
    )

    privileged = forms.BooleanField(
        label=gettext_lazy("Privileged accounts as well"),
        required=False,
        help_text=gettext_lazy(
            "Accounts that your directory marks as privileged are out of a profile unless it says this. Give them one of "
            "their own, with stricter rules."
        ),
    )

    callout = forms.ChoiceField(
        label=gettext_lazy("Ask your own systems"),
        required=False,
        help_text=gettext_lazy(
            "Asked before the decision about whoever would pass. It can refuse or let the decision go on, and mends nothing "
            "that failed."
        ),
    )
    second_callout = forms.ChoiceField(label=gettext_lazy("Then ask"), required=False)
    third_callout = forms.ChoiceField(label=gettext_lazy("And then ask"), required=False)

    def __init__(self, *args: Any, profile: Profile | None = None, **kwargs: Any) -> None:
        if profile is not None:
            kwargs.setdefault("initial", initial_of(profile))
        super().__init__(*args, **kwargs)
        self._offer_choices(profile)

    def _offer_choices(self, profile: Profile | None) -> None:
        kept = set(profile.departments) if profile else set()
        named = set(profile.partners) if profile else set()
        there = [
            (str(one.id), _(partners.listing(one.vendor).title))
            for one in connections_here()
            if one.status == Connection.Status.READY or str(one.id) in named
        ]
        found: dict[str, Any] = dict(self.fields)
        found["connection"].choices = [("", _("No partner yet")), *there]
        for field in LATER_PARTNERS:
            found[field].choices = [("", _("Nobody")), *there]
        here = {str(one.id): one for one in connections_here()}
        if not any(partners.is_eid(here[name].vendor) for name, _title in there):
            del self.fields["eid_level"]
        if len(there) < 2:
            for field in LATER_PARTNERS:
                del self.fields[field]
        self._offer_callouts(found, profile.callouts if profile else [])
        departments, groups = departments_and_groups()
        self._offer_groups(found, profile, {str(group): name for group, name in groups.items()})
        found["departments"].choices = [(name, name) for name in sorted({*departments, *kept})]
        if not found["departments"].choices:
            found["who"].choices = [
                choice for choice in Profile.Everyone.choices if choice[0] == Profile.Everyone.EVERYONE
            ]
            found["who"].help_text = _("To name departments, import them with your people.")
            del self.fields["departments"]
        found["mode"].choice_hints = MODE_HINTS
        if profile and profile.status == Profile.Status.PUBLISHED and profile.mode == Mode.EVALUATION:
            self._ask_before_production()
        found["names"].choice_hints = NAMES_HINTS
        found["other_document"].choice_hints = OTHER_DOCUMENT_HINTS
        found["old_ways"].choice_hints = OLD_WAYS_HINTS
        found["evidence_required"].choice_hints = {value: hint for value, (_label, hint) in EVIDENCE.items()}

    def _offer_groups(self, found: dict[str, Any], profile: Profile | None, names: dict[str, str]) -> None:
        for field in ("groups_in", "groups_out"):
            kept = getattr(profile, field) if profile else []
            gone = [(one, _("A group that is not there any more")) for one in kept if one not in names]
            found[field].choices = [*names.items(), *gone]
            if not found[field].choices:
                del self.fields[field]

    def _offer_callouts(self, found: dict[str, Any], kept: Sequence[str]) -> None:
        """As many as there are; one that a profile names stays to be seen when it is gone."""
        there = {str(one): name for one, name in callout_names().items()}
        gone = [(one, _("A callout that is not there any more")) for one in kept if one not in there]
        choices = [*there.items(), *gone]
        for number, field in enumerate(CALLOUTS):
            found[field].choices = [("", _("Nobody")), *choices]
            if len(choices) <= number:
                del self.fields[field]

    def _ask_before_production(self) -> None:
        """From then on people get passes: what is in force goes there with a typed word, as a draft is published."""
        word = typed_word_field()
        word.required = False
        word.label = _("To change to production, type “%(word)s”") % {"word": _("production")}
        word.help_text = _("Not needed while the mode stays as it is.")
        fields = list(self.fields.items())
        at = [name for name, _field in fields].index("mode") + 1
        self.fields = {**dict(fields[:at]), "word": word, **dict(fields[at:])}

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        chosen = [data[field] for field in PARTNERS if data.get(field)]
        if len(chosen) != len(set(chosen)):
            self.add_error(
                "second_partner", _("Choose each partner once: what does not answer is not asked twice.")
            )
        elif chosen and not data.get("connection"):
            self.add_error("connection", _("Choose the partner that is asked first."))
        asked = [data[field] for field in CALLOUTS if data.get(field)]
        if len(asked) != len(set(asked)):
            self.add_error("callout", _("Choose each callout once."))
        expected = _("production")
        goes_there = "word" in self.fields and data.get("mode") == Mode.PRODUCTION
        if goes_there and not is_typed(str(data.get("word", "")), expected):
            self.add_error(
                "word",
                _("From now on people would get passes. Type the word “%(word)s” to go there.")
                % {"word": expected},
            )
        return data

    def values(self) -> dict[str, Any]:
        """What the services take."""
        data = {name: value for name, value in self.cleaned_data.items() if name not in {"seen", "word"}}
        chosen = [data.pop(field, "") for field in PARTNERS]
        data["partners"] = [one for one in chosen if one]
        asked = [data.pop(field) for field in CALLOUTS if field in data]
        if asked:
            data["callouts"] = [one for one in asked if one]
        if data["who"] == Profile.Everyone.EVERYONE:
            data["departments"] = []
        return data

    def seen_marks(self) -> str | None:
        return self.cleaned_data["seen"] or None


def initial_of(profile: Profile) -> dict[str, Any]:
    values = {
        name: getattr(profile, name)
        for name in ProfileForm.base_fields
        if name not in {*PARTNERS, *CALLOUTS, "seen"}
    }
    values |= dict(zip(PARTNERS, profile.partners, strict=False))
    values |= dict(zip(CALLOUTS, profile.callouts, strict=False))
    values["seen"] = marks_of_profile(profile)
    return values
