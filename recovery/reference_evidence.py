"""What a partner is told of a person beforehand: the names and the date of birth that the organisation has on file.

Protects people from being told about without their knowledge, and partners' pages from telling a stranger what only the
organisation knows: nothing is sent unless the profile says so for this very partner, the partner's documented contract has
a field for it, and the person agreed to a page that says it. Only a case of a person who was confirmed by a code comes so
far; a decoy never does, and the page's words depend on profile and partner alone, never on what the directory knows. What it
does not do: compare anything. A partner that says yes is matched like any other (decision 0070).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from recovery.cases import steps_of
from recovery.models import Case, Profile
from recovery.statuses import StepKind
from tenants.directory.models import DirectoryPerson
from vendors import selectors as partners
from vendors.contract import REFERENCE_CLAIMS, Reference
from vendors.models import Connection

# In the evidence of the step that consented.
TOLD = "told_beforehand"


def said_of(values: Mapping[str, Any]) -> dict[str, list[str]]:
    """As a profile keeps it: by partner, in one order, words that are known. ValueError for any other."""
    found = {}
    for name, words in values.items():
        wanted = {Reference(word) for word in words}
        if wanted:
            found[str(name)] = [one.value for one in Reference if one in wanted]
    return found


def told_to(profile: Profile, connection: Connection) -> tuple[Reference, ...]:
    """What this partner is told of everybody: what the profile says, as far as the partner takes it."""
    said = profile.reference_evidence.get(str(connection.id), ())
    return tuple(one for one in partners.taken_by(connection.vendor) if one.value in said)


def expected_of(case: Case) -> dict[str, str]:
    """By the name of a claim, for the partner that the person agreed to; nothing that they did not agree to, and nothing
    that the profile does not say any more."""
    person = case.person
    if case.is_decoy or person is None or case.connection is None:
        return {}
    agreed = _agreed(case, case.connection.vendor)
    told = [one for one in told_to(case.profile, case.connection) if one.value in agreed]
    values = _on_file(person)
    return {name: values[name] for one in told for name in REFERENCE_CLAIMS[one] if values[name]}


def _agreed(case: Case, vendor: str) -> list[str]:
    consents = [step for step in steps_of(case) if step.kind == StepKind.CONSENTED and step.vendor == vendor]
    return list(consents[-1].evidence.get(TOLD, ())) if consents else []


def _on_file(person: DirectoryPerson) -> dict[str, str]:
    return {
        "given_names": person.given_names,
        "family_name": person.family_name,
        "birthdate": person.birthdate.isoformat() if person.birthdate else "",
    }
