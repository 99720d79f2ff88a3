"""The document holds by itself, and holds of what is answered: an independent validator says so."""

from __future__ import annotations

import json

from openapi_spec_validator import validate

from portal.api.document import document
from portal.api.keys import PATTERN
from portal.api.scopes import Scope
from tenants.rights import Role
from tests.api.world import Script

OPERATIONS = {
    f"{method.upper()} {path}" for path, methods in document()["paths"].items() for method in methods
}


def test_it_is_openapi_3_1_by_another_validator():
    found = Script().get("/schema")
    assert found["Cache-Control"] == "public, max-age=300" and found.json() == json.loads(
        json.dumps(document())
    )
    assert found.json()["openapi"].startswith("3.1")
    validate(found.json())
    assert Script().get("/schema", **{"If-None-Match": found["ETag"]}).status_code == 304


def test_it_tells_no_secret_and_every_scope():
    text = json.dumps(document())
    assert not PATTERN.search(text)
    assert [scope for scope in Scope if scope.value not in text] == []
    for path, methods in document()["paths"].items():
        for method, operation in methods.items():
            assert operation["security"] == [{"key": []}], (method, path)
            assert {"400", "401", "403", "406", "429"} <= set(operation["responses"]), (method, path)


def test_every_address_is_described_and_no_other():
    assert {
        "GET /usage",
        "GET /usage/summary",
        "GET /invoices",
        "GET /invoices/{invoice_id}",
        "GET /budgets",
        "POST /budgets",
        "GET /budgets/{budget_id}",
        "POST /budgets/{budget_id}",
    } == OPERATIONS


def test_the_page_that_explains_it_loads_nothing_from_elsewhere(tenant, staff_client):
    page = staff_client(Role.BILLING_MANAGER).get(f"/o/{tenant.slug}/api/reference")
    body = page.content.decode()
    assert (
        "script-src 'self'" in page["Content-Security-Policy"]
        and "unsafe" not in page["Content-Security-Policy"]
    )
    for methods in document()["paths"].values():
        for operation in methods.values():
            assert operation["summary"] in body
    assert "Idempotency-Key" in body and "data[].occurred_at_utc" in body
