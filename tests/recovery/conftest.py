"""A tenant that is ready for recoveries, and whoever walks through one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from portal.kit.actors import SYSTEM
from portal.kit.scope import tenant_scope
from tenants.directory.models import DirectoryPerson
from tests.facecheck.conftest import PaperVision, vision
from tests.recovery.journey import Journey, Place, make_place, work
from tests.recovery.memory import SETTINGS, WatchedPatch, memory
from tests.vendors.hostile import CLIENT_ID, CLIENT_SECRET, HostileProvider, make_jpeg
from vendors import registry, services

__all__ = ["vision"]


@pytest.fixture
def provider() -> Iterator[HostileProvider]:
    """One partner for all tests of a worker: what was walked to it is remembered."""
    made = memory().partner()
    yield made
    made.released.set()


@pytest.fixture
def monkeypatch() -> Iterator[pytest.MonkeyPatch]:
    """pytest's own, watched: a walk in which a function is another one is not remembered."""
    patch = WatchedPatch()
    yield patch
    patch.undo()


@pytest.fixture
def place(
    provider: HostileProvider, vision: PaperVision, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> Place:
    def pristine() -> bool:
        changed = [override.options.keys() for override in settings._to_restore]
        watched = isinstance(monkeypatch, WatchedPatch) and WatchedPatch.none_in_force()
        return watched and all(names and names <= SETTINGS for names in changed)

    if provider is not memory().provider:
        return make_place(provider, vision)
    return memory().place(vision, lambda: make_place(provider, vision), pristine)


@pytest.fixture
def ada(place: Place) -> DirectoryPerson:
    return place.memory.ada(place) if place.memory else place.person()


@pytest.fixture
def browser(place: Place, ada: DirectoryPerson) -> Journey:
    """Ada's browser, before anything."""
    return place.browser()


@pytest.fixture
def second(monkeypatch: pytest.MonkeyPatch, place: Place) -> Iterator[HostileProvider]:
    """A second partner, connected and named after the first in the profile."""
    monkeypatch.setitem(registry.ADAPTERS, "second", registry.ADAPTERS["oidc"])
    other = HostileProvider()
    other.answers.portrait = make_jpeg()
    with tenant_scope(place.tenant.id):
        made = services.bring_own_partner(
            "second",
            config={"issuer": other.issuer, "client_id": CLIENT_ID},
            secrets={"client_secret": CLIENT_SECRET},
            actor=SYSTEM,
        )
    work(place.tenant)
    place.set_profile(partners=[str(place.connection.id), str(made.id)])
    yield other
    other.close()
