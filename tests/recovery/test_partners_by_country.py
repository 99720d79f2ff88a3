"""Partners for some countries and groups only: who is offered which, what a person may say themselves, and who has none."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest

from portal.kit.actors import SYSTEM
from portal.kit.countries import ANOTHER, COUNTRIES, country_of, spellings_of
from portal.kit.errors import Invalid, Refused
from portal.kit.scope import tenant_scope
from recovery.choosing import countries_to_say, say_country
from recovery.console.partner_words import offers_to
from recovery.console.reach import reach_of
from recovery.models import CaseStep, Profile
from recovery.ordering import offered_first, partner_for
from recovery.profiles import change_profile, publish_profile
from recovery.readiness.covering import covering
from recovery.readiness.models import Finding
from recovery.readiness.reasons import Reason
from recovery.readiness.running import survey_now
from recovery.stages import Stage
from recovery.statuses import StepKind
from tenants.directory.models import DirectoryPerson, Group, GroupMember
from tenants.rights import Role
from tests.recovery.journey import Journey, Place
from vendors.contract import PartnerDown
from vendors.health import note_fault
from vendors.models import Connection


def only(place: Place, **conditions: dict[str, list[str]]) -> None:
    """By vendor: the countries and groups it is for."""
    with tenant_scope(place.tenant.id):
        ids = {one.vendor: str(one.id) for one in Connection.objects.all()}
        found = {ids[vendor]: said for vendor, said in conditions.items()}
        change_profile(place.profile.id, actor=SYSTEM, partner_conditions=found)


def begun(browser: Journey) -> Journey:
    """Up to the code, wherever that leads."""
    return browser.who("ada").confirm()


def lives_in(place: Place, country: str, user_name: str = "ada") -> None:
    with tenant_scope(place.tenant.id):
        DirectoryPerson.objects.filter(user_name=user_name).update(country=country)


def offered(browser: Journey) -> str:
    with tenant_scope(browser.place.tenant.id):
        found = partner_for(browser.case)
    return found.vendor if found else ""


def rest(place: Place, vendor: str) -> None:
    with tenant_scope(place.tenant.id):
        for _ in range(3):
            note_fault(Connection.objects.get(vendor=vendor), PartnerDown("silent"))


# ------------------------------------------------------------------ which country somebody means


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("CZ", "CZ"),
        (" cze ", "CZ"),
        ("Czech Republic", "CZ"),
        ("TÜRKIYE", "TR"),
        ("Côte d'Ivoire", "CI"),
        ("UK", "GB"),
        ("", ""),
        ("Absurdistan", ""),
        ("CZ, PL", ""),
        (ANOTHER, ""),
    ],
)
def test_a_country_is_read_as_directories_write_it(written: str, code: str):
    assert country_of(written) == code


def test_no_spelling_means_two_countries():
    spelled = [word for code in COUNTRIES for word in spellings_of([code])]
    assert len(spelled) == len(set(spelled)) and len(COUNTRIES) == 250


# ------------------------------------------------------------------ who is offered which


def test_the_first_partner_that_is_for_the_country_is_offered(place: Place, second, browser: Journey):
    only(place, oidc={"countries": ["PL"]})
    lives_in(place, "Czechia")
    browser.begin("ada")
    assert browser.stage is Stage.CONSENT and offered(browser) == "second"
    browser.place.provider = second
    browser.prove()
    assert browser.stage is Stage.CREDENTIAL
    lives_in(place, "Poland")
    there = place.browser().begin("ada")
    assert offered(there) == "oidc"


def test_groups_and_countries_have_to_hold_both(place: Place, second, browser: Journey):
    with tenant_scope(place.tenant.id):
        pilots = Group.objects.create(name="Pilots")
    only(place, oidc={"countries": ["PL"], "groups": [str(pilots.id)]})
    lives_in(place, "pl")
    browser.begin("ada")
    assert offered(browser) == "second"
    with tenant_scope(place.tenant.id):
        GroupMember.objects.create(group=pilots, person=DirectoryPerson.objects.get(user_name="ada"))
    assert offered(browser) == "oidc"


def test_one_that_rests_gives_way_only_to_one_that_is_for_them(place: Place, second, browser: Journey):
    only(place, second={"countries": ["PL"]})
    lives_in(place, "SE")
    rest(place, "oidc")
    browser.begin("ada")
    assert offered(browser) == "oidc"
    lives_in(place, "PL")
    assert offered(browser) == "second"


def test_one_that_fails_gives_way_to_the_next_that_is_for_them(place: Place, second, browser: Journey):
    only(place, oidc={"countries": ["PL"]}, second={"countries": ["PL"]})
    lives_in(place, "PL")
    browser.begin("ada")
    place.provider.answers.broken["/par"] = (503, b"")
    browser.consent()
    for _ in range(4):
        browser.work()
    assert browser.stage is Stage.CONSENT and offered(browser) == "second"


def test_who_moved_between_consent_and_session_is_sent_to_nobody_they_are_not_for(
    place: Place, browser: Journey
):
    only(place, oidc={"countries": ["PL"]})
    lives_in(place, "PL")
    browser.begin("ada").consent()
    browser.come_back({**browser.at_partner(), "error": ["access_denied"]})
    assert browser.stage is Stage.PROVE
    asked = place.provider.calls.count("/par")
    lives_in(place, "SE")
    browser.post("/recover/prove")
    browser.work()
    assert place.provider.calls.count("/par") == asked
    assert "Nobody can check it from here" in browser.get("/recover/consent").content.decode()


# ------------------------------------------------------------------ what the person says


def test_where_the_directory_says_nothing_the_person_says_it(place: Place, second, browser: Journey):
    only(place, oidc={"countries": ["PL", "SE"]}, second={"countries": ["CZ"]})
    lives_in(place, "Absurdistan")
    begun(browser)
    assert browser.stage is Stage.COUNTRY
    page = html.unescape(browser.get("/recover/country").content.decode())
    assert re.findall(r'name="country" value="(..)"', page) == ["CZ", "PL", "SE", ANOTHER]
    assert browser.post("/recover/country", {"country": "CZ"}).url == "/recover/consent"
    assert offered(browser) == "second"
    told = html.unescape(browser.get("/recover/consent").content.decode())
    assert "You said that Czechia issued" in told
    browser.place.provider = second
    browser.prove()
    assert browser.stage is Stage.CREDENTIAL
    with tenant_scope(place.tenant.id):
        consented = CaseStep.objects.get(case=browser.case, kind=StepKind.CONSENTED)
    assert consented.evidence["country_said"] == "CZ"


def test_what_was_said_may_be_changed_until_something_was_proven(place: Place, second, browser: Journey):
    only(place, oidc={"countries": ["PL"]})
    begun(browser)
    browser.post("/recover/country", {"country": "PL"})
    assert offered(browser) == "oidc"
    browser.post("/recover/country", {"country": ANOTHER})
    assert offered(browser) == "second" and browser.case.issuing_country == ANOTHER
    browser.place.provider = second
    browser.prove()
    with tenant_scope(place.tenant.id), pytest.raises(Refused):
        say_country(browser.case, "PL")
    assert browser.post("/recover/country", {"country": "PL"}).url != "/recover/consent"
    assert browser.case.issuing_country == ANOTHER


@pytest.mark.parametrize("country", ["DE", "XX", "", "PLPL", "\x00"])
def test_a_country_that_no_partner_is_named_for_is_not_taken(place: Place, second, browser: Journey, country):
    only(place, oidc={"countries": ["PL"]})
    begun(browser)
    assert browser.post("/recover/country", {"country": country}).status_code == 200
    assert browser.case.issuing_country == "" and browser.stage is Stage.COUNTRY


def test_nobody_says_another_country_than_the_directory(place: Place, second, browser: Journey):
    """Otherwise whoever took the code chooses the partner that they fool most easily."""
    only(place, oidc={"countries": ["PL"]})
    lives_in(place, "SE")
    browser.begin("ada")
    assert browser.stage is Stage.CONSENT
    assert browser.post("/recover/country", {"country": "PL"}).url == "/recover/consent"
    with tenant_scope(place.tenant.id), pytest.raises(Refused):
        say_country(browser.case, "PL")
    assert browser.case.issuing_country == "" and offered(browser) == "second"


def test_consent_is_not_taken_before_the_country_is_said(place: Place, second, browser: Journey):
    only(place, oidc={"countries": ["PL"]})
    begun(browser)
    browser.post("/recover/consent", {"agree": "on"})
    assert browser.stage is Stage.COUNTRY and browser.case.connection_id is None


def test_where_it_makes_no_difference_nobody_is_asked(place: Place, second, browser: Journey):
    browser.begin("ada")
    with tenant_scope(place.tenant.id):
        assert countries_to_say(browser.case) == []
    assert browser.stage is Stage.CONSENT


def test_whoever_no_partner_is_for_reads_what_to_do_and_pays_nothing(place: Place, second, browser: Journey):
    only(place, oidc={"countries": ["PL"]}, second={"countries": ["CZ"]})
    begun(browser)
    browser.post("/recover/country", {"country": ANOTHER})
    page = browser.get("/recover/consent").content.decode()
    assert "Nobody can check it from here" in page and "from another country" in page
    assert browser.post("/recover/consent", {"agree": "on"}).status_code == 200
    assert browser.stage is Stage.CONSENT and browser.usage() == []
    browser.post("/recover/country", {"country": "CZ"})
    assert offered(browser) == "second"


def test_pages_before_the_code_tell_nothing_of_who_is_for_whom(place: Place, second):
    with tenant_scope(place.tenant.id):
        place.profile.refresh_from_db()
        assert offered_first([place.profile]) is not None
    only(place, second={"countries": ["PL"]})
    with tenant_scope(place.tenant.id):
        place.profile.refresh_from_db()
        assert offered_first([place.profile]) is None


# ------------------------------------------------------------------ what staff read and write


def test_the_profile_says_how_many_have_no_partner_and_readiness_who(place: Place, second):
    for name, country in (("pole", "Poland"), ("swede", "Sweden"), ("somebody", "")):
        place.person(name, given_names=name.title())
        lives_in(place, country, name)
    only(place, oidc={"countries": ["PL"]}, second={"countries": ["CZ"]})
    with tenant_scope(place.tenant.id):
        place.profile.refresh_from_db()
        assert "1 is in none of the countries" in " ".join(reach_of(place.profile).reasons)
        people = list(DirectoryPerson.objects.order_by("user_name"))
        asked = covering().asked_of_each(people)
        told = {one.user_name: each.has_partner for one, each in zip(people, asked, strict=True) if each}
    assert {name for name, has in told.items() if not has} == {"swede"}
    survey_now(place.tenant.id, actor=SYSTEM)
    with tenant_scope(place.tenant.id):
        found = Finding.objects.get(person__user_name="swede")
        assert Reason.NO_PARTNER.value in found.reasons
        assert found.verdict == Finding.Verdict.CANNOT


def test_which_partner_somebody_is_offered_is_explained(place: Place, second, staff_client: Any):
    place.person("ada")
    only(place, oidc={"countries": ["PL"]})
    lives_in(place, "SE")
    client = staff_client(Role.ADMINISTRATOR, place.tenant)
    address = f"/o/{place.tenant.slug}/recovery/profiles/applies?who=ada"
    page = " ".join(html.unescape(re.sub(r"<[^>]+>", " ", client.get(address).content.decode())).split())
    assert "It is for Poland, and the directory says Sweden." in page and "Offered first" in page
    lives_in(place, "")
    page = " ".join(html.unescape(re.sub(r"<[^>]+>", " ", client.get(address).content.decode())).split())
    assert "Depends on what they say" in page
    rest(place, "second")
    lives_in(place, "PL")
    with tenant_scope(place.tenant.id):
        place.profile.refresh_from_db()
        rows = offers_to(place.profile, DirectoryPerson.objects.get(user_name="ada"))
    assert [row["label"] for row in rows] == ["Offered first", "If the one before does not answer"]
    assert "does not answer just now" in rows[1]["why"]


def test_staff_write_countries_as_they_know_them(place: Place, second, staff_client: Any):
    client = staff_client(Role.ADMINISTRATOR, place.tenant)
    address = f"/o/{place.tenant.slug}/recovery/profiles/{place.profile.public_id}/partners"
    seen = re.search(r'name="seen"[^>]*value="([^"]*)"', client.get(address).content.decode())
    assert seen is not None
    typed = {"countries_1": "Poland, cz;\nSwe", "countries_2": "", "seen": seen[1]}
    wrong = client.post(address, {**typed, "countries_2": "Absurdistan <b>"})
    assert wrong.status_code == 200
    assert (
        "Absurdistan &lt;b&gt;" in wrong.content.decode() and "No country goes by" in wrong.content.decode()
    )
    assert client.post(address, typed).status_code == 302
    with tenant_scope(place.tenant.id):
        profile = Profile.objects.get(id=place.profile.id)
        assert profile.partner_conditions == {
            str(place.connection.id): {"countries": ["CZ", "PL", "SE"], "groups": []}
        }
    # The page it was filled from is old now.
    again = client.post(address, typed)
    assert again.status_code == 200 and "A colleague saved this page" in again.content.decode()
    assert "Czechia, Poland, Sweden" in client.get(address).content.decode()
    main = f"/o/{place.tenant.slug}/recovery/profiles/{place.profile.public_id}/"
    assert "Czechia, Poland, Sweden" in client.get(main).content.decode()


def test_a_partner_that_leaves_takes_its_conditions_along(place: Place, second):
    only(place, oidc={"countries": ["PL"]})
    with tenant_scope(place.tenant.id):
        other = Connection.objects.get(vendor="second")
        found = change_profile(place.profile.id, actor=SYSTEM, partners=[other.id])
        assert found.partner_conditions == {}


def test_a_profile_whose_partner_is_for_a_group_that_is_gone_does_not_go_into_force(place: Place, second):
    with tenant_scope(place.tenant.id):
        pilots = Group.objects.create(name="Pilots")
    only(place, second={"groups": [str(pilots.id)]})
    with tenant_scope(place.tenant.id):
        pilots.delete()
        Profile.objects.filter(id=place.profile.id).update(status=Profile.Status.DRAFT)
        with pytest.raises(Invalid) as refused:
            publish_profile(place.profile.id, actor=SYSTEM)
    assert refused.value.code == "profile_group_gone"


def test_no_country_of_ones_own_making_gets_into_a_profile(place: Place, second):
    with pytest.raises(Invalid):
        only(place, second={"countries": ["XX"]})
    with pytest.raises(Invalid):
        only(place, second={"countries": [ANOTHER]})
