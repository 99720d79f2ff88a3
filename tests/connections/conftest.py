"""A tenant connected to the Graph simulator, and the worker's turns taken by hand."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from portal.kit import clock, outbox
from portal.kit.actors import SYSTEM
from portal.kit.scope import tenant_scope
from tenants.directory.connections import rounds, services
from tenants.directory.connections.models import DirectoryConnection, SyncRun
from tenants.directory.models import DirectoryPerson, Group, GroupMember, NoticeAddress
from tenants.models import Outbox, Tenant
from tests.sandboxes.graph_served import EVERYTHING, GraphSimulator


class Connected:
    """One tenant, its connection, and the steps of its synchronisations."""

    def __init__(self, tenant: Tenant, graph: GraphSimulator) -> None:
        self.tenant, self.graph = tenant, graph
        self.directory = graph.known["directory"]

    def connect(self, application: str = EVERYTHING, **given: str) -> DirectoryConnection:
        client_id, secret = self.graph.credentials(application)
        settings = {"directory": self.directory, "client_id": client_id, **given}
        with tenant_scope(self.tenant.id):
            return services.connect(kind="entra", given=settings, secret=secret, actor=SYSTEM)

    def jobs(self, topic: str) -> list[Any]:
        found = Outbox.objects.filter(tenant_id=self.tenant.id, topic=topic, failed_at=None)
        return list(found.order_by("created_at").values_list("id", flat=True))

    def test(self) -> DirectoryConnection:
        for job in self.jobs(services.TEST):
            assert outbox.run(job)
        with tenant_scope(self.tenant.id):
            row = services.connection()
            assert row is not None
            return row

    def ask(self, *, everything: bool = False) -> SyncRun:
        with tenant_scope(self.tenant.id):
            return services.ask_for_sync(actor=SYSTEM, everything=everything)[0]

    def step(self) -> bool:
        """One turn of the worker; False when there is nothing to do."""
        jobs = self.jobs(rounds.TOPIC)
        return bool(jobs) and outbox.run(jobs[0])

    def finish(self, run: SyncRun, most: int = 500) -> SyncRun:
        for _turn in range(most):
            if not self.step():
                break
        with tenant_scope(self.tenant.id):
            return SyncRun.objects.get(id=run.id)

    def sync(self, *, everything: bool = False) -> SyncRun:
        return self.finish(self.ask(everything=everything))

    # What is in the directory
    def people(self) -> dict[str, DirectoryPerson]:
        """By Microsoft's id; who was removed is not in it."""
        with tenant_scope(self.tenant.id):
            rows = DirectoryPerson.objects.exclude(status=DirectoryPerson.Status.REMOVED)
            return {row.external_id: row for row in rows}

    def addresses(self, object_id: str) -> dict[str, Any]:
        with tenant_scope(self.tenant.id):
            rows = NoticeAddress.objects.filter(person__external_id=object_id)
            return {row.value: row.held_since for row in rows}

    def groups(self) -> dict[str, set[str]]:
        """The members of each group, by Microsoft's ids."""
        with tenant_scope(self.tenant.id):
            found: dict[str, set[str]] = {group.name: set() for group in Group.objects.all()}
            for name, person in GroupMember.objects.values_list("group__name", "person__external_id"):
                found[name].add(person)
            return found

    def row(self) -> DirectoryConnection:
        with tenant_scope(self.tenant.id):
            return DirectoryConnection.objects.get()


@pytest.fixture
def connected(graph: GraphSimulator, tenant: Tenant, settings: Any, monkeypatch: Any) -> Connected:
    """Connected with every permission; nothing was asked yet. A job takes one step."""
    monkeypatch.setattr(rounds, "AT_A_TIME", 0.0)
    settings.GRAPH_SIMULATOR_ORIGIN = graph.origin
    made = Connected(tenant, graph)
    made.connect()
    return made


def later(**span: float) -> Any:
    return clock.frozen(clock.now() + timedelta(**span))
