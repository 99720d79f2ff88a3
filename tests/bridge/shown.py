"""A bridge with something on every page of it, for pictures."""

from __future__ import annotations

from datetime import timedelta

from portal.kit import clock
from portal.kit.actors import SYSTEM
from tests.bridge.conftest import given_for
from vendors.bridge.models import BridgeRun
from vendors.bridge.registering import MadeSecret, create_client, replace_secret
from vendors.models import Connection


def bridge_pages(connection: Connection) -> dict[str, str]:
    """In the tenant's scope: name and address of each page."""
    made = create_client(given=given_for(connection, name="Nordlicht Okta", face_check=True), actor=SYSTEM)
    assert isinstance(made, MadeSecret)
    auth0 = given_for(
        connection, name="Customers", serves="auth0", redirect_uris=["https://login.example/continue"]
    )
    other = create_client(given=auth0, actor=SYSTEM)
    assert isinstance(other, MadeSecret)
    replace_secret(made.client.id, actor=SYSTEM)
    moment = clock.now()
    for status, why, trial in (
        ("exchanged", "", False),
        ("exchanged", "does_not_agree", False),
        ("ended", "declined", False),
        ("proving", "", True),
    ):
        run = BridgeRun.objects.create(
            client=made.client,
            status=status,
            why=why,
            is_trial=trial,
            connection=connection,
            mode="production",
            tries=1,
            proved_at=moment,
            ended_at=None if status == "proving" else moment,
            expires_at=moment + timedelta(minutes=30),
        )
    at = f"/partners/bridge/{made.client.public_id}/"
    return {
        "bridge": "/partners/bridge/",
        "bridge_new": "/partners/bridge/new",
        "bridge_client": at,
        "bridge_auth0": f"/partners/bridge/{other.client.public_id}/",
        "bridge_edit": f"{at}edit",
        "bridge_try": f"{at}try",
        "bridge_mode": f"{at}mode",
        "bridge_remove": f"{at}remove",
        "bridge_key": "/partners/bridge/key",
        "bridge_run": f"/partners/bridge/runs/{run.public_id}",
    }
