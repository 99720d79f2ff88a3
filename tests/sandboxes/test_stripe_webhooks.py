"""Events and their delivery: signed, tried again, kept over a restart. The judge is `Webhook.construct_event`."""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path

import pytest
import stripe

from tests.sandboxes.listener import Listener
from tests.sandboxes.served import Sandbox


def endpoint(client: stripe.StripeClient, listener: Listener, *names: str) -> stripe.WebhookEndpoint:
    return client.v1.webhook_endpoints.create(
        {"url": listener.url, "enabled_events": list(names) or ["*"]}  # type: ignore[list-item]
    )


def test_what_changes_is_told_with_a_signature_that_holds(
    client: stripe.StripeClient, listener: Listener
) -> None:
    made = endpoint(client, listener, "customer.created", "customer.updated")
    assert made.secret is not None and made.secret.startswith("whsec_")
    assert "secret" not in client.v1.webhook_endpoints.retrieve(made.id)
    customer = client.v1.customers.create({"name": "Ada"}, {"idempotency_key": "first"})
    client.v1.customers.update(customer.id, {"name": "Eva"})
    client.v1.customers.delete(customer.id)
    events = {event.type: event for event in listener.events(made.secret, 2)}
    created, updated = events["customer.created"], events["customer.updated"]
    assert created.data.object["id"] == customer.id and created.livemode is False
    assert created.request is not None and created.request.idempotency_key == "first"
    assert created.api_version == "2026-10-28.endive"
    assert updated.data.previous_attributes is not None
    assert updated.data.previous_attributes.to_dict() == {"name": "Ada"}
    time.sleep(0.3)
    assert len(listener.received) == 2


def test_an_altered_body_a_wrong_secret_and_an_old_one_do_not_hold(
    client: stripe.StripeClient, listener: Listener
) -> None:
    made = endpoint(client, listener)
    client.v1.customers.create({})
    body, signature = listener.wait(1)[0]
    secret = str(made.secret)
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(body + b" ", signature, secret)
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(body, signature, secret + "x")
    old = stripe.WebhookSignature.generate_signature_header(body.decode(), secret, int(time.time()) - 301)
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(body, old, secret)
    assert stripe.Webhook.construct_event(body, signature, secret).type == "customer.created"


def test_a_delivery_that_fails_is_tried_again_with_a_fresh_signature(
    client: stripe.StripeClient, listener: Listener
) -> None:
    made = endpoint(client, listener)
    listener.answers = [500, 302]
    client.v1.customers.create({})
    events = listener.events(str(made.secret), 3)
    assert len({event.id for event in events}) == 1
    wait_until_delivered(client, events[0].id)
    time.sleep(0.6)
    assert len(listener.received) == 3


def wait_until_delivered(client: stripe.StripeClient, event: str) -> None:
    """Or given up: what was received is written down a moment later."""
    until = time.monotonic() + 60
    while client.v1.events.retrieve(event).pending_webhooks:
        assert time.monotonic() < until
        time.sleep(0.02)


def test_an_endpoint_that_never_answers_is_given_up(client: stripe.StripeClient, listener: Listener) -> None:
    made = endpoint(client, listener)
    listener.answers = [500] * 10
    client.v1.customers.create({})
    listener.wait(4)
    wait_until_delivered(client, client.v1.events.list({"types": ["customer.created"]}).data[0].id)
    time.sleep(0.6)
    assert len(listener.received) == 4
    assert made.status == "enabled"


def test_events_are_listed_by_type_for_whoever_missed_them(client: stripe.StripeClient) -> None:
    customer = client.v1.customers.create({})
    client.v1.products.create({"name": "Check"})
    assert [event.type for event in client.v1.events.list({"type": "product.*"}).data] == ["product.created"]
    found = client.v1.events.list({"type": "customer.created"}).data[0]
    assert found.data.object["id"] == customer.id


def test_the_life_of_an_invoice_is_told_in_order(client: stripe.StripeClient, listener: Listener) -> None:
    customer = client.v1.customers.create({"payment_method": "pm_card_visa"})
    method = client.v1.customers.payment_methods.list(customer.id).data[0].id
    made = endpoint(
        client, listener, "invoice.created", "invoice.finalized", "invoice.paid", "charge.succeeded"
    )
    client.v1.invoice_items.create({"customer": customer.id, "amount": 500, "currency": "eur"})
    draft = client.v1.invoices.create({"customer": customer.id, "pending_invoice_items_behavior": "include"})
    client.v1.invoices.finalize_invoice(draft.id)
    client.v1.invoices.pay(draft.id, {"payment_method": method})
    events = listener.events(str(made.secret), 4)
    assert [event.type for event in events] == [
        "invoice.created",
        "invoice.finalized",
        "charge.succeeded",
        "invoice.paid",
    ]
    assert events[3].data.object["lines"]["data"][0]["amount"] == 500
    assert events[0].data.object["status"] == "draft"


@pytest.mark.parametrize(
    ("url", "names", "param"),
    [
        ("https://example.org/hooks", ["*"], "url"),
        ("http://169.254.169.254/latest", ["*"], "url"),
        ("http://user:word@localhost:1/x", ["*"], "url"),
        ("ftp://localhost/x", ["*"], "url"),
        ("http://localhost:1/x", ["nonsense"], "enabled_events[0]"),
        ("http://localhost:1/x", [], "enabled_events"),
    ],
)
def test_only_addresses_on_this_machine_are_told(
    client: stripe.StripeClient, url: str, names: list[str], param: str
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.webhook_endpoints.create({"url": url, "enabled_events": names})  # type: ignore[typeddict-item]
    assert refused.value.param == param


def test_a_disabled_endpoint_hears_nothing(client: stripe.StripeClient, listener: Listener) -> None:
    made = endpoint(client, listener)
    assert client.v1.webhook_endpoints.update(made.id, {"disabled": True}).status == "disabled"
    client.v1.customers.create({})
    time.sleep(0.5)
    assert listener.received == []


def test_what_was_done_survives_a_kill_and_what_was_not_told_is_told(listener: Listener) -> None:
    with tempfile.TemporaryDirectory(prefix="readmit-stripe-") as folder:
        own = Sandbox(Path(folder))
        own.start()
        try:
            client = own.client("sk_test_survives_a_restart")
            made = endpoint(client, listener)
            listener.answers = [500]
            customer = client.v1.customers.create({"name": "Ada"})
            listener.wait(1)
            own.stop(kill=True)
            own.start()
            assert client.v1.customers.retrieve(customer.id).name == "Ada"
            events = listener.events(str(made.secret), 2)
            assert json.loads(listener.received[1][0])["id"] == events[0].id
        finally:
            own.stop()
