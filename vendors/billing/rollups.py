"""Roll-ups of usage: what the usage page adds up, added up before anybody asks.

Protects the page from reading millions of entries, and the roll-ups from becoming a second truth: they are derived, an
entry is at every moment either in its day's row or still to be added to one, and a recount says where they differ and
rebuilds them. A live writer only notes that its entry is new and waits for nobody; files and the worker add many entries at
once, with the rows locked in one order. What it does not do: decide an amount. Invoices are made from entries.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db import connection

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.ids import uuid7
from portal.kit.scope import current_tenant_id
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.models import Tenant
from vendors.billing.book import zone_named
from vendors.billing.digests import DIGESTED, digest_of
from vendors.billing.insertion import Around
from vendors.billing.models import EntryKind, UsageDay, UsageDays, UsageEntry, UsagePending

BATCH = 20_000
COUNTED = f"('{EntryKind.USAGE.value}', '{EntryKind.REVERSAL.value}')"
ALIKE = ", ".join(UsageDay.ALIKE)
SUMS = "count(*), sum(quantity), sum(amount)"
# The rows of a day, from entries. Two parameters: the time zone and the tenant.
GROUPED = (
    f"SELECT (occurred_at AT TIME ZONE %s)::date AS day, {ALIKE}, {SUMS} FROM billing_entry "  # noqa: S608
    f"WHERE tenant_id = %s AND kind IN {COUNTED}"
)
INTO = (
    f"INSERT INTO billing_usageday AS present (id, tenant_id, created_at, day, {ALIKE}, entries, quantity, amount) "  # noqa: S608
    f"SELECT gen_random_uuid(), %s, %s, found.* FROM ({{}} GROUP BY day, {ALIKE} ORDER BY day, {ALIKE}) AS found"
)
ADDING = (
    f" ON CONFLICT (tenant_id, day, {ALIKE}) DO UPDATE SET entries = present.entries + excluded.entries, "
    "quantity = present.quantity + excluded.quantity, amount = present.amount + excluded.amount"
)
# Of entries that are being written by the statement in the middle. Three parameters: the tenant, now and the time zone.
AS_WRITTEN = (
    f"WITH new AS ({{}}, occurred_at, quantity, amount, {ALIKE}), days AS ("  # noqa: S608
    + INTO.format(f"SELECT (occurred_at AT TIME ZONE %s)::date AS day, {ALIKE}, {SUMS} FROM new")  # noqa: S608
    + ADDING
    + ") SELECT id FROM new"
)
REBUILT = (
    "WITH taken AS (DELETE FROM billing_usagepending WHERE tenant_id = %s RETURNING id), "  # noqa: S608
    f"made AS ({INTO.format(GROUPED)}) SELECT id FROM taken"
)


def _lock(*, alone: bool = False) -> None:
    """Whoever adds to the roll-ups shares a lock; whoever rebuilds them is alone. Writers of single entries take none."""
    function = "pg_advisory_xact_lock" if alone else "pg_advisory_xact_lock_shared"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(hashtextextended(%s, 0))", [f"rollups:{current_tenant_id()}"])


def tenant_zone() -> str:
    """The time zone in which a day of the tenant in scope begins, by a name that every machine knows."""
    return zone_named(Tenant.objects.only("time_zone").get(id=current_tenant_id()).time_zone).key


def rolled_up_zone() -> str:
    """The zone of the days that are rolled up; empty where nothing is."""
    return UsageDays.objects.values_list("time_zone", flat=True).first() or ""


def begin_adding(*, alone: bool = False) -> str:
    """Call it before entries are written that will be added to their days: the zone of those. Rebuilds them first where the
    tenant has none yet, or has moved. Whoever adds more than once in a transaction does so `alone`: two of them would lock
    the rows of days in two orders."""
    zone = tenant_zone()
    if rolled_up_zone() != zone:
        rebuild_days()
    _lock(alone=alone)
    return zone


def into_days(zone: str) -> Around:
    """Around the statement that inserts entries: adds the new ones to their days without reading them again."""
    return Around(AS_WRITTEN, (current_tenant_id(), clock.now(), zone))


def add_to_days(entry_ids: Collection[UUID], zone: str) -> None:
    """Add entries that this transaction has written."""
    if not entry_ids:
        return
    tenant_id = current_tenant_id()
    with connection.cursor() as cursor:
        cursor.execute(
            INTO.format(GROUPED + " AND id = ANY(%s)") + ADDING,
            [tenant_id, clock.now(), zone, tenant_id, list(entry_ids)],
        )


def rebuild_days() -> None:
    """Count every entry anew. One statement takes what waits and what is there, so that nothing is counted twice."""
    _lock(alone=True)
    tenant_id, zone = current_tenant_id(), tenant_zone()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM billing_usageday WHERE tenant_id = %s", [tenant_id])
        cursor.execute(REBUILT, [tenant_id, tenant_id, clock.now(), zone, tenant_id])
        taken = [found for (found,) in cursor.fetchall()]
    _note_checked(zone)
    _note_counted(taken)


def _note_checked(zone: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO billing_usagedays (id, tenant_id, created_at, time_zone, checked_at) "
            "VALUES (%s, %s, %s, %s, %s) ON CONFLICT (tenant_id) "
            "DO UPDATE SET time_zone = excluded.time_zone, checked_at = excluded.checked_at",
            [uuid7(), current_tenant_id(), clock.now(), zone, clock.now()],
        )


def roll_up() -> int:
    """Add what waits to its days, at most `BATCH` entries of it, and write down how many there were with their digest: the
    audit log's word for entries that came one by one. How many there were."""
    zone = begin_adding()
    tenant_id = current_tenant_id()
    waiting = UsagePending.objects.filter(tenant_id=tenant_id).order_by("id").values_list("id", flat=True)
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM billing_usagepending WHERE id = ANY(%s) RETURNING id", [list(waiting[:BATCH])]
        )
        taken = [found for (found,) in cursor.fetchall()]
    add_to_days(taken, zone)
    _note_counted(taken)
    return len(taken)


def _note_counted(taken: Sequence[UUID]) -> None:
    if not taken:
        return
    rows = UsageEntry.objects.filter(id__in=taken).values_list(*DIGESTED)
    record_event(
        EventName.USAGE_COUNTED,
        actor=SYSTEM,
        data={"rows": len(taken), "rows_digest": digest_of(rows)},
    )


@dataclass(frozen=True, slots=True)
class Difference:
    """A day on which the roll-ups say something else than the entries."""

    day: date
    entries: int
    rolled_up: int


# Both sides in one statement and so in one snapshot; a group that is alike on both sides vanishes.
COMPARED = (
    f"SELECT day, sum(of_entries), sum(of_days) FROM (SELECT day, {ALIKE}, "  # noqa: S608
    "sum(e) FILTER (WHERE NOT rolled) AS of_entries, sum(e) FILTER (WHERE rolled) AS of_days FROM ("
    f"SELECT false AS rolled, found.* FROM ({GROUPED} GROUP BY day, {ALIKE}) AS found (day, {ALIKE}, e, q, a) UNION ALL "
    f"SELECT true, found.* FROM ({GROUPED} AND id IN (SELECT id FROM billing_usagepending WHERE tenant_id = %s) "
    f"GROUP BY day, {ALIKE}) AS found UNION ALL "
    f"SELECT true, day, {ALIKE}, entries, quantity, amount FROM billing_usageday WHERE tenant_id = %s) AS sides "
    f"GROUP BY day, {ALIKE} HAVING "
    + " OR ".join(
        f"coalesce(sum({each}) FILTER (WHERE rolled), 0) <> coalesce(sum({each}) FILTER (WHERE NOT rolled), 0)"
        for each in "eqa"
    )
    + ") AS differing GROUP BY day ORDER BY day"
)


def check_days(*, repair: bool = True) -> list[Difference]:
    """Compare the roll-ups with a recount of the entries, day by day; where they differ, rebuild them unless told not
    to."""
    zone, tenant_id = rolled_up_zone(), current_tenant_id()
    found: list[Difference] = []
    if zone:
        with connection.cursor() as cursor:
            cursor.execute(COMPARED, [zone, tenant_id, zone, tenant_id, tenant_id, tenant_id])
            found = [
                Difference(day, int(counted or 0), int(rolled or 0))
                for day, counted, rolled in cursor.fetchall()
            ]
    if repair:
        if found or zone != tenant_zone():
            rebuild_days()
        else:
            _note_checked(zone)
    return found
