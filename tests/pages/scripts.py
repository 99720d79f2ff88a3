"""Asking every address of the REST API, and the console's pages about its keys."""

from __future__ import annotations

import json
import time

import stripe
from django.test import Client

from portal.kit.scope import tenant_scope
from tenants.directory.scim.tokens import live_tokens
from tenants.models import Tenant
from tests.api.world import Script, key_of
from tests.billing.test_budgets import cap
from tests.conftest import site_client
from tests.scim.conftest import GROUP, provisioner_of
from vendors.billing.models import Invoice
from vendors.context import seal_secrets
from vendors.models import Connection


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
    telling(tenant)


def telling(tenant: Tenant) -> None:
    """A partner that tells of a session, and somebody who does as if."""
    with tenant_scope(tenant.id):
        told = Connection(vendor="stripe_identity", kind="own_contract", status="ready")
        told.secrets_sealed = seal_secrets(told, {"api_key": "rk_test_1", "webhook_secret": "whsec_1"})
        told.save(force_insert=True)
    session = {"id": "vs_1", "object": "identity.verification_session", "status": "verified"}
    event = {"id": "evt_1", "object": "event", "type": "identity.verification_session.verified"}
    body = json.dumps({**event, "data": {"object": session}})
    signed = stripe.WebhookSignature.generate_signature_header(body, "whsec_1", int(time.time()))
    for signature in (signed, "t=1,v1=00"):
        site_client().post(
            f"/hooks/partners/{tenant.slug}/{told.public_id}",
            body,
            content_type="application/json",
            headers={"Stripe-Signature": signature},
        )


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
    scim.ask("GET", "/")
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
