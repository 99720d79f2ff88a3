"""A tenant connected to the Entra simulator, and the callbacks that the simulator sends, held until a test delivers them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import UUID

import pytest
from django.apps import apps
from django.http import HttpResponse

from portal.kit import outbox
from portal.kit.actors import SYSTEM
from portal.kit.scope import tenant_scope
from tenants.models import Tenant
from tenants.verified_id.entra import addresses, services
from tenants.verified_id.entra.models import EntraRequest
from tenants.verified_id.services import turn_on_verified_id
from tests.conftest import client_of
from tests.sandboxes.entra_served import EntraSimulator


@dataclass(frozen=True)
class Sent:
    path: str
    key: str
    body: bytes


class Relay:
    """Takes the place of the tenant's host for the simulator."""

    def __init__(self) -> None:
        self.sent: list[Sent] = []
        self.delivered = 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.sent.append(Sent(self.path, self.headers["api-key"], body))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def url(self, slug: str, request_id: UUID) -> str:
        return f"http://{slug}.localhost:{self.server.server_port}/entra/callbacks/{request_id.hex}"

    def wait(self, count: int) -> list[Sent]:
        until = time.monotonic() + 10
        while len(self.sent) < count and time.monotonic() < until:
            time.sleep(0.02)
        assert len(self.sent) == count, self.sent
        return self.sent


@pytest.fixture
def relay(monkeypatch: pytest.MonkeyPatch) -> Iterator[Relay]:
    heard = Relay()
    monkeypatch.setattr(addresses, "callback_url", heard.url)
    yield heard
    heard.server.shutdown()
    heard.server.server_close()


def work(tenant: Tenant) -> None:
    model = apps.get_model("tenants", "Outbox")
    for row_id in list(model.objects.filter(tenant_id=tenant.id).values_list("id", flat=True)):
        outbox.run(row_id)


def deliver(tenant: Tenant, sent: Sent, **changes: Any) -> HttpResponse:
    headers = {"api-key": changes.get("key", sent.key)}
    return client_of(tenant).post(  # type: ignore[return-value]
        changes.get("path", sent.path),
        changes.get("body", sent.body),
        content_type="application/json",
        headers={name: value for name, value in headers.items() if value is not None},
    )


def given(
    entra: EntraSimulator, name: str = "Everything is granted", **changes: Any
) -> tuple[dict[str, Any], str]:
    client_id, secret = entra.credentials(name)
    settings = {
        "directory": entra.known["directory"],
        "client_id": client_id,
        "authority": entra.known["authority"],
        "manifest_url": entra.known["manifest"],
        "credential_type": entra.known["type"],
        "accepted_issuers": [entra.known["authority"]],
        "photo_claim": "portrait",
        "authority_id": "",
        "mark_claim": "",
    }
    return settings | changes, changes.pop("secret", secret)


@pytest.fixture
def connect(
    tenant: Tenant, entra: EntraSimulator, relay: Relay, settings: Any
) -> Callable[..., list[dict[str, Any]]]:
    """Enter settings and try them; what was found."""
    settings.ENTRA_SIMULATOR_ORIGIN = entra.origin
    with tenant_scope(tenant.id):
        turn_on_verified_id(actor=SYSTEM)
    work_off(tenant)

    def make(name: str = "Everything is granted", **changes: Any) -> list[dict[str, Any]]:
        values, secret = given(entra, name, **changes)
        values.pop("secret", None)
        with tenant_scope(tenant.id):
            services.connect(given=values, secret=secret, actor=SYSTEM)
        work(tenant)
        with tenant_scope(tenant.id):
            row = services.connection()
            assert row is not None
            return list(row.found)

    return make


def work_off(tenant: Tenant) -> None:
    """Jobs that would go out to the network are of no use here."""
    apps.get_model("tenants", "Outbox").objects.filter(tenant_id=tenant.id).delete()


def request_of(tenant: Tenant, kind: str) -> EntraRequest:
    with tenant_scope(tenant.id):
        return EntraRequest.objects.filter(kind=kind).latest("created_at")
