"""The simulator of a partner in the console: started, told how sessions end, entered, stopped; and what it never does."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.conf import settings as product
from django.test import Client

from portal import checks
from portal.embedded.simulators import Full, _Server
from portal.kit.actors import SYSTEM
from portal.kit.errors import Invalid
from portal.kit.scope import tenant_scope
from recovery.profiles import create_profile, publish_profile
from recovery.statuses import Mode
from tenants.rights import Role
from tenants.verified_id.services import turn_on_verified_id
from tests.vendors.conftest import work
from tests.vendors.simulated import Simulator
from vendors import services
from vendors.addresses import is_played
from vendors.context import open_secrets
from vendors.models import Connection

WORD = "w" * 32


@dataclass
class Kept:
    """Stands for who starts processes: the one simulator of this test run starts and stops in name."""

    one: Simulator
    running: set[str] = field(default_factory=set)
    full: str = ""

    def standing(self, owner: str, key: str) -> dict[str, Any]:
        if owner + key not in self.running:
            return {"state": "stopped", "why": "died"}
        told = self.one.control()
        return {"state": "running", "address": self.one.origin, "idle_minutes": 15} | {
            name: told[name] for name in ("scenario", "scenarios", "settings")
        }

    def start(self, owner: str, key: str) -> dict[str, Any]:
        if self.full:
            raise Full(self.full, ["oidc", "persona"])
        self.running.add(owner + key)
        return self.standing(owner, key)

    def stop(self, owner: str, key: str) -> dict[str, Any]:
        self.running.discard(owner + key)
        return self.standing(owner, key)

    def set(self, owner: str, key: str, told: dict[str, Any]) -> dict[str, Any] | None:
        if told.get("scenario", "verified") not in {"", *self.one.control()["scenarios"]}:
            return None
        self.one.control(**told)
        return self.standing(owner, key)


@pytest.fixture
def kept(simulators, settings):
    keeper = Kept(simulators["persona"])
    server = _Server(0, keeper, WORD)  # type: ignore[arg-type]
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    settings.SIMULATORS_URL = f"http://127.0.0.1:{server.server_address[1]}"
    settings.SIMULATORS_TOKEN = WORD
    yield keeper
    server.shutdown()
    server.server_close()


@dataclass
class Desk:
    client: Client
    slug: str
    vendor: str = "persona"

    def page(self, path: str = "") -> Any:
        return self.client.get(f"/o/{self.slug}/partners/{self.vendor}/simulator{path}")

    def catalogue(self) -> Any:
        return self.client.get(f"/o/{self.slug}/partners/")

    def press(self, what: str, **told: str) -> Any:
        return self.client.post(f"/o/{self.slug}/partners/{self.vendor}/simulator/{what}", told, follow=True)


@pytest.fixture
def desk(staff_client, tenant) -> Desk:
    return Desk(staff_client(Role.ADMINISTRATOR), tenant.slug)


def told(answer: Any) -> str:
    return str(answer.content.decode())


def test_it_is_started_told_entered_tried_and_stopped(kept, desk, tenant):
    assert "It pretends" in told(desk.page()) and "Start it" in told(desk.page())
    assert "Simulator" not in told(desk.catalogue())
    assert "Approved" in told(desk.press("start"))
    assert 'value="face_mismatch" selected' in told(desk.press("ends", scenario="face_mismatch"))
    page = told(desk.press("fill"))
    work(tenant)
    with tenant_scope(tenant.id):
        connection = Connection.objects.get(vendor="persona")
        assert connection.status == Connection.Status.READY
        secrets = open_secrets(connection)
        assert secrets["api_key"] == kept.one.settings["api_key"]
    assert not any(secret in page for secret in secrets.values()), "keys go past the browser"
    assert kept.one.control()["webhook_url"].endswith(f"/hooks/partners/{tenant.slug}/{connection.public_id}")
    assert "A simulator answers" in told(desk.page())
    assert "Simulator" in told(desk.catalogue())
    assert "Start it" in told(desk.press("stop"))


def test_keys_of_the_partner_itself_are_never_overwritten(kept, desk, tenant):
    config = {name: value for name, value in kept.one.config.items() if name != "api_base"}
    with tenant_scope(tenant.id):
        services.bring_own_partner(
            "persona", config=config, secrets={"api_key": "persona_production_of_ours"}, actor=SYSTEM
        )
    desk.press("start")
    assert "Your own settings stay" in told(desk.page())
    assert "connected with settings of its own" in told(desk.press("fill"))
    with tenant_scope(tenant.id):
        connection = Connection.objects.get(vendor="persona")
        assert open_secrets(connection)["api_key"] == "persona_production_of_ours"
        assert "api_base" not in connection.config


def test_one_that_does_not_run_is_told_and_entered_nowhere(kept, desk, tenant):
    assert "somebody killed it" in told(desk.page())
    assert "It does not run" in told(desk.press("fill"))
    desk.press("start")
    assert "knows no such end" in told(desk.press("ends", scenario="--port 1"))
    with tenant_scope(tenant.id):
        assert not Connection.objects.exists()


def test_too_many_are_refused_with_their_names(kept, desk):
    kept.full = "own_many"
    page = told(desk.press("start"))
    assert "Four simulators" in page and "Persona" in page and "mojeID" in page


def test_nobody_who_keeps_them_is_said_and_not_waited_for(desk, settings):
    settings.SIMULATORS_URL, settings.SIMULATORS_TOKEN = "http://127.0.0.1:1", WORD
    assert "Nobody keeps simulators" in told(desk.page())
    assert "Nobody keeps simulators" in told(desk.press("start"))


def test_production_has_no_such_page_and_hears_no_such_press(kept, desk, settings):
    desk.press("start")
    running = set(kept.running)
    settings.IS_PRODUCTION = True
    assert desk.page().status_code == desk.page("/state").status_code == 404
    for what in ("start", "stop", "ends", "fill"):
        assert desk.press(what).status_code == 404, what
    assert kept.running == running
    assert "simulator" not in told(desk.client.get(f"/o/{desk.slug}/partners/persona/")).casefold()
    assert [found.id for found in checks.check_simulators(None)] == ["readmit.E017"]
    settings.IS_PRODUCTION, settings.SIMULATORS_TOKEN = False, "short"
    assert [found.id for found in checks.check_simulators(None)] == ["readmit.E018"]


def test_partners_that_nobody_plays_have_no_such_page(kept, desk):
    for vendor in ("house", "nobody"):
        assert Desk(desk.client, desk.slug, vendor).page().status_code == 404
    assert product.SIMULATORS_URL


@pytest.mark.parametrize(
    ("address", "played"),
    [
        ("http://oidc.localhost:8060", True),
        ("HTTP://OIDC.localhost", True),
        ("http://op.localhost:8060", False),
        ("https://oidc.localhost.example.com", False),
        ("https://id.example.com/oidc.localhost", False),
    ],
)
def test_whoever_answers_at_a_simulators_address_is_played_whatever_it_answers(in_tenant, address, played):
    for vendor in ("oidc", "mitid", "oidc-north"):
        assert is_played(Connection(vendor=vendor, config={"issuer": address})) is played
    assert not is_played(Connection(vendor="house", config={"issuer": address}))


def test_a_profile_in_production_refuses_a_partner_that_is_played(kept, desk, tenant):
    desk.press("start")
    desk.press("fill")
    work(tenant)
    with tenant_scope(tenant.id):
        turn_on_verified_id(actor=SYSTEM)
        named = [Connection.objects.get(vendor="persona").id]
        trial = create_profile(name="Trial", mode=Mode.EVALUATION, partners=named, actor=SYSTEM)
        real = create_profile(name="Real", mode=Mode.PRODUCTION, partners=named, actor=SYSTEM)
        publish_profile(trial.id, actor=SYSTEM)
        with pytest.raises(Invalid, match="profile_partner_played"):
            publish_profile(real.id, actor=SYSTEM)
