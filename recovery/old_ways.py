"""What becomes of the ways to sign in from before, once an account is recovered.

Protects an account from the devices that were lost with it. Sessions end, always. Passkeys are taken away, or, where the profile
says so, suspended until the person confirms each of them on *Your security*: they open nothing until then. Privileged accounts,
and whoever recovered without an address to hear of it, are always treated strictly. Where accounts live elsewhere nothing can be
suspended: what would be stays there, and the person looks it over. What it does not do: say what was lost.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from portal.kit.actors import SYSTEM
from recovery.models import Case, Profile
from recovery.passkeys.models import Passkey
from recovery.passkeys.saved_codes import void_saved_codes
from recovery.passkeys.taking_away import end_sessions, invalidate_passkeys, suspend_passkeys
from tenants.directory.models import DirectoryPerson

RECOVERED = "recovered"


@dataclass(frozen=True, slots=True)
class Before:
    """How many ways from before there were, by what became of them."""

    removed: int
    suspended: int
    ended: int


def is_strict(case: Case) -> bool:
    """Whether nothing from before is kept, whatever profile and directory say."""
    return case.person is None or case.person.is_privileged is True or case.proves_first


def keeps_old_ways(case: Case) -> bool:
    """Whether what was there before may be had back."""
    return bool(case.profile.old_ways == Profile.OldWays.CONFIRMED) and not is_strict(case)


def end_what_was(case: Case, person: DirectoryPerson, *, keep: set[UUID]) -> Before:
    """Nothing from before opens the account any more but the passkeys that are kept. Where none is, because the new way to
    sign in is elsewhere, nobody could confirm one here: they go. With the case locked."""
    suspended = 0
    if keep and keeps_old_ways(case):
        # Of those that work alone: what was not confirmed since an earlier recovery is not had back after this one.
        working = set(_working(person.id)) - keep
        removed = invalidate_passkeys(person.id, keep=keep | working, reason=RECOVERED, actor=SYSTEM)
        suspended = suspend_passkeys(person.id, keep=keep, reason=RECOVERED, actor=SYSTEM)
    else:
        removed = invalidate_passkeys(person.id, keep=keep, reason=RECOVERED, actor=SYSTEM)
    ended = end_sessions(person.id, keep=None, reason=RECOVERED, actor=SYSTEM)
    void_saved_codes(person.id)
    return Before(removed, suspended, ended)


def _working(person_id: UUID) -> list[UUID]:
    live = Passkey.objects.filter(person_id=person_id, invalidated_at=None, frozen_at=None, suspended_at=None)
    return list(live.values_list("id", flat=True))


def removes_there(case: Case, *, chosen: bool) -> bool:
    """Whether ways to sign in from before are removed in another directory; `chosen`: the connection says so."""
    return is_strict(case) or (chosen and not keeps_old_ways(case))


def ends_sessions_there(case: Case, *, chosen: bool) -> bool:
    """Whether sessions there end: also where something from before is kept, whatever the connection says."""
    return chosen or is_strict(case) or keeps_old_ways(case)
