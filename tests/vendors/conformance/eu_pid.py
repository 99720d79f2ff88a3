"""The EU wallet on the bench: our own verifier asks, the simulator of a wallet answers, the worker asks for the status."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from django.test import Client

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.ids import uuid7
from portal.kit.scope import tenant_scope
from tenants.models import Tenant
from tenants.verified_id import trusting
from tenants.verified_id.clients import begin_certificate, complete_certificate
from tenants.verified_id.services import turn_on_verified_id
from tests.conftest import client_of, make_tenant
from tests.vendors.conformance.expected import CANARY, REFUSED, RETRY, Expected, Fault, ctx_of
from tests.vendors.conftest import BROWSER, work
from tests.vendors.simulated import Simulator
from vendors.addresses import return_url_of
from vendors.contract import (
    ContractBroken,
    Ctx,
    IssuerUntrusted,
    Outcome,
    Reason,
    SessionRef,
    SignatureInvalid,
    Snapshot,
    Stale,
    Started,
    StartRequest,
    StateMismatch,
)
from vendors.models import Connection, ProofingAttempt
from vendors.proofing import LIFETIME
from vendors.registry import adapter_of
from vendors.wallets import TenantWallets

WHO = {"given_names": "Ada", "family_name": CANARY, "birthdate": "1990-02-01"}
FORM = "application/x-www-form-urlencoded"
NUMBER = "P1234567"


def prepare(tenant: Tenant, simulator: Simulator) -> None:
    """An authority, a registered verifier, and one PID provider to believe."""
    with tenant_scope(tenant.id):
        turn_on_verified_id(actor=SYSTEM)
        _row, request = begin_certificate()
        chain = simulator.tell("/control/register", signing_request=request)["chain"]
        complete_certificate(chain, actor=SYSTEM)
        trusting.add_trusted_issuer(
            name="PID provider",
            purpose="pid",
            certificate_pem=simulator.ask("GET", "/authority.pem")[2].decode(),
            status_origin=simulator.origin,
            actor=SYSTEM,
        )
    work(tenant)


def present(
    simulator: Simulator,
    tenant: Tenant,
    link: str,
    scenario: str,
    *,
    client: Client | None = None,
    **person: str,
) -> dict[str, str]:
    """The wallet that was opened with this link fetches, answers and is answered."""
    asked = {name: values[0] for name, values in parse_qs(urlsplit(link).query).items()}
    door = client or client_of(tenant)
    fetched = door.post(urlsplit(asked["request_uri"]).path, "", content_type=FORM)
    if fetched.status_code != 200:
        return {"refused": str(fetched.status_code)}
    made = simulator.tell(
        "/control/answer",
        client_id=asked["client_id"],
        request=fetched.content.decode(),
        scenario=scenario,
        person=person,
    )
    answer = door.post(urlsplit(made["response_uri"]).path, urlencode(made["form"]), content_type=FORM)
    return {"status": str(answer.status_code), **answer.json()}


class EuPidBench:
    vendor = "eu_pid"
    simulator_key = ""
    # There is no partner, and no secret of one: what is sealed is the authority's.
    has_secret = False
    scenarios: Mapping[str, Expected] = {
        "verified": Expected(
            Outcome.VERIFIED, claims=WHO | {"national_id": NUMBER, "national_id_country": "AUT"}
        ),
        "document_number": Expected(
            Outcome.VERIFIED, claims=WHO | {"document_number": NUMBER, "document_country": "AUT"}
        ),
        "no_number": Expected(Outcome.VERIFIED, claims=WHO),
        "cyrillic": Expected(Outcome.VERIFIED, claims={"given_names": "Зоя"}),
        "revoked": Expected(REFUSED, (Reason.EID_BLOCKED,)),
        "canceled": Expected(Outcome.USER_ABORTED, (Reason.USER_CANCELLED,)),
        "unsupported": Expected(RETRY, (Reason.DEVICE_UNSUPPORTED,)),
    }
    faults: Mapping[str, Fault] = {
        "another_issuer": (IssuerUntrusted, "credential_x5c_not_trusted"),
        "another_key": (SignatureInvalid, "credential_signature"),
        "another_type": (ContractBroken, "credential_vct"),
        "another_holder": (SignatureInvalid, "credential_signature"),
        "no_key_binding": (ContractBroken, "credential_kb_missing"),
        "shown_before": (StateMismatch, "credential_kb_nonce"),
        "credential_expired": (Stale, "credential_expired"),
    }
    # As often as an answer is counted before nobody is listened to any more.
    TRIES = 5

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator
        self.adapter: Any = adapter_of(self.vendor)
        self.tenant = make_tenant(is_demonstration=True)
        prepare(self.tenant, simulator)
        self.answers = 0

    def ctx(self) -> Ctx:
        return replace(ctx_of(self.simulator.config, {}), asked=TenantWallets(self.tenant.id))

    def request(self, asked: StartRequest) -> StartRequest:
        """The attempt's row is there before anybody is asked."""
        url = return_url_of(self.tenant.slug, "oidc")
        with tenant_scope(self.tenant.id):
            connection, _made = Connection.objects.get_or_create(vendor=self.vendor, kind="own_contract")
            ProofingAttempt.objects.create(
                id=asked.attempt_id,
                connection=connection,
                reference=uuid7(),
                browser_digest=BROWSER,
                mode="production",
                is_demonstration=True,
                return_url=url,
                locale="en",
                purpose=asked.purpose,
                expires_at=clock.now() + LIFETIME,
            )
        return replace(asked, return_url=url)

    def end(self, ctx: Ctx, started: Started, scenario: str) -> SessionRef:
        """Nothing is shown yet: a fault concerns what is shown."""
        self.started, self.scenario = started, scenario
        return started.ref

    def answer(self, ctx: Ctx, ref: SessionRef) -> Snapshot:
        """Shown from another device, as often as it is refused; the worker asks for its status."""
        while self.answers < self.TRIES:
            self.answers += 1
            code = self.adapter.code_at(ref, ctx.now)
            if present(self.simulator, self.tenant, code, self.scenario, family=CANARY)["status"] == "200":
                self.answers = self.TRIES
        work(self.tenant)
        snapshot: Snapshot = self.adapter.fetch(ctx, ref)
        return snapshot

    def misbehave(self, fault: str) -> None:
        self.simulator.misbehave(fault)
