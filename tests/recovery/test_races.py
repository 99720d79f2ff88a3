"""What may happen once happens once, however many try at the same moment."""

from __future__ import annotations

import secrets
from datetime import timedelta

import pytest

from portal.kit.actors import SYSTEM
from portal.kit.codes import digest
from portal.kit.errors import Refused
from portal.kit.ids import uuid7
from portal.kit.limits import Limit
from portal.kit.scope import tenant_scope
from recovery import carrying, consenting, opening, proofing
from recovery.access_pass import services as access_pass
from recovery.access_pass.models import AccessPass
from recovery.models import CarryCode, Case
from recovery.repudiation import repudiate
from recovery.stages import Stage
from tenants.audit.models import AuditEvent
from tenants.directory.models import NoticeAddress
from tenants.models import Tenant
from tenants.privacy.services import consent_of
from tenants.verified_id.models import Presentation
from tests.recovery.journey import Journey, Place
from tests.recovery.racing import race
from vendors.models import ProofingAttempt


def events(tenant: Tenant, case_id, name: str) -> int:
    with tenant_scope(tenant.id):
        return AuditEvent.objects.filter(case_id=case_id, name=name).count()


def issue(tenant: Tenant) -> tuple[object, bytes]:
    case_id, browser = uuid7(), digest(secrets.token_hex(8))
    with tenant_scope(tenant.id):
        access_pass.issue_pass(
            case_id=case_id,
            person_id=uuid7(),
            browser_digest=browser,
            lifetime=timedelta(minutes=10),
            actor=SYSTEM,
        )
    return case_id, browser


@pytest.mark.parametrize("round_number", range(4))
def test_a_hundred_redemptions_of_one_pass_are_one(tenant: Tenant, round_number: int):
    case_id, browser = issue(tenant)
    found = race(
        lambda _n: (
            access_pass.redeem_in_browser(case_id, browser_digest=browser, tenant_id=tenant.id) and "redeemed"
        ),
        times=100,
    )
    assert found == {"redeemed": 1, "pass_refused": 99}
    assert events(tenant, case_id, "pass:pass:redeem") == 1


def test_button_and_characters_at_once_redeem_one_pass_once(tenant: Tenant):
    case_id, browser = issue(tenant)
    with tenant_scope(tenant.id):
        shown = access_pass.show_characters(case_id, browser_digest=browser).characters

    def redeem(number: int) -> str:
        if number % 2:
            access_pass.redeem_in_browser(case_id, browser_digest=browser, tenant_id=tenant.id)
        else:
            access_pass.redeem_characters(shown, browser_digest=browser, tenant_id=tenant.id)
        return "redeemed"

    assert race(redeem, times=60)["redeemed"] == 1
    assert events(tenant, case_id, "pass:pass:redeem") == 1


def test_of_a_hundred_guesses_at_a_pass_five_are_compared(tenant: Tenant, monkeypatch):
    case_id, browser = issue(tenant)
    with tenant_scope(tenant.id):
        shown = access_pass.show_characters(case_id, browser_digest=browser).characters
    compared: list[bytes] = []
    real = access_pass.same
    monkeypatch.setattr(access_pass, "same", lambda a, b: compared.append(b) or real(a, b))
    found = race(
        lambda n: access_pass.redeem_characters(f"{n:012d}", browser_digest=browser, tenant_id=tenant.id),
        times=100,
    )
    assert found == {"pass_refused": 100}
    assert len(compared) == 5
    with pytest.raises(Refused):
        access_pass.redeem_characters(shown, browser_digest=browser, tenant_id=tenant.id)
    with tenant_scope(tenant.id):
        assert AccessPass.objects.get(case_id=case_id).tries == 5


def wrong(browser: Journey) -> str:
    return "000000" if browser.code_mailed() != "000000" else "111111"


def answered(place: Place, case: Case) -> list[str]:
    """The addresses from which something that was sent came back."""
    with tenant_scope(place.tenant.id):
        held = NoticeAddress.objects.filter(person_id=case.person_id).exclude(confirmed_at=None)
        return list(held.values_list("value", flat=True))


def test_of_a_hundred_wrong_codes_at_once_five_are_compared(place: Place, browser: Journey, monkeypatch):
    browser.who("ada")
    case, bad, right = browser.case, wrong(browser), browser.code_mailed()
    compared: list[bytes] = []
    real = opening.same
    monkeypatch.setattr(opening, "same", lambda a, b: (b and compared.append(b)) or real(a, b))
    found = race(lambda _n: opening.confirm_code(place.tenant, case.id, bad), times=100)
    assert found["code_wrong"] == 4 and found["code_tries_used_up"] == 96
    assert len(compared) == 5
    with pytest.raises(Refused, match="code_tries_used_up"):
        opening.confirm_code(place.tenant, case.id, right)
    assert browser.outcome() == ("refused", ["code_tries_used_up"])
    browser.work()
    assert browser.notices() == ["confirmation_code"]


def test_the_sixth_code_is_refused_even_if_it_is_right(place: Place, browser: Journey):
    browser.who("ada")
    right, bad = browser.code_mailed(), wrong(browser)
    for _number in range(3):
        browser.confirm(bad)
    browser.post("/recover/code/again")
    browser.work()
    assert browser.case.code_tries == 3
    for _number in range(2):
        browser.confirm(bad)
    browser.confirm(right)
    assert browser.outcome() == ("refused", ["code_tries_used_up"])
    assert browser.events().count("recovery:confirmation_code:refuse") == 5


def test_the_right_code_sent_many_times_at_once_is_accepted_once(place: Place, browser: Journey):
    browser.who("ada")
    case, right = browser.case, browser.code_mailed()
    assert answered(place, case) == []
    race(lambda _n: opening.confirm_code(place.tenant, case.id, right).status, times=40)
    assert browser.stage is Stage.CONSENT and len(answered(place, case)) == 1
    assert browser.events().count("recovery:confirmation_code:accept") == 1
    assert browser.done() == ["confirmed"]


def test_consent_given_many_times_at_once_is_one_consent_and_one_attempt(place: Place, browser: Journey):
    browser.begin("ada")
    case = browser.case

    def agree(_number: int) -> str:
        with tenant_scope(place.tenant.id):
            consenting.give_consent(place.tenant, case, flashing=True)
        with tenant_scope(place.tenant.id):
            proofing.begin_case_proofing(place.tenant, case, network_is_over=False)
        return "done"

    assert race(agree, times=40) == {"done": 40}
    with tenant_scope(place.tenant.id):
        assert ProofingAttempt.objects.filter(reference=case.id).count() == 1
        assert consent_of(case.id) is not None
    assert browser.done().count("consented") == 1
    assert browser.events().count("recovery:consent:give") == 1


@pytest.mark.parametrize("kind", ["hand_over", "continuation"])
def test_a_code_that_carries_a_case_works_for_one_of_many(
    place: Place, browser: Journey, kind: str, monkeypatch
):
    monkeypatch.setattr(carrying, "OF_CODE", Limit("uses_of_carry_code", 100, 900))
    browser.begin("ada")
    with tenant_scope(place.tenant.id):
        if kind == "hand_over":
            code = carrying.make_hand_over(place.tenant, browser.case).rsplit("/", 1)[-1]
        else:
            code = carrying.make_continuation_code(browser.case)
    case_id = browser.case.id

    def carry(number: int) -> str:
        browser_digest, address = digest(f"{kind}{number}"), f"192.0.2.{number}"
        if kind == "hand_over":
            carrying.hand_over_to_phone(place.tenant, code, browser_digest=browser_digest, address=address)
        else:
            carrying.continue_case(
                place.tenant,
                code,
                browser_digest=digest("no case's"),
                fresh_digest=browser_digest,
                address=address,
            )
        return "carried"

    assert race(carry, times=40) == {"carried": 1, "carry_code_dead": 39}
    with tenant_scope(place.tenant.id):
        moved = CarryCode.objects.get(case_id=case_id)
        holder = Case.objects.get(id=case_id).browser_digest if kind == "hand_over" else moved.asked_by_digest
    assert bytes(holder) in {digest(f"{kind}{number}") for number in range(40)}
    assert events(place.tenant, case_id, "recovery:carry_code:refuse") == 39


def test_a_dead_code_tried_again_and_again_is_refused_and_fills_no_log(place: Place, browser: Journey):
    browser.begin("ada").consent()
    code = browser.continuation()
    browser.post("/recover/continue", {"code": code})
    found = race(lambda n: continue_from(place, code, f"192.0.2.{n}"), times=60)
    assert found == {"carry_code_dead": 9, "uses_of_carry_code": 51}
    assert events(place.tenant, browser.case.id, "recovery:carry_code:refuse") == 9
    again = continue_from(place, browser.continuation(), "192.0.2.1")
    assert not again.here, "the person's next code is not theirs to block"


def test_of_a_hundred_wrong_codes_for_a_stolen_continuation_five_are_compared_and_the_case_stays(
    place: Place, browser: Journey, monkeypatch
):
    browser.begin("ada").consent()
    thief = place.ask_to_continue(browser.continuation())
    right, bad = thief.code_mailed(browser.case), wrong(browser)
    compared: list[bytes] = []
    real = opening.same
    monkeypatch.setattr(opening, "same", lambda a, b: (b and compared.append(b)) or real(a, b))
    found = race(lambda _n: carrying.confirm_continuation(place.tenant, thief.browser_digest, bad), times=100)
    assert found["code_wrong"] == 4 and found["continuation_over"] == 96 and len(compared) == 5
    with pytest.raises(Refused, match="continuation_over"):
        carrying.confirm_continuation(place.tenant, thief.browser_digest, right)
    assert browser.outcome() == ("proving", []) and browser.stage is Stage.PARTNER
    assert browser.case.code_tries == 1
    assert events(place.tenant, browser.case.id, "recovery:carry_code:refuse") == 5


def continue_from(place: Place, code: str, address: str) -> carrying.Continued:
    return carrying.continue_case(
        place.tenant, code, browser_digest=digest("no case's"), fresh_digest=digest(address), address=address
    )


def test_guessing_continuation_codes_from_one_network_is_refused_before_long(
    place: Place, browser: Journey, monkeypatch
):
    monkeypatch.setattr(carrying, "OF_NETWORK", Limit("carry_codes_of_network", 10, 900))
    browser.begin("ada")
    found = race(
        lambda n: carrying.continue_case(
            place.tenant,
            f"{n:016d}",
            browser_digest=digest("x"),
            fresh_digest=digest("y"),
            address="192.0.2.1",
        ),
        times=60,
    )
    assert found["carry_code_dead"] <= 20 and found["carry_codes_of_network"] >= 40


def test_this_was_not_me_stops_everything_once_however_often_it_is_said(place: Place, browser: Journey, ada):
    browser.to_end()
    token = browser.links_mailed("ada@home.example")[-1].rstrip("/").rsplit("/", 1)[-1]
    case_id = browser.case.id

    def say(_number: int) -> str:
        with tenant_scope(place.tenant.id):
            return str(repudiate(token).case.status)

    assert race(say, times=40) == {"repudiated": 1, "link_dead": 39}
    browser.work()
    assert events(place.tenant, case_id, "person:recovery:repudiate") == 1
    assert browser.notices().count("repudiated") == 2


def test_one_answer_of_a_wallet_sent_a_hundred_times_at_once_leaves_one_line_in_the_log(
    place: Place, browser: Journey
):
    """Whoever has the address of an answer may send it without end: it is counted, and written down once."""
    browser.begin("ada").prove().keep()
    request = browser.wallet.request(browser.get("/recover/present").context["deep_link"])
    assert browser.wallet.respond(request).status_code == 200
    case_id = browser.case.id
    assert race(lambda _n: browser.wallet.respond(request).status_code, times=100) == {"400": 100}
    assert events(place.tenant, case_id, "verified_id:presentation:refuse") == 1
    with tenant_scope(place.tenant.id):
        (shown,) = Presentation.objects.filter(reference=case_id)
    assert shown.refusals == {"transaction_used": 100}
