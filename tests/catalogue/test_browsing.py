"""The catalogue in the console: search, filters in the address, the comparison, what fits one's own people."""

from __future__ import annotations

import re

import pytest

from portal.kit.scope import tenant_scope
from tenants.directory.models import NoticeAddress
from tenants.rights import Role
from tests.catalogue.files import listing_file, plan
from tests.recovery.console.world import make_person
from vendors.catalogue.loading import load_listing


def address(tenant, path=""):
    return f"/o/{tenant.slug}/partners/{path}"


def cards(page: str) -> set[str]:
    return set(re.findall(r'aria-label="Open ([^"]+)"', page))


@pytest.fixture(scope="module")
def sold() -> str:
    """A partner through us, in a country and with a certificate that no other listing has."""
    content = listing_file(
        name="Kiwi Proof",
        countries={"codes": ["NZ"], "source": "own"},
        documents={"kinds": ["voter_card"], "source": "own"},
        certificates=[
            {
                "name": "Kiwimark",
                "laboratory": "Lab of Wellington",
                "level": "Two",
                "scope": "Faces",
                "issued_on": "2025-01-01",
                "expires_on": "2026-01-01",
                "source": "own",
            }
        ],
        plans=[plan("standard", "1.20"), plan("cheap", "0.75")],
    )
    assert load_listing("x.json", content).result == "loaded"
    return content["slug"]


FOUND = {
    "q=kiwi": True,
    "q=ealand": False,
    "q=new+zealand": True,
    "q=KIWI+proof": True,
    "country=NZ": True,
    "country=CZ": False,
    "document=voter_card": True,
    "document=visa": False,
    "method=document": True,
    "method=eid": False,
    "certificate=Kiwimark": True,
    "certificate=SOC+2": False,
    "price=stated": True,
    "price=free": False,
    "kind=through_us": True,
    "kind=own_contract": False,
}


def test_each_filter_of_the_address_finds_what_fits_and_nothing_else(tenant, staff_client, sold):
    client = staff_client(Role.BILLING_MANAGER)
    for query, is_found in FOUND.items():
        page = client.get(address(tenant, f"?{query}")).content.decode()
        assert ("Kiwi Proof" in cards(page)) is is_found, query
    assert cards(client.get(address(tenant, "?country=NZ&price=free")).content.decode()) == {
        "Readmit house partner"
    }
    nothing = client.get(address(tenant, "?q=nobody+is+called+so")).content.decode()
    assert "No partner fits these filters" in nothing


def test_nonsense_in_the_address_is_an_empty_list_and_no_error(tenant, staff_client):
    client = staff_client(Role.AUDITOR)
    for query in (
        "page=-1",
        "page=99999",
        "page=x",
        "country=%00",
        "q=" + "a" * 500,
        "compare=,,x,house,house",
    ):
        assert client.get(address(tenant, f"?{query}")).status_code == 200, query


def test_the_page_of_a_listing_says_what_is_stated_and_what_is_not(tenant, staff_client, sold):
    client = staff_client(Role.AUDITOR)
    page = client.get(address(tenant, f"{sold}/")).content.decode()
    for words in ("Lab of Wellington", "Two", "Expired", "For your own people only", "0.75"):
        assert words in page, words
    persona = client.get(address(tenant, "persona/")).content.decode()
    assert "Type II" in persona and "Not stated" in persona
    hidden = client.get(address(tenant, "au10tix/")).content.decode()
    assert "not confirmed by the partner" in hidden and "cannot be used in production" in hidden
    waiting = listing_file(connection_kinds=["own_contract"], plans=[])
    assert load_listing("y.json", waiting).result == "loaded"
    assert "cannot be connected yet" in client.get(address(tenant, f"{waiting['slug']}/")).content.decode()
    assert client.get(address(tenant, "nobody/")).status_code == 404


def test_up_to_four_stand_side_by_side(tenant, staff_client, sold):
    client = staff_client(Role.BILLING_MANAGER)
    five = f"house,persona,{sold},au10tix,mitid"
    page = client.get(address(tenant, f"compare?compare={five}")).content.decode()
    assert page.count("Take out") == 4 and "MitID" not in page and "Kiwi Proof" in page
    listed = client.get(address(tenant, "?compare=house,persona")).content.decode()
    assert "Do not compare Persona" in listed and "compare?compare=house,persona" in listed
    assert "Nothing to compare yet" in client.get(address(tenant, "compare")).content.decode()


def test_the_suggestion_says_its_reason_and_names_nobody(tenant, staff_client):
    client = staff_client(Role.BILLING_MANAGER)
    assert "For your people" not in client.get(address(tenant)).content.decode()
    with tenant_scope(tenant.id):
        people = [make_person() for _number in range(3)]
        for person in people:
            NoticeAddress.objects.create(person=person, kind="email", value=f"{person.id.hex}@firma.cz")
    page = client.get(address(tenant)).content.decode()
    assert re.search(r"3 of \d+ addresses hint at Czechia \(\.cz \+420\)", page) and "Czech Bank iD" in page
    assert "firma.cz" not in page
    assert "For your people" not in client.get(address(tenant, "?q=bank")).content.decode()


def test_a_help_desk_agent_sees_no_partner_and_a_stranger_no_page(tenant, other_tenant, staff_client):
    assert staff_client(Role.HELP_DESK).get(address(tenant)).status_code == 403
    stranger = staff_client(Role.OWNER, other_tenant)
    for path in ("", "compare", "yours", "house/"):
        assert stranger.get(address(tenant, path)).status_code == 404
