"""Invoices in the console: every amount as the ledger has it, and the checks behind each."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.money import Money
from portal.kit.scope import tenant_scope
from tenants.audit.models import AuditEvent
from tenants.rights import Role
from tests.billing.world import close, event, load, record_file, subscribe
from vendors.billing.models import Invoice, InvoiceLine, UsageEntry
from vendors.billing.services import grant_credit, take_back

TIERS = [
    {"up_to": 100, "unit_price": "1.20"},
    {"up_to": None, "unit_price": "1.00"},
]


def address(tenant, path=""):
    return f"/o/{tenant.slug}/usage/invoices/{path}"


def words(answer):
    page = answer.content.decode()
    return " ".join(re.sub(r"<[^>]+>", " ", page.partition("<main")[2]).split())


@pytest.fixture
def used(tenant, tmp_path):
    def record(partner, day, *quantities, **more):
        events = [event(tenant, partner, day, number, **more) for number in quantities]
        code, results = record_file(tmp_path, events)
        assert code == 0, results

    return record


@pytest.fixture
def february(tenant, used):
    """A closed period with tiers, something included, a late event on the next invoice and a credit note after it."""
    partner = load(model="graduated", tiers=TIERS, included=50)
    subscribe(tenant, "2026-01-31")
    used(partner, "2026-02-01", 60, 70)
    close(tenant, "2026-01")
    used(partner, "2026-02-02", 3)
    used(partner, "2026-03-05", 9)
    close(tenant, "2026-02")
    with tenant_scope(tenant.id):
        take_back(UsageEntry.objects.get(quantity=70), actor=SYSTEM)
    close(tenant, "2026-03")
    return partner


def document(tenant, kind, period):
    with tenant_scope(tenant.id):
        return Invoice.objects.get(kind=kind, period=period)


def test_the_list_says_number_period_and_total_and_notes_stand_under_their_invoice(
    tenant, february, staff_client
):
    client = staff_client(Role.BILLING_MANAGER)
    page = words(client.get(address(tenant)))
    slug = tenant.slug.upper()
    assert f"INV-{slug}-2026-01-EUR-1 31 Jan – 27 Feb 2026 Issued None noted €90.00" in page
    assert f"€90.00 CN-{slug}-2026-01-EUR-1 31 Jan – 27 Feb 2026 Credit note None noted −€" in page
    assert "Draft in EUR Open the draft" in page
    so_far = client.get(address(tenant, "so-far")).content.decode()
    assert "€0.00" in so_far and "running/EUR/" in so_far


def test_an_invoice_says_how_each_amount_comes_about(tenant, february, staff_client):
    client = staff_client(Role.BILLING_MANAGER)
    first = words(client.get(address(tenant, f"{document(tenant, 'invoice', '2026-01').public_id}/")))
    assert "50 included 50 × 1.20 EUR 30 × 1.00 EUR 2 entries behind it 130 €90.00" in first
    assert "Credit notes about this invoice" in first
    second = words(client.get(address(tenant, f"{document(tenant, 'invoice', '2026-02').public_id}/")))
    assert "For 2026-01, which was closed before this came" in second
    note = document(tenant, "credit_note", "2026-01")
    page = client.get(address(tenant, f"{note.public_id}/")).content.decode()
    assert f"/invoices/{document(tenant, 'invoice', '2026-01').public_id}/" in page
    assert "-70" in words(client.get(address(tenant, f"{note.public_id}/")))


def test_a_line_opens_to_as_many_entries_as_it_says_also_what_came_late_or_was_taken_back(
    tenant, february, staff_client
):
    client = staff_client(Role.BILLING_MANAGER)
    with tenant_scope(tenant.id):
        lines = list(InvoiceLine.objects.filter(kind="usage").select_related("invoice"))
        found = {entry.public_id: entry.quantity for entry in UsageEntry.objects.all()}
    assert len(lines) == 4
    seen: list[str] = []
    for row in lines:
        page = client.get(address(tenant, f"{row.invoice.public_id}/lines/{row.position}")).content.decode()
        ids = list(dict.fromkeys(re.findall(r"usage_[0-9a-z]{26}", page)))
        assert len(ids) == row.entries
        assert sum(found[each] for each in ids) == row.quantity
        seen += ids
    assert sorted(seen) == sorted(found)  # each check stands behind one line


def test_entries_are_shown_fifty_at_a_time(tenant, used, staff_client):
    partner = load(unit_price="1.00")
    subscribe(tenant, "2026-01-01")
    used(partner, "2026-01-05", *[1] * 57)
    (invoice,) = close(tenant, "2026-01")
    client = staff_client(Role.BILLING_MANAGER)
    first = client.get(address(tenant, f"{invoice.public_id}/lines/1")).content.decode()
    assert "50 of 57 entries" in first
    cursor = re.search(r"cursor=(after~[0-9a-f-]{36})", first.replace("%7E", "~"))[1]
    more = client.get(address(tenant, f"{invoice.public_id}/lines/1?cursor={cursor}")).content.decode()
    ids = [set(re.findall(r"usage_[0-9a-z]{26}", page)) for page in (first, more)]
    assert len(ids[1]) == 7 and len(ids[0] | ids[1]) == 57


def test_a_case_is_two_clicks_away_for_those_who_see_cases(tenant, february, staff_client):
    invoice = document(tenant, "invoice", "2026-01")
    owner, manager = staff_client(Role.OWNER), staff_client(Role.BILLING_MANAGER)
    page = owner.get(address(tenant, f"{invoice.public_id}/")).content.decode()
    (line_url,) = set(re.findall(r'href="([^"]+/lines/1)"', page))
    assert "/recovery/cases/case_" in owner.get(line_url).content.decode()
    without = manager.get(line_url).content.decode()
    assert "/recovery/cases/" not in without.partition("<main")[2]


def test_the_running_period_opens_to_its_entries_too(tenant, used, staff_client):
    partner = load(unit_price="1.50", minimum="20.00")
    subscribe(tenant, "2026-01-01")
    used(partner, clock.now().strftime("%Y-%m-%dT%H:%M:%SZ"), 4)
    client = staff_client(Role.BILLING_MANAGER)
    page = client.get(address(tenant, "running/EUR/")).content.decode()
    assert "A period with use costs at least 20 EUR" in page and "€20.00" in page
    (line_url,) = set(re.findall(r'href="([^"]+/running/EUR/[^"]+)"', page))
    assert len(set(re.findall(r"usage_[0-9a-z]{26}", client.get(line_url).content.decode()))) == 1
    assert client.get(address(tenant, "running/XXX/")).status_code == 404


def test_a_credit_has_no_checks_behind_it(tenant, used, staff_client):
    partner = load(unit_price="1.00")
    subscribe(tenant, "2026-05-01")
    with clock.frozen(datetime(2026, 5, 2, tzinfo=UTC)), tenant_scope(tenant.id):
        grant_credit(key="a", credit=Money(3000, "EUR"), expires_at=None, actor=SYSTEM)
    used(partner, "2026-05-10", 62)
    (invoice,) = close(tenant, "2026-05")
    client = staff_client(Role.BILLING_MANAGER)
    assert "Credit −€30.00 Net €32.00" in words(client.get(address(tenant, f"{invoice.public_id}/")))
    page = words(client.get(address(tenant, f"{invoice.public_id}/lines/2")))
    assert "No checks behind this line" in page
    assert client.get(address(tenant, f"{invoice.public_id}/lines/3")).status_code == 404


def test_another_tenant_reads_404_and_an_unknown_number_too(tenant, other_tenant, february, staff_client):
    stranger = staff_client(Role.OWNER, other_tenant)
    path = f"{document(tenant, 'invoice', '2026-01').public_id}/"
    assert stranger.get(address(tenant, path)).status_code == 404
    for wrong in (path, path + "lines/1", "nonsense/", "running/EUR/2026-01/nonsense"):
        assert stranger.get(address(other_tenant, wrong)).status_code == 404


# ------------------------------------------------------------------ billing details

DETAILS = {
    "legal_name": "Žluťoučký kůň s.r.o.",
    "address": "Dlouhá 1\r\n\r\n110 00   Praha",
    "country": "cz",
    "tax_id": "CZ12345678",
    "purchase_order": "PO-7",
    "cost_centre": "4711",
}


def saved(client, tenant, **changes):
    page = client.get(address(tenant, "details")).content.decode()
    seen = re.search(r'name="seen" value="([^"]+)"', page)
    return client.post(address(tenant, "details"), {**DETAILS, **changes, "seen": seen[1] if seen else ""})


def test_details_hold_from_the_next_invoice_on_and_an_issued_one_stays(tenant, used, staff_client):
    partner = load(unit_price="1.00")
    subscribe(tenant, "2026-01-01")
    used(partner, "2026-01-05", 1)
    (before,) = close(tenant, "2026-01")
    client = staff_client(Role.BILLING_MANAGER)
    assert saved(client, tenant).status_code == 302
    (after,) = close(tenant, "2026-02")
    old = words(client.get(address(tenant, f"{before.public_id}/")))
    new = words(client.get(address(tenant, f"{after.public_id}/")))
    assert tenant.name in old and "PO-7" not in old
    assert "Žluťoučký kůň s.r.o. Dlouhá 1 110 00 Praha CZ Tax number CZ12345678" in new
    assert "Purchase-order number PO-7 Cost centre 4711" in new
    with tenant_scope(tenant.id):
        (told,) = AuditEvent.objects.filter(name="usage:billing_details:change")
        assert "PO-7" not in str(told.data) and told.data["changed"][0] == "legal_name"


def test_two_who_save_at_once_do_not_undo_each_other_and_the_same_again_changes_nothing(tenant, staff_client):
    client = staff_client(Role.OWNER)
    stale = re.search(
        r'name="seen" value="([^"]+)"', client.get(address(tenant, "details")).content.decode()
    )[1]
    assert saved(client, tenant).status_code == 302
    answer = client.post(address(tenant, "details"), {**DETAILS, "purchase_order": "X", "seen": stale})
    assert answer.status_code == 200 and "It says now: PO-7" in answer.content.decode()
    assert saved(client, tenant).status_code == 302
    with tenant_scope(tenant.id):
        assert AuditEvent.objects.filter(name="usage:billing_details:change").count() == 1


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"legal_name": " "}, "Say whom invoices are made out to."),
        ({"country": "C1"}, "Two letters, for example CZ."),
        ({"address": "a\n" * 7}, "An address has at most six lines."),
        ({"tax_id": "a\u202eb"}, "This holds a character that cannot be printed."),
        ({"cost_centre": "x" * 61}, "at most 60 characters"),
    ],
)
def test_details_that_cannot_be_are_refused_with_a_sentence(tenant, staff_client, wrong, sentence):
    answer = saved(staff_client(Role.OWNER), tenant, **wrong)
    assert answer.status_code == 200 and sentence in answer.content.decode()
