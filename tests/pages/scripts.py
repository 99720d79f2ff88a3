"""Asking every address of the REST API, and the console's pages about its keys."""

from __future__ import annotations

from django.test import Client

from portal.kit.scope import tenant_scope
from tenants.directory.scim.tokens import live_tokens
from tenants.models import Tenant
from tests.api.world import Script, key_of
from tests.billing.test_budgets import cap
from tests.scim.conftest import GROUP, provisioner_of
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
    provisioning(tenant, client)


def provisioning(tenant: Tenant, client: Client) -> None:
    """A system that adds, finds, changes and removes people and groups, and the console's pages about it."""
    console = f"/o/{tenant.slug}/people/provisioning/"
    scim = provisioner_of(tenant)
    with tenant_scope(tenant.id):
        token = live_tokens()[0].public_id
    for path in ("", "new", f"{token}/revoke"):
        client.get(console + path)
    client.post(console + "new", {"label": "Entra ID"})
    scim.ask("GET", "")
    scim.ask("GET", "/Schemas")
    told = scim.made("provisioned")
    scim.ask("GET", '/Users?filter=emails[value eq "provisioned@people.example"]')
    scim.patch(f"/Users/{told['id']}", {"op": "replace", "path": "name.familyName", "value": "King"})
    members = {"schemas": [GROUP], "displayName": "All", "members": [{"value": told["id"]}]}
    group = scim.ask("POST", "/Groups", members).json()["id"]
    scim.ask("PUT", f"/Groups/{group}", {**members, "members": []})
    scim.ask("DELETE", f"/Groups/{group}")
    scim.ask("DELETE", f"/Users/{told['id']}")
    client.post(f"{console}{token}/revoke", {"word": "revoke"})
