"""Which partner a case goes to: the first of its profile's that answers.

Protects people from waiting where nobody answers, and their consent: it names a partner, so a case that would go to another
one asks again first (`Case.connection` is empty until somebody agreed). A partner that failed this person, or rests
(vendors.health), or whose settings do not work, comes after those that may answer; none is left out, for the last one may
be the only one. A case that proves by a document is never led to an eID by this, nor the other way round: that is the
person's choice (recovery.choosing). What it does not do: give a pass, or count a partner's fault as a try of the person's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from portal.kit.scope import read_once
from recovery.cases import steps_of
from recovery.models import Case, Profile
from recovery.partner_conditions import circumstances, condition_of, has_conditions, why_not_offered
from recovery.routes import is_undecided, route_of, routes_of
from recovery.statuses import Route, StepKind, StepState
from vendors import selectors as partners
from vendors.billing.models import Meter
from vendors.health import resting
from vendors.maximum import most
from vendors.models import Connection

# How a session at a partner ended when it was the partner's doing (vendors.contract.Outcome).
PARTNERS_FAULT = "partner_failed"


def partner_ids(profile: Profile) -> list[UUID]:
    return [UUID(name) for name in profile.partners]


def connections_here() -> list[Connection]:
    """The organisation's partners, in the order in which it chose them. Read once a scope."""
    return list(read_once("connections in order", partners.connections))


def partners_of(profile: Profile) -> list[Connection]:
    """Those of the profile's partners that the organisation still has and did not pause, in order."""
    if not profile.partners:
        return []
    there = {connection.id: connection for connection in connections_here() if connection.paused_at is None}
    return [there[wanted] for wanted in partner_ids(profile) if wanted in there]


def partners_open_to(case: Case) -> list[Connection]:
    """Those of them that are for this person (recovery.partner_conditions)."""
    found = partners_of(case.profile)
    if not found or not has_conditions(case.profile):
        return found
    about = circumstances(case)
    return [one for one in found if why_not_offered(condition_of(case.profile, one.id), about) is None]


def free_partner() -> Connection | None:
    """The first of the organisation's partners that checks a document and a face and costs nothing for it now, whichever
    profile names it; None where none is ready."""
    return next((one for one in connections_here() if _is_free(one)), None)


def _is_free(connection: Connection) -> bool:
    if connection.paused_at is not None or connection.status != Connection.Status.READY:
        return False
    if route_of(connection) is not Route.DOCUMENT or not partners.gives_portrait(connection.vendor):
        return False
    parts = most([connection], decisions=1, face_checks=0).parts
    return all(part.unit_price == 0 for part in parts if part.meter is Meter.DECISION)


@dataclass(frozen=True, slots=True)
class Doubts:
    """Why a partner may not answer: its settings do not work, it failed this very person, or it rests."""

    broken: bool
    failed: bool
    rests: bool

    @property
    def any(self) -> bool:
        return self.broken or self.failed or self.rests


def _doubts(found: Sequence[Connection], failed: frozenset[str]) -> dict[UUID, Doubts]:
    """One query, and none where there is no choice."""
    rest = resting(one.id for one in found) if len(found) > 1 else frozenset()
    return {
        one.id: Doubts(one.status != Connection.Status.READY, one.vendor in failed, one.id in rest)
        for one in found
    }


def _failed(case: Case) -> frozenset[str]:
    return frozenset(
        step.vendor
        for step in steps_of(case)
        if step.kind == StepKind.PROOFED
        and step.state == StepState.FAILED
        and step.evidence.get("outcome") == PARTNERS_FAULT
    )


def may_take(case: Case, connection: Connection) -> bool:
    """Whether the case's way leads there: where one was chosen, to partners of that kind alone. A card before a loss is
    compared with a face later, so that no eID gives one."""
    if case.is_enrolment:
        return route_of(connection) is Route.DOCUMENT
    return not case.route or route_of(connection) == case.route


def partners_for(case: Case) -> list[Connection]:
    return [one for one in partners_open_to(case) if may_take(case, one)]


def partner_for(case: Case) -> Connection | None:
    """The partner this case should go to now: the first without a doubt, otherwise the one with the smallest. None where
    the profile has none left. Whoever proves first goes to the free one."""
    if case.proves_first:
        return free_partner()
    found = partners_for(case)
    doubts = _doubts(found, _failed(case))

    def by_doubt(one: Connection) -> tuple[bool, bool, bool]:
        about = doubts[one.id]
        return about.broken, about.failed, about.rests

    return min(found, key=by_doubt, default=None)


def turn_to_another(case: Case) -> bool:
    """Whether the partner the person agreed to gives way to another; then the case asks for that one first. With the case
    locked, before anything was proven in it. A partner further up that is well again draws nobody away, and nobody is sent
    from one doubt to the next."""
    if case.proves_first:
        return _turn_to_free(case)
    if case.connection is None or _is_the_only_one(case.profile, case.connection):
        return False
    everyone = partners_open_to(case)
    doubts = _doubts(everyone, _failed(case))
    mine = doubts.get(case.connection.id)
    found = [one for one in everyone if may_take(case, one)]
    if mine is not None and (not mine.any or all(doubts[one.id].any for one in found)):
        return False
    is_still_there = any(one.id == case.connection_id for one in partners_of(case.profile))
    if not found and not (mine is None and is_still_there and not everyone):
        return _lost_its_way(case, everyone)
    # Also where it is not for this person any more, and nobody else is: the page for that says so.
    case.connection = None
    case.save(update_fields=["connection"])
    return True


def _is_the_only_one(profile: Profile, connection: Connection) -> bool:
    """There is nobody to give way to, and it is still there and used: one that was removed or paused meanwhile would keep whoever
    agreed to it."""
    is_used = connection.status != Connection.Status.REMOVED and connection.paused_at is None
    return is_used and partner_ids(profile) == [connection.id] and not has_conditions(profile)


def _turn_to_free(case: Case) -> bool:
    free = free_partner()
    if case.connection_id is None or (free is not None and free.id == case.connection_id):
        return False
    case.connection = None
    case.save(update_fields=["connection"])
    return True


def _lost_its_way(case: Case, everyone: Sequence[Connection]) -> bool:
    """Nobody who proves in the person's way is left: they choose anew, if there is anybody and nothing was decided."""
    if not everyone or case.is_enrolment or not is_undecided(steps_of(case)):
        return False
    case.connection, case.route = None, ""
    case.save(update_fields=["connection", "route"])
    return True


def ways_that_answer(case: Case) -> list[Route]:
    """The ways of the case's profile, those whose first partner may answer before those whose does not."""
    found = partners_open_to(case)
    doubts = _doubts(found, _failed(case))
    well = routes_of(one for one in found if not doubts[one.id].any)
    return list(dict.fromkeys([*well, *routes_of(found)]))


def offered_first(profiles: Sequence[Profile]) -> Connection | None:
    """The one partner that all these profiles begin with, None where they differ or it depends on who asks: for pages that
    are read before anybody said who they are, and must not tell by it."""
    first = {"" if has_conditions(each) or not each.partners else each.partners[0] for each in profiles}
    if len(first) != 1:
        return None
    wanted = first.pop()
    return next((one for one in connections_here() if str(one.id) == wanted), None)


def ways_into(profiles: Sequence[Profile]) -> list[Route]:
    """Every way that any of these profiles has, for pages that are read before anybody said who they are."""
    named = {name for profile in profiles for name in profile.partners}
    return routes_of(one for one in connections_here() if str(one.id) in named and one.paused_at is None)
