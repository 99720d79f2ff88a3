"""Whether somebody may go without a code: the directory's fact about them, never what they say.

Protects an account from whoever leaves the code out by saying that no code can reach them. No e-mail address may be on file,
and none may have been until lately: whoever takes it away first waits as long as whoever puts another one there. What it does
not do: look at what was proven.
"""

from __future__ import annotations

from portal.kit import clock
from recovery.held import HELD_FOR
from recovery.models import Case, Profile
from tenants.directory.models import DirectoryPerson
from tenants.directory.selectors import emails_of


def has_way_without_address(profile: Profile) -> bool:
    return bool(profile.no_address != Profile.NoAddress.OFF)


def lost_lately(person: DirectoryPerson) -> bool:
    """Whether the last e-mail address went within 72 hours."""
    return person.address_lost_at is not None and person.address_lost_at > clock.now() - HELD_FOR


def why_code_is_needed(case: Case) -> str:
    """Why a case that read no code may not go without one, as a code; empty where it may. Read when it is asked: an
    address that came meanwhile counts."""
    if case.person is None:
        return "decoy"
    if not has_way_without_address(case.profile):
        return "no_way_without_address"
    if emails_of(case.person.id):
        return "address_on_file"
    return "address_lost_lately" if lost_lately(case.person) else ""
