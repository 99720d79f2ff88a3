"""`/hooks/stripe` takes in what Stripe signed, once, and nothing else."""

from __future__ import annotations

import json
import threading
import time

import pytest
from django.db import connections
from django.test import Client

from tests.collecting.world import deliver, new_event, signed
from vendors.billing.collecting.models import PaymentEvent


def kept(event):
    return PaymentEvent.objects.filter(external_id=event["id"]).count()


def test_a_signed_event_is_kept_and_its_body_sealed(account) -> None:
    event = new_event(customer="cus_1")
    assert deliver(event) == 200
    row = PaymentEvent.objects.get(external_id=event["id"])
    assert (row.object_id, row.customer, row.outcome) == (event["data"]["object"]["id"], "cus_1", "waiting")
    assert event["id"].encode() not in bytes(row.body_sealed)


def test_an_event_that_comes_five_times_is_kept_once(account) -> None:
    event = new_event()
    assert [deliver(event) for _ in range(5)] == [200] * 5
    assert kept(event) == 1


def test_a_hundred_deliveries_at_once_are_one_event(account) -> None:
    event, answers = new_event(), []

    def send():
        client = Client(HTTP_HOST="localhost:8000")
        answers.extend(deliver(event, client=client) for _ in range(10))
        connections.close_all()

    threads = [threading.Thread(target=send) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [200] * 100
    assert kept(event) == 1


BODY = json.dumps(new_event()).encode()


@pytest.mark.parametrize(
    "sign",
    [
        pytest.param(lambda: "", id="nothing"),
        pytest.param(lambda: "t=1,v1=aa", id="too short"),
        pytest.param(lambda: "nonsense", id="nonsense"),
        pytest.param(lambda: "t=,v1=", id="empty parts"),
        pytest.param(lambda: "v1=" + "0" * 64, id="no time"),
        pytest.param(lambda: signed(BODY, secret="whsec_other"), id="another secret"),
        pytest.param(lambda: signed(BODY, at=time.time() - 302), id="stale"),
        pytest.param(lambda: signed(BODY, at=time.time() + 3600), id="from the future"),
        pytest.param(lambda: signed(BODY).replace("v1=", "v0="), id="another scheme"),
    ],
)
def test_what_is_not_signed_now_and_by_stripe_is_refused(account, sign) -> None:
    signature = sign()
    assert deliver(BODY, signature=signature) == 400
    assert kept(json.loads(BODY)) == 0


def test_a_signature_of_almost_five_minutes_ago_holds(account) -> None:
    event = new_event()
    body = json.dumps(event).encode()
    assert deliver(body, signature=signed(body, at=time.time() - 290)) == 200


def test_a_body_that_was_altered_is_refused(account) -> None:
    event = new_event()
    body = json.dumps(event).encode()
    assert deliver(body + b" ", signature=signed(body)) == 400
    assert kept(event) == 0


def test_one_of_two_signatures_is_enough_while_a_secret_is_changed(account) -> None:
    event = new_event()
    body = json.dumps(event).encode()
    both = f"{signed(body, secret='whsec_old')},{signed(body).partition(',')[2]}"
    assert deliver(body, signature=both) == 200


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"null",
        b'"text"',
        b"{}",
        b"\xff\xfe",
        b'{"object": "event"}',
        b"[" * 100_000,
        json.dumps({**new_event(), "livemode": "yes"}).encode(),
        json.dumps({**new_event(), "id": {"a": 1}}).encode(),
        json.dumps({**new_event(), "id": "e" * 300}).encode(),
        json.dumps({**new_event(), "id": "evt_\0"}).encode(),
        json.dumps({**new_event(), "data": {"object": {"object": "invoice", "id": ["in_1"]}}}).encode(),
    ],
)
def test_signed_bytes_that_are_no_event_are_refused(account, body) -> None:
    assert deliver(body) == 400


def test_ten_megabytes_are_refused_before_they_are_read(account) -> None:
    assert deliver(b"x" * 10_000_000) == 413


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "application/xml"]
)
def test_another_kind_of_body_is_refused(account, content_type) -> None:
    assert deliver(new_event(), content_type=content_type) == 415


@pytest.mark.parametrize("method", ["get", "put", "delete", "patch", "head", "options"])
def test_another_method_is_refused(account, method) -> None:
    assert getattr(Client(HTTP_HOST="localhost:8000"), method)("/hooks/stripe").status_code == 405


def test_without_a_secret_there_is_no_endpoint(account, settings) -> None:
    settings.STRIPE_WEBHOOK_SECRET = ""
    assert deliver(new_event(), signature="t=1,v1=aa") == 404


def test_there_is_no_endpoint_on_a_tenants_host(account, tenant, client_for) -> None:
    assert deliver(new_event(), client=client_for(tenant)) == 404


def test_a_body_without_a_length_is_refused(account) -> None:
    answer = Client(HTTP_HOST="localhost:8000").generic(
        "POST", "/hooks/stripe", b"{}", content_type="application/json", CONTENT_LENGTH=""
    )
    assert answer.status_code == 413
