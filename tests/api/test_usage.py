"""`/usage` says what the export says, in pages that nothing moves."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from decimal import Decimal

import pytest

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.ids import uuid7
from portal.kit.scope import tenant_scope
from tests.api.world import key_of, problem, script_of
from tests.billing.test_ledger import record
from vendors.billing.services import enter_contract_price


def add(tenant, count=1, **changes):
    with tenant_scope(tenant.id):
        return [
            record(
                idempotency_key=uuid7().hex,
                occurred_at=clock.now() - timedelta(seconds=number + 1),
                **changes,
            )
            for number in range(count)
        ]


def test_the_rows_are_exactly_those_of_the_export(tenant, staff_client):
    add(tenant, 3, department="=Sales, \u20acU")
    page = staff_client().get(f"/o/{tenant.slug}/usage/csv")
    lines = list(csv.DictReader(io.StringIO(b"".join(page.streaming_content).decode("utf-8-sig"))))
    data = script_of(tenant).get("/usage").json()["data"]
    assert len(lines) == len(data) == 3 and list(lines[0]) == list(data[0])
    for line, row in zip(lines, data, strict=True):
        written = {name: str(value) for name, value in row.items()}
        written |= {name: "yes" if row[name] else "no" for name in ("billable", "price_known")}
        assert line == {**written, "department": "'=Sales, \u20acU"}


def test_pages_follow_each_other_while_others_write(tenant):
    add(tenant, 7)
    script = script_of(tenant)
    first = script.get("/usage", {"limit": 3})
    add(tenant, 2)  # newer than everything: moves nothing
    second = script.get("/usage", {"limit": 3, "cursor": first.json()["next_cursor"]})
    third = script.get("/usage", {"limit": 3, "cursor": second.json()["next_cursor"]})
    ids = [row["id"] for page in (first, second, third) for row in page.json()["data"]]
    assert len(ids) == len(set(ids)) == 7 and third.json()["next_cursor"] is None
    assert first["Link"].startswith("<http://localhost:8000/api/v1/usage?limit=3&cursor=")


def test_a_cursor_is_of_one_list_only(tenant, other_tenant):
    for each in (tenant, other_tenant):
        add(each, 3)
    script = script_of(tenant)
    cursor = script.get("/usage", {"limit": 1}).json()["next_cursor"]
    last = "A" if cursor[-1] != "A" else "B"
    for changed in (
        cursor[:-1] + last,
        cursor[1:],
        "",
        "~",
        "after~" + uuid7().hex,
        cursor + "=",
        "\u00e9" * 43,
    ):
        answer = script.get("/usage", {"limit": 1, "cursor": changed})
        assert answer.status_code == 400 and answer.json()["code"] in {
            "cursor_unusable",
            "parameters_unusable",
        }
    problem(script.get("/usage", {"cursor": cursor, "meter": "decision"}), 400, "cursor_unusable")
    problem(script_of(other_tenant).get("/usage", {"cursor": cursor}), 400, "cursor_unusable")
    assert script.get("/usage", {"limit": 2, "cursor": cursor}).status_code == 200


def test_filters_are_the_pages(tenant):
    add(tenant, 2)
    (other,) = add(tenant, 1, outcome="retake")
    script = script_of(tenant)
    today = clock.now().date().isoformat()
    for query, count in (
        ({"outcome": "retake"}, 1),
        ({"billable": "yes"}, 2),
        ({"q": other.case_reference[:6]}, 1),
        ({"partner": "nobody"}, 0),
        ({"period": "2024-01"}, 0),
        ({"from": today, "to": today, "meter": "face_check"}, 3),
    ):
        assert len(script.get("/usage", query).json()["data"]) == count, query


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ({"patner": "house"}, "patner"),
        ({"access_token": "x"}, "access_token"),
        ({"limit": "0"}, "limit"),
        ({"limit": "501"}, "limit"),
        ({"from": "2026-02-30", "to": "2026-03-01"}, "from"),
        ({"from": "2026-03-01"}, "to"),
        ({"from": "2026-03-02", "to": "2026-03-01"}, "to"),
        ({"from": "2024-01-01", "to": "2026-03-01"}, "to"),
        ({"period": "2026-13"}, "period"),
        ({"period": "2026-11", "from": "2026-11-01", "to": "2026-11-02"}, "period"),
        ({"profile": "profile_x"}, "profile"),
        ({"department": "a\x00b"}, "department"),
        ({"outcome": ["passed", "failed"]}, "outcome"),
        ({"billable": "true"}, "billable"),
    ],
)
def test_what_cannot_be_used_is_named(tenant, query, name):
    body = problem(script_of(tenant).get("/usage", query), 400, "parameters_unusable")
    assert name in [error["name"] for error in body["errors"]]


def test_each_day_comes_to_what_its_rows_come_to(tenant):
    add(tenant, 4)
    add(tenant, 1, outcome="retake")
    script = script_of(tenant)
    body = script.get("/usage/summary").json()
    assert sum(day["charged"] for day in body["data"]) == 4 and sum(day["free"] for day in body["data"]) == 1
    assert [(total["amount"], total["entries"]) for total in body["totals"]] == [("1.000000", 5)]


def own_contract(tenant, **changes):
    return add(tenant, 1, meter="decision", vendor="persona", connection_kind="own_contract", **changes)


def test_what_nobody_entered_a_price_for_is_null_and_never_nothing(tenant, staff_client):
    moment = clock.now()
    with clock.frozen(moment - timedelta(seconds=60)):
        own_contract(tenant)
        own_contract(tenant, outcome="retake")
    script = script_of(tenant)
    (day,) = [day for day in script.get("/usage/summary").json()["data"] if day["charged"]]
    assert (day["amount"], day["unpriced"]) == (None, 1)
    with clock.frozen(moment - timedelta(seconds=30)), tenant_scope(tenant.id):
        enter_contract_price(vendor="persona", unit_price=Decimal("1.50"), currency="EUR", actor=SYSTEM)
    own_contract(tenant)
    add(tenant, 1)
    rows = script.get("/usage").json()["data"]
    told = {
        (row["unit_price"], row["amount"], row["price_known"]) for row in rows if row["partner"] == "persona"
    }
    assert told == {(None, None, False), (None, "0.000000", False), ("1.500000", "1.500000", True)}
    page = staff_client().get(f"/o/{tenant.slug}/usage/csv")
    lines = csv.DictReader(io.StringIO(b"".join(page.streaming_content).decode("utf-8-sig")))
    written = {(line["unit_price"], line["amount"], line["price_known"]) for line in lines}
    assert {("", "", "no"), ("", "0.000000", "no"), ("1.500000", "1.500000", "yes")} < written
    body = script.get("/usage/summary").json()
    (day,) = [day for day in body["data"] if day["charged"] == 2]
    assert (day["amount"], day["unpriced"]) == ("1.500000", 1)
    totals = {total["paid"]: (total["amount"], total["unpriced"]) for total in body["totals"]}
    assert totals["own_contract"] == ("1.500000", 1) and totals["through_us"][1] == 0


def test_another_organisations_checks_are_nowhere(tenant, other_tenant):
    add(other_tenant, 2)
    script = script_of(tenant)
    assert script.get("/usage").json() == {"data": [], "next_cursor": None}
    assert script.get("/usage/summary").json()["data"] == []
    (entry,) = add(other_tenant, 1)
    assert script.get("/usage", {"q": entry.case_reference[:8]}).json()["data"] == []


def test_nothing_of_a_person_is_told(tenant):
    add(tenant, 1)
    script = script_of(tenant)
    told = set(script.get("/usage").json()["data"][0])
    assert not told & {"person", "name", "email", "user_name", "case_id", "person_id"}
    assert key_of(tenant).row.label
