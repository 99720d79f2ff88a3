"""A system that provisions: it has a token, and speaks as the standard says."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.test import Client

from portal.kit.actors import SYSTEM
from portal.kit.scope import tenant_scope
from tenants.directory.scim.tokens import make_token
from tenants.models import Tenant

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
RECOVERY = "urn:ietf:params:scim:schemas:extension:readmit:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"


@dataclass
class Provisioner:
    tenant: Tenant
    token: str
    client: Client = field(default_factory=lambda: Client(HTTP_HOST="localhost:8000"))

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        given = {"Authorization": f"Bearer {self.token}", **headers}
        return self.client.generic(
            method,
            f"/scim/{self.tenant.slug}/v2{path}",
            b"" if body is None else (body if isinstance(body, bytes) else json.dumps(body).encode()),
            content_type="application/scim+json",
            headers=given,
        )

    def user(self, name: str = "ada", **more: Any) -> Any:
        body = {
            "schemas": [USER, ENTERPRISE],
            "userName": f"{name}@people.example",
            "externalId": f"ext-{name}",
            "name": {"givenName": "Ada", "familyName": "Lovelace"},
            "active": True,
            "emails": [{"value": f"{name}@people.example", "type": "work", "primary": True}],
            "phoneNumbers": [{"value": "+420 555 0100", "type": "mobile"}],
            ENTERPRISE: {"employeeNumber": f"n-{name}", "department": "Research"},
            **more,
        }
        return self.ask("POST", "/Users", body)

    def made(self, name: str = "ada", **more: Any) -> dict[str, Any]:
        answer = self.user(name, **more)
        assert answer.status_code == 201, answer.content
        return json.loads(answer.content)

    def patch(self, path: str, *operations: dict[str, Any], **headers: str) -> Any:
        return self.ask("PATCH", path, {"schemas": [PATCH], "Operations": list(operations)}, **headers)


def provisioner_of(tenant: Tenant) -> Provisioner:
    with tenant_scope(tenant.id):
        made = make_token(tenant=tenant, label="Directory", actor=SYSTEM)
    return Provisioner(tenant, made.written.text)


@pytest.fixture
def scim(tenant: Tenant) -> Provisioner:
    return provisioner_of(tenant)
