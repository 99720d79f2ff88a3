"""Two colleagues on one page, a sign-in that is old, and forms that come back."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from portal.kit.actors import SYSTEM
from portal.kit.scope import tenant_scope
from recovery.models import Profile
from recovery.statuses import CaseStatus
from tenants.models import Member, Tenant
from tenants.rights import Role
from tenants.verified_id.models import Authority
from tenants.verified_id.services import turn_on_verified_id
from tests.conftest import make_member
from tests.console.conftest import client_of_member, forget_network_jobs
from tests.recovery.console.world import make_case, make_person, make_profile, published_profile
from vendors.billing.budgeting import BudgetPlan
from vendors.billing.models import ContractPrice
from vendors.billing.services import open_budget

SETTINGS = {"name": "Acme", "help_desk_contact": "Call 7", "time_zone": "UTC", "accent": "#1f5eff"}
OIDC = {
    "issuer": "https://id.example.com",
    "client_id": "readmit",
    "client_secret": "secret",
    "unit_price": "1",
    "currency": "EUR",
}


def seen_on(client: Client, path: str) -> str:
    """The marks that stand in the page's form."""
    return re.search(r'name="seen" value="([^"]+)"', client.get(path).content.decode())[1]  # type: ignore[index]


@pytest.fixture(autouse=True)
def no_network() -> Iterator[None]:
    yield
    forget_network_jobs()


@pytest.fixture
def two(tenant: Tenant) -> tuple[Client, Client]:
    return tuple(client_of_member(make_member(tenant, Role.ADMINISTRATOR)) for _ in range(2))  # type: ignore[return-value]


def profile_form(**values: Any) -> dict[str, Any]:
    given = {
        "name": "Everyone",
        "mode": "evaluation",
        "evidence_required": ["document_photograph", "held_address"],
        "face_threshold": "70",
        "names": "exact",
        "birthdate_required": "on",
        "other_document": "told",
        "pass_lifetime_minutes": "60",
        "old_ways": "removed",
        "reuse_hours": "24",
        "held_days": "365",
        "daily_checks": "500",
        "who": "everyone",
    }
    return {**given, **values}


def test_the_second_to_save_the_settings_reads_what_the_first_wrote(
    tenant: Tenant, two: tuple[Client, Client]
) -> None:
    path = f"/o/{tenant.slug}/settings"
    first, second = two
    seen = seen_on(first, path)
    assert first.post(path, {**SETTINGS, "seen": seen}).status_code == 302
    answer = second.post(path, {**SETTINGS, "help_desk_contact": "Call 8", "seen": seen})
    page = answer.content.decode()
    assert answer.status_code == 200 and "A colleague saved this page" in page
    assert "It says now: Call 7" in page and 'value="Call 8"' in page
    tenant.refresh_from_db()
    assert tenant.help_desk_contact == "Call 7"
    again = re.search(r'name="seen" value="([^"]+)"', page)[1]  # type: ignore[index]
    assert second.post(path, {**SETTINGS, "help_desk_contact": "Call 8", "seen": again}).status_code == 302
    tenant.refresh_from_db()
    assert tenant.help_desk_contact == "Call 8"


def test_the_second_to_save_a_profile_reads_what_the_first_wrote(
    tenant: Tenant, two: tuple[Client, Client]
) -> None:
    with tenant_scope(tenant.id):
        profile = make_profile(mode="evaluation")
    path = f"/o/{tenant.slug}/recovery/profiles/{profile.public_id}/"
    first, second = two
    seen = seen_on(first, path)
    given = {"connection": profile.partners[0]}
    assert first.post(path, profile_form(face_threshold="90", seen=seen, **given)).status_code == 302
    page = second.post(path, profile_form(face_threshold="55", seen=seen, **given)).content.decode()
    assert "It says now: 90" in page and 'value="55"' in page
    with tenant_scope(tenant.id):
        assert Profile.objects.get(id=profile.id).face_threshold == 90
    again = re.search(r'name="seen" value="([^"]+)"', page)[1]  # type: ignore[index]
    assert second.post(path, profile_form(face_threshold="55", seen=again, **given)).status_code == 302


def test_a_profile_in_force_goes_to_production_with_a_typed_word(
    tenant: Tenant, two: tuple[Client, Client]
) -> None:
    with tenant_scope(tenant.id):
        profile = published_profile(mode="evaluation")
    path = f"/o/{tenant.slug}/recovery/profiles/{profile.public_id}/"

    def save(word: str, mode: str) -> tuple[int, str, str]:
        given = profile_form(mode=mode, word=word, seen=seen_on(two[0], path), connection=profile.partners[0])
        answer = two[0].post(path, given)
        with tenant_scope(tenant.id):
            return answer.status_code, answer.content.decode(), Profile.objects.get(id=profile.id).mode

    assert save("", "evaluation")[::2] == (302, "evaluation")
    status, page, mode = save("evaluation", "production")
    assert (status, mode) == (200, "evaluation") and "people would get passes" in page
    assert save(" Production ", "production")[::2] == (302, "production")
    assert 'name="word"' not in two[0].get(path).content.decode()


def test_the_second_to_save_the_card_reads_what_the_first_wrote(
    tenant: Tenant, two: tuple[Client, Client]
) -> None:
    with tenant_scope(tenant.id):
        turn_on_verified_id(actor=SYSTEM)
    path = f"/o/{tenant.slug}/verified-id/card"
    first, second = two
    seen = seen_on(first, path)
    assert first.post(path, {"card_title": "A", "lifetime_days": "30", "seen": seen}).status_code == 302
    page = second.post(path, {"card_title": "B", "lifetime_days": "30", "seen": seen}).content.decode()
    assert "It says now: A" in page
    with tenant_scope(tenant.id):
        assert Authority.objects.get().card_title == "A"


def test_the_second_to_save_a_partner_reads_what_the_first_wrote(
    tenant: Tenant, two: tuple[Client, Client]
) -> None:
    path = f"/o/{tenant.slug}/partners/oidc/settings"
    first, second = two
    seen = seen_on(first, path)
    assert first.post(path, {**OIDC, "seen": seen}).status_code == 302
    page = second.post(path, {**OIDC, "issuer": "https://other.example.com", "seen": seen}).content.decode()
    assert "It says now: https://id.example.com" in page


def test_the_second_to_change_a_role_reads_what_the_first_gave(
    tenant: Tenant, two: tuple[Client, Client]
) -> None:
    colleague = make_member(tenant, Role.AUDITOR)
    path = f"/o/{tenant.slug}/members/{colleague.public_id}"
    first, second = two
    seen = seen_on(first, path)
    assert first.post(path, {"role": Role.HELP_DESK, "seen": seen}).status_code == 302
    page = second.post(path, {"role": Role.ADMINISTRATOR, "seen": seen}).content.decode()
    assert "It says now: Help-desk agent" in page
    with tenant_scope(tenant.id):
        assert Member.objects.get(id=colleague.id).role == Role.HELP_DESK
    again = re.search(r'name="seen" value="([^"]+)"', page)[1]  # type: ignore[index]
    assert second.post(path, {"role": Role.ADMINISTRATOR, "seen": again}).status_code == 302


def test_the_second_to_enter_a_price_reads_what_the_first_entered(
    tenant: Tenant, two: tuple[Client, Client]
) -> None:
    path = f"/o/{tenant.slug}/partners/oidc/settings"
    first, second = two
    assert first.post(path, {**OIDC, "seen": seen_on(first, path)}).status_code == 302
    seen = seen_on(first, path)
    assert first.post(path, {**OIDC, "unit_price": "1.35", "seen": seen}).status_code == 302
    page = second.post(path, {**OIDC, "unit_price": "2", "seen": seen}).content.decode()
    assert "It says now: 1.35" in page
    with tenant_scope(tenant.id):
        assert ContractPrice.objects.latest("created_at").unit_price == Decimal("1.35")


@pytest.fixture
def dangerous(tenant: Tenant) -> dict[str, str]:
    """Addresses that take a way back from people, or give one."""
    with tenant_scope(tenant.id):
        profile, person = published_profile(), make_person()
        case = make_case(profile, person, CaseStatus.HELD)
        turn_on_verified_id(actor=SYSTEM)
        budget = open_budget(BudgetPlan("Cap", Decimal(100), "EUR", is_hard=True), actor=SYSTEM)
    made = {
        "publish": f"recovery/profiles/{profile.public_id}/publish",
        "withdraw": f"recovery/profiles/{profile.public_id}/withdraw",
        "change": f"recovery/profiles/{profile.public_id}/",
        "rotate": "verified-id/rotate",
        "settings": "partners/oidc/settings",
        "remove": "partners/house/remove",
        "cancel": f"recovery/cases/{case.public_id}/cancel",
        "suspend": "people/suspend",
        "invite": "members/invite",
        "raise a cap": f"usage/budgets/{budget.public_id}/",
    }
    return {name: f"/o/{tenant.slug}/{path}" for name, path in made.items()}


def test_dangerous_moves_wait_for_a_recent_sign_in_and_lead_back_to_the_page(
    tenant: Tenant, dangerous: dict[str, str]
) -> None:
    client = client_of_member(make_member(tenant), ago=3600.0)
    page = f"/o/{tenant.slug}/people/?q=a"
    for name, path in dangerous.items():
        sent = client.post(path, profile_form(), headers={"referer": f"{settings.SITE_ORIGIN}{page}"})
        assert sent.status_code == 302, name
        assert sent["Location"] == f"/accounts/reauthenticate/?next=/o/{tenant.slug}/people/%3Fq%3Da".replace(
            "/o/", "%2Fo%2F"
        ).replace(f"{tenant.slug}/people/", f"{tenant.slug}%2Fpeople%2F"), name


def test_with_a_recent_sign_in_they_do_not_ask(tenant: Tenant, dangerous: dict[str, str]) -> None:
    client = client_of_member(make_member(tenant))
    for name, path in dangerous.items():
        assert "reauthenticate" not in client.post(path).get("Location", ""), name


def test_a_draft_is_changed_without_a_recent_sign_in(tenant: Tenant) -> None:
    with tenant_scope(tenant.id):
        profile = make_profile(mode="evaluation")
    path = f"/o/{tenant.slug}/recovery/profiles/{profile.public_id}/"
    client = client_of_member(make_member(tenant), ago=3600.0)
    sent = client.post(path, profile_form(connection=profile.partners[0]))
    assert sent.status_code == 302 and "reauthenticate" not in sent["Location"]


def test_a_form_whose_page_is_too_old_leads_back_to_it(tenant: Tenant) -> None:
    member = make_member(tenant)
    signed_in = client_of_member(member)
    strict = Client(HTTP_HOST="localhost:8000", enforce_csrf_checks=True)
    strict.cookies = signed_in.cookies
    path = f"/o/{tenant.slug}/settings"
    answer = strict.post(path, SETTINGS, headers={"referer": f"{settings.SITE_ORIGIN}{path}"})
    page = answer.content.decode()
    assert answer.status_code == 403 and f'href="{path}"' in page and "data-form-lost" in page


def suspend_several(client: Client, tenant: Tenant, ids: list[str], **more: str) -> Any:
    return client.post(f"/o/{tenant.slug}/people/suspend", {"person": ids, **more})


def test_several_people_are_suspended_after_the_effect_a_word_and_a_reason(
    tenant: Tenant, other_tenant: Tenant, as_role: Callable[..., Client]
) -> None:
    with tenant_scope(other_tenant.id):
        foreign = make_person()
    with tenant_scope(tenant.id):
        people = [make_person() for _number in range(3)]
    ids = [person.public_id for person in (*people, foreign)]
    client = as_role(Role.ADMINISTRATOR)
    assert "3 people can no longer" in suspend_several(client, tenant, ids).content.decode()
    wrong = suspend_several(client, tenant, ids, word="yes", reason="They left.").content.decode()
    assert "Type the word “suspend”" in wrong and all(one in wrong for one in ids[:3])
    assert suspend_several(client, tenant, ids, word="suspend", reason="They left.").status_code == 302
    with tenant_scope(tenant.id):
        for person in people:
            person.refresh_from_db()
            assert person.status == "suspended"
    with tenant_scope(other_tenant.id):
        foreign.refresh_from_db()
        assert foreign.status == "active"
    assert "Nobody to suspend" in suspend_several(client, tenant, ids).content.decode()
    assert "Nobody to suspend" in suspend_several(client, tenant, ["x", "person_1"]).content.decode()
