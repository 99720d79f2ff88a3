"""Behind a line stand the very entries that were billed, whoever wrote them when and in whatever order their ids are."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

from django.db import connections

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.scope import tenant_scope
from tests.billing.test_ledger import record
from tests.billing.world import close, load, subscribe
from vendors.billing.book import standing
from vendors.billing.documents import document_of, entries_behind
from vendors.billing.models import Invoice, UsageEntry
from vendors.billing.services import close_period

JANUARY, FEBRUARY = datetime(2026, 1, 5, tzinfo=UTC), datetime(2026, 2, 5, tzinfo=UTC)


def check(tenant, partner, number, at=JANUARY):
    with tenant_scope(tenant.id):
        return record(
            idempotency_key=f"check-{number}", meter="decision", vendor=partner, step="", occurred_at=at
        )


def behind(tenant, period):
    """The entries of each line of an invoice, as (line's own number, what stands behind it)."""
    with tenant_scope(tenant.id):
        document = document_of(Invoice.objects.get(kind="invoice", period=period))
        found = standing()
        return {
            (shown.line.about, shown.line.entries): {
                entry.idempotency_key
                for entry in entries_behind(
                    shown.line, document.currency, found.period_named(shown.line.about), document.invoice
                )
            }
            for shown in document.lines
        }


class Behind:
    """A machine whose clock is an hour late: its ids are older than those of the others."""

    def next(self):
        return int((clock.now() - timedelta(hours=1)).timestamp() * 1000), 1


def test_an_entry_that_is_older_by_its_id_than_the_closing_stands_on_the_next_invoice(tenant, monkeypatch):
    partner = load(unit_price="1.00")
    subscribe(tenant, "2026-01-01")
    check(tenant, partner, 1)
    check(tenant, partner, 2)
    close(tenant, "2026-01")
    with monkeypatch.context() as patch:
        patch.setattr("portal.kit.ids._order", Behind())
        check(tenant, partner, 3)
    check(tenant, partner, 4, FEBRUARY)
    close(tenant, "2026-02")
    with tenant_scope(tenant.id):
        by_id = list(UsageEntry.objects.order_by("id").values_list("idempotency_key", flat=True))
    assert by_id == ["check-3", "check-1", "check-2", "check-4"]
    assert behind(tenant, "2026-01") == {("2026-01", 2): {"check-1", "check-2"}}
    assert behind(tenant, "2026-02") == {("2026-01", 1): {"check-3"}, ("2026-02", 1): {"check-4"}}


def test_a_period_waits_for_whoever_is_writing_a_check(tenant):
    partner = load(unit_price="1.00")
    subscribe(tenant, "2026-01-01")
    check(tenant, partner, 1)
    written, may_end = threading.Event(), threading.Event()

    def write_slowly():
        try:
            with tenant_scope(tenant.id):
                record(idempotency_key="slow", meter="decision", vendor=partner, step="", occurred_at=JANUARY)
                written.set()
                may_end.wait(10)
        finally:
            connections.close_all()

    slow = threading.Thread(target=write_slowly)
    slow.start()
    assert written.wait(10)
    threading.Timer(0.3, may_end.set).start()
    with tenant_scope(tenant.id):
        close_period("2026-01", actor=SYSTEM)
    slow.join(10)
    assert behind(tenant, "2026-01") == {("2026-01", 2): {"check-1", "slow"}}
