"""A tenant whose accounts live behind the Graph simulator, Ada's account there, and whoever recovers it."""

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
from tests.sandboxes.graph_served import EVERYTHING, GraphSimulator
from tests.vendors.conftest import work


@dataclass
class There:
    """The directory at Microsoft, as far as Ada is concerned."""

    place: Place
    graph: GraphSimulator
    ada: DirectoryPerson
    account: dict[str, Any]

    @property
    def object_id(self) -> str:
        return str(self.account["id"])

    def connect(self, application: str = EVERYTHING) -> None:
        """Other credentials for the same directory; where accounts live stays as it was chosen."""
        client_id, secret = self.graph.credentials(application)
        given = {"directory": self.graph.known["directory"], "client_id": client_id}
        with tenant_scope(self.place.tenant.id):
            services.connect(kind="entra", given=given, secret=secret, actor=SYSTEM)
        work(self.place.tenant)

    def choose(self, **changes: bool) -> None:
        chosen = {"lives_there": True, "removes_lost": True, "ends_sessions": True, **changes}
        with tenant_scope(self.place.tenant.id):
            accounts.choose_home(accounts.Chosen(**chosen), actor=SYSTEM)

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
        return self.graph.ways_in(self.object_id, **told)

    def kinds(self) -> list[str]:
        return [each["kind"] for each in self.ways_in()["methods"]]

    def calls(self, method: str, ending: str) -> int:
        """How often the simulator was asked so."""
        found = [call.split(" ") for call in self.graph.state()["calls"]]
        return sum(one == method and path.endswith(ending) for one, path in found)

    def register(self, characters: str) -> None:
        self.graph.register_passkey(self.account["userPrincipalName"], characters)


def shown_characters(journey: Journey) -> str:
    """The pass, as the page shows it once."""
    answer = journey.post("/recover/pass/there/show")
    assert answer.status_code == 200, answer
    return str(answer.context["shown"].characters)


@pytest.fixture
def there(place: Place, ada: DirectoryPerson, graph: GraphSimulator, settings: Any) -> There:
    settings.GRAPH_SIMULATOR_ORIGIN = graph.origin
    make_member(place.tenant)
    graph.seed(4, guests=1, disabled=1)
    made = There(place, graph, ada, graph.people()[3])
    made.connect()
    with tenant_scope(place.tenant.id):
        assert DirectoryConnection.objects.get().found_of_passes
        RemoteObject.objects.create(kind="users", object_id=made.object_id, person=ada, seen_round=1)
    made.choose()
    return made
