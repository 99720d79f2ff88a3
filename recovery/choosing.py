"""Choosing how to prove who one is, where a profile has partners of both kinds.

The choice is the person's, in plain words, before they agree to anything, and may be changed until something was proven or
a face was looked at. A face that failed stays with its recovery: no other way leads around it (decision 0032).
"""

from __future__ import annotations

from portal.kit.errors import Refused
from recovery.cases import locked, steps_of
from recovery.models import Case
from recovery.ordering import partners_of
from recovery.routes import is_undecided, routes_of
from recovery.statuses import CaseStatus, Route


def routes_open_to(case: Case) -> list[Route]:
    """The ways that the profile has, in the order of its partners. One for a card before a loss."""
    if case.is_enrolment:
        return [Route.DOCUMENT]
    if len(case.profile.partners) < 2:
        return []
    return routes_of(partners_of(case.profile))


def has_to_choose(case: Case) -> bool:
    """Whether nothing was chosen and there is a choice. No query for most."""
    waits = case.state is CaseStatus.PROVING and not case.route and case.connection_id is None
    return waits and len(routes_open_to(case)) > 1


def may_choose(case: Case) -> bool:
    """Whether the person may still take the other way: there is one, nobody is at a partner, and nothing was decided."""
    return (
        case.state is CaseStatus.PROVING
        and case.attempt_id is None
        and case.earlier_case_id is None
        and not case.shows_held
        and len(routes_open_to(case)) > 1
        and is_undecided(steps_of(case))
    )


def other_route(case: Case) -> Route | None:
    """The way that the person may take instead of theirs."""
    if not case.route or not may_choose(case):
        return None
    return next((route for route in routes_open_to(case) if route != case.route), None)


def choose_route(case: Case, route: Route) -> None:
    """Take this way. Whoever agreed to a partner of the other kind is asked again. Refused once it is too late, and for a
    way that the profile does not have. Quiet for the way it has."""
    case = locked(case.id)
    if case.route == route:
        return
    if not may_choose(case) or route not in routes_open_to(case):
        raise Refused("step_out_of_order")
    case.route, case.connection = route.value, None
    case.save(update_fields=["route", "connection"])
