"""Partners in order: one that does not answer gives way to the next, with a new consent, and nobody pays for it."""

from __future__ import annotations

from datetime import timedelta

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.scope import tenant_scope
from recovery.cases import get_case
from recovery.models import CaseStep
from recovery.stages import Stage
from recovery.statuses import StepKind
from tenants.privacy.models import ConsentRecord
from tests.recovery.journey import Journey, Place
from vendors import services
from vendors.contract import PartnerDown
from vendors.health import note_fault
from vendors.models import Connection, PartnerHealth


def partner_of(browser: Journey) -> str:
    case = browser.case
    with tenant_scope(browser.place.tenant.id):
        found = Connection.objects.filter(id=case.connection_id).first()
    return found.vendor if found else ""


def consents(browser: Journey) -> list[str]:
    with tenant_scope(browser.place.tenant.id):
        found = ConsentRecord.objects.filter(case_id=browser.case.id).order_by("created_at", "id")
        return list(found.values_list("partner", flat=True))


def rest(place: Place, vendor: str) -> None:
    with tenant_scope(place.tenant.id):
        connection = Connection.objects.get(vendor=vendor)
        for _ in range(3):
            note_fault(connection, PartnerDown("silent"))


def give_up(browser: Journey) -> None:
    """The person turns back at the partner."""
    browser.come_back({**browser.at_partner(), "error": ["access_denied"]})


def hang_up(place: Place, browser: Journey) -> None:
    """The first partner answers nothing but errors; the worker tries as often as it does."""
    place.provider.answers.broken["/par"] = (503, b"")
    browser.consent()
    for _ in range(4):
        browser.work()


def test_a_case_goes_to_the_first_partner_while_it_answers(place: Place, second, browser: Journey):
    asked = second.calls.count("/par")
    browser.begin("ada").prove()
    assert (partner_of(browser), browser.stage) == ("oidc", Stage.CREDENTIAL)
    assert second.calls.count("/par") == asked


def test_one_that_fails_gives_way_to_the_next_with_a_new_consent(place: Place, second, browser: Journey):
    browser.begin("ada")
    hang_up(place, browser)
    assert browser.stage is Stage.CONSENT and partner_of(browser) == ""
    page = browser.get("/recover/consent").content.decode()
    assert "does not answer right now" in page and "does not count as a try" in page

    browser.place.provider = second
    browser.post("/recover/consent", {"agree": "on"})
    browser.work().come_back(browser.at_partner())
    assert (partner_of(browser), browser.stage) == ("second", Stage.CREDENTIAL)
    assert consents(browser) == ["oidc", "second"]
    # The first partner's fault is in the ledger at nothing, and only the second's decision costs.
    assert [billable for meter, billable, _why in browser.usage() if meter == "decision"] == [False, True]


def test_a_partners_fault_is_no_try_of_the_persons(place: Place, second, browser: Journey):
    browser.begin("ada")
    hang_up(place, browser)
    browser.post("/recover/consent", {"agree": "on"})
    browser.place.provider = second
    give_up(browser.work())
    assert browser.get("/recover/prove").context["tries_left"] == 2


def test_one_that_rests_is_not_asked_at_all(place: Place, second, browser: Journey):
    rest(place, "oidc")
    first = place.provider
    asked = first.calls.count("/par")
    browser.begin("ada")
    assert "does not answer" not in browser.get("/recover/consent").content.decode()
    browser.place.provider = second
    browser.prove()
    assert (partner_of(browser), browser.stage) == ("second", Stage.CREDENTIAL)
    assert first.calls.count("/par") == asked


def test_the_only_partner_is_asked_even_while_it_rests(place: Place, browser: Journey):
    rest(place, "oidc")
    browser.begin("ada").prove()
    assert browser.stage is Stage.CREDENTIAL


def test_after_its_rest_the_first_is_asked_again_and_one_answer_makes_it_well(
    place: Place, second, browser: Journey
):
    rest(place, "oidc")
    with tenant_scope(place.tenant.id):
        PartnerHealth.objects.update(rests_until=clock.now() - timedelta(seconds=1))
    browser.begin("ada").prove()
    assert partner_of(browser) == "oidc"
    with tenant_scope(place.tenant.id):
        assert PartnerHealth.objects.get().faults_in_row == 0


def test_nobody_agrees_to_a_partner_they_did_not_read_of(place: Place, second, browser: Journey):
    """The page was drawn with the first; it rests by the time the box is ticked."""
    browser.begin("ada")
    named = browser.get("/recover/consent").context["form"]["partner"].value()
    rest(place, "oidc")
    answer = browser.post("/recover/consent", {"agree": "on", "partner": named})
    assert answer.status_code == 200 and "Another partner is to check it now" in answer.content.decode()
    assert browser.stage is Stage.CONSENT and consents(browser) == []


def test_a_case_that_agreed_is_asked_again_when_its_partner_comes_to_rest(
    place: Place, second, browser: Journey
):
    browser.begin("ada").consent()
    give_up(browser)
    assert browser.stage is Stage.PROVE
    rest(place, "oidc")
    browser.post("/recover/prove")
    assert browser.stage is Stage.CONSENT


def test_a_partner_further_up_that_is_well_again_draws_nobody_away(place: Place, second, browser: Journey):
    rest(place, "oidc")
    browser.begin("ada").consent()
    assert partner_of(browser) == "second"
    with tenant_scope(place.tenant.id):
        PartnerHealth.objects.update(rests_until=None, faults_in_row=0)
    browser.place.provider = second
    give_up(browser)
    browser.post("/recover/prove")
    browser.work()
    assert partner_of(browser) == "second" and browser.stage is Stage.PARTNER


def test_a_partner_that_is_removed_meanwhile_strands_nobody(place: Place, second, browser: Journey):
    browser.begin("ada").consent()
    with tenant_scope(place.tenant.id):
        services.remove_partner(place.connection.id, actor=SYSTEM)
    browser.work()
    assert browser.stage is Stage.CONSENT
    browser.place.provider = second
    browser.prove()
    assert browser.stage is Stage.CREDENTIAL


def test_where_both_fail_the_person_is_told_and_may_try_again(place: Place, second, browser: Journey):
    second.answers.broken["/par"] = (503, b"")
    browser.begin("ada")
    hang_up(place, browser)
    hang_up(place, browser)
    assert browser.stage is Stage.PROVE and browser.case.status == "proving"
    assert not any(billable for _meter, billable, _why in browser.usage())


def test_a_proof_of_any_of_its_partners_serves_again(place: Place, second, browser: Journey):
    rest(place, "oidc")
    browser.place.provider = second
    browser.begin("ada").prove()
    again = place.browser()
    with tenant_scope(place.tenant.id):
        PartnerHealth.objects.update(rests_until=None, faults_in_row=0)
    again.begin("ada")
    again.post("/recover/consent", {"agree": "on"})
    assert again.get("/recover/prove").context["earlier"] is not None


def test_the_steps_name_the_partner_that_was_agreed_to(place: Place, second, browser: Journey):
    browser.begin("ada").prove()
    with tenant_scope(place.tenant.id):
        case = get_case(browser.case.id)
        found = CaseStep.objects.filter(case=case, kind__in=[StepKind.CONSENTED, StepKind.PROOFED])
        assert set(found.values_list("vendor", flat=True)) == {"oidc"}
