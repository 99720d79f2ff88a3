"""Names beside the one that documents print, and where somebody stands: from a file into a match, and out again."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from portal.kit import clock
from portal.kit.actors import SYSTEM
from tenants.directory.import_file import read_people
from tenants.directory.imports import apply_import, begin_import
from tenants.directory.matching import MatchOutcome, MatchPolicy, PersonMatch, match_person
from tenants.directory.models import DirectoryPerson, PersonName, SearchWord
from tenants.directory.selectors import candidate_of, near
from tenants.directory.services import create_person, remove_person
from tenants.notices.models import Notice
from tests.directory.pages import people_page
from tests.matching.people import BORN, document

pytestmark = pytest.mark.usefixtures("in_tenant")
HEAD = "user_name,given_names,family_name,email,birthdate"
MORE = f"{HEAD},Former names,Known as,Name in other script,Manager,Country,Privileged,Guest\n"
ANNA = "anna,Anna,Svoboda,anna@x.example,1985-12-10"
WHOLE = f'{ANNA},"Novak | Dvořák, Anna Marie",Annie,"Свобода, Анна",jan,CZ,yes,no\n'
ACCEPTS = MatchPolicy(former_names=True)


def bring(text: str, member: int = 1) -> None:
    row = begin_import(text.encode(), file_name="people.csv", member_id=UUID(int=member))
    apply_import(row.id, member_id=row.member_id, actor=SYSTEM)


def held_for(days: int) -> None:
    PersonName.objects.update(held_since=clock.now() - timedelta(days=days))


def anna() -> DirectoryPerson:
    return DirectoryPerson.objects.get(user_name="anna")


def match(shown: str, policy: MatchPolicy = ACCEPTS) -> PersonMatch:
    proven = document(shown)
    return match_person(proven, candidate_of(anna()), near(proven), policy=policy)


def names() -> set[tuple[str, str, str]]:
    return set(PersonName.objects.values_list("kind", "given_names", "family_name"))


def test_a_file_brings_other_names_and_where_somebody_stands():
    bring(MORE + WHOLE)
    assert names() == {
        ("former", "", "Novak"),
        ("former", "Anna Marie", "Dvořák"),
        ("preferred", "Annie", ""),
        ("script", "Анна", "Свобода"),
    }
    person = anna()
    assert (person.manager, person.country, person.is_privileged, person.is_guest) == (
        "jan",
        "CZ",
        True,
        False,
    )


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ('",Anna",,,,,,', "no family name before the comma"),
        (",,Свобода,,,,", "no given names"),
        (",,,,,maybe,", "neither yes nor no"),
        (f"{'x' * 121},,,,,,", "longer than 120"),
        (f"{'|'.join(map(str, range(11)))},,,,,,", "more than 10 names"),
        ("=Novak,,,,,,", "formula"),
        (f",,,{'x' * 251},,,", "longer than 250"),
    ],
)
def test_what_cannot_be_read_is_named_by_its_line(cells: str, said: str):
    (problem,) = read_people(f"{MORE}{ANNA},{cells}\n".encode()).problems
    assert problem.line == 2 and said in problem.sentence


def test_columns_that_a_file_does_not_have_leave_what_is_held():
    bring(MORE + WHOLE)
    before = names()
    bring(f"{HEAD},country\n{ANNA},AT\n")
    assert names() == before and anna().country == "AT" and anna().is_privileged
    bring(f"{HEAD},former names\n{ANNA},\n")
    assert {kind for kind, _given, _family in names()} == {"preferred", "script"}


def test_a_name_that_stays_keeps_the_day_since_which_it_is_held():
    bring(MORE + WHOLE)
    held_for(30)
    bring(f"{HEAD},former names\n{ANNA},Novak|Kralova\n")
    held = dict(PersonName.objects.filter(kind="former").values_list("family_name", "held_since"))
    assert set(held) == {"Novak", "Kralova"}
    assert held["Novak"] < clock.now() - timedelta(days=29) < held["Kralova"]


def test_a_former_name_counts_after_three_days_and_only_where_the_profile_says_so():
    bring(MORE + WHOLE)
    assert match("ANNA / NOVAK").outcome is MatchOutcome.NONE
    held_for(4)
    found = match("ANNA / NOVAK")
    assert found.outcome is MatchOutcome.ONE and "former_name_agrees" in found.reasons
    strict = match("ANNA / NOVAK", MatchPolicy())
    assert strict.outcome is MatchOutcome.NONE and "former_name_not_accepted" in strict.reasons


def test_given_names_of_one_name_never_go_with_the_family_name_of_another():
    bring(MORE + WHOLE)
    held_for(4)
    assert match("ANNA MARIE / DVORAK").outcome is MatchOutcome.ONE
    assert match("ANNA MARIE / NOVAK").outcome is MatchOutcome.NONE


def test_the_name_in_its_own_script_agrees_with_the_document_s_spelling_of_it():
    create_person(
        user_name="anna",
        given_names="Julie",
        family_name="Smith",
        emails=[],
        actor=SYSTEM,
        birthdate=BORN,
    )
    PersonName.objects.create(person=anna(), kind="script", given_names="Юлия", family_name="Щербакова")
    held_for(4)
    found = match("IULIIA / SHCHERBAKOVA", MatchPolicy())
    assert found.outcome is MatchOutcome.ONE and "name_in_another_script_agrees" in found.reasons


def test_what_somebody_is_called_counts_where_names_may_differ_in_their_usual_ways():
    bring(MORE + WHOLE)
    held_for(4)
    assert match("ANNIE / SVOBODA", MatchPolicy.in_mode("exact")).outcome is MatchOutcome.NONE
    found = match("ANNIE / SVOBODA", MatchPolicy.in_mode("relaxed"))
    assert found.outcome is MatchOutcome.ONE and "preferred_name_agrees" in found.reasons


def test_a_namesake_by_a_former_name_is_looked_for_at_once_and_by_every_profile():
    """The claimed account bears the name today; a colleague bore it before she married, whenever the directory heard of it."""
    bring(f"{HEAD}\nanna,Anna,Novak,anna@x.example,1985-12-10\n")
    assert match("ANNA / NOVAK", MatchPolicy()).outcome is MatchOutcome.ONE
    bring(
        f"{HEAD},former names\nother,Anna,Svoboda,other@x.example,1985-12-10,Novak\n",
    )
    found = match("ANNA / NOVAK", MatchPolicy())
    assert found.outcome is MatchOutcome.SEVERAL and found.others == 1


def test_a_new_name_is_told_at_the_addresses_held_before_and_noted_for_the_hold():
    bring(MORE + WHOLE)
    assert anna().names_changed_at is None
    bring(f"{HEAD},former names\n{ANNA},Novak|Thief\n")
    assert anna().names_changed_at is not None
    assert Notice.objects.filter(template="details_changed").count() == 1


def test_whoever_is_no_longer_privileged_is_noted_for_the_hold():
    bring(MORE + WHOLE)
    bring(f"{HEAD},privileged\n{ANNA},no\n")
    assert anna().is_privileged is False and anna().names_changed_at is not None


def test_people_are_found_by_every_name_they_have():
    bring(MORE + WHOLE)
    for text in ("novak", "dvorak", "annie", "Свобода"):
        assert [row.user_name for row in people_page(text=text).rows] == ["anna"], text
    bring(f"{HEAD}\nanna,Anna,Kralova,anna@x.example,1985-12-10\n")
    assert people_page(text="novak").rows and people_page(text="kralova").rows


def test_whoever_is_removed_leaves_no_name_behind():
    bring(MORE + WHOLE)
    person = anna()
    remove_person(person.id, actor=SYSTEM)
    person.refresh_from_db()
    assert not PersonName.objects.exists() and not SearchWord.objects.exists()
    assert (person.manager, person.country) == ("", "")
