"""Several own OpenID Providers of one organisation: each by its name, with its own settings, order, price and return address,
and none that answers in another's place."""

from __future__ import annotations

import html
import io
import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import call_command

from portal.kit.actors import SYSTEM
from portal.kit.errors import Invalid, NotHere
from portal.kit.scope import tenant_scope
from recovery.ordering import partner_for
from recovery.stages import Stage
from tenants.audit.models import AuditEvent
from tenants.notices.models import StaffMail
from tenants.rights import Role
from tests.conftest import make_member, make_tenant
from tests.recovery.journey import Journey, Place, work
from tests.vendors.hostile import CLIENT_ID, CLIENT_SECRET, HostileProvider, make_jpeg
from vendors import services
from vendors.addresses import return_url_of
from vendors.billing.models import UsageEntry
from vendors.buying import tell_purchase
from vendors.catalogue.models import Purchase
from vendors.catalogue.purchase_status import PurchaseStatus
from vendors.connecting import MOST_NAMED, ContractTerms
from vendors.console.invoice_words import product_name
from vendors.contract import PartnerDown
from vendors.health import note_fault
from vendors.management import waiting
from vendors.models import Connection
from vendors.registry import adapter_of, is_listed, listed_as, own_name
from vendors.wording import partner_name

NORTH = "oidc-north-bank"


def bring(provider: HostileProvider, key: str, price: str = "2.50") -> Connection:
    return services.bring_own_partner(
        key,
        config={"issuer": provider.issuer, "client_id": CLIENT_ID},
        secrets={"client_secret": CLIENT_SECRET},
        terms=ContractTerms(Decimal(price), "EUR"),
        actor=SYSTEM,
    )


@pytest.fixture
def north(place: Place) -> Iterator[HostileProvider]:
    """A second provider, that knows its own return address alone; the profile asks it first."""
    other = HostileProvider()
    other.answers.portrait = make_jpeg()
    other.answers.addresses = [return_url_of(place.tenant.slug, NORTH)]
    with tenant_scope(place.tenant.id):
        made = bring(other, NORTH)
    work(place.tenant)
    place.set_profile(partners=[str(made.id), str(place.connection.id)])
    yield other
    other.close()


def refusals(place: Place) -> list[tuple[str, str]]:
    with tenant_scope(place.tenant.id):
        found = AuditEvent.objects.filter(name="partner:proofing:refuse").order_by("created_at", "id")
        return [(event.data["vendor"], event.data["code"]) for event in found]


def calls(provider: HostileProvider, path: str = "/token") -> int:
    return provider.calls.count(path)


def alerts() -> int:
    return StaffMail.objects.filter(template="staff_partner_answer").count()


# ------------------------------------------------------------------ the key


@pytest.mark.parametrize(
    ("key", "listing", "name"),
    [
        ("oidc", "oidc", ""),
        (NORTH, "oidc", "north-bank"),
        ("oidc-", "oidc-", ""),
        ("oidc--x", "oidc--x", ""),
        ("oidc-North", "oidc-North", ""),
        ("oidc-" + "x" * 31, "oidc-" + "x" * 31, ""),
        ("oidc-../hooks", "oidc-../hooks", ""),
        ("persona-mine", "persona-mine", ""),
        ("house-two", "house-two", ""),
        ("nobody-x", "nobody-x", ""),
    ],
)
def test_only_a_listing_that_takes_names_has_named_connections(key: str, listing: str, name: str):
    assert (listed_as(key), own_name(key)) == (listing, name)
    assert is_listed(key) is (listing == "oidc")
    if listing != "oidc":
        with pytest.raises(NotHere):
            adapter_of(key)


# ------------------------------------------------------------------ a recovery with two


def test_each_is_asked_in_its_place_and_counted_at_its_price(place: Place, north, browser: Journey):
    browser.begin("ada")
    assert "North bank" in html.unescape(browser.get("/recover/consent").content.decode())
    browser.place.provider = north
    browser.consent().come_back(browser.at_partner(), to=f"/recover/return/{NORTH}")
    assert browser.stage is Stage.CREDENTIAL
    with tenant_scope(place.tenant.id):
        (entry,) = UsageEntry.objects.filter(meter="decision")
        assert (entry.vendor, entry.unit_price) == (NORTH, Decimal("2.50"))
        assert partner_name(NORTH) == "North bank" and partner_name("oidc") != "North bank"


def test_people_read_the_title_that_the_administrator_chose(
    place: Place, north, browser: Journey, staff_client: Any
):
    client = staff_client(Role.OWNER, place.tenant)
    address = f"/o/{place.tenant.slug}/partners/{NORTH}/settings"
    page = client.get(address).content.decode()
    assert 'value="North bank"' in page
    seen = re.search(r'name="seen"[^>]*value="([^"]*)"', page)
    assert seen is not None
    typed = {
        "issuer": north.issuer,
        "client_id": CLIENT_ID,
        "unit_price": "2.5",
        "currency": "EUR",
        "seen": seen[1],
    }
    for wrong in ("", "persona", "   ", "Nord\u202elicht", "x" * 61):
        assert client.post(address, {**typed, "title": wrong}).status_code == 200
    assert client.post(address, {**typed, "title": "Nordlicht <ID>"}).status_code == 302
    # The page it was filled from is old now.
    assert client.post(address, {**typed, "title": "Another"}).status_code == 200
    work(place.tenant)
    browser.begin("ada")
    assert "Nordlicht &lt;ID&gt;" in browser.get("/recover/consent").content.decode()
    for where in (f"partners/{NORTH}/", "partners/oidc/", f"recovery/profiles/{place.profile.public_id}/"):
        assert "Nordlicht &lt;ID&gt;" in client.get(f"/o/{place.tenant.slug}/{where}").content.decode(), where
    with tenant_scope(place.tenant.id):
        # Usage and invoices of before still say it.
        services.remove_partner(Connection.objects.get(vendor=NORTH).id, actor=SYSTEM)
        assert partner_name(NORTH) == "Nordlicht <ID>"
        assert product_name("decision", NORTH) == "Decisions of Nordlicht <ID>"
    # Another organisation has a partner of this key and calls it nothing.
    with tenant_scope(make_tenant().id):
        assert partner_name(NORTH) == "North bank"


def test_one_that_rests_gives_way_to_the_other(place: Place, north, browser: Journey):
    with tenant_scope(place.tenant.id):
        for _ in range(3):
            note_fault(Connection.objects.get(vendor=NORTH), PartnerDown("silent"))
    browser.begin("ada").prove()
    assert browser.stage is Stage.CREDENTIAL and calls(north) == 0
    with tenant_scope(place.tenant.id):
        assert UsageEntry.objects.get(meter="decision").vendor == "oidc"


# ------------------------------------------------------------------ one that answers for the other


def test_an_answer_at_another_s_address_is_refused_told_and_written_down_once(
    place: Place, north, browser: Journey
):
    make_member(place.tenant, Role.ADMINISTRATOR)
    told, first = alerts(), place.provider
    before = calls(first)
    browser.begin("ada")
    browser.place.provider = north
    query = browser.consent().at_partner()
    for wrong in ("/recover/return", "/recover/return/oidc-south", "/recover/return/oidc", "/recover/return"):
        browser.come_back(query, to=wrong)
        assert browser.last.status_code == 200 and browser.stage is Stage.PARTNER
    assert (calls(north), calls(first)) == (0, before)
    assert refusals(place) == [(NORTH, "return_address_of_another")]
    assert alerts() == told + 1
    # The person's own way back still works.
    browser.come_back(query, to=f"/recover/return/{NORTH}")
    assert browser.stage is Stage.CREDENTIAL


def test_the_unnamed_one_is_not_answered_at_a_named_address(place: Place, north, browser: Journey):
    place.set_profile(partners=[str(place.connection.id)])
    browser.begin("ada")
    query = browser.consent().at_partner()
    before = calls(place.provider)
    browser.come_back(query, to=f"/recover/return/{NORTH}")
    assert calls(place.provider) == before
    assert refusals(place) == [("oidc", "return_address_of_another")]


def test_an_answer_that_names_the_other_as_its_issuer_is_refused_told_and_written_down(
    place: Place, north, browser: Journey
):
    """The other sends its own code and issuer with the word that belongs to this attempt (RFC 9207)."""
    make_member(place.tenant, Role.ADMINISTRATOR)
    told, first = alerts(), place.provider
    before = calls(first)
    browser.begin("ada")
    browser.place.provider = north
    query = browser.consent().at_partner()
    browser.come_back({**query, "iss": [first.issuer]}, to=f"/recover/return/{NORTH}")
    assert (calls(north), calls(first)) == (0, before)
    assert refusals(place) == [(NORTH, "answer_of_another_issuer")]
    assert alerts() == told + 1
    assert browser.stage is not Stage.CREDENTIAL
    assert not any(billable for _meter, billable, _why in browser.usage())


def test_a_word_of_nobody_s_attempt_tells_nothing_and_writes_nothing(place: Place, north, browser: Journey):
    browser.begin("ada")
    browser.place.provider = north
    query = browser.consent().at_partner()
    stranger = place.browser()
    stranger.come_back(query, to="/recover/return")
    stranger.come_back({**query, "state": ["x" * 43]}, to=f"/recover/return/{NORTH}")
    assert refusals(place) == [] and calls(north) == 0


# ------------------------------------------------------------------ the console


def test_another_is_connected_from_the_page_of_the_listing(place: Place, north, staff_client: Any):
    client = staff_client(Role.ADMINISTRATOR, place.tenant)
    base = f"/o/{place.tenant.slug}/partners"
    page = client.get(f"{base}/oidc/").content.decode()
    assert "North bank" in page and north.issuer in page and "Connect another" in page
    to = client.post(f"{base}/oidc/another", {"name": "  South   Bank "})
    assert to.url == f"{base}/oidc-south-bank/settings"
    settings = client.get(to.url).content.decode()
    assert "South bank" in settings and "/recover/return/oidc-south-bank" in settings
    assert client.post(f"{base}/oidc/another", {"name": "North bank"}).url == f"{base}/{NORTH}/"
    for wrong in ("", "Müller", "a/b", "../x", "x" * 31, "-", "<b>"):
        assert client.post(f"{base}/oidc/another", {"name": wrong}).url == f"{base}/oidc/"
    for path in (f"{NORTH}/", f"{NORTH}/record", f"{NORTH}/settings", "yours", f"{NORTH}/remove"):
        answer = client.get(f"{base}/{path}")
        assert answer.status_code == 200 and "North bank" in answer.content.decode(), path
    for path in ("oidc-nobody/", "oidc-nobody/record", "persona-mine/", "oidc-north-/"):
        assert client.get(f"{base}/{path}").status_code == 404, path
    assert client.post(f"{base}/persona/another", {"name": "x"}).status_code == 404


def test_a_neighbour_finds_no_connection_of_that_name(place: Place, north, other_tenant, staff_client: Any):
    client = staff_client(Role.OWNER, other_tenant)
    assert client.get(f"/o/{other_tenant.slug}/partners/{NORTH}/").status_code == 404
    assert client.get(f"/o/{place.tenant.slug}/partners/{NORTH}/").status_code == 404
    assert "North bank" not in client.get(f"/o/{other_tenant.slug}/partners/oidc/").content.decode()


def test_there_are_at_most_ten(place: Place):
    with tenant_scope(place.tenant.id):
        for number in range(MOST_NAMED):
            Connection.objects.create(vendor=f"oidc-n{number}", kind="own_contract", status="ready")
        with pytest.raises(Invalid, match="partners_many"):
            bring(place.provider, "oidc-one-more")
        # One that is there is changed as before.
        assert bring(place.provider, "oidc-n3").config["issuer"] == place.provider.issuer


def test_removing_one_leaves_the_other_and_its_recoveries(place: Place, north, browser: Journey):
    with tenant_scope(place.tenant.id):
        services.remove_partner(Connection.objects.get(vendor=NORTH).id, actor=SYSTEM)
    browser.begin("ada").prove()
    assert browser.stage is Stage.CREDENTIAL
    with tenant_scope(place.tenant.id):
        assert partner_for(browser.case) == place.connection


def test_a_request_for_a_contract_is_done_when_one_of_several_works(place: Place):
    with tenant_scope(place.tenant.id):
        Purchase.objects.create(slug="oidc", plan="", currency="EUR", status=PurchaseStatus.REQUESTED)
        ready = Connection.objects.create(vendor="oidc-a", kind="own_contract", status="ready")
        gone = Connection.objects.create(vendor="oidc-b", kind="own_contract", status="removed")
        for one in (ready, gone):
            tell_purchase(one)
        assert Purchase.objects.get().status == PurchaseStatus.READY


# ------------------------------------------------------------------ commands


def test_commands_take_its_key(place: Place, north, monkeypatch, tmp_path):
    monkeypatch.setattr(waiting, "GRACE_SECONDS", 0.0)
    monkeypatch.setattr(waiting, "LOOK_SECONDS", 0.0)
    place.person("ada")

    def run(*arguments: str) -> tuple[int, Any]:
        out = io.StringIO()
        with pytest.raises(SystemExit) as left:
            call_command(*arguments, "--json", stdout=out, stderr=io.StringIO())
        return int(left.value.code or 0), json.loads(out.getvalue() or "null")

    at = ("--tenant", place.tenant.slug, "--vendor")
    file = tmp_path / "south.json"
    settings = {"issuer": place.provider.issuer, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    file.write_text(json.dumps({**settings, "unit_price": 3}))
    code, told = run("connect_vendor", *at, "oidc-south", "--config", str(file))
    assert (code, told["vendor"], told["status"]) == (0, "oidc-south", "ready")
    assert told["return_url"].endswith("/recover/return/oidc-south")
    assert run("test_vendor", *at, NORTH)[0] == 0
    code, begun = run("start_proofing", *at, NORTH, "--person", "ada")
    assert code == 0 and begun["address"].startswith(north.issuer)
    assert run("test_vendor", *at, "oidc-nobody")[0] == 1
    assert run("connect_vendor", *at, "persona-mine", "--config", str(file))[0] == 1
