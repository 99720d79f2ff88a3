"""The pages of invoices, disputes and partner invoices, each once."""

from __future__ import annotations

import re
from datetime import date, timedelta

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.test.utils import override_settings

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.ids import uuid7
from portal.kit.scope import tenant_scope
from tenants.models import Tenant
from tests.billing.test_ledger import record
from tests.collecting.world import SECRET, deliver, new_event
from vendors.billing.book import standing
from vendors.billing.services import close_period
from vendors.console.partner_invoices import BillFacts, compare_bill

BILL = b"date,amount\n2026-05-01,1.00\n"
MAY = {"first_day": "2026-05-01", "last_day": "2026-05-31", "currency": "EUR"}


def walk(tenant: Tenant, client: Client) -> None:
    base = f"/o/{tenant.slug}/usage"
    with tenant_scope(tenant.id):
        found = standing()
        earlier = found.period_at(found.period_at(clock.now()).start - timedelta(days=1))
        record(idempotency_key=uuid7().hex, occurred_at=earlier.start)
        entry = record(idempotency_key=uuid7().hex)
        own = {"meter": "decision", "vendor": "house", "connection_kind": "own_contract", "step": ""}
        record(idempotency_key=uuid7().hex, **own)
        invoice = next(made for made in close_period(earlier.label, actor=SYSTEM))
        facts = BillFacts("house", date(2026, 5, 1), date(2026, 5, 31), "EUR", "may.csv")
        bill = compare_bill(BILL, facts, actor=SYSTEM)
    running = client.get(f"{base}/invoices/running/EUR/").content.decode()
    lines = re.findall(r'href="([^"]+/running/EUR/[^"]+)"', running)
    at = f"invoices/{invoice.public_id}"
    paths = [
        "invoices/",
        "invoices/so-far",
        "invoices/details",
        f"{at}/",
        f"{at}/pdf",
        f"{at}/lines/1",
        "disputes/",
    ]
    paths += [f"disputes/{entry.public_id}/open", "partner-invoices/", "partner-invoices/new"]
    for path in (*(f"{base}/{path}" for path in paths), *lines[:1]):
        client.get(path)
    client.post(f"{base}/disputes/{entry.public_id}/open", {"reason": "Twice."})
    client.get(f"{base}/disputes/{entry.public_id}/")
    client.post(f"{base}/invoices/details", {"legal_name": "Acme"})
    sent = {**MAY, "vendor": "house", "file": SimpleUploadedFile("may.csv", BILL)}
    client.post(f"{base}/partner-invoices/new", sent)
    client.get(f"{base}/partner-invoices/{bill.public_id}/")
    b"".join(client.get(f"{base}/partner-invoices/{bill.public_id}/csv").streaming_content)  # type: ignore[attr-defined]
    _pay(f"{base}/payment", client)
    client.get(f"{base}/reset-cost")
    client.post(f"{base}/reset-cost", {"amount": "45.00", "currency": "EUR"})
    client.get(f"{base}/face-check-price")
    client.post(f"{base}/face-check-price", {"unit_price": "0.25", "currency": "USD"})


@override_settings(STRIPE_SECRET_KEY="sk_test_pages", STRIPE_WEBHOOK_SECRET=SECRET)
def _pay(base: str, client: Client) -> None:
    client.get(f"{base}/")
    client.get(client.post(f"{base}/open/EUR/portal").headers["Location"])
    deliver(new_event())
