"""The export: exactly the rows, safe in a spreadsheet, a line at a time, and written down."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.ids import uuid7
from portal.kit.scope import tenant_scope
from portal.kit.sheets import safe_cell
from tenants.audit.models import AuditEvent
from tenants.models import Tenant
from tenants.rights import Role
from tests.billing.test_ledger import record
from vendors.billing.models import Entry
from vendors.billing.selectors import UsageFilter
from vendors.billing.services import take_back
from vendors.console.usage_csv import stream_usage
from vendors.console.usage_filter import zone_of

HEADER = (
    "id,occurred_at,occurred_at_utc,case,step,meter,partner,paid,billable,why,quantity,unit_price,amount,currency,"
    "mode,outcome,profile,department,takes_back,price_known"
)


def add(tenant, count=1, **changes):
    with tenant_scope(tenant.id):
        return [
            record(
                **{
                    "idempotency_key": uuid7().hex,
                    "occurred_at": clock.now() - timedelta(seconds=9),
                    **changes,
                }
            )
            for _number in range(count)
        ]


def csv_of(client, tenant, query=""):
    answer = client.get(f"/o/{tenant.slug}/usage/csv{query}")
    assert answer.status_code == 200 and answer["Content-Type"] == "text/csv; charset=utf-8"
    return b"".join(answer.streaming_content)


def test_a_file_is_this_to_the_byte(tenant, staff_client):
    Tenant.objects.filter(id=tenant.id).update(time_zone="Europe/Prague")
    moment = datetime(2026, 7, 31, 23, 30, 5, 999_999, tzinfo=UTC)
    (entry,) = add(tenant, occurred_at=moment, department="Sales, „Nord“", quantity=3)
    found = csv_of(staff_client(Role.BILLING_MANAGER), tenant, "?from=2026-08-01&to=2026-08-01").decode()
    assert found == (
        f"\ufeff{HEADER}\r\n{entry.public_id},2026-08-01T01:30:05+02:00,2026-07-31T23:30:05+00:00,"
        f"{entry.case_reference},face_checked,face_check,readmit,through_us,yes,decided,3,0.250000,0.750000,EUR,"
        f'production,passed,,"Sales, „Nord“",,yes\r\n'
    )


def test_what_was_taken_back_stays_a_number_that_adds_up(tenant, staff_client):
    add(tenant, 2)
    (wrong,) = add(tenant)
    with tenant_scope(tenant.id):
        take_back(wrong, actor=SYSTEM)
    lines = list(csv.DictReader(io.StringIO(csv_of(staff_client(), tenant).decode("utf-8-sig"))))
    assert sum(Decimal(line["amount"]) for line in lines) == Decimal("0.50")
    assert {line["takes_back"] for line in lines} == {"", wrong.public_id}


@pytest.mark.parametrize(
    "start", ["=", "+", "-", "@", "\t=", "\r=", "\n=", "＝", "＋", "－", "＠", " =", "\u3000="]
)
def test_no_cell_is_run(tenant, staff_client, start):
    add(tenant, department=f"{start}HYPERLINK(1)")
    (line,) = csv.DictReader(io.StringIO(csv_of(staff_client(), tenant).decode("utf-8-sig"), newline=""))
    assert line["department"].startswith("'")


def test_numbers_are_no_texts():
    assert [safe_cell(value) for value in (Decimal("-0.250000"), -3, "-3", Decimal("0E-6"))] == [
        "-0.250000",
        "-3",
        "'-3",
        "0.000000",
    ]


def test_who_took_what_away_is_written_down(tenant, staff_client):
    csv_of(staff_client(Role.AUDITOR), tenant, "?from=2026-08-01&to=2026-08-31&partner=house")
    with tenant_scope(tenant.id):
        (event,) = AuditEvent.objects.filter(name="usage:entries:export")
    assert event.data == {"since": "2026-08-01", "until": "2026-08-31", "filters": ["partner"]}
    assert event.actor_kind == "member"


def test_the_page_says_what_the_file_will_hold(tenant, staff_client):
    add(tenant, 3)
    client = staff_client(Role.BILLING_MANAGER)
    page = client.get(f"/o/{tenant.slug}/usage/export?meter=face_check").content.decode()
    assert "3 checks" in page and f"/o/{tenant.slug}/usage/csv?meter=face_check" in page
    assert (
        "No checks in these days"
        in client.get(f"/o/{tenant.slug}/usage/export?meter=decision").content.decode()
    )


def test_another_organisations_rows_are_in_no_file(tenant, other_tenant, staff_client):
    (theirs,) = add(other_tenant)
    assert theirs.public_id not in csv_of(staff_client(), tenant).decode()
    assert staff_client().get(f"/o/{other_tenant.slug}/usage/csv").status_code == 404


def test_whoever_breaks_off_leaves_nothing_behind(tenant):
    """No transaction, no cursor of the database, no scope."""
    add(tenant, 3)
    with tenant_scope(tenant.id):
        assert Entry.objects.count() == 3
    today = clock.now().date()
    chosen = UsageFilter(today - timedelta(days=1), today + timedelta(days=1), zone_of(tenant))
    lines = stream_usage(tenant.id, chosen)
    assert next(lines).startswith("\ufeffid") and next(lines)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_cursors")
        assert cursor.fetchone() == (1,)
    lines.close()
    assert not connection.in_atomic_block
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_cursors")
        assert cursor.fetchone() == (0,)
