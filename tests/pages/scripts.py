"""Asking every address of the REST API, and the console's pages about its keys."""

from __future__ import annotations

from django.test import Client

from portal.kit.scope import tenant_scope
from tenants.models import Tenant
from tests.api.world import Script, key_of
from tests.billing.test_budgets import cap
from vendors.billing.models import Invoice


def everything(tenant: Tenant, client: Client) -> None:
    console = f"/o/{tenant.slug}/api/"
    made = key_of(tenant)
    for path in ("", "new", "reference", f"{made.row.public_id}/revoke"):
        client.get(console + path)
    script = Script(made.written.text)
    for path in (
        "",
        "/nothing",
        "/schema",
        "/usage",
        "/usage?limit=1",
        "/usage/summary",
        "/budgets",
        "/invoices",
    ):
        script.get(path)
    script.send("GET", "/api/")
    with tenant_scope(tenant.id):
        budget = cap("250.00")
        invoice = Invoice.objects.first()
    script.get(f"/invoices/{invoice.public_id if invoice else 'none'}")
    tag = script.get(f"/budgets/{budget.public_id}")["ETag"]
    changed = {"name": "All checks", "amount": "300.00", "shares": [50], "is_hard": True}
    script.post("/budgets", {**changed, "currency": "EUR", "every": "period"}, "once")
    script.post("/budgets", {**changed, "currency": "EUR", "every": "period"}, "once")
    script.post(f"/budgets/{budget.public_id}", changed, **{"If-Match": tag})
