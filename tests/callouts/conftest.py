"""A tenant with a callout to a claim check that is a process of its own."""

from __future__ import annotations

from typing import Any

import pytest

from portal.kit.actors import SYSTEM
from portal.kit.scope import tenant_scope
from recovery.callouts.models import Callout, CalloutAsk
from recovery.callouts.services import create_callout
from recovery.callouts.shape import USUAL
from tests.facecheck.conftest import vision
from tests.recovery.conftest import ada, browser, place
from tests.recovery.journey import Journey, Place
from tests.vendors.conftest import provider, work
from tests.vendors.simulated import Simulator, Simulators

__all__ = ["ada", "browser", "place", "provider", "vision"]


@pytest.fixture
def endpoint(simulators: Simulators) -> Simulator:
    return simulators["claims"]


class Checked:
    """A profile that names callouts, and what they were asked."""

    def __init__(self, place: Place, endpoint: Simulator) -> None:
        self.place, self.endpoint = place, endpoint

    def add(self, name: str = "Payroll", *, secret: str = "", **changes: Any) -> Callout:
        url = self.endpoint.settings["api_base"]
        given = {
            "name": name,
            "url": url,
            "audience": url,
            "claims": list(USUAL),
            "on_silence": "refuse",
            "timeout_seconds": 2,
            "retries": 0,
            **changes,
        }
        with tenant_scope(self.place.tenant.id):
            made = create_callout(given=given, secret=secret, actor=SYSTEM)
        # The test that every new one is given is over before a case begins.
        work(self.place.tenant)
        self.endpoint.control(clear=True)
        return made

    def use(self, *rows: Callout) -> None:
        self.place.set_profile(callouts=[str(row.id) for row in rows])

    def asks(self, journey: Journey) -> list[CalloutAsk]:
        case = journey.case
        with tenant_scope(self.place.tenant.id):
            return list(CalloutAsk.objects.filter(reference=case.id).order_by("created_at", "position"))

    def callout(self, row: Callout) -> Callout:
        with tenant_scope(self.place.tenant.id):
            return Callout.objects.get(id=row.id)


@pytest.fixture
def checked(place: Place, endpoint: Simulator) -> Checked:
    return Checked(place, endpoint)
