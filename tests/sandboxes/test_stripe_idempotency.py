"""A key that was used once does its work once, in parallel as in sequence."""

from __future__ import annotations

import secrets
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import stripe

from tests.sandboxes.served import Sandbox


def test_a_repeated_call_reads_the_first_answer(client: stripe.StripeClient) -> None:
    key = secrets.token_hex(8)
    first = client.v1.customers.create({"name": "Ada"}, {"idempotency_key": key})
    client.v1.customers.update(first.id, {"name": "Later"})
    again = client.v1.customers.create({"name": "Ada"}, {"idempotency_key": key})
    assert again.id == first.id and again.name == "Ada"
    assert again.last_response is not None
    headers = {name.lower(): value for name, value in again.last_response.headers.items()}
    assert headers["idempotent-replayed"] == "true"
    assert headers["original-request"] != headers["request-id"]
    assert len(client.v1.customers.list().data) == 1


def test_the_same_key_with_other_parameters_is_refused(client: stripe.StripeClient) -> None:
    key = secrets.token_hex(8)
    client.v1.customers.create({"name": "Ada"}, {"idempotency_key": key})
    with pytest.raises(stripe.IdempotencyError) as refused:
        client.v1.customers.create({"name": "Eva"}, {"idempotency_key": key})
    assert refused.value.http_status == 400
    with pytest.raises(stripe.IdempotencyError):
        client.v1.products.create({"name": "Ada"}, {"idempotency_key": key})


def test_a_call_that_was_wrong_can_be_mended_under_its_key(client: stripe.StripeClient) -> None:
    key = secrets.token_hex(8)
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.products.create({"name": ""}, {"idempotency_key": key})
    assert client.v1.products.create({"name": "Check"}, {"idempotency_key": key}).name == "Check"


def test_a_declined_card_is_declined_again_without_a_second_try(client: stripe.StripeClient) -> None:
    key = secrets.token_hex(8)
    for _ in range(2):
        with pytest.raises(stripe.CardError) as refused:
            client.v1.payment_intents.create(
                {
                    "amount": 500,
                    "currency": "eur",
                    "confirm": True,
                    "payment_method": "pm_card_chargeCustomerFail",
                },
                {"idempotency_key": key},
            )
        assert refused.value.code == "card_declined"
    assert len(client.v1.charges.list().data) == 1


def test_a_hundred_at_once_under_one_key_make_one_customer(sandbox: Sandbox) -> None:
    account = f"sk_test_{secrets.token_hex(12)}"
    key = secrets.token_hex(8)

    def call(number: int) -> str:
        try:
            return sandbox.client(account).v1.customers.create({"name": "Ada"}, {"idempotency_key": key}).id
        except stripe.APIError as busy:
            assert busy.http_status == 409
            return "busy"

    with ThreadPoolExecutor(16) as pool:
        answers = set(pool.map(call, range(100)))
    assert len(answers - {"busy"}) == 1
    assert len(sandbox.client(account).v1.customers.list({"limit": 100}).data) == 1


def test_a_call_that_is_still_going_on_is_told_to_wait(sandbox: Sandbox, client: stripe.StripeClient) -> None:
    key = secrets.token_hex(8)
    client.v1.customers.create({"name": "Ada"}, {"idempotency_key": key})
    with sqlite3.connect(sandbox.database, timeout=20) as rows:
        rows.execute(
            "UPDATE stripe_sandbox_idempotentrequest SET status = NULL, created_at = ? WHERE key = ?",
            [time.time(), key],
        )
    with pytest.raises(stripe.APIError) as refused:
        client.v1.customers.create({"name": "Ada"}, {"idempotency_key": key})
    assert refused.value.http_status == 409
    assert refused.value.error is not None and refused.value.error.code == "idempotency_key_in_use"


def test_parallel_calls_under_keys_of_their_own_are_all_done(sandbox: Sandbox) -> None:
    account = f"sk_test_{secrets.token_hex(12)}"
    customer = sandbox.client(account).v1.customers.create({})

    def call(number: int) -> str:
        item = sandbox.client(account).v1.invoice_items.create(
            {"customer": customer.id, "amount": number + 1, "currency": "eur"}
        )
        return item.id

    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(call, range(60)))
    assert len(made) == 60
    preview = sandbox.client(account).v1.invoices.create_preview({"customer": customer.id})
    assert preview.total == sum(range(1, 61))
