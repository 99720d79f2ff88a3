"""Partners: webhooks a second through the whole stack, each several times and shuffled, and what a proofing costs us to begin.

    python -m tests.benchmarks.bench_partners [--events 1000] [--writers 2] [--begun 200]

1. Events of Stripe Identity about open attempts, signed anew for each delivery, one to five times each, by processes beside each
   other: every event is kept once, and every attempt of which something was told has one question in the plan that is due.
2. A proofing from the service's call to the link, with a partner that answers at once: the outbox's work and the database included,
   the time of that answer taken off. The way to the worker is not: in the product that is the broker's.
Prints each beside its goal and ends with exit code 1 where one is missed.
"""

from __future__ import annotations

import argparse
import hashlib
import hmac
import json
import random
import time
from datetime import timedelta
from typing import Any

from tests.benchmarks.ready import say  # isort: skip
from django.test import Client

from portal.kit import clock, outbox
from portal.kit.actors import SYSTEM
from portal.kit.children import child_process
from portal.kit.ids import uuid7
from portal.kit.scope import tenant_scope
from tenants.models import Outbox, Tenant
from tests.conftest import make_tenant
from vendors import context, services
from vendors.contract import HttpReply
from vendors.models import Connection, PartnerSignal, ProofingAttempt

GOAL_PER_SECOND, GOAL_MS = 200, 50
SECRET = "whsec_bench"
EVENTS_EACH = 4
KINDS = ("created", "processing", "requires_input", "verified")
STRIPE = {"flow": "", "api_base": "http://stripe-identity.localhost:1"}


def connection_of(tenant: Tenant, vendor: str, config: dict[str, str], secrets: dict[str, str]) -> Connection:
    with tenant_scope(tenant.id):
        made = Connection(vendor=vendor, kind="own_contract", status="ready", config=config)
        made.secrets_sealed = context.seal_secrets(made, secrets)
        made.save(force_insert=True)
    return made


def attempt_at(connection: Connection, ref: str) -> ProofingAttempt:
    moment = clock.now()
    return ProofingAttempt(
        connection=connection,
        reference=uuid7(),
        browser_digest=b"bench",
        mode="production",
        is_demonstration=True,
        return_url="http://bench.localhost/recover/return",
        locale="en",
        purpose="Recover your account",
        phase="waiting_for_user",
        partner_ref=ref,
        started_at=moment,
        keys_id=connection.id,
        fetch_due_at=moment + timedelta(hours=1),
        expires_at=moment + timedelta(minutes=35),
    )


def event(ref: str, number: int) -> bytes:
    kind = KINDS[number % EVENTS_EACH]
    about = {"id": ref, "object": "identity.verification_session", "status": kind}
    named = {"id": f"evt_{ref}_{number}", "type": f"identity.verification_session.{kind}"}
    return json.dumps({"object": "event", **named, "data": {"object": about}}).encode()


def send(path: str, bodies: list[bytes]) -> tuple[int, float]:
    """How many were kept, and the seconds of processor time of this process."""
    client, kept, worked = Client(HTTP_HOST="localhost:8000"), 0, time.process_time()
    for body in bodies:
        moment = int(time.time())
        word = hmac.new(SECRET.encode(), b"%d." % moment + body, hashlib.sha256).hexdigest()
        headers = {"Stripe-Signature": f"t={moment},v1={word}"}
        kept += client.post(path, body, content_type="application/json", headers=headers).status_code == 200
    return kept, time.process_time() - worked


def webhooks(events: int, writers: int) -> bool:
    tenant, chance = make_tenant(is_demonstration=True), random.Random(7)
    connection = connection_of(
        tenant, "stripe_identity", STRIPE, {"api_key": "rk_test_1", "webhook_secret": SECRET}
    )
    refs = [f"vs_{number}" for number in range(events // EVENTS_EACH)]
    with tenant_scope(tenant.id):
        ProofingAttempt.objects.bulk_create([attempt_at(connection, ref) for ref in refs])
    told = [event(ref, number) for ref in refs for number in range(EVENTS_EACH)]
    several = [body for body in told for _ in range(chance.randint(1, 5))]
    chance.shuffle(several)
    path = f"/hooks/partners/{tenant.slug}/{connection.public_id}"
    children = [child_process() for _number in range(writers)]
    for each in [child.submit(send, path, []) for child in children]:
        each.result()  # they are begun
    began = time.perf_counter()
    parts = [child.submit(send, path, several[part::writers]) for part, child in enumerate(children)]
    done = [part.result() for part in parts]
    answered, worked = sum(each[0] for each in done), sum(each[1] for each in done)
    rate = answered / (time.perf_counter() - began)
    for child in children:
        child.shutdown()
    with tenant_scope(tenant.id):
        kept = PartnerSignal.objects.filter(connection=connection).count()
        due = ProofingAttempt.objects.filter(connection=connection, fetch_due_at__lte=clock.now()).count()
    planned = Outbox.objects.filter(tenant_id=tenant.id, topic="vendors.fetch_proofing").count()
    found = (answered, kept, due, planned)
    assert found == (len(several), len(told), len(refs), len(refs)), found
    say(
        f"{answered} deliveries of {kept} events about {due} attempts, none lost or doubled, {planned} questions: "
        f"{rate:.0f} a second / {GOAL_PER_SECOND}; {worked / answered * 1000:.1f} ms of processor time each"
    )
    return rate < GOAL_PER_SECOND


class Stripe:
    """Answers at once, and knows how long that took."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def send(self, _method: str, _url: str, *, form: dict[str, str], **_more: Any) -> HttpReply:
        began = time.perf_counter()
        made = {"id": f"vs_{uuid7().hex}", "object": "identity.verification_session", "livemode": False}
        made |= {
            "url": "https://verify.stripe.com/start/x",
            "client_reference_id": form["client_reference_id"],
        }
        reply = HttpReply(200, {"content-type": "application/json"}, json.dumps(made).encode(), clock.now())
        self.seconds += time.perf_counter() - began
        return reply


def begin_many(count: int) -> bool:
    tenant, stripe, taken = make_tenant(is_demonstration=True), Stripe(), []
    context.Egress.send = lambda _self, *args, **more: stripe.send(*args, **more)  # type: ignore[method-assign, assignment]
    connection = connection_of(
        tenant, "stripe_identity", STRIPE, {"api_key": "rk_test_1", "webhook_secret": SECRET}
    )
    worked = time.process_time()
    for _number in range(count):
        stripe.seconds, began = 0.0, time.perf_counter()
        with tenant_scope(tenant.id):
            attempt = services.begin_proofing(
                connection_id=connection.id,
                reference=uuid7(),
                browser_digest=b"bench",
                return_url="http://bench.localhost/recover/return",
                locale="en",
                purpose="Recover your account",
                demonstration=True,
                actor=SYSTEM,
            )
        row = Outbox.objects.get(
            tenant_id=tenant.id, topic="vendors.start_proofing", payload__attempt_id=str(attempt.id)
        )
        outbox.run(row.id)
        taken.append((time.perf_counter() - began - stripe.seconds) * 1000)
        with tenant_scope(tenant.id):
            attempt.refresh_from_db()
        assert attempt.phase == "waiting_for_user", (attempt.phase, attempt.failure_code)
    worked = (time.process_time() - worked) / count * 1000
    taken.sort()
    half, most = taken[count // 2], taken[int(count * 0.95)]
    say(
        f"a proofing is begun in {half:.1f} ms, p95 {most:.1f} ms / {GOAL_MS}; {worked:.1f} ms of processor time"
    )
    return most >= GOAL_MS


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=int, default=1000)
    parser.add_argument("--writers", type=int, default=2)
    parser.add_argument("--begun", type=int, default=200)
    asked = parser.parse_args()
    missed = [webhooks(asked.events, asked.writers), begin_many(asked.begun)]
    if any(missed):
        raise SystemExit("a goal is missed")


if __name__ == "__main__":
    main()
