"""A directory in as few words as a test needs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any

from django.db.models import F

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.scope import tenant_scope
from recovery.models import Profile
from recovery.readiness.models import Finding, Survey
from recovery.readiness.running import survey_now
from tenants.directory.changing import add_people, person_of
from tenants.directory.import_file import ImportedRow
from tenants.directory.models import DirectoryPerson, NoticeAddress
from tenants.models import Tenant
from tests.matching.cultures import CULTURES, FAMILY, GIVEN, names

OLD = timedelta(days=30)


def row(number: int, given: str, family: str, **values: Any) -> ImportedRow:
    """Somebody with an address and a birth date of their own."""
    fields = {
        "line": number,
        "user_name": f"user{number}",
        "given_names": given,
        "family_name": family,
        "display_name": "",
        "emails": (f"user{number}@people.example",),
        "birthdate": date(1950, 1, 1) + timedelta(days=number % 18_000),
        "has_birthdate": True,
        "department": "Sales" if number % 2 else "Finance",
    }
    return ImportedRow(**{**fields, **values})


def settle(tenant: Tenant, rows: Sequence[ImportedRow]) -> None:
    """They are in the directory, and were for a month."""
    with tenant_scope(tenant.id):
        add_people([(person_of(one), one) for one in rows])
        NoticeAddress.objects.update(held_since=F("held_since") - OLD)


# Names in Devanagari agree with Latin ones by their consonants only, which no profile accepts yet.
INDIC = frozenset({"Hindi", "Marathi"})


def people_of_all_cultures(number: int) -> Iterator[tuple[str, str]]:
    """Given and family name, each pair once, from the naming cultures of the labelled set in turn; always the same."""
    cultures = [one for one in CULTURES if one.label not in INDIC]
    lists = [(names(one.locale, GIVEN), names(one.locale, FAMILY)) for one in cultures]
    made: set[tuple[str, str]] = set()
    at = 0
    while len(made) < number:
        given, family = lists[at % len(lists)]
        turn = at // len(lists)
        pair = given[turn * 7 % len(given)], family[(turn * 11 + turn // len(given)) % len(family)]
        at += 1
        if pair not in made:
            made.add(pair)
            yield pair


def look(tenant: Tenant, profile: Profile | None = None) -> tuple[Survey, dict[str, list[str]]]:
    """The finished survey, and for each user name that was found its reasons."""
    survey = survey_now(tenant.id, actor=SYSTEM, profile_id=profile.id if profile else None)
    with tenant_scope(tenant.id):
        found = Finding.objects.filter(survey=survey).select_related("person")
        return survey, {one.person.user_name: one.reasons for one in found}


def change(tenant: Tenant, user_name: str, **values: Any) -> None:
    with tenant_scope(tenant.id):
        DirectoryPerson.objects.filter(user_name=user_name).update(**values)


def hours_ago(hours: int) -> Any:
    return clock.now() - timedelta(hours=hours)
