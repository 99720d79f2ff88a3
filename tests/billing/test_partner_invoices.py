"""A partner's own invoice against the ledger: every planted error is found, and nothing that is right is called wrong."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from portal.kit.actors import SYSTEM
from portal.kit.errors import Invalid
from portal.kit.scope import tenant_scope
from tenants.rights import Role
from tests.billing.bills import HEAD, START, billed, booked, events_of, planted, priced, sheet
from tests.billing.world import subscribe
from vendors.billing.models import Entry, PartnerDifference
from vendors.console.partner_invoices import BillFacts, compare_bill


@pytest.fixture
def partner(tenant):
    subscribe(tenant, "2026-01-01")
    return priced(tenant)


def compare(tenant, partner, body, **changes):
    facts = {
        "vendor": partner,
        "first_day": date(2026, 5, 1),
        "last_day": date(2026, 5, 31),
        "currency": "EUR",
        "file_name": "may.csv",
        **changes,
    }
    with tenant_scope(tenant.id):
        return compare_bill(body, BillFacts(**facts), actor=SYSTEM)


def kinds(tenant, bill):
    with tenant_scope(tenant.id):
        rows = PartnerDifference.objects.filter(bill=bill).order_by("position")
        return [(row.kind, row.line) for row in rows]


@pytest.mark.parametrize("known_by", ["reference", "case", "time"])
def test_a_bill_that_is_right_has_no_difference(tenant, partner, known_by):
    events = events_of(tenant, partner, 300)
    booked(events)
    lines = billed(events)
    if known_by != "reference":
        lines = [[f"own-{number}", *line[1:]] for number, line in enumerate(lines)]
    if known_by == "time":
        lines = [[line[0], "", *line[2:]] for line in lines]
    bill = compare(tenant, partner, sheet(lines))
    assert (bill.differences, bill.matched, bill.counts) == (0, len(lines), {})
    assert bill.totals["theirs"] == bill.totals["ours"]


@pytest.mark.parametrize(("known_by", "count"), [("reference", 10_000), ("case", 2_000)])
def test_of_ten_thousand_lines_every_planted_error_is_found_and_none_is_false(
    tenant, partner, known_by, count
):
    events = events_of(tenant, partner, count)
    if known_by == "case":  # each case once, as a partner knows them
        events = [{**event, "case": event["idempotency_key"][2:]} for event in events]
    booked(events)
    lines, counts = planted(events)
    if known_by == "case":
        lines = [["", *line[1:]] for line in lines]
    bill = compare(tenant, partner, sheet(lines))
    assert bill.counts == counts
    assert bill.differences == sum(counts.values()) == 57


def test_each_kind_of_difference_says_both_sides_and_what_it_changes(tenant, partner):
    events = [{**event, "quantity": 1} for event in events_of(tenant, partner, 40)]
    booked(events)
    lines = billed(events)
    lines[1][5] = lines[1][6] = "1.00"
    retake = next(event for event in events if event["outcome"] == "retake")
    free = [retake["idempotency_key"], retake["case"], retake["occurred_at"], "", "1", "0.95", "0.95", "EUR"]
    bill = compare(tenant, partner, sheet([*lines, free]))
    with tenant_scope(tenant.id):
        price, charged = PartnerDifference.objects.filter(bill=bill).order_by("position")
        assert (price.kind, price.theirs, price.ours, str(price.amount)) == (
            "price",
            "1.00",
            "0.95",
            "0.050000",
        )
        assert (charged.kind, charged.theirs, charged.ours) == ("free", "0.95", "0.00")
        assert Entry.objects.get(id=charged.entry_id).idempotency_key == retake["idempotency_key"]


def test_what_a_later_line_takes_back_is_no_double(tenant, partner):
    events = [{**event, "quantity": 1} for event in events_of(tenant, partner, 5)]
    booked(events)
    lines = billed(events)
    back = [*lines[0][:4], "-1", "0.95", "-0.95", "EUR"]
    again = list(lines[0])
    assert compare(tenant, partner, sheet([*lines, back, again])).counts == {}
    assert compare(tenant, partner, sheet([*lines, back])).counts == {"missing_there": 1}


def test_rounded_amounts_without_a_price_are_no_difference(tenant):
    subscribe(tenant, "2026-01-01")
    partner = priced(tenant, "0.125")
    events = [{**event, "quantity": 1} for event in events_of(tenant, partner, 8)]
    booked(events)
    head = [name for name in HEAD if name not in {"unit_price", "currency"}]
    lines = [[*line[:5], "0.13"] for line in billed(events)]
    assert compare(tenant, partner, sheet(lines, head)).counts == {}
    even = [[*line[:5], "0.12"] for line in billed(events)]
    assert compare(tenant, partner, sheet(even, head)).counts == {}
    wrong = [[*line[:5], "0.14"] for line in billed(events)]
    assert compare(tenant, partner, sheet(wrong, head)).counts == {"price": 8}


def test_days_semicolons_and_commas_are_read_as_partners_write_them(tenant, partner):
    events = [{**event, "quantity": 1} for event in events_of(tenant, partner, 12)]
    booked(events)
    head = ["Session ID", "Date", "Price"]
    lines = [
        [
            event["idempotency_key"].upper(),
            (START + timedelta(days=3)).strftime("%Y/%m/%d") if number < 3 else event["occurred_at"][:10],
            "0,95",
        ]
        for number, event in enumerate(event for event in events if event["outcome"] != "retake")
    ]
    bill = compare(tenant, partner, b"\xef\xbb\xbf" + sheet(lines, head, ";"))
    assert set(bill.counts) <= {"period"}  # 30 April in UTC may be 1 May in Prague
    assert bill.counts.get("unreadable") is None


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (["a", "", "yesterday", "", "1", "1", "1", "EUR"], "is not a time"),
        (["a", "", "2026-05-01T10:00Z", "", "1", "", "", "EUR"], "Neither a price nor an amount"),
        (["a", "", "2026-05-01T10:00Z", "", "1.5", "1", "1", "EUR"], "is not a whole number"),
        (["a", "", "2026-05-01T10:00Z", "", "1", "1,234", "", "EUR"], "can be read in two ways"),
        (["a", "", "2026-05-01T10:00Z", "", "1", "NaN", "", "EUR"], "is not an amount"),
        (["a", "", "2026-05-01T10:00Z", "", "1", "1e9", "", "EUR"], "is not an amount"),
        (["a", "", "2026-05-01T10:00Z", "", "1", "1", "1", "XXX"], "is not a currency we know"),
        (["a" * 121, "", "2026-05-01T10:00Z", "", "1", "1", "1", "EUR"], "longer than 120"),
        (["a", "", "2026-05-01T10:00Z", "", "1", "1", "1", "EUR", "", "more"], "This line has 10 cells"),
    ],
)
def test_a_line_that_cannot_be_read_is_told_and_the_rest_goes_on(tenant, partner, line, sentence):
    events = events_of(tenant, partner, 3)
    booked(events)
    bill = compare(tenant, partner, sheet([*billed(events), line]))
    assert bill.counts == {"unreadable": 1} and bill.lines == 4
    with tenant_scope(tenant.id):
        assert sentence in PartnerDifference.objects.get(bill=bill).theirs


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "file_empty"),
        (b"transaction_id,amount\n", "columns_missing"),
        (b"date,reference\n2026-05-01,a\n", "columns_missing"),
        (b"date,amount\n", "file_empty"),
        ("date,amount\n2026-05-01,1 €\n".encode("cp1252"), "file_not_utf8"),
        (b'date,amount\n"2026-05-01,1\n', "file_broken"),
        (b"date,amount,Amount\n", "column_twice"),
        (b"date,amount\n2026-05-01,1\x00\n", "file_not_text"),
        (b"x" * 10_000_001, "file_too_large"),
        (b"date,amount\n" + b"2026-05-01,1\n" * 20_001, "too_many_rows"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_a_sentence(tenant, partner, body, code):
    with pytest.raises(Invalid) as refused:
        compare(tenant, partner, body)
    assert refused.value.code == code and refused.value.sentence


def test_nothing_of_the_ledger_changes(tenant, partner):
    events = events_of(tenant, partner, 20)
    booked(events)
    lines, _counts = planted(events, each=1)
    with tenant_scope(tenant.id):
        before = list(Entry.objects.order_by("id").values())
    compare(tenant, partner, sheet(lines))
    with tenant_scope(tenant.id):
        assert list(Entry.objects.order_by("id").values()) == before


# ------------------------------------------------------------------ pages


def address(tenant, path=""):
    return f"/o/{tenant.slug}/usage/partner-invoices/{path}"


def form(partner, body, **changes):
    return {
        "vendor": partner,
        "first_day": "2026-05-01",
        "last_day": "2026-05-31",
        "currency": "EUR",
        "file": SimpleUploadedFile("may.csv", body, content_type="text/csv"),
        **changes,
    }


def test_a_billing_manager_compares_a_file_and_takes_the_differences_away(tenant, partner, staff_client):
    events = events_of(tenant, partner, 60)
    booked(events)
    lines, counts = planted(events, each=2)
    lines[-1][0] = "=HYPERLINK(1)"
    client = staff_client(Role.BILLING_MANAGER)
    assert "No invoice compared yet" in client.get(address(tenant)).content.decode()
    assert "Also read as" in client.get(address(tenant, "new")).content.decode()
    answer = client.post(address(tenant, "new"), form(partner, sheet(lines)))
    assert answer.status_code == 302
    page = client.get(answer["Location"]).content.decode()
    assert "Not on their invoice" in page and "Theirs less ours" in page
    assert "may.csv" in page and "<script>" not in page.partition("<main")[2]
    only = client.get(answer["Location"] + "?kind=double").content.decode()
    assert f"{counts['double']} of {counts['double']} differences" in only
    sent = b"".join(client.get(answer["Location"] + "csv").streaming_content).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(sent)))
    with tenant_scope(tenant.id):
        assert len(rows) == PartnerDifference.objects.count()
    assert not [row for row in rows if row["reference"].startswith("=")]
    assert partner in client.get(address(tenant)).content.decode()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"last_day": "2026-04-01"}, "The last day is before the first."),
        ({"last_day": "2026-12-31"}, "at most 100 days"),
        ({"first_day": "2099-01-01", "last_day": "2099-01-02"}, "have not come yet"),
        ({"vendor": "nobody"}, "Select a valid choice"),
        ({"file": ""}, "Choose a CSV file."),
        ({"file": SimpleUploadedFile("x.csv", b"a,b\n1,2\n")}, "Missing: occurred_at"),
    ],
)
def test_what_cannot_be_compared_is_refused_with_a_sentence(tenant, partner, staff_client, changes, sentence):
    booked(events_of(tenant, partner, 2))
    body = b"date,amount\n2026-05-01,1\n"
    answer = staff_client(Role.OWNER).post(address(tenant, "new"), form(partner, body, **changes))
    assert answer.status_code == 200 and sentence in answer.content.decode()


def test_another_tenant_sees_neither_bill_nor_differences(tenant, other_tenant, partner, staff_client):
    booked(events_of(tenant, partner, 2))
    bill = compare(tenant, partner, b"date,amount\n2026-05-01,1\n")
    stranger = staff_client(Role.OWNER, other_tenant)
    for path in (f"{bill.public_id}/", f"{bill.public_id}/csv"):
        assert stranger.get(address(other_tenant, path)).status_code == 404
        assert stranger.get(address(tenant, path)).status_code == 404
    assert "No contract of your own" in stranger.get(address(other_tenant, "new")).content.decode()
