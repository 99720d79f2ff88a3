"""The route without a face: from the first page to the passkey, and every way to make a face go missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core import mail

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.errors import Refused
from portal.kit.ids import uuid7
from portal.kit.outbox import Job
from portal.kit.scope import tenant_scope
from recovery.applying import applied_to
from recovery.cases import create_case, move_case
from recovery.choosing import choose_route, has_to_choose, may_choose
from recovery.deciding import on_decide
from recovery.decision import has_two_independent_kinds
from recovery.enrolment import why_not as why_not_enrolled
from recovery.holding import on_hold_over
from recovery.models import Case, CaseStep, Profile
from recovery.ordering import partner_for
from recovery.own_cards import own_cards
from recovery.stages import Stage
from recovery.statuses import CaseStatus, EvidenceKind, Route, StepKind
from tenants.verified_id import presentation
from tenants.verified_id.asking import ASKED
from tenants.verified_id.credentials import status_of
from tenants.verified_id.models import Presentation
from tenants.verified_id.presentation import get_presentation
from tenants.verified_id.protocol.dcql import ClaimQuery, DcqlQuery
from tests.facecheck.conftest import PaperVision
from tests.holder import Wallet, disclosed
from tests.recovery.eids import HIGH, agree, choose, make_eid_place, prove_by_eid, sign_in
from tests.recovery.journey import Journey, Place, codes_in
from tests.vendors.hostile import HostileProvider
from tests.vendors.simulated import Simulator, Simulators
from vendors.billing.services import BudgetPlan, open_budget

WITHOUT_PORTRAIT = [name for name in ASKED if name != "portrait"]


@pytest.fixture
def broker(simulators: Simulators) -> Simulator:
    return simulators["oidc"]


@pytest.fixture
def eid(broker: Simulator, vision: PaperVision) -> Place:
    """A profile whose one partner is an eID."""
    return make_eid_place(broker, vision)


@pytest.fixture
def both(broker: Simulator, vision: PaperVision, provider: HostileProvider) -> Place:
    """A document partner first, an eID beside it."""
    return make_eid_place(broker, vision, document=provider)


def began(place: Place, user_name: str = "ada", **person: Any) -> Journey:
    place.person(user_name, **person)
    browser = place.browser()
    browser.who(user_name).confirm()
    return browser


def evidence(browser: Journey, kind: StepKind) -> dict[str, Any]:
    with tenant_scope(browser.place.tenant.id):
        found = CaseStep.objects.filter(case=browser.case, kind=kind).order_by("attempt").last()
    assert found is not None
    return found.evidence


def asked(browser: Journey) -> list[str]:
    """The claims that the newest request asks of a wallet."""
    with tenant_scope(browser.place.tenant.id):
        row = Presentation.objects.order_by("-created_at")[0]
        return [claim["path"][0] for claim in row.query["credentials"][0]["claims"]]


def answer_with(wallet: Wallet, link: str, claims: Sequence[str], credential: str | None = None) -> Any:
    """The tenant's answer to a wallet that shows these claims, whatever it was asked for."""
    request = wallet.request(link)
    query = request.query.credentials[0]
    shown = replace(query, claims=tuple(ClaimQuery(path=(name,)) for name in claims))
    return wallet.respond(replace(request, query=DcqlQuery((shown,))), credential)


# ------------------------------------------------------------------ the whole way


def test_somebody_recovers_by_an_eid_and_nobody_looks_at_a_face(
    eid: Place, broker: Simulator, vision: PaperVision
):
    browser = began(eid)
    assert browser.stage is Stage.CONSENT
    prove_by_eid(browser, broker).keep()
    assert browser.stage is Stage.PRESENT
    browser.show()
    assert browser.stage is Stage.DECIDING and "portrait" not in asked(browser)
    browser.work()
    assert browser.stage is Stage.PASS, (browser.stage, browser.outcome(), browser.decided())
    assert browser.decided()["assurance"] == "ial2"
    browser.use_pass().passkey()
    assert browser.outcome()[0] == "recovered"
    assert StepKind.FACE_CHECKED not in browser.done()
    assert [meter for meter, _billable, _why in browser.usage()] == ["decision"]
    assert evidence(browser, StepKind.PROOFED)["eid_level"] == "substantial"


def test_no_face_check_is_reserved_for_an_eid_and_one_is_for_a_document(both: Place, broker: Simulator):
    """A cap on Face Checks that lets none through: the document's way stops at it, the eID's does not."""
    plan = BudgetPlan(name="Faces", amount=Decimal("0.10"), currency="EUR", vendor="readmit", is_hard=True)
    with tenant_scope(both.tenant.id):
        open_budget(plan, actor=SYSTEM)
    browser = choose(began(both), Route.DOCUMENT)
    agree(browser)
    assert browser.stage is Stage.PROVE and browser.usage() == []
    choose(browser)
    prove_by_eid(browser, broker).keep().show().work()
    assert browser.stage is Stage.PASS, browser.outcome()


def test_the_card_has_no_portrait_and_the_level_of_the_eid(eid: Place, broker: Simulator):
    browser = prove_by_eid(began(eid), broker).keep()
    claims = disclosed(browser.wallet.credentials[-1])
    assert "portrait" not in claims and claims["assurance_level"] == "substantial"
    assert claims["given_name"] == "Ada"


def test_in_a_trial_nothing_is_granted_and_it_says_what_would_have_come_of_it(
    broker: Simulator, vision: PaperVision
):
    place = make_eid_place(broker, vision, mode="evaluation")
    browser = began(place)
    prove_by_eid(browser, broker).keep().show().work()
    assert browser.outcome()[0] == "evaluated" and browser.decided()["in_production"] == "approved"
    assert browser.credential() == "revoked"


@pytest.mark.parametrize("first", list(Route))
def test_who_has_a_choice_reads_both_ways_in_plain_words(both: Place, broker: Simulator, first: Route):
    if first is Route.EID:
        both.set_profile(partners=both.profile.partners[::-1])
    browser = began(both)
    assert browser.stage is Stage.CHOOSE
    page = browser.get("/recover/choose")
    assert page.context["ways"][0] is first
    words = page.content.decode()
    assert "With your passport or identity card and your camera" in words
    assert "eID, no camera" in words
    choose(browser)
    prove_by_eid(browser, broker).keep().show().work()
    assert browser.stage is Stage.PASS


def test_who_has_no_choice_is_asked_nothing(eid: Place):
    browser = began(eid)
    answer = browser.get("/recover/choose")
    assert (answer.status_code, answer.url) == (303, "/recover/consent")


def test_beside_an_eid_the_document_still_needs_the_face(both: Place):
    browser = choose(began(both), Route.DOCUMENT)
    agree(browser)
    browser.come_back(browser.at_partner()).keep().show()
    assert browser.stage is Stage.FACE and "portrait" in asked(browser)
    browser.work()
    assert browser.stage is Stage.FACE
    browser.face()
    assert browser.stage is Stage.PASS


# ------------------------------------------------------------------ what is not enough


def test_an_eid_alone_is_not_enough_in_production(eid: Place, broker: Simulator):
    """The address is too young: nobody is even sent to the eID, and nobody pays."""
    browser = agree(began(eid, held=timedelta(hours=1)))
    assert browser.outcome() == ("refused", ["missing_held_address"])
    assert browser.usage() == []


def test_without_a_second_kind_asked_for_the_decision_itself_refuses(eid: Place, broker: Simulator):
    eid.set_profile(evidence_required=["document_photograph"])
    browser = agree(began(eid, held=timedelta(hours=1)))
    assert browser.outcome() == ("refused", ["one_kind_of_evidence_only"])


def test_a_saved_code_is_a_second_kind_as_well():
    assert has_two_independent_kinds(frozenset({EvidenceKind.EID, EvidenceKind.SAVED_CODE}))
    assert not has_two_independent_kinds(frozenset({EvidenceKind.EID}))


def test_an_eid_of_a_lower_level_than_the_profile_asks_is_refused(eid: Place, broker: Simulator):
    eid.set_profile(eid_level="high")
    browser = prove_by_eid(began(eid), broker)
    assert browser.outcome() == ("refused", ["proofing_refused"])
    with tenant_scope(eid.tenant.id):
        failed = CaseStep.objects.get(case=browser.case, kind=StepKind.PROOFED)
    assert failed.reasons == ["eid_level_too_low"]


def test_an_eid_of_level_high_is_enough_for_high(broker: Simulator, vision: PaperVision):
    place = make_eid_place(broker, vision, acr=HIGH, eid_level="high")
    browser = prove_by_eid(began(place), broker).keep().show().work()
    assert browser.stage is Stage.PASS


def test_the_level_is_asked_for_again_when_it_is_decided(eid: Place, broker: Simulator):
    browser = prove_by_eid(began(eid), broker).keep()
    eid.set_profile(eid_level="high")
    browser.show().work()
    status, reasons = browser.outcome()
    assert (status, reasons[0]) == ("refused", "eid_level_too_low")


def test_an_eid_that_names_somebody_else_opens_nothing(eid: Place, broker: Simulator):
    browser = prove_by_eid(began(eid), broker, given="Grace", family="Hopper", birthdate="1906-12-09")
    browser.keep().show().work()
    status, reasons = browser.outcome()
    assert status == "refused" and "match_none" in reasons and browser.credential() == "revoked"


def test_signing_in_with_another_eid_is_no_answer(eid: Place, broker: Simulator):
    browser = prove_by_eid(began(eid), broker, "another_eid")
    assert browser.stage is Stage.PROVE and browser.case.credential_id is None
    assert not any(billable for _meter, billable, _why in browser.usage())


# ------------------------------------------------------------------ a face that goes missing


def test_a_document_partner_that_drops_the_portrait_proves_nothing(both: Place, provider: HostileProvider):
    provider.answers.portrait = None
    browser = choose(began(both), Route.DOCUMENT)
    agree(browser)
    browser.come_back(browser.at_partner())
    assert browser.outcome() == ("refused", ["proofing_refused"])


@pytest.mark.parametrize("kind", ["document", "electronic_record", "electronic_signature", "eid"])
def test_a_provider_of_one_s_own_that_calls_itself_an_eid_is_none(
    both: Place, provider: HostileProvider, kind: str
):
    """Listed as a partner that looks at documents, whatever its tokens say of themselves."""

    def told(verified: dict[str, Any]) -> dict[str, Any]:
        for evidence in verified["verification"]["evidence"]:
            evidence["type"] = kind
            evidence.pop("attachments", None)
        return verified

    provider.answers.change_verified = told
    provider.answers.change_token = lambda claims: claims.update(
        acr="eidas:high", amr=["eid"], proves_by="eid"
    )
    browser = choose(began(both), Route.DOCUMENT)
    agree(browser)
    browser.come_back(browser.at_partner())
    assert browser.case.route == "document" and browser.case.issuance_id is None
    assert browser.stage in (Stage.ENDED, Stage.PROVE)


def test_a_wallet_that_withholds_the_portrait_is_refused(both: Place):
    browser = choose(began(both), Route.DOCUMENT)
    agree(browser)
    browser.come_back(browser.at_partner()).keep()
    answer = browser.get("/recover/present")
    refusal = answer_with(browser.wallet, answer.context["deep_link"], WITHOUT_PORTRAIT)
    assert refusal.status_code == 400, refusal.content
    browser.work()
    assert browser.stage is Stage.PRESENT and browser.case.status == "proving"


def test_a_request_without_portrait_of_an_eid_case_is_worth_nothing_in_a_document_case(
    both: Place, broker: Simulator
):
    """The card of the eID's case, shown where a document was agreed to: another case's card, and no portrait."""
    by_eid = choose(began(both), Route.EID)
    prove_by_eid(by_eid, broker).keep()
    browser = both.browser()
    browser.who("ada").confirm()
    choose(browser, Route.DOCUMENT)
    agree(browser)
    browser.come_back(browser.at_partner()).keep()
    answer = browser.get("/recover/present")
    refusal = answer_with(by_eid.wallet, answer.context["deep_link"], WITHOUT_PORTRAIT)
    assert refusal.status_code == 400, refusal.content
    browser.work()
    assert browser.stage is Stage.PRESENT


def test_a_document_s_card_in_an_eid_s_case_ends_it(both: Place, broker: Simulator):
    documented = choose(began(both), Route.DOCUMENT)
    agree(documented)
    documented.come_back(documented.at_partner()).keep()
    browser = both.browser()
    browser.who("ada").confirm()
    choose(browser, Route.EID)
    prove_by_eid(browser, broker).keep()
    browser.show(wallet=documented.wallet)
    browser.work()
    assert browser.outcome() == ("refused", ["credential_of_another_case"])


def test_a_card_without_portrait_of_another_case_of_the_same_person_ends_it(eid: Place, broker: Simulator):
    earlier = prove_by_eid(began(eid), broker).keep()
    browser = eid.browser()
    browser.who("ada").confirm()
    prove_by_eid(browser, broker).keep()
    browser.show(wallet=earlier.wallet).work()
    assert browser.outcome() == ("refused", ["credential_of_another_case"])


def test_a_card_of_another_organisation_is_not_read(eid: Place, broker: Simulator, vision: PaperVision):
    elsewhere = prove_by_eid(began(make_eid_place(broker, vision)), broker).keep()
    browser = prove_by_eid(began(eid), broker).keep()
    answer = browser.get("/recover/present")
    shown = elsewhere.wallet.credentials[-1]
    refusal = answer_with(browser.wallet, answer.context["deep_link"], WITHOUT_PORTRAIT, shown)
    assert refusal.status_code == 400, refusal.content
    assert browser.stage is Stage.PRESENT


def test_the_pages_and_doors_of_the_face_are_closed(eid: Place, broker: Simulator):
    browser = prove_by_eid(began(eid), broker).keep().show()
    for answer in (
        browser.get("/recover/face"),
        browser.post("/recover/face/without-colours"),
        browser.post("/recover/face/clip", b"x", content_type="application/octet-stream"),
    ):
        assert answer.status_code == 303


def test_a_job_that_names_no_face_decides_nothing_of_a_document(both: Place):
    """As an eID's case is decided: the job of the presentation, sent for a case that needs the face."""
    browser = choose(began(both), Route.DOCUMENT)
    agree(browser)
    browser.come_back(browser.at_partner()).keep().show()
    case = browser.case
    for payload in ({}, {"face_check_id": "None"}, {"presentation_id": str(case.presentation_id)}):
        job = Job(uuid7(), "recovery.decide", both.tenant.id, {"case_id": str(case.id), **payload}, 1)
        with tenant_scope(both.tenant.id):
            on_decide(job)
    assert browser.stage is Stage.FACE


def test_a_route_that_is_written_into_the_case_later_does_not_make_a_document_an_eid(both: Place):
    """Even whoever could write into the row: the proof is of a partner that is listed for documents."""
    browser = choose(began(both), Route.DOCUMENT)
    agree(browser)
    query = browser.at_partner()
    with tenant_scope(both.tenant.id):
        Case.objects.filter(id=browser.case.id).update(route=Route.EID.value)
    browser.come_back(query)
    assert browser.outcome() == ("refused", ["proofing_refused"])


def test_a_case_without_a_way_written_down_proves_by_a_document_and_a_face(both: Place, broker: Simulator):
    """As cases stood before there were two ways; by an eID nothing is proven in such a case."""
    browser = choose(began(both), Route.DOCUMENT)
    agree(browser)
    query = browser.at_partner()
    with tenant_scope(both.tenant.id):
        Case.objects.filter(id=browser.case.id).update(route="")
    browser.come_back(query).keep().show()
    assert browser.stage is Stage.FACE
    by_eid = both.browser()
    by_eid.who("ada").confirm()
    agree(choose(by_eid))
    query = sign_in(by_eid, broker)
    with tenant_scope(both.tenant.id):
        Case.objects.filter(id=by_eid.case.id).update(route="")
    by_eid.come_back(query)
    assert by_eid.outcome() == ("refused", ["proofing_refused"])


def test_the_same_row_changed_after_the_proof_leads_to_no_pass(both: Place):
    browser = choose(began(both), Route.DOCUMENT)
    agree(browser)
    browser.come_back(browser.at_partner()).keep()
    with tenant_scope(both.tenant.id):
        Case.objects.filter(id=browser.case.id).update(route=Route.EID.value)
    browser.show().work()
    status, reasons = browser.outcome()
    assert status == "refused" and "eid_level_too_low" in reasons


# ------------------------------------------------------------------ choosing, and choosing anew


def test_two_tabs_that_choose_different_ways_agree_to_one(both: Place):
    browser = choose(began(both), Route.DOCUMENT)
    named = browser.get("/recover/consent").context["form"]["partner"].value()
    choose(browser, Route.EID)
    answer = browser.post("/recover/consent", {"agree": "on", "partner": named})
    assert answer.status_code == 200 and "This page has changed" in answer.content.decode()
    assert browser.case.connection_id is None and browser.case.route == "eid"


def test_nobody_agrees_where_the_way_was_not_chosen(both: Place):
    browser = began(both)
    answer = browser.post("/recover/consent", {"agree": "on"})
    assert answer.status_code == 303 and answer.url == "/recover/choose"
    choose(browser, Route.EID)
    browser.post("/recover/consent", {"agree": "on"})  # names no partner
    assert browser.case.connection_id is None


def test_a_way_may_be_chosen_anew_until_something_was_proven(both: Place, broker: Simulator):
    browser = choose(began(both), Route.DOCUMENT)
    agree(browser)
    browser.come_back({**browser.at_partner(), "error": ["access_denied"]})
    assert browser.stage is Stage.PROVE
    assert "eID instead, without a camera" in browser.get("/recover/prove").content.decode()
    choose(browser, Route.EID)
    assert browser.stage is Stage.CONSENT
    prove_by_eid(browser, broker)
    assert browser.stage is Stage.CREDENTIAL
    choose(browser, Route.DOCUMENT)
    assert browser.case.route == "eid"


def test_nobody_leaves_for_the_other_way_while_a_session_is_open(both: Place):
    browser = choose(began(both), Route.DOCUMENT)
    agree(browser)
    choose(browser, Route.EID)
    assert browser.case.route == "document"


@pytest.mark.parametrize("route", ["", "face", "document\x00", "EID"])
def test_a_way_that_is_none_is_not_taken(both: Place, route: str):
    browser = began(both)
    assert browser.post("/recover/choose", {"route": route}).status_code == 303
    assert browser.case.route == "" and browser.stage is Stage.CHOOSE


def test_a_way_that_the_profile_does_not_have_is_not_taken(eid: Place):
    browser = began(eid)
    choose(browser, Route.DOCUMENT)
    assert browser.case.route == "" and browser.stage is Stage.CONSENT


def test_a_face_that_failed_stays_with_its_recovery(both: Place, vision: PaperVision):
    """One failed look ends nothing yet; the eID does not lead around it."""
    browser = choose(began(both), Route.DOCUMENT)
    agree(browser)
    browser.come_back(browser.at_partner()).keep().show()
    vision.confidence = 3
    browser.face()
    assert browser.stage is Stage.FACE
    choose(browser, Route.EID)
    assert browser.case.route == "document" and browser.stage is Stage.FACE


def test_after_a_failed_face_another_recovery_by_eid_waits_and_everybody_hears_of_it(
    both: Place, broker: Simulator, vision: PaperVision
):
    browser = choose(began(both), Route.DOCUMENT)
    agree(browser)
    browser.come_back(browser.at_partner()).keep().show()
    vision.confidence = 3
    while browser.case.status == "proving":
        browser.face()
    assert browser.outcome() == ("refused", ["face_check_failed"])
    again = both.browser()
    again.who("ada").confirm()
    choose(again, Route.EID)
    prove_by_eid(again, broker).keep().show().work()
    assert again.outcome() == ("held", ["face_failed_recently"])
    assert again.notices().count("recovery_held") == 2


def test_a_partner_that_saw_another_face_is_remembered_as_well(
    both: Place, broker: Simulator, provider: HostileProvider
):
    provider.answers.level, provider.answers.reasons = "FAILED", ["face_mismatch"]
    browser = choose(began(both), Route.DOCUMENT)
    agree(browser)
    browser.come_back(browser.at_partner())
    assert browser.outcome() == ("refused", ["proofing_refused"])
    again = both.browser()
    again.who("ada").confirm()
    choose(again, Route.EID)
    prove_by_eid(again, broker).keep().show().work()
    assert again.outcome() == ("held", ["face_failed_recently"])


def test_who_waited_signs_in_with_the_eid_once_more(both: Place, broker: Simulator):
    ada = both.person("ada")
    browser = both.browser()
    browser.who("ada").confirm()
    choose(browser)
    prove_by_eid(browser, broker).keep()
    with tenant_scope(both.tenant.id):
        type(ada).objects.filter(id=ada.id).update(names_changed_at=clock.now())
    browser.show().work()
    assert browser.outcome() == ("held", ["changed_recently"])
    first = browser.case.credential_id
    with tenant_scope(both.tenant.id):
        Case.objects.filter(id=browser.case.id).update(held_until=clock.now())
        job = Job(uuid7(), "recovery.hold_over", both.tenant.id, {"case_id": str(browser.case.id)}, 1)
        on_hold_over(job)
    assert browser.stage is Stage.PROVE and browser.case.credential_id is None
    with tenant_scope(both.tenant.id):
        assert first is not None and status_of(first) == "revoked"
    assert "Sign in with your eID once more" in browser.get("/recover/prove").content.decode()
    browser.post("/recover/prove")
    browser.work()
    browser.come_back(sign_in(browser, broker)).keep().show().work()
    assert browser.stage is Stage.PASS, browser.outcome()


# ------------------------------------------------------------------ a card before a loss


def test_nobody_gets_a_card_ahead_of_time_where_there_is_an_eid_alone(eid: Place):
    ada = eid.person("ada")
    with tenant_scope(eid.tenant.id):
        assert "no portrait" in why_not_enrolled(applied_to(ada))


def test_beside_an_eid_a_card_ahead_of_time_is_made_with_a_document(both: Place):
    both.set_profile(partners=both.profile.partners[::-1])  # the eID first
    ada = both.person("ada")
    with tenant_scope(both.tenant.id):
        assert why_not_enrolled(applied_to(ada)) == ""
        case = create_case(
            profile=Profile.objects.get(),
            person=ada,
            decoy_reason="",
            browser_digest=b"0" * 32,
            purpose=Case.Purpose.ENROLMENT,
        )
        move_case(case.id, CaseStatus.PROVING)
        assert not has_to_choose(case) and not may_choose(case)
        found = partner_for(case)
        assert found is not None and found.vendor == "oidc"
        with pytest.raises(Refused):
            choose_route(case, Route.EID)


def test_the_person_reads_that_a_card_without_portrait_starts_no_recovery(eid: Place, broker: Simulator):
    ada = began(eid)
    prove_by_eid(ada, broker).keep().show().work()
    ada.use_pass().passkey()
    person_id = ada.bound_to()
    assert person_id is not None
    with tenant_scope(eid.tenant.id):
        (card,) = own_cards(person_id, Profile.objects.get())
    assert not card.has_portrait and card.counts_until is None and card.is_valid


# ------------------------------------------------------------------ other browsers, other days


def test_in_another_browser_the_eid_is_asked_again(eid: Place, broker: Simulator):
    browser = prove_by_eid(began(eid), broker).keep()
    first = browser.case.credential_id
    there = eid.carry(browser.continuation())
    there.wallet = browser.wallet
    assert there.stage is Stage.PROVE and there.case.issuance_id is None
    assert first is not None and there.case.credential_id is None
    with tenant_scope(eid.tenant.id):
        assert status_of(first) == "revoked"
    there.post("/recover/prove")
    there.work().come_back(sign_in(there, broker)).keep().show().work()
    assert there.stage is Stage.PASS, there.outcome()


def test_a_card_that_was_shown_already_is_not_carried_either(eid: Place, broker: Simulator):
    """The code is typed after the wallet answered and before the worker decided."""
    browser = prove_by_eid(began(eid), broker).keep()
    code = browser.continuation()
    browser.show()
    there = eid.browser()
    there.post("/recover/continue", {"code": code})
    there.work()
    assert browser.stage is Stage.PASS
    late = there.post("/recover/continue/code", {"code": codes_in(mail.outbox[-1].body)[0]})
    assert late.status_code == 200 and browser.stage is Stage.PASS


def test_what_an_eid_proved_serves_no_later_recovery(eid: Place, broker: Simulator):
    browser = prove_by_eid(began(eid), broker)
    browser.post("/recover/cancel")
    browser.work()
    again = eid.browser()
    again.who("ada").confirm()
    agree(again)
    assert again.stage is Stage.PARTNER and again.case.earlier_case_id is None


def test_its_card_starts_no_recovery(eid: Place, broker: Simulator):
    ada = began(eid)
    prove_by_eid(ada, broker).keep().show().work()
    ada.use_pass().passkey()
    with clock.frozen(clock.now() + timedelta(days=10)):
        again = eid.browser()
        again.who("ada").confirm()
        agree(again)
        assert again.stage is Stage.PARTNER
        assert again.post("/recover/prove", {"use": "held"}).status_code == 303
        assert not again.case.shows_held


def test_a_wallet_that_is_lost_gets_another_card_in_the_same_browser(eid: Place, broker: Simulator):
    browser = prove_by_eid(began(eid), broker).keep()
    browser.post("/recover/credential/again")
    assert browser.stage is Stage.CREDENTIAL
    browser.keep().show().work()
    assert browser.stage is Stage.PASS


def test_what_was_shown_too_long_ago_is_shown_once_more(eid: Place, broker: Simulator):
    browser = prove_by_eid(began(eid), broker).keep().show()
    with tenant_scope(eid.tenant.id):
        Presentation.objects.update(kept_until=clock.now() - timedelta(seconds=1))
        presentation.destroy_old_presentations()
    assert browser.stage is Stage.PRESENT
    browser.work()
    assert browser.case.status == "proving"
    browser.show().work()
    assert browser.stage is Stage.PASS, browser.outcome()


def test_a_portrait_that_nobody_asked_for_is_not_kept(both: Place, broker: Simulator):
    """A wallet that shows more than it was asked for: the portrait of a card is let go at the door."""
    browser = choose(began(both), Route.DOCUMENT)
    agree(browser)
    browser.come_back(browser.at_partner()).keep()
    with tenant_scope(both.tenant.id):
        begun = presentation.begin_presentation(
            reference=browser.case.id,
            browser_digest=browser.browser_digest,
            purpose="A purpose",
            return_path="/recover/presented",
            portrait=False,
        )
        link = presentation.links_of(begun).deep_link
    answer = answer_with(browser.wallet, link, [*WITHOUT_PORTRAIT, "portrait"])
    assert answer.status_code == 200, answer.content
    with tenant_scope(both.tenant.id):
        shown = presentation.peek(get_presentation(begun.id))
        assert shown.portrait is None and set(shown.claims) == {
            "given_name",
            "family_name",
            "birthdate",
            "assurance_level",
            "verified_at",
        }


def test_where_the_eid_does_not_answer_nobody_is_led_to_a_document(both: Place, broker: Simulator):
    browser = choose(began(both))
    broker.misbehave("down")
    agree(browser)
    for _ in range(4):
        browser.work()
    assert browser.stage is Stage.PROVE and browser.case.route == "eid"
    assert not any(billable for _meter, billable, _why in browser.usage())
    broker.misbehave()
    browser.post("/recover/prove")
    browser.work().come_back(sign_in(browser, broker))
    assert browser.stage is Stage.CREDENTIAL
