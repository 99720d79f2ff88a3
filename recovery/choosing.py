"""Choosing how to prove who one is, where a profile has partners of both kinds or for several countries.

The choice is the person's, in plain words, before they agree to anything, and may be changed until something was proven or
a face was looked at. A face that failed stays with its recovery: no other way leads around it (decision 0032). Which country
issued what they will show is asked only where the directory does not say it (decision 0059).
"""

from __future__ import annotations

from portal.kit.countries import ANOTHER, country_name
from portal.kit.errors import Refused
from recovery.cases import locked, steps_of
from recovery.models import Case
from recovery.ordering import partners_of, partners_open_to
from recovery.partner_conditions import circumstances, condition_of, countries_named
from recovery.routes import is_undecided, routes_of
from recovery.statuses import CaseStatus, Route


def routes_open_to(case: Case) -> list[Route]:
    """The ways that the profile has for this person, in the order of its partners. One for a card before a loss, and for
    whoever proves first."""
    if case.is_enrolment or case.proves_first:
        return [Route.DOCUMENT]
    if len(case.profile.partners) < 2:
        return []
    return routes_of(partners_open_to(case))


def has_to_choose(case: Case) -> bool:
    """Whether nothing was chosen and there is a choice. No query for most."""
    waits = case.state is CaseStatus.PROVING and not case.route and case.connection_id is None
    return waits and len(routes_open_to(case)) > 1


def _may_still_turn(case: Case) -> bool:
    """Nobody is at a partner, and nothing was decided."""
    return (
        case.state is CaseStatus.PROVING
        and case.attempt_id is None
        and case.earlier_case_id is None
        and not case.shows_held
        and is_undecided(steps_of(case))
    )


def may_choose(case: Case) -> bool:
    """Whether the person may still take the other way: there is one, nobody is at a partner, and nothing was decided."""
    return len(routes_open_to(case)) > 1 and _may_still_turn(case)


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


# ------------------------------------------------------------------ the country


def countries_to_say(case: Case) -> list[str]:
    """Those that one of the partners is named for, by name, and that it is another. Empty where the directory knows, or
    where it makes no difference. No query for most."""
    if case.proves_first or not countries_named(case.profile) or circumstances(case).is_on_file:
        return []
    there = partners_of(case.profile)
    named = frozenset().union(*(condition_of(case.profile, one.id).countries for one in there))
    return [*sorted(named, key=country_name), ANOTHER] if named else []


def has_to_say_country(case: Case) -> bool:
    """Whether the person has to say which country issued what they will show before there is a partner for them."""
    waits = case.state is CaseStatus.PROVING and not case.issuing_country and case.connection_id is None
    return waits and not case.route and bool(countries_to_say(case))


def may_say_country(case: Case) -> bool:
    """Whether they may say it, or say another: until something was proven, as with the way."""
    return bool(countries_to_say(case)) and _may_still_turn(case)


def say_country(case: Case, code: str) -> None:
    """It was issued there. Who agreed to a partner is asked again. Refused once it is too late, where the directory knows
    it, and for a country that no partner is named for. Quiet for the one that was said."""
    case = locked(case.id)
    if case.issuing_country == code:
        return
    if code not in countries_to_say(case) or not may_say_country(case):
        raise Refused("step_out_of_order")
    case.issuing_country, case.route, case.connection = code, "", None
    case.save(update_fields=["issuing_country", "route", "connection"])
