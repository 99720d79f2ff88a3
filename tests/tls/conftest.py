"""The product in production mode behind TLS, on names of four domains under .test, as people would reach it.

Its certificate comes from an authority made for the run. Nobody resolves these names: clients go to this machine and say
the name (SNI, Host), Chromium is told where they are.
"""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from portal.kit.actors import SYSTEM
from portal.kit.scope import tenant_scope
from tenants.models import Tenant
from tenants.verified_id.services import turn_on_verified_id
from tests.conftest import make_tenant
from tests.peers.certificates import Authority, Pair
from tests.peers.serving import (
    Served,
    collect_static,
    environment_of,
    free_port,
    served,
    shared_origins,
)

DOMAINS = ("console.readmit.test", "readmit-tenants.test", "*.readmit-tenants.test", "readmit-wallet.test")


@dataclass(frozen=True)
class Place:
    server: Served
    authority: Authority
    certificate: Pair
    folder: Path = field(repr=False)

    def host(self, name: str) -> str:
        return f"{name}:{self.server.port}"

    def ask(
        self,
        host: str,
        path: str = "/",
        *,
        method: str = "GET",
        body: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request over TLS, verified for the host's name; `host` has its port."""
        tls = ssl.create_default_context(cafile=str(self.authority.file))
        plain = socket.create_connection(("127.0.0.1", self.server.port), timeout=30)
        with tls.wrap_socket(plain, server_hostname=host.partition(":")[0]) as line:
            door = http.client.HTTPConnection("127.0.0.1", self.server.port)
            door.sock = line
            door.request(
                method, path, body or None, {"Host": host, "Accept-Encoding": "identity", **(headers or {})}
            )
            answer = door.getresponse()
            return Answer(answer.status, answer.headers, answer.read().decode())


@dataclass(frozen=True)
class Answer:
    status: int
    headers: http.client.HTTPMessage = field(repr=False)
    text: str = field(repr=False)

    @property
    def cookies(self) -> list[str]:
        return self.headers.get_all("Set-Cookie") or []


def production_origins(port: int) -> dict[str, str]:
    return {
        "SITE_ORIGIN": f"https://console.readmit.test:{port}",
        "TENANT_BASE": f"readmit-tenants.test:{port}",
        "WALLET_ORIGIN": f"https://readmit-wallet.test:{port}",
        "HOUSE_ORIGIN": f"https://readmit-house.test:{port}",
    }


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory, turn: ExitStack) -> Place:
    folder, port = tmp_path_factory.mktemp("tls"), free_port()
    authority = Authority(folder)
    certificate = authority.issue("server", *DOMAINS)
    production = {
        "READMIT_MODE": "production",
        "READMIT_EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "READMIT_STATIC_ROOT": str(folder / "static"),
        "READMIT_STRIPE_API_BASE": "",
    }
    origins = production_origins(port)
    collect_static(folder / "static", environment_of(origins, **production))
    tls = ("--ssl-certificate", str(certificate.certificate), "--ssl-keyfile", str(certificate.key))
    running = turn.enter_context(served(port, origins, folder / "server.log", *tls, **production))
    return Place(running, authority, certificate, folder)


@pytest.fixture
def organisation(place: Place) -> Iterator[Tenant]:
    """A tenant with an authority, made under the names the server has."""
    with shared_origins(place.server.origins):
        tenant = make_tenant()
        with tenant_scope(tenant.id):
            turn_on_verified_id(actor=SYSTEM)
        yield tenant
