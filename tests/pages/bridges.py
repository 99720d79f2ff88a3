"""The bridge: as clients and people walk over it, and as members keep it."""

from __future__ import annotations

from django.test import Client

from portal.kit.actors import SYSTEM
from portal.kit.scope import tenant_scope
from tenants.models import Tenant
from tests.bridge.conftest import BACK, Asking, Bridge, given_for
from tests.conftest import client_of
from tests.recovery.journey import Place
from vendors.bridge.models import BridgeClient, BridgeRun, BridgeSecret
from vendors.bridge.registering import MadeSecret, create_client, replace_secret
from vendors.models import Connection


def over(place: Place) -> None:
    """A client asks, a person is proven by a document and a face, and the client has its answer."""
    with tenant_scope(place.tenant.id):
        made = create_client(given=given_for(place.connection, face_check=True), actor=SYSTEM)
    assert isinstance(made, MadeSecret)
    bridge = Bridge(
        place.tenant, place.provider, place.connection, made.client, made.text, client_of(place.tenant)
    )
    bridge.http.get("/bridge/.well-known/openid-configuration")
    bridge.http.get("/bridge/keys")
    asking, browser = Asking(), bridge.browser()
    browser.open(bridge.push(asking))
    browser.http.get("/bridge/consent")
    browser.prove()
    browser.http.get("/bridge/checking")
    browser.http.get("/bridge/face")
    browser.http.post("/bridge/face/without-colours")
    assert browser.face()["state"] == "done"
    assert bridge.exchange(asking, browser.back()["code"]).status_code == 200
    stopped = bridge.browser()
    stopped.open(bridge.push(Asking()))
    stopped.agree()
    stopped.http.get("/bridge/checking")
    stopped.http.post("/bridge/stop")
    stopped.http.get("/bridge/leave")


def keep(tenant: Tenant, client: Client) -> None:
    base = f"/o/{tenant.slug}/partners/bridge/"
    with tenant_scope(tenant.id):
        connection = Connection.objects.create(vendor="ftn", kind="own_contract", status="ready")
    client.get(base)
    client.get(f"{base}new")
    form = {
        "name": "Nordlicht",
        "serves": "okta",
        "redirect_uris": BACK,
        "proof": "client_secret",
        "partners": [str(connection.id)],
        "daily_runs": "10",
    }
    assert "it is never shown again" in client.post(f"{base}new", form).content.decode()
    with tenant_scope(tenant.id):
        own = BridgeClient.objects.get(name="Nordlicht")
        run = BridgeRun.objects.create(
            client=own, connection=connection, mode="evaluation", expires_at=own.created_at
        )
        replace_secret(own.id, actor=SYSTEM)
        former = BridgeSecret.objects.filter(client=own).exclude(ends_at=None).get()
    at = f"{base}{own.public_id}/"
    client.get(at)
    client.get(f"{base}runs/{run.public_id}")
    client.get(f"{at}edit")
    client.post(f"{at}edit", {**form, "name": "Nordlicht Okta"})
    client.get(f"{at}try")
    client.post(f"{at}try", {"given_name": "Ada", "family_name": "Lovelace"})
    client.post(f"{at}secret/end", {"secret": former.public_id})
    client.post(f"{at}secret")
    client.get(f"{at}mode")
    client.post(f"{at}mode")
    client.post(f"{at}pause")
    client.post(f"{at}unpause")
    client.get(f"{base}key")
    client.post(f"{base}key", {"word": "replace"})
    client.get(f"{at}remove")
    client.post(f"{at}remove", {"word": "remove"})
