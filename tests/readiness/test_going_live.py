"""From evaluation to production and back: trials beside what production would have done, the switch, what it saves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.scope import tenant_scope
from recovery.models import Profile
from recovery.readiness.savings import Figures, savings_of
from tenants.directory.models import NoticeAddress
from tenants.models import Tenant
from tenants.rights import Role
from tests.conftest import make_member
from tests.console.conftest import client_of_member
from tests.recovery.console.world import published_profile
from tests.recovery.journey import Place
from vendors.billing.help_desk import change_reset_cost


@pytest.fixture
def trial(place: Place) -> Place:
    place.set_profile(mode="evaluation")
    return place


def member_of(place: Place, role: Role = Role.OWNER) -> Client:
    return client_of_member(make_member(place.tenant, role))


def page(client: Client, place: Place, name: str) -> str:
    answer = client.get(f"/o/{place.tenant.slug}/recovery/profiles/{place.profile.public_id}/{name}")
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


def walked(place: Place, name: str = "ada") -> str:
    """The last page of a trial."""
    browser = place.browser().to_face(name)
    browser.face()
    assert browser.case.status == "evaluated", browser.case.reasons
    return browser.get("/recover/ended").content.decode()


def test_a_trial_that_worked_is_told_so_to_both(trial: Place) -> None:
    trial.person()
    ended = walked(trial)
    assert "In earnest you would be back in now" in ended and "Face Check" in ended
    told = page(member_of(trial), trial, "evaluation")
    assert "A pass, and a new passkey" in told and "Ada Lovelace" in told
    # What it cost stands beside it, and what the next one costs at most before it begins.
    assert "A trial is charged like a recovery" in told and "Half took less than" in told


def test_what_production_would_have_held_is_told_with_its_reason(trial: Place) -> None:
    ada = trial.person()
    with tenant_scope(trial.tenant.id):
        NoticeAddress.objects.create(person=ada, kind="email", value="new@x.example", held_since=clock.now())
    assert "In earnest you would have waited a day" in walked(trial)
    told = page(member_of(trial), trial, "evaluation")
    assert "Held for a day, then a pass" in told and "changed in the last 72 hours" in told


def test_what_production_would_have_refused_is_told(trial: Place) -> None:
    """A photographed document alone is enough to try, and never enough in earnest."""
    trial.set_profile(evidence_required=["document_photograph"])
    trial.person(held=timedelta(hours=1))
    assert "In earnest this would not have been enough" in walked(trial)
    assert "Production needs two" in page(member_of(trial), trial, "evaluation")


def test_going_live_and_back_is_asked_for_in_words_and_spelled_out_in_numbers(trial: Place) -> None:
    trial.person()
    client = member_of(trial)
    shown = page(client, trial, "go-live")
    assert "1 person who proves who they are gets a pass" in shown and "It was rehearsed as it is" in shown
    address = f"/o/{trial.tenant.slug}/recovery/profiles/{trial.profile.public_id}"

    def mode() -> str:
        with tenant_scope(trial.tenant.id):
            return str(Profile.objects.get(id=trial.profile.id).mode)

    assert client.post(f"{address}/go-live", {"word": "yes"}).status_code == 200 and mode() == "evaluation"
    assert (
        client.post(f"{address}/go-live", {"word": "go live"}).status_code == 302 and mode() == "production"
    )
    assert "in production already" in page(client, trial, "go-live")
    # A second tab changes nothing.
    client.post(f"{address}/go-live", {"word": "go live"})
    assert "1 person loses the way back in" in page(client, trial, "go-back")
    assert (
        client.post(f"{address}/go-back", {"word": "evaluation"}).status_code == 302
        and mode() == "evaluation"
    )


def test_what_keeps_a_profile_from_production_is_said_and_holds(
    tenant: Tenant, staff_client: Callable[..., Client]
) -> None:
    with tenant_scope(tenant.id):
        profile = published_profile(mode="evaluation", evidence_required=["document_photograph"])
    client, address = (
        staff_client(Role.OWNER),
        f"/o/{tenant.slug}/recovery/profiles/{profile.public_id}/go-live",
    )
    assert "a photographed document is not enough by itself" in client.get(address).content.decode()
    assert (
        "a photographed document is not enough" in client.post(address, {"word": "go live"}).content.decode()
    )
    with tenant_scope(tenant.id):
        assert Profile.objects.get(id=profile.id).mode == "evaluation"


def test_the_published_example_comes_out(tenant: Tenant) -> None:
    found = savings_of(Figures(112, Decimal(3), Decimal(60), 60, Decimal(2), 5))
    assert (found.money, found.hours, found.recoveries) == (Decimal("194.88"), Decimal("3.1"), Decimal("3.4"))


def test_savings_begin_with_the_organisations_own_figures(
    tenant: Tenant, staff_client: Callable[..., Client]
) -> None:
    with tenant_scope(tenant.id):
        change_reset_cost(Decimal("45.50"), "EUR", actor=SYSTEM)
    client = staff_client(Role.BILLING_MANAGER)
    shown = client.get(f"/o/{tenant.slug}/usage/savings/").content.decode()
    assert 'value="45.50"' in shown and "your own figure" in shown
    asked = "?people=1000&share=2&desk_cost=45.50&desk_minutes=60&own_cost=1.60&own_minutes=5"
    assert "€878.00" in client.get(f"/o/{tenant.slug}/usage/savings/{asked}").content.decode()
    wrong = client.get(f"/o/{tenant.slug}/usage/savings/?people=-1&share=abc").content.decode()
    assert "There is a problem" in wrong and "Saved in a month" not in wrong
