"""What the parts of a profile are called, and what they say: for its history and for comparing two versions."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from portal.kit.countries import country_name
from recovery.attesting.attesters import asks_for_attestation
from recovery.attesting.rule import AttestationRule
from recovery.callouts.services import callout_names
from recovery.console.limit_forms import LimitsForm
from recovery.console.profile_forms import EVIDENCE, ProfileForm
from recovery.console.risk_forms import LIMIT_WORDS, RiskForm
from recovery.console.sign_words import NAMES
from recovery.models import Profile
from recovery.ordering import connections_here
from recovery.signs import Limits, Sign
from recovery.statuses import Mode, Told
from tenants.directory.selectors import group_names, people_by_id
from tenants.rights import Role
from tenants.selectors import names_of_members
from vendors.wording import partner_name, references_in_words

GONE = gettext_lazy("A group that is not there any more")
CHOICES: dict[str, Any] = {
    "mode": Mode,
    "eid_level": Profile.EidLevel,
    "names": Profile.Names,
    "other_document": Profile.OtherDocument,
    "who": Profile.Everyone,
    "reviewers_are": Profile.ReviewersAre,
    "old_ways": Profile.OldWays,
    "code_goes_to": Profile.CodeGoesTo,
    "no_address": Profile.NoAddress,
    "decoys_end": Profile.DecoysEnd,
}


def labels() -> dict[str, str]:
    """By the name of the field."""
    forms = (ProfileForm, RiskForm, LimitsForm)
    found = {name: str(field.label) for form in forms for name, field in form.base_fields.items()}
    return {
        **found,
        "partners": _("Verification partners"),
        "partner_conditions": _("Whom its partners are for"),
        "reference_evidence": _("What its partners are told beforehand"),
        "callouts": _("Own systems that are asked"),
        "review_signs": _("Signs that two members look at"),
        "waiting_signs": _("Signs that are waited for"),
        "sign_limits": _("Where signs begin"),
        "attestation": _("Somebody who knows them"),
    }


def said(name: str, value: Any) -> str:
    """What a part says, in words."""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if name in CHOICES:
        return str(CHOICES[name](value).label)
    if name == "reviewer_role":
        return str(Role(value).label) if value in Role.values else "–"
    if name == "attestation":
        return attestation_said(value)
    if name == "sign_limits":
        return "; ".join(_limit(limit, number) for limit, number in asdict(Limits.of(value)).items())
    if name == "partner_conditions":
        return _conditions(value)
    if name == "reference_evidence":
        return _told(value)
    if isinstance(value, list):
        return ", ".join(_listed(name, value)) or "–"
    return str(value) or "–"


def _listed(name: str, value: list[str]) -> list[str]:
    match name:
        case "evidence_required":
            return [str(EVIDENCE[one][0]) if one in EVIDENCE else one for one in value]
        case "partners":
            here = {str(one.id): partner_name(one.vendor) for one in connections_here()}
            return [here.get(one, _("A partner that was removed")) for one in value]
        case "callouts":
            callouts = callout_names()
            return [callouts.get(UUID(one), _("A callout that was removed")) for one in value]
        case "groups_in" | "groups_out":
            groups = group_names()
            return [groups.get(UUID(one), str(GONE)) for one in value]
        case "review_signs" | "waiting_signs":
            return [str(NAMES[Sign(one)]) for one in value]
        case "reviewers":
            members = names_of_members([UUID(one) for one in value])
            return [members.get(UUID(one), _("A former member")) for one in value]
        case "told":
            return [str(Told(one).label) for one in value]
        case _:
            return value


def _limit(name: str, number: int | bool) -> str:
    """ "The face passed by little: 5 points"."""
    label, unit = LIMIT_WORDS[name]
    if isinstance(number, bool):
        return f"{label}: {_('Yes') if number else _('No')}"
    return f"{label}: {number} {unit}"


def _conditions(value: dict[str, dict[str, list[str]]]) -> str:
    """ "mojeID: Poland"; the groups by name."""
    here = {str(one.id): partner_name(one.vendor) for one in connections_here()}
    groups = group_names() if any(one.get("groups") for one in value.values()) else {}
    found = []
    for name, condition in value.items():
        countries = sorted(country_name(code) for code in condition.get("countries", ()))
        named = [groups.get(UUID(one), str(GONE)) for one in condition.get("groups", ())]
        found.append(f"{here.get(name, _('A partner that was removed'))}: {', '.join([*countries, *named])}")
    return "; ".join(found) or "–"


def _told(value: dict[str, list[str]]) -> str:
    """ "Persona: names, date of birth"."""
    here = {str(one.id): partner_name(one.vendor) for one in connections_here()}
    found = [
        f"{here.get(name, _('A partner that was removed'))}: {references_in_words(words)}"
        for name, words in value.items()
    ]
    return "; ".join(found) or "–"


def attestation_said(kept: dict[str, Any]) -> str:
    """ "1 has to say so, within 24 hours; beside managers: Ada Lovelace"."""
    rule = AttestationRule.of(kept)
    found = ngettext(
        "%(voices)d has to say so, within %(hours)d hours",
        "%(voices)d have to say so, within %(hours)d hours",
        rule.voices,
    ) % {"voices": rule.voices, "hours": rule.hours}
    if not rule.named:
        return found
    named = ", ".join(person.display_name for person in people_by_id(rule.named))
    return _("%(rule)s; beside managers: %(named)s") % {"rule": found, "named": named}


def attestation_sentence(profile: Profile) -> str:
    if not asks_for_attestation(profile):
        return _("Nobody is asked.")
    return _("%(said)s.") % {"said": attestation_said(profile.attestation)}


def risk_sentence(profile: Profile) -> str:
    """ "Two signs lead to a review, three to 24 hours of waiting.": what the profile does about risk, in one sentence."""
    parts = []
    if profile.review_signs:
        parts.append(
            ngettext(
                "%(number)d sign leads to a review",
                "%(number)d signs lead to a review",
                len(profile.review_signs),
            )
            % {"number": len(profile.review_signs)}
        )
    if profile.waiting_signs:
        parts.append(
            ngettext(
                "%(number)d sign lets it wait for %(hours)d hours",
                "%(number)d signs let it wait for %(hours)d hours",
                len(profile.waiting_signs),
            )
            % {"number": len(profile.waiting_signs), "hours": profile.waiting_hours}
        )
    return "; ".join(parts) or _("No sign leads to anything.")
