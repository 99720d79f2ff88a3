"""Scripts with keys, and what they send."""

from __future__ import annotations

import json
from typing import Any

from django.test import Client

from portal.api.services import MadeKey, make_key
from portal.kit.actors import SYSTEM
from portal.kit.ids import uuid7
from portal.kit.scope import tenant_scope
from tenants.models import Member, Tenant
from tenants.rights import Role, rights_of
from tests.conftest import make_member

ALL = ("usage:read", "invoices:read", "budgets:read", "budgets:write")


def key_of(
    tenant: Tenant, *scopes: str, maker: Member | None = None, days: int = 30, label: str = "Nightly report"
) -> MadeKey:
    maker = maker or make_member(tenant, Role.OWNER)
    with tenant_scope(tenant.id):
        return make_key(
            tenant=tenant,
            label=label,
            scopes=scopes or ALL,
            days=days,
            made_by=maker.id,
            rights=rights_of(maker.role),
            actor=SYSTEM,
        )


class Script:
    """What a program of the organisation sends."""

    def __init__(self, key: str = "", address: str = "") -> None:
        # Each has a network of its own, or tests would use up each other's limits.
        address = address or f"2001:db8:{uuid7().hex[-12:-8]}:{uuid7().hex[-8:-4]}::1"
        self.client = Client(HTTP_HOST="localhost:8000", REMOTE_ADDR=address, raise_request_exception=False)
        self.headers = {"Authorization": f"Bearer {key}"} if key else {}

    def get(self, path: str, query: Any = None, **headers: str) -> Any:
        return self.client.get(f"/api/v1{path}", query, headers={**self.headers, **headers})

    def post(self, path: str, body: Any, word: str | None = None, **headers: str) -> Any:
        sent = body if isinstance(body, bytes) else json.dumps(body).encode()
        given = {**self.headers, "Idempotency-Key": uuid7().hex if word is None else word, **headers}
        return self.client.post(
            f"/api/v1{path}", sent, "application/json", headers={k: v for k, v in given.items() if v}
        )

    def send(
        self, method: str, path: str, body: bytes = b"", kind: str = "application/json", **headers: str
    ) -> Any:
        return self.client.generic(method, path, body, kind, headers={**self.headers, **headers})


def script_of(tenant: Tenant, *scopes: str, **kwargs: Any) -> Script:
    return Script(key_of(tenant, *scopes, **kwargs).written.text)


def problem(answer: Any, status: int, code: str) -> dict[str, Any]:
    """The problem an answer holds, after looking at what every problem has."""
    assert answer.status_code == status, (answer.status_code, answer.content[:300])
    assert answer["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert (body["status"], body["code"]) == (status, code), body
    assert body["type"] == f"urn:readmit:problem:{code}" and body["title"] and body["detail"]
    assert body["request_id"] == answer["X-Request-Id"] and answer["Cache-Control"] == "no-store"
    return body
