"""The sums of the usage page equal a recount of the entries: at every moment, for every filter, whoever wrote meanwhile."""

from __future__ import annotations

import json
import random
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, connections

from portal.kit.actors import SYSTEM
from portal.kit.ids import uuid7
from portal.kit.scope import tenant_scope
from tenants.audit.models import AuditEvent
from tests.billing.test_ledger import record
from tests.billing.world import event, load, record_file, run
from vendors.billing.book import zone_named
from vendors.billing.day_sums import Group, groups_of
from vendors.billing.models import UsageDay, UsageDays, UsageEntry, UsagePending
from vendors.billing.rating.billability import Outcome
from vendors.billing.rating.periods import Period
from vendors.billing.rollups import check_days, rebuild_days, roll_up
from vendors.billing.selectors import UsageFilter
from vendors.billing.services import take_back
from vendors.billing.tasks import check_usage_days, roll_up_usage

PRAGUE = ZoneInfo("Europe/Prague")
PROFILES = (None, uuid7(), uuid7())
COLUMNS = ("day", *UsageDay.ALIKE)


def recounted(chosen, columns=COLUMNS):
    """From the entries one by one."""
    found = {}
    for entry in UsageEntry.objects.filter(occurred_at__gte=chosen.start, occurred_at__lt=chosen.end):
        if any(getattr(entry, name) != value for name, value in chosen.equals.items()):
            continue
        day = entry.occurred_at.astimezone(chosen.zone).date()
        key = tuple(day if name == "day" else getattr(entry, name) for name in columns)
        known = found.get(key, Group(key, 0, 0, Decimal(0)))
        found[key] = Group(
            key, known.entries + 1, known.quantity + entry.quantity, known.amount + entry.amount
        )
    return found


def summed(chosen, columns=COLUMNS):
    return {group.key: group for group in groups_of(chosen, *columns)}


def spring(zone=PRAGUE, **more):
    return UsageFilter(date(2026, 3, 1), date(2026, 4, 30), zone, **more)


def some(tenant, chance, count):
    """Entries around both ends of the filter and around the change of the clocks."""
    with tenant_scope(tenant.id):
        for _number in range(count):
            record(
                idempotency_key=str(uuid7()),
                outcome=chance.choice([Outcome.PASSED, Outcome.FAILED, Outcome.RETAKE]),
                quantity=chance.randint(1, 4),
                profile_id=chance.choice(PROFILES),
                department=chance.choice(["", "Sales", "R&D"]),
                occurred_at=datetime(2026, 2, 26, tzinfo=UTC)
                + timedelta(minutes=chance.randrange(66 * 24 * 60)),
            )


def test_sums_equal_the_entries_before_while_and_after_they_are_rolled_up(tenant):
    chance = random.Random(3)
    tenant.time_zone = "Europe/Prague"
    tenant.save()
    period = Period("2026-03", datetime(2026, 3, 3, 8, tzinfo=UTC), datetime(2026, 4, 3, 7, tzinfo=UTC))
    short = Period("2026-03", datetime(2026, 3, 3, 8, tzinfo=UTC), datetime(2026, 3, 3, 20, tzinfo=UTC))
    filters = [
        spring(),
        spring(profile_id=PROFILES[1]),
        spring(billable=False),
        spring(department="Sales", outcome="passed"),
        spring(period=period),
        spring(period=short),
        spring(zone=ZoneInfo("Asia/Tokyo")),
    ]
    some(tenant, chance, 30)
    for _round in range(3):
        with tenant_scope(tenant.id):
            for chosen in filters:
                assert summed(chosen) == recounted(chosen)
                assert summed(chosen, ("department",)) == recounted(chosen, ("department",))
            roll_up()
            for chosen in filters:
                assert summed(chosen) == recounted(chosen)
            assert not UsagePending.objects.filter(tenant_id=tenant.id).exists()
            take_back(UsageEntry.objects.filter(kind="usage").order_by("?").first(), actor=SYSTEM)
            for chosen in filters:
                assert summed(chosen) == recounted(chosen)
            assert check_days(repair=False) == []
        some(tenant, chance, 10)


def test_a_whole_day_is_read_from_its_row_and_not_from_the_entries(tenant):
    with tenant_scope(tenant.id):
        record(occurred_at=datetime(2026, 3, 3, 12, tzinfo=UTC))
        roll_up()
        UsageDay.objects.update(quantity=70)
        assert [group.quantity for group in groups_of(spring(zone_named(tenant.time_zone)), "day")] == [70]


def test_a_recount_finds_what_differs_and_rebuilds_it(tenant):
    with tenant_scope(tenant.id):
        for hour in (1, 30, 60):
            record(
                idempotency_key=str(hour),
                occurred_at=datetime(2026, 3, 3, tzinfo=UTC) + timedelta(hours=hour),
            )
        roll_up()
        UsageDay.objects.filter(day=date(2026, 3, 4)).update(amount=7)
        UsageDay.objects.filter(day=date(2026, 3, 5)).delete()
    code, out, _err = run("roll_up", "--tenant", tenant.slug, "--check", "--json")
    (days,) = [each["differing"] for each in json.loads(out)["organisations"]]
    assert (code, [day["day"] for day in days]) == (1, ["2026-03-04", "2026-03-05"])
    assert (days[1]["entries"], days[1]["rolled_up"]) == (1, 0)
    assert run("roll_up", "--tenant", tenant.slug)[0] == 1
    assert run("roll_up", "--tenant", tenant.slug, "--check")[0] == 0
    assert run("roll_up", "--tenant", "nobody-here")[0] == 1


def test_the_nightly_check_mends_every_organisation(tenant, other_tenant):
    for each in (tenant, other_tenant):
        with tenant_scope(each.id):
            record()
            rebuild_days()
            UsageDay.objects.update(entries=9)
    check_usage_days()
    for each in (tenant, other_tenant):
        with tenant_scope(each.id):
            assert UsageDay.objects.get().entries == 1 and check_days(repair=False) == []


def test_the_worker_adds_what_waits_and_writes_down_its_digest(tenant):
    with tenant_scope(tenant.id):
        record(), record(idempotency_key="two")
    roll_up_usage()
    with tenant_scope(tenant.id):
        assert sum(UsageDay.objects.values_list("entries", flat=True)) == 2
        (noted,) = AuditEvent.objects.filter(name="usage:entries:count")
        assert noted.data["rows"] == 2 and len(noted.data["rows_digest"]) == 64


def test_days_move_with_the_organisation_s_time_zone(tenant):
    tenant.time_zone = "UTC"
    tenant.save()
    moment = datetime(2026, 3, 3, 23, 30, tzinfo=UTC)
    with tenant_scope(tenant.id):
        record(occurred_at=moment)
        roll_up()
        assert UsageDay.objects.get().day == date(2026, 3, 3)
    tenant.time_zone = "Europe/Prague"
    tenant.save()
    with tenant_scope(tenant.id):
        assert [group.key for group in groups_of(spring(), "day")] == [(date(2026, 3, 4),)]
        record(idempotency_key="two", occurred_at=moment)
        roll_up()
        row = UsageDay.objects.get()
        assert (row.day, row.entries, UsageDays.objects.get().time_zone) == (
            date(2026, 3, 4),
            2,
            "Europe/Prague",
        )


def test_files_are_added_at_once_and_no_line_twice(tenant, tmp_path):
    partner = load(unit_price="1.00")
    lines = [event(tenant, partner, f"2026-03-{day:02}", day) for day in range(1, 12)]
    record_file(tmp_path, [*lines, lines[0]])
    record_file(tmp_path, lines)
    with tenant_scope(tenant.id):
        assert sum(UsageDay.objects.values_list("quantity", flat=True)) == sum(range(1, 12))
        assert not UsagePending.objects.filter(tenant_id=tenant.id).exists()
        assert check_days(repair=False) == []


def test_writers_files_workers_and_rebuilds_at_once_lose_and_double_nothing(tenant, tmp_path):
    partner = load(unit_price="1.00")

    def work(number):
        try:
            if number % 4 == 0:
                record_file(
                    tmp_path, [event(tenant, partner, "2026-03-04") for _ in range(5)], name=f"{number}.jsonl"
                )
                return 5
            with tenant_scope(tenant.id):
                if number % 4 == 1:
                    roll_up()
                    return 0
                if number % 12 == 2:
                    rebuild_days()
                    return 0
                record(idempotency_key=str(number), occurred_at=datetime(2026, 3, 5, 12, tzinfo=UTC))
                return 1
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        written = sum(pool.map(work, range(48)))
    with tenant_scope(tenant.id):
        assert check_days(repair=False) == []
        roll_up()
        assert sum(UsageDay.objects.values_list("entries", flat=True)) == written
        assert check_days(repair=False) == []


def test_a_live_writer_waits_for_no_lock_on_the_roll_ups(tenant):
    with tenant_scope(tenant.id):
        record()
        roll_up()
    with tenant_scope(tenant.id):
        record(idempotency_key="first")
        rebuild_days()  # its row of the day is locked until this transaction ends

        def write():
            with tenant_scope(tenant.id):
                with connection.cursor() as cursor:
                    cursor.execute("SET LOCAL lock_timeout = '2s'")
                record(idempotency_key="second")
            connections.close_all()

        with ThreadPoolExecutor(1) as pool:
            pool.submit(write).result()


@pytest.mark.parametrize("table", ["billing_usageday", "billing_usagedays"])
def test_another_tenant_s_sums_are_not_here(tenant, other_tenant, table):
    with tenant_scope(tenant.id):
        record()
        roll_up()
    with tenant_scope(other_tenant.id), connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        assert cursor.fetchone() == (0,)
