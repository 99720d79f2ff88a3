"""What a test does with one tenant and a partner that keeps a record: its simulator, and webhooks sent by hand."""

from __future__ import annotations

import json
import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import stripe
from django.test import Client

from portal.kit.actors import SYSTEM
from portal.kit.scope import tenant_scope
from tenants.models import Tenant
from tests.conftest import site_client
from tests.vendors.conftest import Journey, work
from tests.vendors.simulated import Simulator
from vendors import services
from vendors.models import Connection, PartnerSignal


class RestJourney(Journey):
    def __init__(self, tenant: Tenant, simulator: Simulator) -> None:
        self.tenant = tenant
        self.simulator = simulator

    def connect(self, **changes: str) -> Connection:
        with tenant_scope(self.tenant.id):
            made = services.bring_own_partner(
                self.simulator.key,
                config=self.simulator.config,
                secrets={**self.simulator.secrets, **changes},
                actor=SYSTEM,
            )
        work(self.tenant)
        with tenant_scope(self.tenant.id):
            return Connection.objects.get(id=made.id)

    def begin(self, connection: Connection, **changes: Any) -> Any:
        return super().begin(connection, **{"demonstration": True, **changes})

    def url(self, attempt_id: Any) -> str:
        url = self.state(attempt_id).continue_url
        assert url, self.row(attempt_id).failure_code
        return url

    def finish(self, attempt_id: Any, scenario: str = "verified", **person: str) -> dict[str, list[str]]:
        """The person ends it at the partner; the query their browser comes back with."""
        back = self.simulator.finish(self.url(attempt_id), scenario, **person)
        return parse_qs(urlsplit(back).query)

    def signals(self) -> int:
        with tenant_scope(self.tenant.id):
            return PartnerSignal.objects.count()

    # ------------------------------------------------------------ webhooks

    def event(self, attempt_id: Any, event_id: str, kind: str = "verified") -> bytes:
        ref = self.row(attempt_id).partner_ref
        about = {"id": ref, "object": "identity.verification_session", "status": kind}
        event = {
            "id": event_id,
            "object": "event",
            "type": f"identity.verification_session.{kind}",
            "data": {"object": about},
        }
        return json.dumps(event).encode()

    def sign(self, body: bytes, *, secret: str = "", ago: int = 0) -> str:
        """By Stripe's own package."""
        return str(
            stripe.WebhookSignature.generate_signature_header(
                body.decode(), secret or self.simulator.secrets["webhook_secret"], int(time.time()) - ago
            )
        )

    def hook(
        self,
        connection: Connection,
        body: bytes,
        signature: str | None = None,
        *,
        slug: str = "",
        client: Client | None = None,
    ) -> tuple[int, bytes]:
        answer = (client or site_client()).post(
            f"/hooks/partners/{slug or self.tenant.slug}/{connection.public_id}",
            body,
            content_type="application/json",
            headers={"Stripe-Signature": self.sign(body) if signature is None else signature},
        )
        return answer.status_code, answer.content
