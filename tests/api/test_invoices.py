"""`/invoices` says what the ledger's documents say."""

from __future__ import annotations

from portal.kit.ids import public_id, uuid7
from portal.kit.scope import tenant_scope
from tests.api.world import problem, script_of
from tests.billing.test_invoice_pages import february, used  # noqa: F401  fixtures
from vendors.billing.models import Invoice


def test_invoices_are_told_with_their_notes_and_lines(tenant, february):  # noqa: F811
    script = script_of(tenant, "invoices:read")
    body = script.get("/invoices").json()
    with tenant_scope(tenant.id):
        known = {row.public_id: row for row in Invoice.objects.all()}
    listed = [invoice["id"] for invoice in body["data"]]
    notes = [note["id"] for invoice in body["data"] for note in invoice["credit_notes"]]
    assert set(listed) | set(notes) == set(known) and notes and body["next_cursor"] is None
    for identifier, row in known.items():
        invoice = script.get(f"/invoices/{identifier}").json()
        assert invoice["net"] == f"{row.total_minor / 100:.2f}" and invoice["kind"] == row.kind
        cents = sum(round(float(line["amount"]) * 100) for line in invoice["lines"])
        assert cents == row.total_minor and {line["partner"] for line in invoice["lines"]} <= {
            february,
            "readmit",
        }


def test_invoices_come_in_pages(tenant, february):  # noqa: F811
    script = script_of(tenant)
    first = script.get("/invoices", {"limit": 1}).json()
    second = script.get("/invoices", {"limit": 100, "cursor": first["next_cursor"]}).json()
    everything = script.get("/invoices").json()["data"]
    assert first["data"] + second["data"] == everything and second["next_cursor"] is None
    problem(script.get("/usage", {"cursor": first["next_cursor"]}), 400, "cursor_unusable")


def test_another_organisations_invoices_are_nowhere(tenant, other_tenant, february):  # noqa: F811
    stranger = script_of(other_tenant)
    assert stranger.get("/invoices").json()["data"] == []
    (invoice, *_rest) = script_of(tenant).get("/invoices").json()["data"]
    for identifier in (invoice["id"], "x", public_id("invoice", uuid7())):
        problem(stranger.get(f"/invoices/{identifier}"), 404, "not_found")
    problem(script_of(tenant, "usage:read").get("/invoices"), 403, "insufficient_scope")
