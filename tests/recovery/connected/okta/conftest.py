"""A tenant whose accounts live behind the Okta simulator, and Ada's account there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from portal.kit import outbox
from portal.kit.actors import SYSTEM
from portal.kit.scope import tenant_scope
from recovery.connected.models import DirectoryPass
from tenants.directory.connections import accounts, services
from tenants.directory.connections.models import DirectoryConnection, RemoteObject
from tenants.directory.models import DirectoryPerson
from tenants.models import Outbox
from tests.conftest import make_member
from tests.recovery.journey import Journey, Place
from tests.sandboxes.okta_served import EVERYTHING, OktaSimulator
from tests.vendors.conftest import work


@dataclass
class There:
    place: Place
    okta: OktaSimulator
    ada: DirectoryPerson
    account: dict[str, Any]

    @property
    def object_id(self) -> str:
        return str(self.account["id"])

    def row(self, journey: Journey) -> DirectoryPass:
        case = journey.case
        with tenant_scope(self.place.tenant.id):
            return DirectoryPass.objects.get(case_id=case.id)

    def run(self, *topics: str) -> None:
        """What the worker has to do about passes, whenever it is due; each once."""
        wanted = topics or ("connected.make_pass", "connected.look", "connected.clear")
        found = Outbox.objects.filter(tenant_id=self.place.tenant.id, topic__in=wanted, failed_at=None)
        for job in list(found.order_by("created_at").values_list("id", flat=True)):
            outbox.run(job)

    def look(self) -> None:
        self.run("connected.look")

    def ways_in(self, **told: Any) -> dict[str, Any]:
        return self.okta.ways_in(self.object_id, **told)

    def keys(self) -> list[str]:
        return [each["key"] for each in self.ways_in()["enrolments"]]

    def register(self, characters: str) -> None:
        self.okta.register_passkey(self.account["login"], characters)


def shown_characters(journey: Journey) -> str:
    """The pass, as the page shows it once."""
    answer = journey.post("/recover/pass/there/show")
    assert answer.status_code == 200, answer
    return str(answer.context["shown"].characters)


@pytest.fixture
def there(place: Place, ada: DirectoryPerson, okta: OktaSimulator, settings: Any) -> There:
    settings.OKTA_SIMULATOR_ORIGIN = okta.origin
    make_member(place.tenant)
    okta.seed(3, groups=0)
    made = There(place, okta, ada, okta.people()[1])
    given = {"host": "example.okta.com", "client_id": okta.applications[EVERYTHING]}
    with tenant_scope(place.tenant.id):
        row = services.connect(kind="okta", given=given, secret="", actor=SYSTEM)
        jwk = services.public_part_of(row)
    okta.register(EVERYTHING, jwk)
    work(place.tenant)
    with tenant_scope(place.tenant.id):
        assert DirectoryConnection.objects.get().found_of_passes
        RemoteObject.objects.create(kind="users", object_id=made.object_id, person=ada, seen_round=1)
        accounts.choose_home(accounts.Chosen(True, True, True), actor=SYSTEM)
    return made
