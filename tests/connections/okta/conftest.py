"""A tenant connected to the Okta simulator: connected first, and the key that was made registered there, as people do it."""

from __future__ import annotations

from typing import Any

import pytest

from portal.kit import outbox
from portal.kit.actors import SYSTEM
from portal.kit.scope import tenant_scope
from tenants.directory.connections import rounds, services
from tenants.directory.connections.models import DirectoryConnection
from tenants.models import Tenant
from tests.connections.conftest import Connected
from tests.sandboxes.okta_served import EVERYTHING, OktaSimulator


class ConnectedToOkta(Connected):
    def __init__(self, tenant: Tenant, okta: OktaSimulator) -> None:
        self.tenant, self.okta = tenant, okta

    def connect(self, application: str = EVERYTHING, **given: str) -> DirectoryConnection:
        settings = {"host": "example.okta.com", "client_id": self.okta.applications[application], **given}
        with tenant_scope(self.tenant.id):
            row = services.connect(kind="okta", given=settings, secret="", actor=SYSTEM)
            jwk = services.public_part_of(row)
        self.okta.register(application, jwk)
        return row

    def test(self) -> DirectoryConnection:
        for job in self.jobs(services.TEST):
            assert outbox.run(job)
        return self.row()

    def ask_for_test(self) -> None:
        with tenant_scope(self.tenant.id):
            services.ask_for_test(actor=SYSTEM)

    def found(self) -> dict[str, str]:
        """What the last test found wrong, by its part."""
        row = self.test()
        return {one["step"]: one["problem"] for one in (*row.found, *row.found_of_passes)}


@pytest.fixture
def connected(okta: OktaSimulator, tenant: Tenant, settings: Any, monkeypatch: Any) -> ConnectedToOkta:
    """Connected with every scope; nothing was asked yet. A job takes one step."""
    monkeypatch.setattr(rounds, "AT_A_TIME", 0.0)
    settings.OKTA_SIMULATOR_ORIGIN = okta.origin
    okta.seed(0)
    made = ConnectedToOkta(tenant, okta)
    made.connect()
    return made
