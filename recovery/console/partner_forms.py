"""Whom each partner of a profile is for: countries by name or by their letters, and groups."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from portal.kit.countries import country_name, country_of
from portal.kit.seen import SeenForm
from recovery.models import Profile
from recovery.ordering import partners_of
from recovery.partner_conditions import condition_of
from recovery.profiles import marks_of_profile
from recovery.reference_evidence import told_to
from tenants.directory.selectors import group_names
from vendors import selectors as partners
from vendors.models import Connection
from vendors.wording import REFERENCES, partner_name

MOST_WRITTEN = 4_000


class CountriesField(forms.CharField):
    """ "Czechia, PL": names or two or three letters, with commas. Gives sorted codes."""

    def clean(self, value: Any) -> list[str]:
        written = super().clean(value)
        found, unknown = set(), []
        for part in re.split(r"[,;\n]", written):
            if not part.strip():
                continue
            code = country_of(part)
            if code:
                found.add(code)
            else:
                unknown.append(part.strip()[:40])
        if unknown:
            raise forms.ValidationError(
                _("No country goes by this name here: %(names)s. Write it by its two letters, such as CZ.")
                % {"names": ", ".join(unknown[:5])}
            )
        return sorted(found)

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(sorted(country_name(code) for code in value)) if isinstance(value, list) else value


class PartnerConditionsForm(SeenForm):
    """Fields for each partner that is there: whom it is for, and what it is told, as far as it takes anything."""

    def __init__(self, *args: Any, profile: Profile, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.profile = profile
        self.there = partners_of(profile)
        self.fields["seen"].initial = marks_of_profile(profile)
        groups = {str(group): name for group, name in group_names().items()}
        for number, one in enumerate(self.there, 1):
            condition = condition_of(profile, one.id)
            title = partner_name(one.vendor)
            self.fields[f"countries_{number}"] = CountriesField(
                label=_("%(partner)s: only for these countries") % {"partner": title},
                required=False,
                max_length=MOST_WRITTEN,
                initial=sorted(condition.countries),
                help_text=_("Names or letters, with commas. Empty: the country does not matter."),
                widget=forms.Textarea(attrs={"rows": 2}),
            )
            gone = [
                (name, _("A group that is not there any more"))
                for name in condition.groups
                if name not in groups
            ]
            if groups or gone:
                self.fields[f"groups_{number}"] = forms.MultipleChoiceField(
                    label=_("%(partner)s: only for members of these groups") % {"partner": title},
                    choices=[*groups.items(), *gone],
                    required=False,
                    initial=sorted(condition.groups),
                    help_text=_("Being in one of them is enough. None chosen: groups do not matter."),
                    widget=forms.CheckboxSelectMultiple,
                )

            self._add_told(number, one, title)

    @property
    def tells(self) -> bool:
        """Whether one of them takes anything."""
        return any(name.startswith("told_") for name in self.fields)

    def _add_told(self, number: int, one: Connection, title: str) -> None:
        takes = partners.taken_by(one.vendor)
        if not takes:
            return
        self.fields[f"told_{number}"] = forms.MultipleChoiceField(
            label=_("%(partner)s: told beforehand of each person") % {"partner": title},
            choices=[(word.value, _(REFERENCES[word])) for word in takes],
            required=False,
            initial=[word.value for word in told_to(self.profile, one)],
            help_text=_(
                "From your directory, after the person agreed to a page that says so. The partner may show it on its own "
                "pages, to whoever came so far: leave out what a stranger with somebody's mailbox must not read."
            ),
            widget=forms.CheckboxSelectMultiple,
        )

    def values(self) -> dict[str, Any]:
        """Of partners that are not there just now what was said stays."""
        found: dict[str, Mapping[str, list[str]]] = dict(self.profile.partner_conditions)
        for number, one in enumerate(self.there, 1):
            found[str(one.id)] = {
                "countries": self.cleaned_data[f"countries_{number}"],
                "groups": self.cleaned_data.get(f"groups_{number}", []),
            }
        told = dict(self.profile.reference_evidence)
        for number, one in enumerate(self.there, 1):
            told[str(one.id)] = self.cleaned_data.get(f"told_{number}", [])
        return {"partner_conditions": found, "reference_evidence": told}

    def seen_marks(self) -> str | None:
        return self.cleaned_data["seen"] or None
