"""Nobody spends a tenant's money without end, and nobody pays for what would be refused anyway."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from django.core import mail

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.limits import Limit
from portal.kit.scope import tenant_scope
from recovery import spending
from recovery.stages import Stage
from tenants.directory.models import DirectoryPerson
from tenants.rights import Role
from tests.conftest import make_member
from tests.recovery.journey import Journey, Place, make_place
from tests.recovery.racing import race
from vendors.billing.budgeting import current_window
from vendors.billing.services import BudgetPlan, change_budget, close_budget, open_budget


def test_a_person_sent_to_partners_too_often_waits_a_day_and_is_told(place: Place, ada, monkeypatch):
    monkeypatch.setattr(spending, "PERSON_A_DAY", 2)
    place.set_profile(reuse_hours=0)
    for _number in range(2):
        place.browser().begin("ada").prove()
    place.provider.calls.clear()
    third = place.browser().begin("ada").consent()
    assert third.outcome() == ("held", ["many_checks"]) and third.stage is Stage.WAITING
    assert place.provider.calls == [] and third.usage() == []
    assert third.notices()[1:] == ["recovery_held"] * 2
    with clock.frozen(clock.now() + timedelta(hours=24, seconds=30)):
        third.work()
        assert third.stage is Stage.PROVE
        third.post("/recover/prove")
        assert third.work().stage is Stage.PARTNER


def test_when_the_days_checks_are_used_up_nobody_is_sent_on_and_the_members_are_told_once(
    place: Place, browser: Journey, ada
):
    owner = make_member(place.tenant, Role.OWNER)
    place.person("grace", given_names="Grace", family_name="Hopper")
    place.set_profile(daily_checks=2)
    browser.to_pass()
    place.provider.calls.clear()
    other = place.browser().begin("grace").consent()
    assert other.stage is Stage.PROVE and place.provider.calls == [] and other.usage() == []
    assert b"used up for today" in other.get("/recover/prove").content
    other.post("/recover/prove")
    other.work()
    assert other.alerts() == [owner.user.email]
    told = [entry for entry in mail.outbox if f"Case {other.case.reference}" in entry.subject]
    assert "used up" in told[0].body and "Hopper" not in told[0].body
    assert other.events().count("recovery:case:alert") == 1
    browser.use_pass().passkey()
    assert browser.case.status == "recovered"
    with clock.frozen(clock.now() + timedelta(hours=24, seconds=1)), tenant_scope(place.tenant.id):
        assert spending.what_stops(browser.case) is spending.Admission.YES


def test_somebody_who_is_at_a_partner_counts_before_they_are_charged(place: Place, browser: Journey):
    place.person("grace", given_names="Grace", family_name="Hopper")
    place.set_profile(daily_checks=1)
    assert browser.begin("ada").consent().stage is Stage.PARTNER
    assert place.browser().begin("grace").consent().stage is Stage.PROVE
    browser.come_back(browser.at_partner()).keep().show().face()
    assert browser.stage is Stage.PASS


def test_an_address_held_too_short_is_refused_before_anybody_is_charged(place: Place):
    place.person("young", held=timedelta(hours=71))
    browser = place.browser().begin("young").consent()
    assert browser.outcome() == ("refused", ["missing_held_address"])
    assert browser.usage() == [] and browser.notices()[1:] == ["recovery_refused"] * 2


def test_an_account_proven_at_a_higher_level_is_refused_before_anybody_is_charged(provider, vision):
    place = make_place(provider, vision, mode="evaluation")
    place.set_profile(evidence_required=["document_photograph"])
    ada = place.person("ada", held=timedelta(hours=1))
    with tenant_scope(place.tenant.id):
        DirectoryPerson.objects.filter(id=ada.id).update(assurance_level="ial2")
    browser = place.browser().begin("ada").consent()
    assert browser.outcome() == ("refused", ["assurance_below_account"])
    assert browser.usage() == []


def test_a_network_that_begins_check_after_check_waits_and_is_told_what_to_do(
    place: Place, browser: Journey, monkeypatch
):
    """Whoever reads many mailboxes spends nobody's money from one place; elsewhere people go on."""
    monkeypatch.setattr(spending, "OF_NETWORK", Limit("paid_checks_of_network", 2, 3600))
    place.set_profile(reuse_hours=0)
    for _number in range(2):
        assert place.browser().begin("ada").consent().stage is Stage.PARTNER
    place.provider.calls.clear()
    browser.begin("ada").post("/recover/consent", {"agree": "on"})
    assert browser.last.status_code == 200 and browser.stage is Stage.PROVE
    said = browser.last.content.decode()
    assert "Too many checks were begun from your network" in said and "call your help desk" in said
    assert f"read out the reference {browser.case.reference}" in said
    browser.post("/recover/prove")
    assert place.provider.calls == [] and browser.usage() == [] and browser.case.status == "proving"
    assert browser.events().count("recovery:paid_check:hold_back") == 1
    browser.client.defaults["REMOTE_ADDR"] = "2001:db8:1:2::7"
    browser.post("/recover/prove")
    assert browser.stage is Stage.PARTNER


def test_a_whole_ipv6_network_is_one_and_a_tenant_s_own(place: Place, other_tenant, monkeypatch):
    monkeypatch.setattr(spending, "OF_NETWORK", Limit("paid_checks_of_network", 3, 3600))
    found = race(lambda n: spending.network_is_over(place.tenant, f"2001:db8:1:2:{n:x}::1"), times=40)
    assert found == {"False": 3, "True": 37}
    assert not spending.network_is_over(other_tenant, "2001:db8:1:2::1")
    assert not spending.network_is_over(place.tenant, "2001:db8:1:3::1")


# ------------------------------------------------------------------ budgets


def cap(place: Place, amount: str, **more):
    with tenant_scope(place.tenant.id):
        plan = BudgetPlan(name="Cap", amount=Decimal(amount), currency="EUR", is_hard=True, **more)
        return open_budget(plan, actor=SYSTEM)


def sums(place: Place, budget) -> tuple[Decimal, Decimal]:
    with tenant_scope(place.tenant.id):
        row = current_window(budget)
        return row.spent, row.reserved


def test_whoever_meets_a_cap_is_asked_to_call_with_a_reference_and_goes_on_when_it_is_raised(
    place: Place, browser: Journey, ada
):
    make_member(place.tenant, Role.OWNER)
    budget = cap(place, "0.24")
    place.provider.calls.clear()
    browser.begin("ada").consent()
    assert browser.stage is Stage.PROVE and place.provider.calls == [] and browser.usage() == []
    browser.post("/recover/prove")
    page = browser.get("/recover/prove")
    assert page.status_code == 200 and browser.stage is Stage.PROVE
    told = page.content.decode()
    assert "Call your help desk" in told and f"say the case reference {browser.case.reference}" in told
    assert browser.events().count("usage:budget:cap") == 1
    with tenant_scope(place.tenant.id):
        plan = BudgetPlan(name="Cap", amount=Decimal("0.25"), currency="EUR", is_hard=True)
        change_budget(budget.id, plan, actor=SYSTEM)
    assert "Call your help desk" not in browser.get("/recover/prove").content.decode()
    browser.post("/recover/prove")
    assert browser.work().stage is Stage.PARTNER


def test_what_was_begun_is_finished_at_the_cap_and_nobody_else_begins(place: Place, browser: Journey, ada):
    place.person("grace", given_names="Grace", family_name="Hopper")
    budget = cap(place, "0.25")
    browser.begin("ada").consent()
    assert browser.stage is Stage.PARTNER and sums(place, budget) == (Decimal(0), Decimal("0.25"))
    assert place.browser().begin("grace").consent().stage is Stage.PROVE
    browser.come_back(browser.at_partner()).keep().show()
    for _again in range(3):  # reloads take the place of one another
        browser.get("/recover/face")
    assert sums(place, budget) == (Decimal(0), Decimal("0.25"))
    browser.face()
    assert browser.work().stage is Stage.PASS
    assert sums(place, budget) == (Decimal("0.25"), Decimal(0))


def test_a_face_check_that_meets_a_cap_waits_for_a_call(place: Place, browser: Journey, ada):
    browser.begin("ada").consent()
    browser.come_back(browser.at_partner()).keep().show()
    budget = cap(place, "0.20", vendor="readmit")
    page = browser.get("/recover/face")
    assert page.status_code == 200 and browser.stage is Stage.FACE
    assert f"say the case reference {browser.case.reference}" in page.content.decode()
    with tenant_scope(place.tenant.id):
        close_budget(budget.id, actor=SYSTEM)
    browser.face()
    assert browser.work().stage is Stage.PASS


def test_a_case_that_ends_without_a_face_holds_nothing(place: Place, browser: Journey, ada):
    budget = cap(place, "5.00", profile_id=place.profile.id)
    browser.begin("ada").consent()
    assert sums(place, budget) == (Decimal(0), Decimal("0.25"))
    browser.post("/recover/cancel")
    browser.work()
    assert sums(place, budget) == (Decimal(0), Decimal(0))
