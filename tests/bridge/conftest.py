"""A tenant with a partner and a client of the bridge, a browser, and the client's own side written by hand."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from django.test import Client
from joserfc import jwt
from joserfc.jwk import KeySet

from portal.kit.actors import SYSTEM
from portal.kit.origins import tenant_url
from portal.kit.scope import tenant_scope
from tenants.audit.models import AuditEvent
from tenants.models import Tenant
from tests.conftest import client_of, make_tenant
from tests.facecheck.conftest import vision
from tests.vendors.conftest import work
from tests.vendors.hostile import CLIENT_ID, CLIENT_SECRET, HostileProvider, make_jpeg
from vendors import services as partners
from vendors.billing.models import UsageEntry
from vendors.bridge import registering
from vendors.bridge.models import BridgeClient, BridgeRun
from vendors.models import Connection

__all__ = ["vision"]

BACK = "https://org.okta.example/idp/identity-verification/callback"
MEANT = {"given_name": {"value": "Ada", "fuzzy": True}, "family_name": {"value": "Lovelace"}}
OKTA = {
    "verification": {
        "trust_framework": {"value": "IDV-DELEGATED", "essential": True},
        "assurance_level": {"value": "VERIFIED", "essential": True},
    },
    "claims": MEANT,
}


def claims_of(entry: Any) -> str:
    return json.dumps({"id_token": {"verified_claims": entry}})


def basic(client_id: str, secret: str) -> str:
    pair = f"{quote(client_id, safe='')}:{quote(secret, safe='')}"
    return "Basic " + base64.b64encode(pair.encode()).decode()


@dataclass
class Asking:
    """One request of a client: what it sends, and what it remembers."""

    state: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    nonce: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))

    @property
    def challenge(self) -> str:
        return base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()

    def form(self, **changes: Any) -> dict[str, Any]:
        made = {
            "response_type": "code",
            "redirect_uri": BACK,
            "scope": "openid profile identity_assurance",
            "state": self.state,
            "nonce": self.nonce,
            "code_challenge": self.challenge,
            "code_challenge_method": "S256",
            "login_hint": "00u1",
            "claims": claims_of([OKTA]),
            **changes,
        }
        return {name: value for name, value in made.items() if value is not None}


@dataclass
class Bridge:
    tenant: Tenant
    provider: HostileProvider
    connection: Connection
    client: BridgeClient
    secret: str
    http: Client

    def post(self, path: str, form: dict[str, Any], **headers: str) -> Any:
        headers.setdefault("Authorization", basic(self.client.public_id, self.secret))
        body = "&".join(f"{quote(name)}={quote(str(value))}" for name, value in form.items())
        return self.http.post(f"/bridge/{path}", body, "application/x-www-form-urlencoded", headers=headers)

    def push(self, asking: Asking, **changes: Any) -> str:
        answer = self.post("par", asking.form(**changes))
        assert answer.status_code == 201, answer.content
        return str(answer.json()["request_uri"])

    def refuses(self, asking: Asking | None = None, **changes: Any) -> tuple[int, str]:
        answer = self.post("par", (asking or Asking()).form(**changes))
        return answer.status_code, answer.json()["error"]

    def browser(self) -> Browser:
        return Browser(self, client_of(self.tenant))

    def exchange(self, asking: Asking, code: str, **changes: Any) -> Any:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": BACK,
            "code_verifier": asking.verifier,
            **changes,
        }
        return self.post("token", {name: value for name, value in form.items() if value is not None})

    def claims(self, token: str) -> dict[str, Any]:
        keys = KeySet.import_key_set(self.http.get("/bridge/keys").json())
        return dict(jwt.decode(token, keys, algorithms=["RS256"]).claims)

    def run(self) -> BridgeRun:
        with tenant_scope(self.tenant.id):
            return BridgeRun.objects.order_by("-created_at", "-id").select_related("client").first()  # type: ignore[return-value]

    def change(self, **values: Any) -> None:
        with tenant_scope(self.tenant.id):
            BridgeClient.objects.filter(id=self.client.id).update(**values)

    def usage(self) -> list[tuple[str, str, bool]]:
        with tenant_scope(self.tenant.id):
            rows = UsageEntry.objects.order_by("created_at")
            return [(row.meter, row.step, row.billable) for row in rows]

    def events(self) -> list[str]:
        with tenant_scope(self.tenant.id):
            return [row.name for row in AuditEvent.objects.order_by("id") if "bridge" in row.name]

    def work(self) -> None:
        work(self.tenant)


@dataclass
class Browser:
    """Of a person, on the hosted pages."""

    bridge: Bridge
    http: Client

    def open(self, request_uri: str, **more: str) -> Any:
        query = {"client_id": self.bridge.client.public_id, "request_uri": request_uri, **more}
        return self.http.get("/bridge/authorize", query)

    def agree(self, **more: str) -> Any:
        form = {"partner": self.bridge.connection.public_id, "agree": "on", **more}
        return self.http.post("/bridge/consent", form)

    def prove(self) -> None:
        """From agreeing to the end of the partner's part."""
        answer = self.agree()
        assert (answer.status_code, answer.url) == (303, "/bridge/partner"), answer.content
        self.bridge.work()
        query = self.bridge.provider.visit(self.link())
        assert self.http.get("/recover/return", query).url == "/bridge/checking"
        self.bridge.work()

    def link(self) -> str:
        answer = self.http.get("/bridge/partner", headers={"HX-Request": "true"})
        assert "HX-Redirect" in answer.headers, answer.content
        return str(answer.headers["HX-Redirect"])

    def face(self) -> Any:
        assert self.http.get("/bridge/face").status_code == 200
        return self.http.post("/bridge/face/clip", b"a clip", "application/octet-stream").json()

    def back(self) -> dict[str, str]:
        """What the link back carries."""
        body = self.http.get("/bridge/leave").content.decode()
        found = re.search(rf'href="({re.escape(BACK)}\?[^"]+)"', body)
        assert found, body
        return {name: values[0] for name, values in parse_qs(urlsplit(unescape(found[1])).query).items()}


def given_for(connection: Connection, **changes: Any) -> dict[str, Any]:
    return {
        "name": "Okta",
        "serves": "okta",
        "redirect_uris": [BACK],
        "proof": "client_secret",
        "jwks": {},
        "partners": [str(connection.id)],
        "claims": ["birthdate"],
        "face_check": False,
        "daily_runs": 200,
        **changes,
    }


def make_bridge(provider: HostileProvider, **changes: Any) -> Bridge:
    tenant = make_tenant()
    with tenant_scope(tenant.id):
        connection = partners.bring_own_partner(
            "oidc",
            config={"issuer": provider.issuer, "client_id": CLIENT_ID},
            secrets={"client_secret": CLIENT_SECRET},
            actor=SYSTEM,
        )
    work(tenant)
    with tenant_scope(tenant.id):
        made = registering.create_client(given=given_for(connection, **changes), actor=SYSTEM)
        secret = made.text if isinstance(made, registering.MadeSecret) else ""
        client = made.client if isinstance(made, registering.MadeSecret) else made
        registering.set_mode(client.id, BridgeClient.Mode.PRODUCTION, actor=SYSTEM)
        client.refresh_from_db()
    return Bridge(tenant, provider, connection, client, secret, client_of(tenant))


@pytest.fixture
def provider() -> Iterator[HostileProvider]:
    made = HostileProvider()
    made.answers.portrait = make_jpeg()
    yield made
    made.close()


@pytest.fixture(scope="session")
def _kept() -> Iterator[dict[str, Bridge]]:
    kept: dict[str, Bridge] = {}
    yield kept
    for each in kept.values():
        each.provider.close()


@pytest.fixture
def shared(_kept: dict[str, Bridge]) -> Bridge:
    """One for all tests that are only refused: they leave nothing behind."""
    if "one" not in _kept:
        _kept["one"] = make_bridge(HostileProvider())
    return _kept["one"]


@pytest.fixture
def bridge(provider: HostileProvider) -> Bridge:
    return make_bridge(provider)


def issuer_of(bridge: Bridge) -> str:
    return tenant_url(bridge.tenant.slug, "/bridge")
