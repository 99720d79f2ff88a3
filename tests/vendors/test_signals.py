"""A webhook is a signal: authenticated, told from its copies, and answered by asking for the record."""

from __future__ import annotations

import base64
import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from django.apps import apps
from django.core import mail
from django.core.mail import EmailMessage
from django.db import connections

from portal.kit import clock, outbox
from portal.kit.actors import SYSTEM
from portal.kit.codes import keyed_digest
from portal.kit.errors import Refused
from portal.kit.limits import Limit
from portal.kit.scope import tenant_scope
from tenants.models import Outbox
from tenants.rights import Role
from tests.conftest import make_member, site_client
from tests.vendors.conftest import completed, work
from tests.vendors.rest_journey import RestJourney
from vendors import fetching, services
from vendors.billing.models import UsageEntry
from vendors.models import Connection, PartnerSignal
from vendors.registry import adapter_of


@pytest.fixture
def stripe_journey(tenant, simulators):
    return RestJourney(tenant, simulators["stripe_identity"])


@pytest.fixture
def at_stripe(stripe_journey):
    return stripe_journey.connect()


def fetches(journey) -> int:
    return sum("expand" in call or call.startswith("GET") for call in journey.simulator.calls)


def waiting(journey, topic="vendors.fetch_proofing"):
    model = apps.get_model("tenants", "Outbox")
    return model.objects.filter(tenant_id=journey.tenant.id, topic=topic, available_at__lte=clock.now())


def test_a_connection_with_good_keys_is_ready_and_one_with_bad_keys_says_what_was_answered(stripe_journey):
    assert stripe_journey.connect().status == "ready"
    failing = stripe_journey.connect(api_key="rk_test_revoked")
    assert failing.status == "failing"
    assert failing.problems == [
        {"setting": "api_key", "code": "key_refused", "answered": "invalid_request_error"}
    ]


def test_a_signal_makes_the_worker_ask_and_the_answer_is_taken_once(stripe_journey, at_stripe):
    attempt_id = stripe_journey.begin(at_stripe)
    stripe_journey.finish(attempt_id, given="Grace", family="Hopper")
    assert stripe_journey.hook(at_stripe, stripe_journey.event(attempt_id, "evt_1")) == (200, b"kept\n")
    assert stripe_journey.state(attempt_id).phase == "waiting_for_user"
    work(stripe_journey.tenant)
    assert stripe_journey.state(attempt_id).outcome == "verified"
    result = stripe_journey.take(attempt_id)
    assert (result.claims["given_names"], result.claims["family_name"]) == ("Grace", "Hopper")
    assert result.portrait is not None and result.portrait.startswith(b"\xff\xd8\xff")
    assert len(completed) == 1


def test_a_signal_that_lies_about_the_result_changes_nothing(stripe_journey, at_stripe):
    attempt_id = stripe_journey.begin(at_stripe)
    stripe_journey.hook(at_stripe, stripe_journey.event(attempt_id, "evt_1", "verified"))
    work(stripe_journey.tenant)
    assert stripe_journey.state(attempt_id).phase == "waiting_for_user"
    assert stripe_journey.row(attempt_id).claims_sealed is None


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_events_sent_one_to_five_times_and_shuffled_end_the_same(stripe_journey, at_stripe, seed):
    order = random.Random(seed)
    attempts = [stripe_journey.begin(at_stripe) for _ in range(3)]
    ends = ["verified", "document_expired", "consent_declined"]
    sent = []
    for attempt_id, end in zip(attempts, ends, strict=True):
        for kind in ("created", "processing", "verified" if end == "verified" else "requires_input"):
            body = stripe_journey.event(attempt_id, f"evt_{attempt_id}_{kind}", kind)
            sent += [body] * order.randint(1, 5)
        stripe_journey.finish(attempt_id, end)
    order.shuffle(sent)
    for position, body in enumerate(sent):
        assert stripe_journey.hook(at_stripe, body)[0] == 200
        if position % 4 == 0:
            work(stripe_journey.tenant, rounds=2)
    work(stripe_journey.tenant)
    assert [stripe_journey.state(each).outcome for each in attempts] == [
        "verified",
        "retry_allowed",
        "user_aborted",
    ]
    assert not any(stripe_journey.state(each).contradicted for each in attempts)
    assert stripe_journey.signals() == 9
    assert len(completed) == 3
    with tenant_scope(stripe_journey.tenant.id):
        assert UsageEntry.objects.filter(billable=True).count() == 1


def test_a_hundred_signals_at_once_are_one_question(stripe_journey, at_stripe):
    attempt_id = stripe_journey.begin(at_stripe)
    stripe_journey.finish(attempt_id)
    bodies = [stripe_journey.event(attempt_id, f"evt_{number}") for number in range(25)] * 4

    def send(body: bytes) -> int:
        status = stripe_journey.hook(at_stripe, body)[0]
        connections.close_all()
        return status

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(send, bodies)) == {200}
    assert stripe_journey.signals() == 25
    assert waiting(stripe_journey).count() <= 1
    asked = fetches(stripe_journey)
    work(stripe_journey.tenant)
    assert fetches(stripe_journey) == asked + 1
    assert stripe_journey.state(attempt_id).outcome == "verified"


def test_who_does_not_hold_the_secret_reads_the_same_whatever_there_is(
    stripe_journey, at_stripe, other_tenant
):
    attempt_id = stripe_journey.begin(at_stripe)
    body = stripe_journey.event(attempt_id, "evt_1")
    good = stripe_journey.sign(body)
    stranger = RestJourney(other_tenant, stripe_journey.simulator)
    theirs = stranger.connect(webhook_secret="whsec_of_the_other_organisation")
    deaf = RestJourney(other_tenant, stripe_journey.simulator)
    unknown = Connection(tenant_id=stripe_journey.tenant.id, vendor="stripe_identity")
    tried = [
        stripe_journey.hook(at_stripe, body, "t=1,v1=" + "0" * 64),
        stripe_journey.hook(at_stripe, body, ""),
        stripe_journey.hook(at_stripe, body + b" ", good),
        stripe_journey.hook(at_stripe, body, stripe_journey.sign(body, ago=310)),
        stripe_journey.hook(at_stripe, body, stripe_journey.sign(body, ago=-310)),
        stripe_journey.hook(
            at_stripe, body, stripe_journey.sign(body, secret="whsec_of_the_other_organisation")
        ),
        stripe_journey.hook(unknown, body, good),
        stripe_journey.hook(at_stripe, body, good, slug="nobody-here"),
        stripe_journey.hook(at_stripe, body, good, slug=other_tenant.slug),
        deaf.hook(theirs, body, good),
        stripe_journey.hook(at_stripe, b"[]", stripe_journey.sign(b"[]")),
        stripe_journey.hook(at_stripe, b'{"id":"a","id":"b"}', stripe_journey.sign(b'{"id":"a","id":"b"}')),
    ]
    assert set(tried) == {(400, b"refused\n")}
    with tenant_scope(stripe_journey.tenant.id):
        assert not PartnerSignal.objects.exists()
    assert stripe_journey.hook(at_stripe, body, good)[0] == 200


def test_a_connection_without_a_signing_secret_has_no_door(stripe_journey, at_stripe, tenant):
    with tenant_scope(tenant.id):
        services.remove_partner(at_stripe.id, actor=SYSTEM)
    again = stripe_journey.connect(webhook_secret="")
    body = b'{"id":"evt_1","type":"x"}'
    assert stripe_journey.hook(again, body, stripe_journey.sign(body, secret="x"))[0] == 400
    assert stripe_journey.hook(at_stripe, body)[0] == 400


def test_what_no_partner_sends_is_turned_away_before_anything_is_looked_up(stripe_journey, at_stripe):
    path = f"/hooks/partners/{stripe_journey.tenant.slug}/{at_stripe.public_id}"
    client = site_client()
    assert client.get(path).status_code == 405
    assert client.post(path, b"x=1", content_type="text/plain").status_code == 415
    big = b"x" * 500_001
    assert client.post(path, big, content_type="application/json").status_code == 413
    assert client.post(path, b"\xff\x00{", content_type="application/json").status_code == 400
    assert client.post("/hooks/partners/a/b", b"{}", content_type="application/json").status_code == 400


def test_whoever_keeps_guessing_is_slowed_down(stripe_journey, at_stripe, monkeypatch):
    monkeypatch.setattr("vendors.hook.STRANGERS", Limit(f"partner_hook_{stripe_journey.tenant.slug}", 2, 600))
    body = b'{"id":"evt_1","type":"x"}'
    assert [stripe_journey.hook(at_stripe, body, "t=1,v1=00")[0] for _ in range(3)] == [400, 400, 429]
    assert stripe_journey.hook(at_stripe, body)[0] == 200


def test_an_event_about_somebody_elses_session_means_nothing(stripe_journey, at_stripe):
    attempt_id = stripe_journey.begin(at_stripe)
    stripe_journey.finish(attempt_id)
    body = stripe_journey.event(attempt_id, "evt_1").replace(b"vs_", b"vs_0")
    assert stripe_journey.hook(at_stripe, body)[0] == 200
    work(stripe_journey.tenant)
    assert stripe_journey.state(attempt_id).phase == "waiting_for_user"


def test_an_event_that_came_before_the_sessions_own_answer_is_not_lost(
    stripe_journey, at_stripe, monkeypatch
):
    """The hook was faster than our own write: the session is asked for as soon as it is known."""
    original = fetching.begin_plan
    planned = []

    def late(attempt, manifest):
        PartnerSignal.objects.create(
            connection_id=attempt.connection_id, event_digest=b"early", partner_ref=attempt.partner_ref
        )
        original(attempt, manifest)
        planned.append(attempt.fetch_due_at <= clock.now())

    monkeypatch.setattr("vendors.tasks.begin_plan", late)
    stripe_journey.begin(at_stripe)
    assert planned == [True]


def test_without_any_webhook_the_plan_finds_the_answer(stripe_journey, at_stripe):
    attempt_id = stripe_journey.begin(at_stripe)
    stripe_journey.finish(attempt_id)
    work(stripe_journey.tenant)
    assert stripe_journey.state(attempt_id).phase == "waiting_for_user"
    with clock.frozen(clock.now() + timedelta(seconds=25)):
        work(stripe_journey.tenant)
        assert stripe_journey.state(attempt_id).outcome == "verified"


def test_the_plan_slows_down_while_somebody_is_at_the_partner(stripe_journey, at_stripe):
    attempt_id = stripe_journey.begin(at_stripe)
    moment, asked = clock.now(), []
    for second in range(0, 34 * 60, 10):
        with clock.frozen(moment + timedelta(seconds=second)):
            before = stripe_journey.row(attempt_id).fetches
            for row in waiting(stripe_journey):
                outbox.run(row.id)
            if stripe_journey.row(attempt_id).fetches != before:
                asked.append(second)
    assert asked[:4] == [40, 120, 240, 360]
    assert len(asked) < 22


def test_a_browser_that_came_back_is_a_hint_and_its_query_is_not_read(stripe_journey, at_stripe):
    attempt_id = stripe_journey.begin(at_stripe)
    state = stripe_journey.finish(attempt_id, "document_expired")["state"]
    stripe_journey.come_back({"state": state, "status": ["Approved"], "code": ["x"]})
    assert stripe_journey.state(attempt_id).phase == "processing"
    work(stripe_journey.tenant)
    state = stripe_journey.state(attempt_id)
    assert (state.outcome, state.reasons) == ("retry_allowed", ("doc_expired",))


def test_somebody_who_came_back_unfinished_gets_a_link_again(stripe_journey, at_stripe):
    attempt_id = stripe_journey.begin(at_stripe)
    url = stripe_journey.url(attempt_id)
    word = keyed_digest(attempt_id.bytes, context=f"return-state|{stripe_journey.tenant.id}")
    stripe_journey.come_back({"state": [base64.urlsafe_b64encode(word).rstrip(b"=").decode()]})
    moment = clock.now()
    for second in (0, 3, 7, 13, 22):
        with clock.frozen(moment + timedelta(seconds=second)):
            work(stripe_journey.tenant)
    state = stripe_journey.state(attempt_id)
    assert (state.phase, state.continue_url) == ("waiting_for_user", None)
    with tenant_scope(stripe_journey.tenant.id):
        services.renew_link(attempt_id)
    work(stripe_journey.tenant)
    assert stripe_journey.url(attempt_id) == url
    assert len(stripe_journey.simulator.control()["sessions"]) == 2  # the test of the settings made the other


def test_a_second_answer_that_contradicts_the_first_is_an_alarm_and_blocks(stripe_journey, at_stripe):
    attempt_id = stripe_journey.begin(at_stripe)
    stripe_journey.finish(attempt_id)
    stripe_journey.hook(at_stripe, stripe_journey.event(attempt_id, "evt_1"))
    work(stripe_journey.tenant)
    assert stripe_journey.state(attempt_id).outcome == "verified"
    stripe_journey.simulator.misbehave("contradiction")
    stripe_journey.hook(at_stripe, stripe_journey.event(attempt_id, "evt_1"))
    work(stripe_journey.tenant)
    assert not stripe_journey.state(attempt_id).contradicted, "a copy asks nobody"
    stripe_journey.hook(at_stripe, stripe_journey.event(attempt_id, "evt_2"))
    work(stripe_journey.tenant)
    assert stripe_journey.state(attempt_id).contradicted
    with pytest.raises(Refused, match="proofing_contradicted"):
        stripe_journey.take(attempt_id)
    assert len(stripe_journey.events("partner:proofing:contradict")) == 1


@pytest.mark.parametrize(
    ("fault", "code", "whose"),
    [
        ("unknown_word", "status_unknown", "partner"),
        ("another_session", "record_of_another_session", "attack"),
        ("another_reference", "record_of_another_session", "attack"),
        ("no_document", "verified_without_document", "partner"),
    ],
)
def test_a_record_that_cannot_be_believed_ends_without_an_answer(
    stripe_journey, at_stripe, fault, code, whose
):
    attempt_id = stripe_journey.begin(at_stripe)
    stripe_journey.finish(attempt_id)
    stripe_journey.simulator.misbehave(fault)
    stripe_journey.hook(at_stripe, stripe_journey.event(attempt_id, "evt_1"))
    work(stripe_journey.tenant)
    row = stripe_journey.row(attempt_id)
    assert (row.phase, row.outcome, row.failure_code) == ("failed", "partner_failed", code)
    (event,) = stripe_journey.events("partner:proofing:refuse")
    assert (event["code"], event["fault"]) == (code, whose)
    with tenant_scope(stripe_journey.tenant.id):
        assert not UsageEntry.objects.filter(billable=True).exists()


def test_an_answer_nobody_can_believe_is_told_to_who_answers_for_partners_once_a_day(
    stripe_journey, at_stripe
):
    manager = make_member(stripe_journey.tenant, Role.ADMINISTRATOR)
    make_member(stripe_journey.tenant, Role.AUDITOR)
    stripe_journey.simulator.misbehave("unknown_word")

    def go_wrong() -> None:
        attempt_id = stripe_journey.begin(at_stripe)
        stripe_journey.hook(at_stripe, stripe_journey.event(attempt_id, f"evt_{attempt_id}"))
        work(stripe_journey.tenant)
        assert stripe_journey.row(attempt_id).phase == "failed"

    def told() -> list[EmailMessage]:
        before = len(mail.outbox)
        for row in Outbox.objects.filter(topic="notices.send_staff_mail").order_by("id"):
            outbox.run(row.id)
        return [sent for sent in mail.outbox[before:] if stripe_journey.tenant.name in sent.subject]

    go_wrong()
    go_wrong()
    (sent,) = told()
    assert sent.to == [manager.user.email]
    assert "Stripe Identity answered case" in sent.body and "/partners/stripe_identity/" in sent.body
    assert "pending_magic" not in sent.body
    with clock.frozen(clock.now() + timedelta(days=1, seconds=1)):
        go_wrong()
        assert len(told()) == 1


@dataclass(frozen=True)
class Careless:
    """An adapter that does not look whose record it was given."""

    inner: object

    def __getattr__(self, name):
        return getattr(self.inner, name)

    def fetch(self, ctx, ref):
        return replace(self.inner.fetch(ctx, ref), partner_ref="vs_of_somebody_else")


def test_a_worker_that_dies_over_the_question_is_stood_in_for(stripe_journey, at_stripe, monkeypatch):
    attempt_id = stripe_journey.begin(at_stripe)
    stripe_journey.finish(attempt_id)
    stripe_journey.hook(at_stripe, stripe_journey.event(attempt_id, "evt_1"))
    asked = fetching.ask_for_record

    def die(lease):
        raise SystemExit

    monkeypatch.setattr(fetching, "ask_for_record", die)
    with pytest.raises(SystemExit):
        work(stripe_journey.tenant)
    monkeypatch.setattr(fetching, "ask_for_record", asked)
    assert stripe_journey.row(attempt_id).fetch_due_at is None
    with clock.frozen(clock.now() + timedelta(seconds=60)):
        work(stripe_journey.tenant)
        assert stripe_journey.state(attempt_id).outcome == "verified"


def test_the_core_looks_as_well_whose_record_it_is(stripe_journey, at_stripe, monkeypatch):
    attempt_id = stripe_journey.begin(at_stripe)
    stripe_journey.finish(attempt_id)
    monkeypatch.setattr("vendors.leases.adapter_of", lambda vendor: Careless(adapter_of(vendor)))
    stripe_journey.hook(at_stripe, stripe_journey.event(attempt_id, "evt_1"))
    work(stripe_journey.tenant)
    assert stripe_journey.row(attempt_id).failure_code == "record_of_another_session"


def test_however_many_signals_come_a_session_is_asked_for_at_most_every_two_seconds(
    stripe_journey, at_stripe
):
    attempt_id = stripe_journey.begin(at_stripe)
    moment = clock.now() + timedelta(seconds=30)
    with clock.frozen(moment):
        stripe_journey.hook(at_stripe, stripe_journey.event(attempt_id, "evt_1"))
        work(stripe_journey.tenant)
        stripe_journey.hook(at_stripe, stripe_journey.event(attempt_id, "evt_2"))
        assert stripe_journey.row(attempt_id).fetch_due_at == moment + timedelta(seconds=2)


def test_a_partner_that_is_down_hurts_nobody_who_is_still_there(stripe_journey, at_stripe):
    attempt_id = stripe_journey.begin(at_stripe)
    stripe_journey.simulator.misbehave("down")
    moment = clock.now()
    for second in range(0, 600, 30):
        with clock.frozen(moment + timedelta(seconds=second)):
            work(stripe_journey.tenant, rounds=2)
    assert stripe_journey.state(attempt_id).phase == "waiting_for_user"
    stripe_journey.simulator.misbehave()
    stripe_journey.finish(attempt_id)
    with clock.frozen(moment + timedelta(seconds=800)):
        work(stripe_journey.tenant)
    assert stripe_journey.state(attempt_id).outcome == "verified"


def test_somebody_who_waits_is_told_after_a_minute_that_there_is_no_answer(stripe_journey, at_stripe):
    attempt_id = stripe_journey.begin(at_stripe)
    query = stripe_journey.finish(attempt_id)
    stripe_journey.simulator.misbehave("down")
    stripe_journey.come_back(query)
    moment = clock.now()
    for second in range(0, 100, 5):
        with clock.frozen(moment + timedelta(seconds=second)):
            work(stripe_journey.tenant, rounds=2)
    row = stripe_journey.row(attempt_id)
    assert (row.phase, row.failure_code) == ("failed", "partner_down")


def test_a_session_that_decided_nothing_cannot_be_gone_on_with(stripe_journey, at_stripe):
    attempt_id = stripe_journey.begin(at_stripe)
    stripe_journey.finish(attempt_id, "selfie_unverified_other")
    stripe_journey.hook(at_stripe, stripe_journey.event(attempt_id, "evt_1", "requires_input"))
    work(stripe_journey.tenant)
    assert stripe_journey.state(attempt_id).outcome == "retry_allowed"
    assert any(call.endswith("/cancel") for call in stripe_journey.simulator.calls)
    stripe_journey.hook(at_stripe, stripe_journey.event(attempt_id, "evt_2", "canceled"))
    work(stripe_journey.tenant)
    state = stripe_journey.state(attempt_id)
    assert (state.outcome, state.contradicted) == ("retry_allowed", False)


def test_who_finishes_in_the_last_moment_is_not_told_that_the_time_is_over(stripe_journey, at_stripe):
    finished, left = stripe_journey.begin(at_stripe), stripe_journey.begin(at_stripe)
    stripe_journey.finish(finished)
    with clock.frozen(clock.now() + timedelta(minutes=36)):
        model = apps.get_model("tenants", "Outbox")
        expiry = model.objects.filter(tenant_id=stripe_journey.tenant.id, topic="vendors.expire_proofing")
        for row in expiry:
            outbox.run(row.id)
        assert stripe_journey.state(finished).outcome == "verified"
        assert stripe_journey.state(left).outcome == "expired"


def test_signals_are_forgotten_after_two_weeks(stripe_journey, at_stripe):
    attempt_id = stripe_journey.begin(at_stripe)
    stripe_journey.hook(at_stripe, stripe_journey.event(attempt_id, "evt_1"))
    fetching.forget_signals()
    assert stripe_journey.signals() == 1
    with clock.frozen(clock.now() + timedelta(days=15)):
        fetching.forget_signals()
    assert stripe_journey.signals() == 0
