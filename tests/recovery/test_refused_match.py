"""Whoever is not the account's own person is refused, whatever they prove about themselves."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.scope import tenant_scope
from recovery.models import Case, Profile
from recovery.profiles import withdraw_profile
from recovery.stages import Stage
from tenants.directory.models import DirectoryPerson, PersonName
from tenants.directory.selectors import document_digest
from tenants.directory.services import hold_evidence, suspend_person
from tests.recovery.journey import Journey, Place, make_place
from tests.recovery.refusals import FACE, PROOF, TOLD, Left, assert_left


def assert_refused(browser: Journey, *reasons: str, charged: int = 1) -> None:
    """The case is over, its credential is void, nothing was given or bound, the person was told, no more was charged."""
    for reason in reasons:
        usage = (*PROOF, *(FACE * charged))
        assert_left(
            browser, Left(("refused", reason), ("recovery:case:move", reason), "revoked", TOLD, usage)
        )
    assert browser.stage is Stage.ENDED and "pass:pass:issue" not in browser.events()
    assert "verified_id:credential:revoke" in browser.events()
    for path in ("/recover/pass/use", "/recover/pass/show", "/recover/passkey/options"):
        assert browser.post(path).status_code in {303, 403}


@pytest.mark.parametrize("address", ["of_today", "none", "not_read"])
def test_a_fabricated_passport_in_the_victims_name_with_the_makers_face_recovers_nobody(
    place: Place, address: str
):
    """Every zone agrees and the live face is the one in the document: only the second kind of evidence stops it."""
    emails = [] if address == "none" else ["maker@evil.example"]
    victim = place.person("victim", emails=emails, held=timedelta(hours=1 if address == "of_today" else 2400))
    maker = place.browser().who("victim")
    if address == "of_today":
        maker.confirm().consent()
        assert maker.outcome() == ("refused", ["missing_held_address"])
        assert maker.notices() == ["confirmation_code", "recovery_refused"]
    else:
        for guess in range(5):
            maker.post("/recover/code", {"code": f"{guess:06d}"})
        maker.work()
        assert maker.outcome() == ("refused", ["code_tries_used_up"])
        assert maker.notices() == ["confirmation_code"]
    assert maker.credential() == "none" and maker.usage() == [] and maker.held(victim) == []
    assert "partner:proofing:start" not in maker.events() and "pass:pass:issue" not in maker.events()


def test_the_document_of_a_colleague_is_refused_and_named_so(place: Place, browser: Journey):
    place.person("grace", given_names="Grace", family_name="Hopper", birthdate=date(1906, 12, 9))
    place.provider.answers.claims.update(given_name="Grace", family_name="Hopper", birthdate="1906-12-09")
    browser.to_face().face()
    assert_refused(browser, "match_another")


def test_a_namesake_without_a_birth_date_in_the_directory_is_enough_to_refuse(place: Place, browser: Journey):
    place.person("ada.second", birthdate=None)
    browser.to_face().face()
    assert_refused(browser, "match_several")


@pytest.mark.parametrize(
    ("written", "printed"), [("Ågren", "AAGREN"), ("Österberg", "OESTERBERG"), ("Strauß", "STRAUSS")]
)
def test_a_namesake_is_found_under_the_spelling_of_the_document(place: Place, written: str, printed: str):
    place.person("first", family_name=written)
    place.person("second", family_name=written)
    place.provider.answers.claims.update(family_name=printed)
    browser = place.browser().to_face("first")
    browser.face()
    assert_refused(browser, "match_several")


def test_a_namesake_is_found_among_hundreds_of_the_same_family_name(place: Place, monkeypatch):
    for number in range(230):
        place.person(f"l{number}", given_names=f"Given{number}", birthdate=None, emails=[])
    place.person("ada")
    place.person("ada.second")
    browser = place.browser().to_face("ada")
    browser.face()
    assert_refused(browser, "match_several")


def test_the_other_namesake_is_refused_and_cannot_return_with_the_kept_credential(
    place: Place, browser: Journey
):
    """Anna Novak with a genuine document of her own asks for the other Anna Novak's account, twice."""
    place.provider.answers.claims.update(birthdate="1991-02-03")
    browser.to_face().face()
    assert_refused(browser, "birthdate_differs")
    kept = browser.wallet
    again = place.browser().begin("ada").prove()
    again.wallet = kept
    again.keep()
    link = again.get("/recover/present").context["deep_link"]
    answer = kept.respond(kept.request(link), kept.credentials[0])
    assert answer.status_code == 400
    assert again.stage is Stage.PRESENT and "pass:pass:issue" not in again.events()


def test_a_birth_date_nobody_recorded_is_no_match(place: Place):
    place.person("nodate", given_names="Ada", birthdate=None)
    browser = place.browser().to_face("nodate")
    browser.face()
    assert_refused(browser, "birthdate_not_known")


def test_a_document_shown_before_for_another_account_is_refused(place: Place, browser: Journey):
    grace = place.person("grace", given_names="Grace", family_name="Hopper", birthdate=date(1906, 12, 9))
    with tenant_scope(place.tenant.id):
        hold_evidence(grace.id, ("document_number", document_digest("P1234567", "UTO")))
    browser.to_face().face()
    assert_refused(browser, "match_another", "document_of_another_account")


def set_profile(place: Place, **values: object) -> None:
    with tenant_scope(place.tenant.id):
        Profile.objects.update(**values)


def test_another_document_than_the_one_held_is_refused_where_the_profile_says_so(
    place: Place, ada: DirectoryPerson
):
    """A stranger of the same name, born on the same day, with a genuine document of their own."""
    with tenant_scope(place.tenant.id):
        hold_evidence(ada.id, ("document_number", document_digest("X0000001", "UTO")))
    set_profile(place, other_document="decides")
    browser = place.browser().to_face("ada")
    browser.face()
    assert_refused(browser, "match_none", "another_document_than_held")
    set_profile(place, other_document="told")
    told = place.browser().to_face("ada")
    told.face()
    assert told.stage is Stage.PASS


def test_a_document_in_a_former_name_counts_after_three_days_where_the_profile_says_so(place: Place):
    person = place.person("grace", family_name="Byron")
    with tenant_scope(place.tenant.id):
        former = PersonName.objects.create(person=person, kind="former", family_name="Lovelace")
    for accepts, age, granted in ((True, 1, False), (False, 100, False), (True, 100, True)):
        set_profile(place, former_names=accepts)
        with tenant_scope(place.tenant.id):
            PersonName.objects.filter(id=former.id).update(held_since=clock.now() - timedelta(hours=age))
        browser = place.browser().to_face("grace")
        browser.face()
        assert (browser.stage is Stage.PASS) is granted, (accepts, age, browser.outcome())


def test_the_wrong_face_gets_five_tries_and_then_the_case_is_refused(place: Place, browser: Journey):
    browser.to_face()
    place.vision.confidence = 12
    for number in range(5):
        answer = browser.face()
        assert answer["state"] == ("again" if number < 4 else "done")
        assert "12" not in str(answer)
    assert_refused(browser, "face_check_failed", charged=5)
    assert browser.events().count("face_check:check:complete") == 5
    assert "recovery:case:decide" not in browser.events()


def test_an_address_held_three_days_is(place: Place):
    place.person("older", held=timedelta(hours=72, minutes=1))
    browser = place.browser().to_face("older")
    browser.face()
    assert browser.stage is Stage.PASS


def test_a_second_address_added_this_week_holds_the_case_and_tells_the_person(place: Place, ada):
    with tenant_scope(place.tenant.id):
        ada.addresses.create(kind="email", value="new@evil.example")
    browser = place.browser().to_face()
    browser.face()
    assert browser.outcome() == ("held", ["changed_recently", "address_changed"])
    assert browser.stage is Stage.WAITING
    assert browser.notices()[1:] == ["recovery_held"] * 3
    assert browser.credential() == "valid" and browser.bound_to() is None
    with clock.frozen(clock.now() + timedelta(hours=23, minutes=59)):
        assert browser.work().case.status == "held"


def test_a_held_case_needs_the_card_and_the_face_once_more_and_charges_no_second_face(place: Place, ada):
    with tenant_scope(place.tenant.id):
        DirectoryPerson.objects.filter(id=ada.id).update(names_changed_at=clock.now())
    browser = place.browser().to_face()
    browser.face()
    assert browser.case.status == "held"
    with tenant_scope(place.tenant.id):
        Case.objects.filter(id=browser.case.id).update(held_until=clock.now() - timedelta(seconds=1))
    with clock.frozen(clock.now() + timedelta(hours=24, seconds=30)):
        browser.work()
    assert browser.stage is Stage.PRESENT
    browser.show().face()
    assert browser.stage is Stage.PASS
    assert browser.usage()[1:] == [("face_check", True, "decided"), ("face_check", False, "moved_browsers")]


def test_a_person_suspended_after_the_code_is_refused(place: Place, browser: Journey, ada):
    browser.to_face()
    with tenant_scope(place.tenant.id):
        suspend_person(ada.id, actor=SYSTEM, reason="left")
    browser.face()
    assert_refused(browser, "person_may_not_recover")


def test_a_person_suspended_after_the_pass_registers_nothing(place: Place, browser: Journey, ada):
    browser.to_pass().use_pass()
    with tenant_scope(place.tenant.id):
        suspend_person(ada.id, actor=SYSTEM, reason="left")
    answer = browser.post("/recover/passkey/options")
    assert (answer.status_code, answer.json()["error"]) == (403, "registration_over")
    assert browser.usable_passkeys(ada) == 0


def test_a_person_suspended_after_recovering_cannot_sign_in_or_stay(place: Place, browser: Journey, ada):
    browser.to_pass().use_pass()
    authenticator = browser.passkey()
    assert browser.sign_in(authenticator).status_code == 200
    with tenant_scope(place.tenant.id):
        suspend_person(ada.id, actor=SYSTEM, reason="left")
    assert browser.get("/security/").status_code == 302
    assert browser.sign_in(authenticator).status_code == 403


def test_a_profile_withdrawn_on_the_way_grants_nothing(place: Place, browser: Journey):
    browser.to_face()
    with tenant_scope(place.tenant.id):
        withdraw_profile(place.profile.id, actor=SYSTEM)
    browser.face()
    assert_refused(browser, "profile_not_in_force")


def test_a_withdrawn_profile_sends_nobody_to_a_partner(place: Place, browser: Journey):
    browser.begin("ada")
    with tenant_scope(place.tenant.id):
        withdraw_profile(place.profile.id, actor=SYSTEM)
    place.provider.calls.clear()
    browser.consent()
    assert browser.outcome() == ("refused", ["profile_not_in_force"])
    assert browser.usage() == [] and place.provider.calls == []


def test_an_account_raised_on_the_way_is_not_recovered_with_less(provider, vision):
    place = make_place(provider, vision, mode="evaluation")
    place.set_profile(evidence_required=["document_photograph"])
    ada = place.person("ada", held=timedelta(hours=1))
    browser = place.browser().to_face()
    with tenant_scope(place.tenant.id):
        DirectoryPerson.objects.filter(id=ada.id).update(assurance_level="ial2")
    browser.face()
    assert_refused(browser, "assurance_below_account")
    assert browser.decided()["assurance"] == "ial1"


def test_the_first_that_is_granted_ends_the_others(place: Place, browser: Journey, ada):
    second, third = place.browser(), place.browser()
    browser.to_face()
    second.to_face()
    third.begin("ada")
    second.face()
    assert second.stage is Stage.PASS
    assert browser.outcome() == ("superseded", ["another_case_granted"])
    assert third.outcome() == ("superseded", ["another_case_granted"])
    assert browser.credential() == "revoked" and second.credential() == "valid"
    assert browser.post("/recover/face/clip", b"x", content_type="a/b").url == "/recover/ended"
    second.use_pass().passkey()
    assert second.case.status == "recovered" and browser.case.status == "superseded"
