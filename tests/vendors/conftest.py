"""A hostile provider, a connection to it, and attempts that go through the real outbox."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any
from uuid import UUID

import pytest
from django.apps import apps

from portal.kit import clock, outbox
from portal.kit.actors import SYSTEM
from portal.kit.codes import digest
from portal.kit.ids import uuid7
from portal.kit.outbox import Job
from portal.kit.scope import tenant_scope
from tenants.audit.models import AuditEvent
from tenants.models import Tenant
from tests.vendors.hostile import CLIENT_ID, CLIENT_SECRET, HostileProvider
from vendors import context, selectors, services
from vendors.addresses import RETURN_PATH, return_url_of
from vendors.models import Connection, ProofingAttempt
from vendors.phases import Errand

BROWSER = digest("the browser that began")
OTHER_BROWSER = digest("another browser")
completed: list[tuple[UUID, UUID]] = []


def note_completed(job: Job) -> None:
    completed.append((job.uuid("reference"), job.uuid("attempt_id")))


@pytest.fixture(autouse=True)
def _upper_room(settings: Any) -> None:
    completed.clear()
    settings.OUTBOX_TOPICS = {
        **settings.OUTBOX_TOPICS,
        "vendors.proofing_completed": "tests.vendors.conftest.note_completed",
    }


@pytest.fixture
def provider() -> Iterator[HostileProvider]:
    made = HostileProvider()
    yield made
    made.close()


def work(tenant: Tenant, rounds: int = 12) -> None:
    """Do what is due for this tenant now; failures stay for a later call."""
    model = apps.get_model("tenants", "Outbox")
    for _ in range(rounds):
        due = model.objects.filter(
            tenant_id=tenant.id, failed_at=None, available_at__lte=clock.now() + outbox.LEASE
        ).order_by("created_at")
        done = [outbox.run(row_id) for row_id in due.values_list("id", flat=True)]
        if not any(done):
            return


class Journey:
    """What a test does with one tenant and one provider."""

    def __init__(self, tenant: Tenant, provider: HostileProvider) -> None:
        self.tenant = tenant
        self.provider = provider

    def connect(self, **config: str) -> Connection:
        with tenant_scope(self.tenant.id):
            made = services.bring_own_partner(
                "oidc",
                config={"issuer": self.provider.issuer, "client_id": CLIENT_ID, **config},
                secrets={"client_secret": CLIENT_SECRET},
                actor=SYSTEM,
            )
        work(self.tenant)
        with tenant_scope(self.tenant.id):
            return Connection.objects.get(id=made.id)

    def begin(self, connection: Connection, *, reference: UUID | None = None, **changes: Any) -> UUID:
        with tenant_scope(self.tenant.id):
            attempt = services.begin_proofing(
                connection_id=connection.id,
                reference=reference or uuid7(),
                browser_digest=changes.pop("browser_digest", BROWSER),
                return_url=return_url_of(self.tenant.slug, "oidc"),
                locale="en",
                purpose="Recover your account",
                demonstration=changes.pop("demonstration", False),
                **changes,
            )
        work(self.tenant)
        return attempt.id

    def state(self, attempt_id: UUID) -> selectors.ProofingState:
        with tenant_scope(self.tenant.id):
            return selectors.proofing_state(attempt_id)

    def go(self, attempt_id: UUID) -> dict[str, list[str]]:
        url = self.state(attempt_id).continue_url
        assert url, self.row(attempt_id).failure_code
        return self.provider.visit(url)

    def come_back(self, query: dict[str, Sequence[str]], browser: bytes = BROWSER) -> None:
        with tenant_scope(self.tenant.id):
            browsers = {Errand.RECOVERY: browser}
            services.receive_return(query=query, browsers=browsers, came_to=RETURN_PATH)

    def prove(self, connection: Connection, **changes: Any) -> UUID:
        """The whole way: begin, go there, come back, exchange."""
        attempt_id = self.begin(connection, **changes)
        self.come_back(self.go(attempt_id))
        work(self.tenant)
        return attempt_id

    def row(self, attempt_id: UUID) -> ProofingAttempt:
        with tenant_scope(self.tenant.id):
            return ProofingAttempt.objects.get(id=attempt_id)

    def take(self, attempt_id: UUID) -> services.ProofingResult:
        with tenant_scope(self.tenant.id):
            return services.take_result(attempt_id)

    def events(self, name: str) -> list[dict[str, Any]]:
        with tenant_scope(self.tenant.id):
            return [event.data for event in AuditEvent.objects.filter(name=name).order_by("id")]


@pytest.fixture
def journey(tenant: Tenant, provider: HostileProvider) -> Journey:
    return Journey(tenant, provider)


@pytest.fixture
def connection(journey: Journey) -> Connection:
    return journey.connect()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    return lambda seconds: monkeypatch.setattr(context, "TIMEOUT_SECONDS", seconds)
