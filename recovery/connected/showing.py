"""What the browser that recovered gets: the characters, once, and another pass on the same proof.

Protects a pass from every other browser and from a second look: it is unsealed for the one press that finds it unshown, with
its row locked, and destroyed in the same transaction. What it does not do: ask the directory anything.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from portal.kit import clock
from portal.kit.codes import same
from portal.kit.errors import Refused
from portal.kit.sealed import unseal
from recovery.cases import claimant
from recovery.connected.models import DirectoryPass, PassState
from recovery.connected.rows import (
    MAKE,
    MOST_ISSUES,
    do_next,
    locked_pass_of,
    move_pass,
    pass_of_case,
    sealed_as,
)
from recovery.models import Case
from recovery.statuses import CaseStatus
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.directory.connections.contract import Words
from tenants.directory.connections.registry import PROVIDERS
from tenants.directory.connections.services import connection


@dataclass(frozen=True, slots=True)
class ShownPass:
    characters: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """What the claimant's page says of a pass."""

    row: DirectoryPass
    user_name: str
    # Where it is used, and how people call that place; both of the directory that is connected.
    address: str
    kind: str
    words: Words

    @property
    def is_over(self) -> bool:
        return self.row.expires_at is not None and self.row.expires_at <= clock.now()

    @property
    def was_used(self) -> bool:
        """Whether the pass that was shown let somebody in there. Of a first pass alone: the row remembers that one was used,
        not which of several."""
        return self.row.state == PassState.SHOWN and self.row.is_used and self.row.issues == 1

    @property
    def mark(self) -> str:
        """Changes when the page has something else to say."""
        return f"{self.row.state}-{self.row.issues}-{self.is_over:d}-{self.was_used:d}-{self.needs_help:d}"

    @property
    def left(self) -> int:
        """How many more may be asked for."""
        return max(0, MOST_ISSUES - self.row.issues)

    @property
    def needs_help(self) -> bool:
        """Whether it waits for somebody else to change something, or for an outage to end."""
        return self.row.state == PassState.WAITING and bool(self.row.problem)


def standing_of(case: Case) -> Standing | None:
    """None for a case whose account lives here."""
    row = pass_of_case(case.id)
    if row is None:
        return None
    provider, there = PROVIDERS[row.directory], connection()
    # Of a connection that was entered since it would be another organisation's address.
    settings = there.settings if there and there.id == row.connection_id else {}
    return Standing(
        row,
        case.person.user_name if case.person else "",
        provider.sign_in_url(settings),
        provider.kind,
        provider.words,
    )


def _mine(case_id: UUID, browser_digest: bytes) -> tuple[DirectoryPass, Case]:
    found = locked_pass_of(case_id)
    if found is None or not same(bytes(found[0].browser_digest), browser_digest):
        raise _not_here()
    return found


def _not_here() -> Refused:
    return Refused("pass_not_here", _("There is no pass to show in this browser."))


def show_pass(case_id: UUID, *, browser_digest: bytes) -> ShownPass:
    """The characters, for the first who asks from the browser that recovered. Refused for everybody after."""
    row, case = _mine(case_id, browser_digest)
    if case.state is not CaseStatus.HANDED_OVER or row.state != PassState.READY or row.expires_at is None:
        raise _not_here()
    if row.expires_at <= clock.now() or row.characters_sealed is None:
        raise _not_here()
    characters = unseal(row.characters_sealed, sealed_as(row)).decode()
    row.characters_sealed, row.shown_at = None, clock.now()
    move_pass(row, PassState.SHOWN)
    row.save(update_fields=["characters_sealed", "shown_at", "state"])
    record_event(EventName.PASS_SHOWN, actor=claimant(case), subject=row.public_id, case_id=case.id)
    return ShownPass(characters, row.expires_at)


def ask_again(case_id: UUID, *, browser_digest: bytes) -> None:
    """Another pass on the same proof: the last one expired, was lost, or its characters were. It takes the place of the last.
    Quiet while one is being made."""
    row, case = _mine(case_id, browser_digest)
    if case.state is CaseStatus.GRANTED and row.state == PassState.WAITING:
        return
    if case.state is not CaseStatus.HANDED_OVER:
        raise _not_here()
    if row.state == PassState.WAITING:
        return
    if row.issues >= MOST_ISSUES:
        raise Refused(
            "passes_used_up",
            _("You had as many passes as one recovery gives. Call your help desk and say the reference."),
        )
    move_pass(row, PassState.WAITING)
    row.characters_sealed, row.tries, row.problem = None, 0, ""
    do_next(row, MAKE)
    row.save(update_fields=["state", "characters_sealed", "tries", "problem", "next_at"])
    record_event(
        EventName.PASS_ASKED_AGAIN,
        actor=claimant(case),
        subject=row.public_id,
        case_id=case.id,
        data={"attempt": row.issues + 1},
    )
