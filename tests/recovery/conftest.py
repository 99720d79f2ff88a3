"""A tenant that is ready for recoveries, and whoever walks through one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tenants.directory.models import DirectoryPerson
from tests.facecheck.conftest import PaperVision, vision
from tests.recovery.journey import Journey, Place, make_place
from tests.vendors.conftest import provider
from tests.vendors.hostile import HostileProvider

__all__ = ["provider", "vision"]


@pytest.fixture
def place(provider: HostileProvider, vision: PaperVision) -> Iterator[Place]:
    yield make_place(provider, vision)


@pytest.fixture
def ada(place: Place) -> DirectoryPerson:
    return place.person()


@pytest.fixture
def browser(place: Place, ada: DirectoryPerson) -> Journey:
    """Ada's browser, before anything."""
    return place.browser()
