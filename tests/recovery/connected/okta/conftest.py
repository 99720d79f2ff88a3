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
from tenants.models import Outbox, Tenant
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

    def choose(self) -> None:
        """Accounts live there, Ada's among them."""
        with tenant_scope(self.place.tenant.id):
            assert DirectoryConnection.objects.get().found_of_passes
            RemoteObject.objects.create(kind="users", object_id=self.object_id, person=self.ada, seen_round=1)
            accounts.choose_home(accounts.Chosen(True, True, True), actor=SYSTEM)

    def connect_anew(self) -> None:
        """The connection is removed, and another one entered, behind which accounts live again."""
        with tenant_scope(self.place.tenant.id):
            accounts.choose_home(accounts.Chosen(False, True, True), actor=SYSTEM)
            services.disconnect(actor=SYSTEM)
        connect(self.place.tenant, self.okta)
        self.choose()

    def register(self, characters: str) -> None:
        self.okta.register_passkey(self.account["login"], characters)


def shown_characters(journey: Journey) -> str:
    """The pass, as the page shows it once."""
    answer = journey.post("/recover/pass/there/show")
    assert answer.status_code == 200, answer
    return str(answer.context["shown"].characters)


def connect(tenant: Tenant, okta: OktaSimulator, application: str = EVERYTHING) -> None:
    """Connected, the key that was made registered there, and tested."""
    given = {"host": "example.okta.com", "client_id": okta.applications[application]}
    with tenant_scope(tenant.id):
        jwk = services.public_part_of(services.connect(kind="okta", given=given, secret="", actor=SYSTEM))
    okta.register(application, jwk)
    work(tenant)


@pytest.fixture
def there(place: Place, ada: DirectoryPerson, okta: OktaSimulator, settings: Any) -> There:
    settings.OKTA_SIMULATOR_ORIGIN = okta.origin
    make_member(place.tenant)
    okta.seed(3, groups=0)
    made = There(place, okta, ada, okta.people()[1])
    connect(place.tenant, okta)
    made.choose()
    return made
