"""Somebody of whom no e-mail address is on file recovers without a code, and nobody else does by leaving it out."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.kit import clock
from portal.kit.errors import Invalid
from portal.kit.scope import tenant_scope
from recovery import first_proof
from recovery.attesting.attesters import unfit
from recovery.console.profile_words import without_code_words
from recovery.console.reach import needs_of
from recovery.models import Case, Profile
from recovery.profile_checks import check_profile
from recovery.readiness.judging import Printed
from recovery.readiness.own_name import could_recover
from recovery.sign_facts import signs_of_case
from recovery.stages import Stage
from tenants.directory.counting import Obstacle, count_by_obstacle
from tenants.directory.matching import MatchOutcome, PersonMatch
from tenants.directory.models import DirectoryPerson, HeldEvidence, NoticeAddress
from tenants.directory.selectors import document_digest
from tenants.rights import Role
from tests.conftest import client_of, make_member
from tests.recovery.attesters import Attester, code_shown, name_manager
from tests.recovery.journey import Journey, Place
from tests.recovery.racing import race
from tests.recovery.sameness import KINDS, Seen, _headers, _masked, grown, people, rows
from tests.recovery.test_risk import say, show_again
from vendors.billing.models import UsageEntry
from vendors.models import Connection

WITHOUT = "/recover/code/none"
# What tests.vendors.hostile shows.
NUMBER = ("P1234567", "UTO")


def open_way(place: Place, no_address: str = "held", **more: Any) -> None:
    """The partner costs nothing, and whoever gets no code may go on to it."""
    with tenant_scope(place.tenant.id):
        Connection.objects.filter(id=place.connection.id).update(kind=Connection.Kind.FREE)
    place.set_profile(**{"no_address": no_address, "decoys_end": "free_partner", **more})


def hold_document(place: Place, person: DirectoryPerson, number: str = NUMBER[0]) -> None:
    with tenant_scope(place.tenant.id):
        kind = HeldEvidence.Kind.DOCUMENT_NUMBER
        HeldEvidence.objects.create(person=person, kind=kind, digest=document_digest(number, NUMBER[1]))


@pytest.fixture
def nomail(place: Place) -> DirectoryPerson:
    return place.person("nomail", emails=[])


def go(place: Place, name: str) -> Journey:
    """Past the code without one, and back from the free partner."""
    browser = place.browser().who(name)
    assert browser.post(WITHOUT).url == "/recover/consent"
    return browser.prove()


def paid(browser: Journey) -> list[tuple[str, Decimal]]:
    with tenant_scope(browser.place.tenant.id):
        entries = UsageEntry.objects.filter(case_id=browser.case.id).order_by("created_at")
        return [(entry.meter, entry.amount) for entry in entries]


def lose_address(place: Place, person: DirectoryPerson, *, hours: float) -> None:
    with tenant_scope(place.tenant.id):
        DirectoryPerson.objects.filter(id=person.id).update(
            address_lost_at=clock.now() - timedelta(hours=hours)
        )


def test_who_shows_the_document_that_is_held_recovers_and_others_hear_of_it(place: Place, nomail):
    hold_document(place, nomail)
    lose_address(place, nomail, hours=73)
    boss = Attester.of(place, "boss")
    name_manager(place, nomail, "boss")
    owner = make_member(place.tenant, Role.OWNER).user.email
    open_way(place)
    browser = go(place, "nomail")
    assert browser.stage is Stage.CREDENTIAL, browser.outcome()
    assert paid(browser) == [("decision", Decimal(0))]
    said = "This code works in this browser only"
    assert said in browser.post("/recover/continuation-code").content.decode()
    browser.keep().show().face()
    assert browser.stage is Stage.PASS, browser.outcome()
    mail.outbox.clear()
    browser.use_pass().passkey()
    assert browser.case.status == "recovered" and browser.case.assurance == "ial2"
    assert "confirmed" not in browser.done() and browser.case.reasons == ["no_code_reaches_them"]
    browser.alerts()
    told = {entry.to[0]: entry.body for entry in mail.outbox}
    assert (
        "so they were not told" in told[owner]
        and "Ada Lovelace" in told[f"{boss.person.user_name}@people.example"]
    )


def test_whoever_has_an_address_gets_no_further_by_leaving_the_code_out(place: Place, ada):
    """The right person, with the very document that is held: what the directory says decides, not what they say."""
    hold_document(place, ada)
    open_way(place)
    mail.outbox.clear()
    browser = go(place, "ada")
    assert browser.outcome() == ("refused", ["no_code_reaches_them", "address_on_file"])
    assert browser.credential() == "none" and paid(browser) == [("decision", Decimal(0))]
    assert [entry.to for entry in mail.outbox] == [["ada@home.example"]], (
        "the code, and nothing about the end"
    )
    browser.post("/recover/code", {"code": browser.code_mailed()})
    assert browser.case.status == "refused"


@pytest.mark.parametrize("hours", [1, 71])
def test_an_address_that_was_just_taken_away_still_counts(place: Place, nomail, hours: int):
    hold_document(place, nomail)
    lose_address(place, nomail, hours=hours)
    open_way(place)
    assert go(place, "nomail").case.reasons[-1] == "address_lost_lately"


def test_an_address_or_a_profile_that_changes_on_the_way_is_looked_at_again(place: Place, nomail):
    hold_document(place, nomail)
    open_way(place)
    browser = go(place, "nomail").keep().show()
    with tenant_scope(place.tenant.id):
        address = NoticeAddress.objects.create(person=nomail, kind="email", value="new@people.example")
    browser.face()
    assert browser.case.status == "refused" and browser.case.reasons[1] == "address_on_file"
    with tenant_scope(place.tenant.id):
        address.delete()
    other = go(place, "nomail").keep().show()
    place.set_profile(no_address="off")
    other.face()
    assert other.case.status == "refused" and "no_way_without_address" in other.case.reasons


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, "missing_held_document_number"),
        ({"birthdate": None}, "birthdate_not_known"),
        ({"family_name": "Byron"}, "match_none"),
    ],
)
def test_what_is_not_enough_is_refused_before_anything_costs(place: Place, changes, reason: str):
    """Also where the profile is not strict about dates of birth: nothing else ties them to the account."""
    place.person("poor", emails=[], **changes)
    open_way(place, birthdate_required=False)
    browser = go(place, "poor")
    assert browser.case.status == "refused" and reason in browser.case.reasons
    assert paid(browser) == [("decision", Decimal(0))] and browser.credential() == "none"


def test_without_a_held_document_somebody_has_to_say_so_and_then_two_members_look(place: Place, nomail):
    boss = Attester.of(place, "boss")
    name_manager(place, nomail, "boss")
    members = [make_member(place.tenant, Role.HELP_DESK) for _number in range(2)]
    open_way(place, "reviewed")
    browser = go(place, "nomail").keep().show()
    browser.face()
    assert browser.stage is Stage.ATTEST, browser.outcome()
    browser.post("/recover/attest")
    browser.work()
    boss.attest(code_shown(browser))
    browser.work()
    assert browser.case.status == "in_review" and "no_address" in browser.case.signs_in_review
    say(place, browser, members[0])
    assert browser.case.status == "in_review"
    say(place, browser, members[1])
    show_again(browser)
    assert browser.stage is Stage.PASS and browser.case.assurance == "ial1", browser.outcome()


def test_nobody_who_could_say_so_is_the_same_refusal(place: Place, nomail):
    open_way(place, "reviewed")
    assert go(place, "nomail").case.reasons == ["no_code_reaches_them", "missing_held_document_number"]


def test_a_hundred_at_once_do_not_pass_the_days_number(place: Place):
    open_way(place, first_proofs_a_day=3)
    with tenant_scope(place.tenant.id):
        cases = [
            Case.objects.create(
                profile=place.profile,
                profile_version=1,
                mode="production",
                is_decoy=True,
                browser_digest=bytes([number]),
                expires_at=clock.now() + timedelta(hours=1),
            ).id
            for number in range(100)
        ]
    found = race(
        lambda number: first_proof.begin_first_proof(place.tenant, cases[number], address="127.0.0.1"),
        times=100,
    )
    assert found == {"True": 3, "False": 97}
    browser = place.browser().who("somebody")
    assert b"Nobody else can go on without a code today" in browser.post(WITHOUT).content
    assert browser.stage is Stage.CODE
    owner = make_member(place.tenant, Role.OWNER)
    assert owner
    with clock.frozen(clock.now() + timedelta(hours=25)):
        assert place.browser().who("somebody").post(WITHOUT).url == "/recover/consent"


def test_one_network_has_five_a_day(place: Place):
    open_way(place)
    for number in range(6):
        client = client_of(place.tenant, REMOTE_ADDR="198.51.100.7")
        client.post("/recover/who", {"identifier": f"somebody{number}"})
        answer = client.post(WITHOUT)
        assert answer.status_code == (303 if number < 5 else 429)


def test_what_strangers_do_without_a_code_counts_against_nobody(place: Place, ada):
    """Neither as a sign, nor against somebody who is asked for their word, nor for their checks of a day."""
    open_way(place)
    boss = Attester.of(place, "boss")
    for name in ("ada", "boss"):
        place.browser().who(name).post(WITHOUT)
        go(place, name)
    browser = place.browser().to_face("ada")
    with tenant_scope(place.tenant.id):
        match = PersonMatch(MatchOutcome.ONE, ())
        signs = set(signs_of_case(Case.objects.get(id=browser.case.id), ada, match, frozenset()))
        assert signs.isdisjoint({"refused_before", "several_recoveries", "no_address"})
        assert unfit(boss.person, ada) == ""
    browser.face()
    assert browser.stage is Stage.PASS, browser.outcome()
    with tenant_scope(place.tenant.id):
        live = Case.objects.filter(person=ada, status="proving", first_proof_at=None).count()
    assert live == 1, "it ends as it would for a name that nobody has"


def test_without_the_way_the_button_is_not_there_and_does_nothing(place: Place, nomail):
    browser = place.browser().who("nomail")
    assert b"has no address for me" not in browser.get("/recover/code").content
    assert browser.post(WITHOUT).url == "/recover/code" and browser.stage is Stage.CODE
    place.set_profile(decoys_end="free_partner")
    assert b"has no address for me" not in browser.get("/recover/code").content, "the partner costs something"
    open_way(place)
    assert b"has no address for me" in browser.get("/recover/code").content


def test_a_profile_that_would_tell_people_apart_or_cost_something_is_not_put_into_force(place: Place):
    def problem(**values: Any) -> str:
        with tenant_scope(place.tenant.id):
            profile = Profile.objects.get(id=place.profile.id)
            for name, value in values.items():
                setattr(profile, name, value)
            try:
                check_profile(profile)
            except Invalid as error:
                return error.code
            return ""

    assert problem(no_address="held") == "profile_tells_apart"
    assert problem(no_address="held", decoys_end="free_partner") == "profile_no_free_partner"
    open_way(place)
    assert problem() == ""
    assert problem(no_address="reviewed") == "profile_reviewers"


# Nobody can tell from outside ------------------------------------------------------------------------------------------


def walk_without(place: Place, name: str, number: int) -> tuple[list[Seen], Journey]:
    """From the code to the refusal, with a document that is nobody's."""
    browser = place.browser()
    browser.client = client_of(place.tenant, REMOTE_ADDR=f"198.51.{number}.1")
    found: list[Seen] = []

    def look(method: str, path: str, data: dict[str, str] | None = None, **headers: Any) -> Any:
        with CaptureQueriesContext(connection) as queries:
            answer = getattr(browser.client, method)(path, data or {}, **headers)
        body = _masked(answer.content)
        found.append(Seen(path, answer.status_code, body, _headers(answer), len(queries), 0))
        return answer

    look("post", "/recover/who", {"identifier": name})
    look("get", "/recover/code")
    look("post", WITHOUT)
    look("get", "/recover/consent")
    look("post", "/recover/consent", {"agree": "on"})
    look("get", "/recover/partner")
    browser.work()
    query = browser.at_partner()
    browser.client.get("/recover/return", query)
    look("get", "/recover/checking")
    browser.work()
    look("get", "/recover/checking")
    look("get", "/recover/ended")
    return found, browser


def test_every_kind_of_person_goes_the_same_way_to_the_same_refusal(place: Place):
    people(place)
    open_way(place)
    with tenant_scope(place.tenant.id):
        held = DirectoryPerson.objects.get(user_name="nomail..")
    hold_document(place, held)
    place.provider.answers.claims["family_name"] = "Nobody"
    walk_without(place, "warm.up.", 1)
    seen, wrote = {}, {}
    for number, kind in enumerate(KINDS):
        before = rows(place)
        seen[kind], browser = walk_without(place, kind, number + 2)
        wrote[kind] = grown(before, rows(place))
        assert browser.case.status == "refused"
    place.provider.answers.claims["family_name"] = "Lovelace"
    for kind in KINDS[1:]:
        for own, other in zip(seen["eligible"], seen[kind], strict=True):
            for part in ("status", "body", "headers", "statements"):
                assert getattr(own, part) == getattr(other, part), (kind, own.path, part)
        assert wrote[kind] == wrote["eligible"], kind


# What is known of it beforehand ----------------------------------------------------------------------------------------


def test_whoever_looks_beforehand_is_told_what_the_journey_then_does(place: Place):
    """The effect of a profile, readiness, “Could I recover?” and which profile is for whom, for people of every sort."""
    boss = Attester.of(place, "boss")
    held, managed, poor, lost = (
        place.person(
            name, emails=[], given_names="Ada", family_name=name.title(), birthdate=date(1980, 1, day)
        )
        for day, name in enumerate(("held", "managed", "poor", "lost"), 1)
    )
    for person in (held, lost):
        hold_document(place, person, person.user_name.upper())
    for person in (managed, lost):
        name_manager(place, person, "boss")
    lose_address(place, lost, hours=5)
    make_member(place.tenant, Role.OWNER)
    wanted = {
        "off": {},
        "held": {held},
        "reviewed": {held, managed},
    }
    for way, can in wanted.items():
        open_way(place, way)
        with tenant_scope(place.tenant.id):
            profile = Profile.objects.get(id=place.profile.id)
            counted = count_by_obstacle(needs_of(profile))
            assert counted.get(Obstacle.NO_ADDRESS, 0) == 4 - len(can), way
            for person in (held, managed, poor, lost):
                person.refresh_from_db()
                printed = Printed(person.given_names, person.family_name)
                assert could_recover(person, printed) is (person in can), (way, person)
            assert ("free partner first" in without_code_words(profile, poor)) is (way != "off")
            assert "72 hours ago" in without_code_words(profile, lost) or way == "off"
            assert without_code_words(profile, boss.person) == ""
        for person in (held, managed, poor, lost):
            if way == "off":
                continue
            place.provider.answers.claims.update(
                family_name=person.family_name, birthdate=person.birthdate.isoformat()
            )
            place.provider.answers.number = person.user_name.upper()
            browser = place.browser().who(person.user_name)
            browser.client.defaults["REMOTE_ADDR"] = (
                f"198.{51 if way == 'held' else 18}.{person.birthdate.day}.1"
            )
            browser.post(WITHOUT)
            browser.prove()
            assert (browser.stage is Stage.CREDENTIAL) is (person in can), (way, person, browser.outcome())
