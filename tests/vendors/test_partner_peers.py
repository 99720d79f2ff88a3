"""Programs that are not ours stand on the other side: Stripe's own package drives the simulator and signs for the adapter,
and vectors that were computed elsewhere hold the verifier. Simulator and adapter cannot be wrong together."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import stripe

from tests.vendors.conformance.benches import PersonaBench, StripeBench, ctx_of, request_of
from vendors.adapters.rest.countries import three_letters
from vendors.adapters.rest.signatures import verify_timestamped
from vendors.contract import ContractBroken, InboundHook, Outcome, SignatureInvalid, Stale

# Research vector: equal to what the package's own helper makes for secret, time and body.
SECRET = "test_secret_0123456789"
SIGNED_AT = 1_700_000_000
BODY = '{"timestamp":1700000000,"b":{"name":"Zoë","score":98.0},"a":1}'.encode()
DIGEST = "58d00a9de88e8a4eca226b6c2b343aa1b9adf9cb1b9ea26bf1edd8f79b73abba"
SIGNATURE = "746e398719d177573563d994f1196e0208978a168c0f639532490005e219d87a"
GOOD = f"t={SIGNED_AT},v1={SIGNATURE}"
OTHER = "0" * 64


def at(seconds: int) -> datetime:
    return datetime.fromtimestamp(SIGNED_AT + seconds, UTC)


def verify(header: str, body: bytes = BODY, *, secret: str = SECRET, after: int = 0) -> None:
    verify_timestamped(header, body, secret=secret, now=at(after))


def test_the_vector_is_the_one_the_package_makes():
    assert hashlib.sha256(BODY).hexdigest() == DIGEST
    assert stripe.WebhookSignature.generate_signature_header(BODY.decode(), SECRET, SIGNED_AT) == GOOD


@pytest.mark.parametrize(
    "header",
    [
        GOOD,
        f"t={SIGNED_AT},v1={OTHER},v1={SIGNATURE}",
        f"t={SIGNED_AT},v0={OTHER},v1={SIGNATURE}",
        f"t={SIGNED_AT},v1={OTHER} t={SIGNED_AT},v1={SIGNATURE}",
        f"{GOOD} t={SIGNED_AT},v1={OTHER}",
    ],
    ids=["one", "two keys", "another scheme beside", "two groups", "the other first"],
)
def test_a_signature_that_holds_is_enough(header):
    verify(header)
    verify(header, after=300)
    verify(header, after=-300)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "t=,v1=",
        f"v1={SIGNATURE}",
        f"t={SIGNED_AT}",
        f"t={SIGNED_AT},t={SIGNED_AT + 1},v1={SIGNATURE}",
        f"t={SIGNED_AT + 1},v1={SIGNATURE}",
        f"t=+{SIGNED_AT},v1={SIGNATURE}",
        f"t={SIGNED_AT}.0,v1={SIGNATURE}",
        f"t={SIGNED_AT},v1={SIGNATURE.upper()}",
        f"t={SIGNED_AT},v1={SIGNATURE[:-1]}",
        f"t={SIGNED_AT},v0={SIGNATURE}",
        f"t={SIGNED_AT}," + ",".join([f"v1={OTHER}"] * 11),
        "t=1,v1=é",
        GOOD * 100,
    ],
)
def test_a_header_that_is_not_as_agreed_is_no_signature(header):
    with pytest.raises(SignatureInvalid):
        verify(header)


def test_every_bit_of_body_and_signature_counts():
    for position in range(0, len(BODY) * 8, 7):
        changed = bytearray(BODY)
        changed[position // 8] ^= 1 << position % 8
        with pytest.raises(SignatureInvalid):
            verify(GOOD, bytes(changed))
    for position in range(64):
        wrong = (
            SIGNATURE[:position] + ("0" if SIGNATURE[position] != "0" else "1") + SIGNATURE[position + 1 :]
        )
        with pytest.raises(SignatureInvalid):
            verify(f"t={SIGNED_AT},v1={wrong}")


@pytest.mark.parametrize("after", [301, -301, 86_400])
def test_what_was_signed_long_ago_or_will_be_is_stale(after):
    with pytest.raises(Stale):
        verify(GOOD, after=after)


@pytest.mark.parametrize("secret", ["", "another"])
def test_no_secret_and_another_secret_verify_nothing(secret):
    with pytest.raises(SignatureInvalid):
        verify(GOOD, secret=secret)


# ------------------------------------------------------------------ Stripe's package and the simulator


@pytest.fixture
def simulator(simulators):
    return simulators["stripe_identity"]


@pytest.fixture
def package(simulator):
    """By number: the package asks the system's resolver, which does not know names under .localhost."""
    return stripe.StripeClient(
        simulator.settings["api_key"],
        base_addresses={"api": f"http://127.0.0.1:{simulator.port}"},
        max_network_retries=0,
    )


def test_the_package_makes_reads_lists_and_cancels_sessions(simulator, package):
    sessions = package.v1.identity.verification_sessions
    made = sessions.create(
        {
            "type": "document",
            "client_reference_id": "ref-1",
            "return_url": "http://acme.localhost:8000/back",
            "options": {"document": {"require_matching_selfie": True, "allowed_types": ["passport"]}},
            "metadata": {"a": "b"},
        },
        {"idempotency_key": "k1"},
    )
    assert (made.object, made.status, made.livemode) == (
        "identity.verification_session",
        "requires_input",
        False,
    )
    simulator.finish(made.url, "verified", given="Grace", family="Hopper")
    plain = sessions.retrieve(made.id)
    assert plain.status == "verified" and isinstance(plain.last_verification_report, str)
    assert plain.verified_outputs.last_name == "Hopper" and "dob" not in plain.verified_outputs
    opened = sessions.retrieve(
        made.id,
        {
            "expand": [
                "verified_outputs.dob",
                "last_verification_report.document.number",
                "last_verification_report",
            ]
        },
    )
    assert opened.verified_outputs.dob.to_dict() == {"day": 1, "month": 2, "year": 1990}
    assert opened.last_verification_report.document.number == "P1234567"
    assert [each.id for each in sessions.list({"client_reference_id": "ref-1"}).data] == [made.id]
    link = package.v1.file_links.create(
        {"file": opened.last_verification_report.selfie.selfie, "expires_at": int(time.time()) + 30}
    )
    assert link.url.startswith(simulator.origin)
    waiting = sessions.create({"type": "document"})
    assert sessions.cancel(waiting.id).status == "canceled"
    with pytest.raises(stripe.InvalidRequestError):
        sessions.cancel(waiting.id)


def test_the_package_reads_the_simulators_errors_as_stripes(simulator, package):
    sessions = package.v1.identity.verification_sessions
    with pytest.raises(stripe.InvalidRequestError) as unknown:
        sessions.create({"type": "document", "colour": "blue"})
    assert unknown.value.code == "parameter_unknown"
    sessions.create({"type": "document", "client_reference_id": "a"}, {"idempotency_key": "k2"})
    with pytest.raises(stripe.IdempotencyError):
        sessions.create({"type": "document", "client_reference_id": "b"}, {"idempotency_key": "k2"})
    stranger = stripe.StripeClient(
        "rk_test_of_somebody_else", base_addresses={"api": f"http://127.0.0.1:{simulator.port}"}
    )
    with pytest.raises(stripe.AuthenticationError):
        stranger.v1.identity.verification_sessions.list()


def test_package_and_adapter_see_the_same_session(simulator, package):
    bench = StripeBench(simulator)
    ctx, wanted = bench.ctx(), request_of()
    started = bench.adapter.start(ctx, wanted)
    (seen,) = package.v1.identity.verification_sessions.list(
        {"client_reference_id": str(wanted.attempt_id)}
    ).data
    assert seen.id == started.ref.partner_ref
    by_package = package.v1.identity.verification_sessions.create(
        {"type": "document", "client_reference_id": str(wanted.attempt_id)}
    )
    simulator.finish(by_package.url, "verified")
    ref = type(started.ref)(wanted.attempt_id, by_package.id, ctx.now, {})
    assert bench.adapter.fetch(ctx, ref).outcome is Outcome.VERIFIED


class Listener:
    """Where a simulator's webhooks arrive."""

    def __init__(self) -> None:
        self.heard: list[tuple[dict[str, str], bytes]] = []
        self.arrived = threading.Condition()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with outer.arrived:
                    outer.heard.append(({name.lower(): value for name, value in self.headers.items()}, body))
                    outer.arrived.notify()
                self.send_response(200)
                self.end_headers()

            def log_message(self, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://hooks.localhost:{self.server.server_port}/hooks/partners/a/b"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def wait(self, count: int) -> list[tuple[dict[str, str], bytes]]:
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.heard) >= count, timeout=10)
            return list(self.heard)


@pytest.fixture
def listener():
    heard = Listener()
    yield heard
    heard.server.shutdown()
    heard.server.server_close()


def test_what_the_simulator_sends_the_package_and_the_adapter_both_take(simulator, package, listener):
    simulator.control(webhook_url=listener.url)
    bench = StripeBench(simulator)
    ctx = bench.ctx()
    started = bench.adapter.start(ctx, request_of())
    simulator.finish(started.url, "document_expired")
    kinds = []
    for headers, body in listener.wait(3):
        event = stripe.Webhook.construct_event(
            body, headers["stripe-signature"], simulator.settings["webhook_secret"]
        )
        kinds.append(event.type.rpartition(".")[2])
        signal = bench.adapter.receive(ctx, InboundHook(headers, body))
        assert (signal.event_id, signal.partner_ref) == (event.id, started.ref.partner_ref)
    assert kinds == ["created", "processing", "requires_input"]


@pytest.mark.parametrize(
    ("fault", "refused"),
    [
        ("webhook_wrong_signature", SignatureInvalid),
        ("webhook_altered", SignatureInvalid),
        ("webhook_stale", Stale),
    ],
)
def test_package_and_adapter_refuse_the_same_events(simulator, listener, fault, refused):
    simulator.control(webhook_url=listener.url, faults=[fault])
    bench = StripeBench(simulator)
    ctx = bench.ctx()
    bench.adapter.start(ctx, request_of())
    ((headers, body),) = listener.wait(1)
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(
            body, headers["stripe-signature"], simulator.settings["webhook_secret"]
        )
    with pytest.raises(refused):
        bench.adapter.receive(ctx, InboundHook(headers, body))


def test_events_are_repeated_when_they_are_to_be(simulator, listener):
    simulator.control(webhook_url=listener.url, faults=["webhook_replayed", "webhook_reversed"])
    StripeBench(simulator).adapter.start(StripeBench(simulator).ctx(), request_of())
    assert len({body for _, body in listener.wait(5)}) == 1


def test_a_key_without_sensitive_results_is_the_tenants_to_mend(simulator):
    """It may make sessions and not read a date of birth: the test of the settings says so, and no person is refused."""
    weak = (
        "rk_test_"
        + hmac.new(
            b"a simulator holds nothing that is worth a secret", b"stripe weak key", hashlib.sha256
        ).hexdigest()[:40]
    )
    bench = StripeBench(simulator)
    ctx = ctx_of(simulator.config, {**simulator.secrets, "api_key": weak})
    (problem,) = bench.adapter.check(ctx, return_urls=["http://acme.localhost:8000/recover/return"])
    assert (problem.setting, problem.code) == ("api_key", "permission_missing")


# ------------------------------------------------------------------ Persona


def test_what_personas_simulator_sends_holds_by_the_documented_formula(simulators, listener):
    """Computed here from the documentation's words, by neither the simulator's code nor the adapter's."""
    simulator = simulators["persona"]
    simulator.control(webhook_url=listener.url)
    bench = PersonaBench(simulator)
    ctx = bench.ctx()
    started = bench.adapter.start(ctx, request_of())
    ((headers, body),) = listener.wait(1)
    stamp, _, signature = headers["persona-signature"].partition(",v1=")
    signed = stamp.removeprefix("t=").encode() + b"." + body
    mac = hmac.new(simulator.settings["webhook_secret"].encode(), signed, "sha256").digest()
    assert base64.b16decode(signature.upper()) == mac
    signal = bench.adapter.receive(ctx, InboundHook(headers, body))
    assert signal.partner_ref == started.ref.partner_ref
    rotating = f"t={int(time.time())},v1={OTHER} {headers['persona-signature']}"
    assert bench.adapter.receive(ctx, InboundHook({"persona-signature": rotating}, body)) == signal


def test_an_event_about_something_else_is_taken_and_means_nothing(simulators):
    bench = PersonaBench(simulators["persona"])
    ctx = bench.ctx()
    event = {
        "data": {"type": "event", "id": "evt_1", "attributes": {"name": "account.created", "payload": {}}}
    }
    body = json.dumps(event).encode()
    header = stripe.WebhookSignature.generate_signature_header(
        body.decode(), ctx.secrets["webhook_secret"], int(ctx.now.timestamp())
    )
    assert bench.adapter.receive(ctx, InboundHook({"persona-signature": header}, body)).partner_ref == ""


def test_the_templates_last_word_is_what_the_settings_say(simulators):
    bench = PersonaBench(simulators["persona"])
    ctx = bench.ctx()
    started = bench.adapter.start(ctx, request_of())
    bench.end(ctx, started, "completed")
    assert bench.adapter.fetch(ctx, started.ref).outcome is None
    ctx.config["decision_status"] = "completed"
    assert bench.adapter.fetch(ctx, started.ref).outcome is Outcome.VERIFIED


def test_countries_become_three_letters():
    assert [three_letters(code) for code in ("DE", "gb", "XK", "UTO")] == ["DEU", "GBR", "RKS", "UTO"]
    with pytest.raises(ContractBroken):
        three_letters("QQ")
