"""What a profile may say about attestation, checked when it is saved and when it goes into force."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from portal.kit.errors import Invalid
from recovery.attesting.attesters import rule_of
from recovery.attesting.rule import MOST_NAMED, AttestationRule
from recovery.models import Profile
from tenants.directory.models import DirectoryPerson
from tenants.directory.selectors import find_person, people_by_id


def check_rule(values: Mapping[str, Any]) -> None:
    """Invalid for numbers outside their bounds."""
    if values.get("attestation") and not AttestationRule.of(values["attestation"]).is_sound:
        raise Invalid("profile_attestation", _("What it says about who attests is outside its bounds."))


def check_attesters(profile: Profile) -> None:
    """Invalid where two voices are asked for and too few are named to give the second, or somebody named is not there any
    more. Whether there is a manager differs from person to person."""
    rule = rule_of(profile)
    if rule.voices > 1 and len(rule.named) < rule.voices:
        raise Invalid(
            "profile_attesters",
            _(
                "Two people have to say that it is them, and a person has one manager. Name at least two others under "
                "“Somebody who knows them”."
            ),
            field="evidence_required",
        )
    here = [one for one in people_by_id(rule.named) if one.status == DirectoryPerson.Status.ACTIVE]
    if len(here) < len(rule.named):
        raise Invalid(
            "profile_attester_gone",
            _(
                "It names somebody to attest who left or is suspended. Look at “Somebody who knows them” and save it again."
            ),
            field="evidence_required",
        )


def people_named(lines: str) -> list[DirectoryPerson]:
    """The people whom lines of user names, e-mail addresses or employee numbers name, each once. Invalid for a line that
    names nobody who is active."""
    found: dict[Any, DirectoryPerson] = {}
    for line in _written(lines):
        person = find_person(line)
        if person is None or person.status != DirectoryPerson.Status.ACTIVE:
            raise Invalid(
                "attester_unknown",
                _("“%(line)s” names nobody here who is active.") % {"line": line},
                field="named",
            )
        found.setdefault(person.id, person)
    if len(found) > MOST_NAMED:
        raise Invalid("attesters_too_many", _("Name at most ten people."), field="named")
    return list(found.values())


def _written(lines: str) -> Iterable[str]:
    return (line.strip() for line in lines.replace("\x00", "").splitlines() if line.strip())
