"""A tenant whose recoveries use Microsoft's service, played by the simulator, and whoever recovers there with its app."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.core.cache import cache

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.scope import tenant_scope
from recovery.stages import Stage
from tenants.directory.models import DirectoryPerson
from tenants.verified_id.entra import requests, services
from tenants.verified_id.entra.models import EntraCard, EntraConnection, EntraRequest
from tests.recovery.journey import Journey, Place
from tests.sandboxes.entra_served import EntraSimulator
from tests.verified_id.entra.conftest import Relay, deliver, given, relay, work_off

__all__ = ["relay"]


@dataclass
class AppJourney(Journey):
    """A browser, and a phone with Microsoft Authenticator beside it."""

    entra: EntraSimulator = field(kw_only=True)
    relay: Relay = field(kw_only=True)

    def request(self, kind: str) -> EntraRequest:
        with tenant_scope(self.place.tenant.id):
            return EntraRequest.objects.filter(reference=self.case.id, kind=kind).latest("created_at")

    def card(self) -> EntraCard:
        with tenant_scope(self.place.tenant.id):
            return EntraCard.objects.filter(reference=self.case.id).latest("created_at")

    def record(self) -> list[tuple[str, str]]:
        """What Microsoft's records say of the case's card."""
        return self.entra.records(self.card().mark)

    def pin(self) -> str:
        with tenant_scope(self.place.tenant.id):
            return requests.pin_of(self.request("issuance"))

    def offer(self) -> AppJourney:
        assert self.post("/recover/credential/offer").status_code == 303
        self.work()
        return self

    def told(self, count: int, **changes: Any) -> list[int]:
        """What the service tells reaches us, with `changes` to the last; what we answered."""
        before = len(self.relay.sent)
        until = time.monotonic() + 10
        while len(self.relay.sent) - self.relay.delivered < count and time.monotonic() < until:
            time.sleep(0.02)
        fresh = self.relay.sent[self.relay.delivered :]
        assert len(fresh) == count, (before, fresh)
        self.relay.delivered = len(self.relay.sent)
        answers = [deliver(self.place.tenant, each).status_code for each in fresh[:-1]]
        answers.append(deliver(self.place.tenant, fresh[-1], **changes).status_code)
        self.work()
        return answers

    def take(self) -> AppJourney:
        """The card is taken in the app."""
        self.offer()
        assert "issuance_successful" in self.entra.take_card(self.request("issuance").service_id, self.pin())
        assert self.told(2) == [200, 200]
        return self

    def ask(self) -> AppJourney:
        answer = self.post("/recover/present/ask")
        assert answer.status_code == 303, answer.content
        self.work()
        return self

    def present(self, score: float = 92.5) -> AppJourney:
        self.ask()
        self.entra.show_card(self.request("presentation").service_id, score)
        assert self.told(2) == [200, 200]
        return self

    def changed(self, **changes: Any) -> dict[str, bytes]:
        """The last callback, with members of the card that was shown set to something else."""
        whole = json.loads(self.relay.sent[-1].body)
        whole["verifiedCredentialsData"][0] |= changes
        return {"body": json.dumps(whole).encode()}


def use_microsoft(place: Place, entra: EntraSimulator, settings: Any) -> None:
    """As if it had been tested: that costs five requests, and is tested where connections are."""
    settings.ENTRA_SIMULATOR_ORIGIN = entra.origin
    values, secret = given(entra, authority_id=entra.known["authority_id"], mark_claim="cardId")
    with tenant_scope(place.tenant.id):
        made = services.connect(given=values, secret=secret, actor=SYSTEM)
        EntraConnection.objects.filter(id=made.id).update(
            found=[{"step": "records", "ok": True, "problem": "", "setting": ""}], tested_at=clock.now()
        )
        services.use_in_recoveries(is_used=True, actor=SYSTEM)
    work_off(place.tenant)


@pytest.fixture
def there(place: Place, entra: EntraSimulator, relay: Relay, settings: Any) -> Place:
    """The place, with Microsoft's service in use."""
    use_microsoft(place, entra, settings)
    return place


@pytest.fixture
def phone(there: Place, ada: DirectoryPerson, entra: EntraSimulator, relay: Relay) -> Iterator[AppJourney]:
    cache.clear()
    yield AppJourney(there, entra=entra, relay=relay)


@pytest.fixture
def another(there: Place, entra: EntraSimulator, relay: Relay) -> Callable[[], AppJourney]:
    """Another browser of the same tenant."""
    return lambda: AppJourney(there, entra=entra, relay=relay)


def at(journey: AppJourney, stage: Stage) -> None:
    assert journey.stage is stage, (journey.stage, journey.outcome(), journey.steps())
