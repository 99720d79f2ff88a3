"""Every page of the recovery console, for every role, a stranger and nobody."""

from __future__ import annotations

import pytest

from portal.kit.scope import tenant_scope
from recovery.statuses import CaseStatus
from tenants.rights import Role
from tests.conftest import site_client
from tests.recovery.console.world import add_whole_journey, make_case, make_person, published_profile
from vendors.models import Connection


@pytest.fixture
def pages(tenant):
    with tenant_scope(tenant.id):
        profile, person = published_profile(), make_person()
        held = make_case(profile, person, CaseStatus.HELD, reasons=["changed_recently"])
        add_whole_journey(held)
        review = make_case(profile, person, CaseStatus.IN_REVIEW)
        base = f"/o/{tenant.slug}/recovery"
        case, reviewed, name = held.public_id, review.public_id, profile.public_id
        someone = person.public_id
    see = {
        "cases": f"{base}/cases/",
        "csv": f"{base}/cases/csv",
        "case": f"{base}/cases/{case}/",
        "of_person": f"{base}/cases/of/{someone}",
        "profiles": f"{base}/profiles/",
        "profile": f"{base}/profiles/{name}/",
    }
    act = {
        "extend": f"{base}/cases/{case}/extend",
        "cancel": f"{base}/cases/{case}/cancel",
        "review": f"{base}/cases/{case}/review",
        "reviews": f"{base}/reviews/",
        "reviewed": f"{base}/reviews/{reviewed}/",
    }
    manage = {
        "new": f"{base}/profiles/new",
        "publish": f"{base}/profiles/{name}/publish",
        "withdraw": f"{base}/profiles/{name}/withdraw",
    }
    return {"see": see, "act": act, "manage": manage}


def statuses(client, addresses):
    return {name: client.get(address).status_code for name, address in addresses.items()}


def all_are(code, addresses):
    return dict.fromkeys(addresses, code)


@pytest.mark.parametrize("role", [Role.OWNER, Role.ADMINISTRATOR])
def test_those_who_run_it_open_every_page(pages, staff_client, role):
    client = staff_client(role)
    for group in pages.values():
        assert statuses(client, group) == all_are(200, group)


def test_an_auditor_sees_everything_and_changes_nothing(pages, staff_client):
    client = staff_client(Role.AUDITOR)
    assert statuses(client, pages["see"]) == all_are(200, pages["see"])
    for group in ("act", "manage"):
        assert statuses(client, pages[group]) == all_are(403, pages[group])
    assert client.post(pages["see"]["profile"], {"name": "x"}).status_code == 403


def test_a_help_desk_agent_acts_on_cases_and_sees_no_profile(pages, staff_client):
    client = staff_client(Role.HELP_DESK)
    assert statuses(client, pages["act"]) == all_are(200, pages["act"])
    assert client.get(pages["see"]["case"]).status_code == 200
    assert client.get(pages["see"]["profile"]).status_code == 403


def test_a_billing_manager_reads_403(pages, staff_client):
    client = staff_client(Role.BILLING_MANAGER)
    for group in pages.values():
        assert statuses(client, group) == all_are(403, group)


def test_a_stranger_reads_404(pages, staff_client, other_tenant):
    client = staff_client(Role.OWNER, other_tenant)
    for group in pages.values():
        assert statuses(client, group) == all_are(404, group)


def test_another_organisations_ids_are_404_in_ones_own(pages, tenant, other_tenant, staff_client):
    client = staff_client(Role.OWNER, other_tenant)
    for group in pages.values():
        for name, address in group.items():
            if name in {"cases", "csv", "profiles", "reviews", "new"}:
                continue
            assert client.get(address.replace(tenant.slug, other_tenant.slug)).status_code == 404, name


def test_nobody_is_sent_to_sign_in(pages):
    client = site_client()
    for group in pages.values():
        for address in group.values():
            answer = client.get(address)
            assert answer.status_code == 302 and "/accounts/login/" in answer["Location"]


@pytest.mark.parametrize(
    "tail", ["?q=%00", "?cursor=x", "?cursor=2026~y", "?status=%00", "?from=x&to=9999-99-99"]
)
def test_a_senseless_address_still_shows_the_list(pages, staff_client, tail):
    assert staff_client().get(pages["see"]["cases"] + tail).status_code == 200


def test_who_removes_a_partner_reads_how_many_lose_their_way_back(tenant, staff_client):
    with tenant_scope(tenant.id):
        profile = published_profile()
        people = [make_person() for _number in range(3)]
        make_case(profile, people[0], CaseStatus.PROVING)
        connection = Connection.objects.get(id=profile.partners[0]).public_id
    client = staff_client(Role.ADMINISTRATOR)
    address = f"/o/{tenant.slug}/recovery/profiles/of-partner/{connection}"
    assert address in client.get(f"/o/{tenant.slug}/partners/house/remove").content.decode()
    part = client.get(address, headers={"hx-request": "true"}).content.decode()
    assert "for 3 people it is the only partner" in part and "1 recovery under way" in part
    assert "<html" not in part and "<html" in client.get(address).content.decode()
