"""The usage page: what is shown is what is counted, for those who may see money."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, datetime

import pytest

from portal.kit.ids import uuid7
from portal.kit.scope import tenant_scope
from portal.kit.sheets import safe_cell
from recovery.statuses import CaseStatus
from tenants.rights import Role
from tests.billing.test_budgets import cap
from tests.billing.test_ledger import record
from tests.billing.world import subscribe
from tests.recovery.console.world import make_case, make_person, published_profile
from vendors.billing.rating.billability import Outcome


def address(tenant, path=""):
    return f"/o/{tenant.slug}/usage/{path}"


def at(day, hour=12):
    return datetime(2026, 5, day, hour, tzinfo=UTC)


@pytest.fixture
def may(tenant):
    """Five checks in May: two charged on the 3rd, one retake on the 4th, two decisions of the house on the 5th."""
    with tenant_scope(tenant.id):
        made = [
            record(idempotency_key="a", occurred_at=at(3)),
            record(idempotency_key="b", occurred_at=at(3, 13)),
            record(idempotency_key="c", occurred_at=at(4), outcome=Outcome.RETAKE),
        ]
        for key, day in (("d", 5), ("e", 5)):
            made.append(
                record(
                    idempotency_key=key,
                    occurred_at=at(day),
                    meter="decision",
                    vendor="house",
                    connection_kind="free",
                    step="proofed",
                )
            )
    return made


MAY = "?from=2026-05-01&to=2026-05-31"


def rows_of(answer):
    return list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))


def test_a_billing_manager_sees_counts_totals_and_no_names(tenant, may, staff_client):
    page = staff_client(Role.BILLING_MANAGER).get(address(tenant) + MAY).content.decode()
    for entry in may:
        assert entry.case_reference in page
    assert "€0.50" in page
    assert (
        "2 charged of 3" in page and "2 checks" in page
    )  # those of the free partner are counted, not charged
    assert page.count('<a class="chart-column"') == 3
    assert "5 of 5 checks" in page


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("&partner=house", "de"),
        ("&partner=readmit", "abc"),
        ("&billable=yes", "abde"),
        ("&billable=no", "c"),
        ("&partner=readmit&billable=no", "c"),
        ("&partner=nobody", ""),
    ],
)
def test_filters_in_the_address_choose_rows_and_csv_alike(tenant, may, staff_client, query, expected):
    client = staff_client(Role.BILLING_MANAGER)
    page = client.get(address(tenant) + MAY + query).content.decode()
    wanted = {entry.public_id for entry, key in zip(may, "abcde", strict=True) if key in expected}
    assert set(re.findall(r"usage_[0-9a-z]{26}", page)) == wanted
    assert {row["id"] for row in rows_of(client.get(address(tenant, "csv") + MAY + query))} == wanted


def test_a_case_s_reference_finds_its_checks_totals_and_days_alike(tenant, may, staff_client):
    client = staff_client(Role.BILLING_MANAGER)
    for typed in (
        may[0].case_reference,
        may[0].case_reference[:6].lower(),
        may[0].case_reference.replace("-", " "),
    ):
        query = {"from": "2026-05-01", "to": "2026-05-31", "q": typed}
        page = client.get(address(tenant), query).content.decode()
        assert "1 of 1 checks" in page and "1 charged of 1" in page
        assert [row["case"] for row in rows_of(client.get(address(tenant, "csv"), query))] == [
            may[0].case_reference
        ]
    assert "No checks in this period" in client.get(address(tenant) + MAY + "&q=ZZZZZZZZ").content.decode()


@pytest.mark.parametrize(("sort", "first"), [("when", 0), ("-when", 4), ("-amount", 1), ("amount", 2)])
def test_the_list_and_its_csv_are_sorted_alike(tenant, may, staff_client, sort, first):
    client = staff_client()
    page = client.get(address(tenant) + MAY + f"&sort={sort}").content.decode()
    lines = rows_of(client.get(address(tenant, "csv") + MAY + f"&sort={sort}"))
    shown = re.findall(r"usage/(usage_[0-9a-z]{26})/", page)
    assert [line["id"] for line in lines] == list(dict.fromkeys(shown))
    assert lines[0]["amount"] == str(may[first].amount)


def test_days_are_the_tenant_s_own(tenant, staff_client):
    tenant.time_zone = "Asia/Tokyo"
    tenant.save()
    with tenant_scope(tenant.id):
        record(occurred_at=datetime(2026, 5, 3, 16, tzinfo=UTC))
    client = staff_client(Role.BILLING_MANAGER)
    assert rows_of(client.get(address(tenant, "csv") + "?from=2026-05-03&to=2026-05-03")) == []
    (row,) = rows_of(client.get(address(tenant, "csv") + "?from=2026-05-04&to=2026-05-04"))
    assert row["occurred_at"] == "2026-05-04T01:00:00+09:00"


@pytest.mark.parametrize(
    "query",
    ["?from=nonsense&to=2026-99-99", "?from=0001-01-01&to=9999-12-31", "?cursor=x", "?billable=maybe"],
)
def test_nonsense_in_the_address_shows_a_page(tenant, may, staff_client, query):
    assert staff_client().get(address(tenant) + query).status_code == 200


def test_an_empty_period_says_what_to_do(tenant, staff_client):
    assert "No checks in this period" in staff_client().get(address(tenant)).content.decode()


def test_pages_follow_each_other_without_loss(tenant, staff_client):
    with tenant_scope(tenant.id):
        for number in range(57):
            record(idempotency_key=str(number), occurred_at=at(3))
    client = staff_client()
    first = client.get(address(tenant) + MAY).content.decode()
    seen = set(re.findall(r"usage/(usage_[0-9a-z]{26})/", first))
    assert len(seen) == 50
    cursor = re.search(r"cursor=(after~[0-9a-f-]{36})", first.replace("%7E", "~"))[1]
    second = client.get(address(tenant) + MAY + f"&cursor={cursor}").content.decode()
    more = set(re.findall(r"usage/(usage_[0-9a-z]{26})/", second))
    assert len(more) == 7 and not more & seen
    assert len(rows_of(client.get(address(tenant, "csv") + MAY))) == 57


def test_an_entry_has_a_page_that_says_why(tenant, may, staff_client):
    client = staff_client(Role.BILLING_MANAGER)
    retake = client.get(address(tenant, f"{may[2].public_id}/")).content.decode()
    assert "taken again" in retake and "costs nothing" in retake and "€0.00" in retake
    charged = client.get(address(tenant, f"{may[0].public_id}/")).content.decode()
    assert "One decision is one check" in charged and "2026-01-01" in charged
    assert may[0].case_reference in charged


def test_no_case_is_linked_for_those_who_may_not_see_cases(tenant, may, staff_client):
    page = staff_client(Role.BILLING_MANAGER).get(address(tenant, f"{may[0].public_id}/")).content.decode()
    assert "/cases/" not in page


@pytest.mark.parametrize("role", [Role.HELP_DESK])
def test_who_may_not_see_money_reads_403(tenant, may, staff_client, role):
    client = staff_client(role)
    for path in ("", "csv", f"{may[0].public_id}/"):
        assert client.get(address(tenant, path)).status_code == 403


def test_a_stranger_and_another_tenant_s_entry_are_404(tenant, other_tenant, may, staff_client):
    stranger = staff_client(Role.OWNER, other_tenant)
    for path in ("", "csv", f"{may[0].public_id}/"):
        assert stranger.get(address(tenant, path)).status_code == 404
    assert stranger.get(address(other_tenant, f"{may[0].public_id}/")).status_code == 404
    assert stranger.get(address(other_tenant, "nonsense/")).status_code == 404
    assert rows_of(stranger.get(address(other_tenant, "csv") + MAY)) == []


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_a_cell_is_never_a_formula(text):
    assert safe_cell(text) == f"'{text}"


def test_a_plain_cell_is_as_it_was():
    assert safe_cell(uuid7()) and safe_cell("0.25") == "0.25"


# ------------------------------------------------------------------ what it adds up to


def test_a_billing_period_is_exact_and_days_are_whole(tenant, staff_client):
    subscribe(tenant, "2026-01-31T09:00")
    with tenant_scope(tenant.id):
        for key, moment in (("before", "2026-02-28T07:59:59+00:00"), ("in", "2026-02-28T08:00:00+00:00")):
            record(idempotency_key=key, occurred_at=datetime.fromisoformat(moment))
    client = staff_client(Role.BILLING_MANAGER)
    assert len(rows_of(client.get(address(tenant, "csv") + "?period=2026-02"))) == 1
    assert len(rows_of(client.get(address(tenant, "csv") + "?from=2026-02-28&to=2026-02-28"))) == 2
    page = client.get(address(tenant)).content.decode()
    assert page.count("?period=") == 12


def test_partners_and_outcomes_add_up_beside_decisions_and_face_checks(tenant, may, staff_client):
    page = staff_client(Role.BILLING_MANAGER).get(address(tenant) + MAY).content.decode()
    words = " ".join(re.sub(r"<[^>]+>", " ", page).split())
    assert "Face Check Passed 2 0 \u20ac0.50" in words
    assert "Face Check Taken again 0 1 \u20ac0.00" in words
    assert "Readmit house partner Passed 2 0 \u20ac0.00" in words
    assert "Partner decision 2 counted, 0 not" in words and "Face Check 2 counted, 1 not" in words


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("&outcome=retake", "c"),
        ("&meter=decision", "de"),
        ("&paid=free", "de"),
        ("&department=Sales", ""),
        ("&profile=nonsense", "abcde"),
        ("&price=nonsense", "abcde"),
    ],
)
def test_more_filters_choose_rows_and_csv_alike(tenant, may, staff_client, query, expected):
    client = staff_client(Role.BILLING_MANAGER)
    page = client.get(address(tenant) + MAY + query).content.decode()
    wanted = {entry.public_id for entry, key in zip(may, "abcde", strict=True) if key in expected}
    assert set(re.findall(r"usage_[0-9a-z]{26}", page)) == wanted
    assert {row["id"] for row in rows_of(client.get(address(tenant, "csv") + MAY + query))} == wanted


def test_the_running_cost_stands_beside_the_budgets(tenant, staff_client):
    with tenant_scope(tenant.id):
        record()
        cap("5.00", name="November")
    page = staff_client(Role.BILLING_MANAGER).get(address(tenant)).content.decode()
    assert "November" in page and "0.25 of 5.00 EUR spent" in page


def test_a_recovered_account_has_its_cost(tenant, staff_client):
    with tenant_scope(tenant.id):
        profile = published_profile()
        for status in (CaseStatus.RECOVERED, CaseStatus.RECOVERED, CaseStatus.REFUSED):
            make_case(profile, make_person(), status)
        record(quantity=5)
    page = " ".join(staff_client(Role.OWNER).get(address(tenant)).content.decode().split())
    assert "Cost of one recovered account" in page and "\u20ac0.62" in page and "2 accounts recovered" in page


def test_times_are_in_the_tenant_s_zone_and_in_utc(tenant, staff_client):
    tenant.time_zone = "Asia/Tokyo"
    tenant.save()
    with tenant_scope(tenant.id):
        record(occurred_at=datetime(2026, 5, 3, 16, tzinfo=UTC), department="=1+1")
    (row,) = rows_of(staff_client().get(address(tenant, "csv") + "?from=2026-05-04&to=2026-05-04"))
    assert row["occurred_at"] == "2026-05-04T01:00:00+09:00"
    assert row["occurred_at_utc"] == "2026-05-03T16:00:00+00:00"
    assert row["department"] == "'=1+1"
