"""A rehearsal finds those whom a profile would fail, and nobody else; journeys then walked say the same."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest

from portal.kit.scope import tenant_scope
from recovery.readiness.accounts import Accounts
from recovery.readiness.judging import Printed
from recovery.readiness.own_name import could_recover
from recovery.readiness.printing import prints_of
from recovery.readiness.reading import read_accounts
from recovery.readiness.reasons import DOUBTS
from tenants.directory.matching import MatchOutcome, MatchPolicy, ProvenIdentity, match_person
from tenants.directory.models import DirectoryPerson
from tenants.directory.selectors import candidate_of, near
from tenants.models import Tenant
from tests.readiness.people import look, people_of_all_cultures, row, settle
from tests.recovery.console.world import published_profile
from tests.recovery.journey import Place
from vendors.billing.models import UsageEntry

# Names that no recovery could match, each in its own way, as (given, family).
UNUSABLE = (
    ("", "Lindqvist"),
    ("Astrid", ""),
    ("As\u200btrid", "Lindqvist"),
    ("\u0410strid", "Lindqvist"),
    ("Astrid", "Lind\u0441vist"),
    ("A\u0301\u0301\u0301\u0301strid", "Lindqvist"),
    ("Astrid3", "Lindqvist"),
    ("Astrid", "Lindqvist 2"),
    ("\u0251strid", "Lindqvist"),
    ("", " "),
    ("अस्ट्रिड", "लिंडक्विस्ट"),
)


def planted() -> list[Any]:
    """Forty: unusable names, people without a birth date or an address, and pairs of one name born on one day."""
    rows = [row(5_000 + number, given, family) for number, (given, family) in enumerate(UNUSABLE)]
    rows += [
        row(5_100 + number, "Astrid", f"Undated{'abcdefgh'[number]}", birthdate=None) for number in range(8)
    ]
    rows += [row(5_200 + number, "Astrid", f"Silent{'abcdefg'[number]}", emails=()) for number in range(7)]
    for number in range(7):
        born, name = date(1980, 1, 1 + number), f"Double{'abcdefg'[number]}"
        rows += [
            row(5_300 + number, "Astrid Ingrid", name, birthdate=born),
            row(5_400 + number, "ASTRID", name, birthdate=born),
        ]
    return rows


def test_forty_planted_among_a_thousand_are_found_and_nobody_else(tenant: Tenant) -> None:
    with tenant_scope(tenant.id):
        profile = published_profile(names="relaxed")
    sound = [row(number, *pair) for number, pair in enumerate(people_of_all_cultures(960))]
    wrong = planted()
    settle(tenant, [*sound, *wrong])
    survey, found = look(tenant, profile)
    assert len(wrong) == 40 and survey.people == 1_000
    failing = {name for name, reasons in found.items() if not DOUBTS.issuperset(reasons)}
    assert failing == {one.user_name for one in wrong}
    assert len(found) - len(failing) < 10, found
    with tenant_scope(tenant.id):
        assert not UsageEntry.objects.exists()


def test_who_the_profile_is_not_for_is_counted_apart(tenant: Tenant) -> None:
    with tenant_scope(tenant.id):
        profile = published_profile(who="departments", departments=["Sales"])
    settle(tenant, [row(1, "Anna", "Novak"), row(2, "", "Novak"), row(3, "", "Novak")])
    survey, found = look(tenant, profile)
    assert (survey.people, survey.outside, survey.cannot) == (3, 1, 1) and found == {
        "user3": ["name_missing"]
    }


@pytest.mark.parametrize("names", ["exact", "relaxed", "fuzzy"])
def test_a_whole_name_in_one_field_is_judged_as_the_profile_matches_it(tenant: Tenant, names: str) -> None:
    """Readiness, a rehearsal, *Could I recover?* and the matching say the same, whichever field it is and whichever name is first."""
    with tenant_scope(tenant.id):
        profile = published_profile(names=names)
    whole = (("", "Anna Maria Quist"), ("Berta Quist", " "), ("", "Quist Carla"))
    settle(tenant, [row(number, *pair) for number, pair in enumerate(whole)])
    told = ["name_missing"] if names == "exact" else ["names_in_one_field"]
    for looked in (look(tenant), look(tenant, profile)):
        assert looked[1] == {f"user{number}": told for number in range(3)}
    documents = (("ANNA MARIA", "QUIST"), ("BERTA", "QUIST"), ("CARLA", "QUIST"))
    with tenant_scope(tenant.id):
        for number, document in enumerate(documents):
            person = DirectoryPerson.objects.get(user_name=f"user{number}")
            assert could_recover(person, Printed(*document)) is (names != "exact")
            assert not could_recover(person, Printed("DORA", "QUIST"))
            claimed = candidate_of(person)
            proven = ProvenIdentity(*document, person.birthdate)
            match = match_person(proven, claimed, near(proven), policy=profile.match_policy)
            assert (match.outcome is MatchOutcome.ONE) is (names != "exact")


PRINTED = [
    (
        "Jürgen",
        "Müller-Lüdenscheidt",
        [("Jürgen", "Müller-Lüdenscheidt"), ("JUERGEN", "MUELLER LUEDENSCHEIDT")],
    ),
    ("Åse", "Østby", [("Åse", "Østby"), ("AASE", "OESTBY")]),
    ("Dr. Anna", "Weiß (extern)", [("Anna", "Weiß"), ("ANNA", "WEISS")]),
    ("Юлия", "Щербакова", [("IULIIA", "SHCHERBAKOVA")]),
    ("Юрій", "Гузь", [("IURII", "GUZ")]),
    ("Γεώργιος", "Παπαδόπουλος", [("GEORGIOS", "PAPADOPOULOS")]),
    ("민준", "김", [("MINJUN", "GIM")]),
    ("さくら", "さとう", [("SAKURA", "SATO")]),
    ("伟", "张", [("WEI", "ZHANG")]),
    ("သူရ", "အောင်", []),
]


@pytest.mark.parametrize(("given", "family", "expected"), PRINTED, ids=[row[1] for row in PRINTED])
def test_names_are_printed_as_documents_do(
    given: str, family: str, expected: Sequence[tuple[str, str]]
) -> None:
    assert prints_of(given, family) == [Printed(*pair) for pair in expected]


def test_a_second_writing_of_a_name_answers_where_the_first_cannot_be_spelled(tenant: Tenant) -> None:
    """Burmese has no table here; the name in Latin letters that the directory keeps beside it is printed and matched."""
    alone = row(1, "သူရ", "အောင်")
    both = row(2, "မြ", "ဝင်း", script_names=(("Mya", "Win"),))
    work = row(3, "Jack", "Ma", script_names=(("云", "马"),))
    settle(tenant, [alone, both, work])
    with tenant_scope(tenant.id):
        profile = published_profile(names="relaxed")
    _survey, found = look(tenant, profile)
    assert found == {"user1": ["spelling_unknown"]}


def test_long_names_are_cut_as_the_zones_of_passports_and_cards_cut_them() -> None:
    whole, passport, card = prints_of("Maximilian Alexander", "Wolfeschlegelsteinhausen")
    assert (whole.given_names, whole.family_name) == ("Maximilian Alexander", "Wolfeschlegelsteinhausen")
    assert (passport.given_names, passport.family_name) == ("MAXIMILIAN AL", "WOLFESCHLEGELSTEINHAUSEN")
    assert (card.given_names, card.family_name) == ("MAXI", "WOLFESCHLEGELSTEINHAUSEN")


def test_everybody_is_compared_whom_a_recovery_compares(tenant: Tenant) -> None:
    """The same outcome as the search in the database, for every person, with and without their birth dates."""
    people = [row(number, *pair) for number, pair in enumerate(people_of_all_cultures(100))]
    twins = [
        row(200 + at, one.given_names, one.family_name, birthdate=None) for at, one in enumerate(people[::7])
    ]
    same_day = [
        row(300 + at, one.given_names.upper(), one.family_name, birthdate=one.birthdate)
        for at, one in enumerate(people[::9])
    ]
    settle(tenant, [*people, *twins, *same_day])
    accounts = read_accounts(tenant.id, lambda: True)
    assert accounts is not None
    with tenant_scope(tenant.id):
        everybody = list(DirectoryPerson.objects.all())
        for required in (True, False):
            policy = MatchPolicy.in_mode("relaxed", birthdate_required=required)
            for person in everybody:
                for printed in prints_of(person.given_names, person.family_name):
                    proven = ProvenIdentity(printed.given_names, printed.family_name, person.birthdate)
                    claimed = candidate_of(person)
                    ours = match_person(proven, claimed, accounts.near(proven), policy=policy)
                    assert ours == match_person(proven, claimed, near(proven), policy=policy), printed


def test_many_born_on_one_day_are_looked_for_by_name(tenant: Tenant) -> None:
    """Registers that know no day write the first of January."""
    pairs = list(people_of_all_cultures(120))
    settle(tenant, [row(at, *pair, birthdate=date(1990, 1, 1)) for at, pair in enumerate([*pairs, pairs[0]])])
    accounts = read_accounts(tenant.id, lambda: True)
    assert isinstance(accounts, Accounts)
    proven = ProvenIdentity(*pairs[0], date(1990, 1, 1))
    assert len(accounts.near(proven)) == 2
    assert accounts.near(ProvenIdentity(*pairs[0], date(1991, 1, 1))) == []


WALKED = {
    "jurgen": ({"given_names": "Jürgen", "family_name": "Müller"}, True),
    "iulia": ({"given_names": "Юлия", "family_name": "Щербакова"}, True),
    "hindi": ({"given_names": "अमित", "family_name": "चोपरा"}, False),
    "twin": ({"given_names": "Åse", "family_name": "Østby"}, False),
}


def test_journeys_end_as_the_rehearsal_foretold(place: Place) -> None:
    """Each shows the document whose print was rehearsed last: the zone's, where it differs from the page."""
    for name, (fields, _recovers) in WALKED.items():
        place.person(name, **fields)
    place.person("twin.second", given_names="AASE", family_name="OESTBY")
    _survey, found = look(place.tenant, place.profile)
    assert set(found) == {"hindi", "twin", "twin.second"}
    for name, (fields, recovers) in WALKED.items():
        printed = prints_of(fields["given_names"], fields["family_name"])[-1]
        place.provider.answers.claims.update(
            given_name=printed.given_names, family_name=printed.family_name, document_number=f"X{name}"
        )
        browser = place.browser().to_face(name)
        browser.face()
        decided = browser.decided()
        assert (decided["outcome"] == "approved") is recovers, (name, decided)
        assert (name in found) is not recovers
