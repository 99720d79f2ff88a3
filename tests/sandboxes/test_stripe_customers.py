"""Customers, cards and tax identifiers, and the manners of the API that every object shares."""

from __future__ import annotations

import pytest
import stripe

from tests.sandboxes.served import Sandbox


def test_a_customer_is_created_changed_listed_and_deleted(client: stripe.StripeClient) -> None:
    made = client.v1.customers.create(
        {
            "email": "ada@example.org",
            "name": "Ada",
            "metadata": {"tenant": "t1", "x": "y"},
            "address": {"line1": "Straße 1", "country": "DE"},
        }
    )
    assert made.id.startswith("cus_") and made.object == "customer" and made.livemode is False
    assert made.address is not None and made.address.line1 == "Straße 1" and made.address.city is None
    changed = client.v1.customers.update(made.id, {"metadata": {"x": "", "z": "1"}, "name": "Ada L."})
    assert (
        changed.metadata is not None
        and changed.metadata.to_dict() == {"tenant": "t1", "z": "1"}
        and changed.name == "Ada L."
    )
    assert client.v1.customers.retrieve(made.id).email == "ada@example.org"
    assert [found.id for found in client.v1.customers.list({"email": "ada@example.org"})] == [made.id]
    assert client.v1.customers.delete(made.id).deleted is True
    assert client.v1.customers.retrieve(made.id).deleted is True
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.customers.update(made.id, {"name": "x"})
    assert refused.value.code == "resource_missing" and refused.value.http_status == 404


def test_lists_page_both_ways_and_say_whether_there_is_more(client: stripe.StripeClient) -> None:
    made = [client.v1.customers.create({"name": str(number)}).id for number in range(5)][::-1]
    first = client.v1.customers.list({"limit": 2})
    assert [found.id for found in first.data] == made[:2] and first.has_more and first.url == "/v1/customers"
    second = client.v1.customers.list({"limit": 2, "starting_after": made[1]})
    assert [found.id for found in second.data] == made[2:4] and second.has_more
    last = client.v1.customers.list({"limit": 2, "starting_after": made[3]})
    assert [found.id for found in last.data] == made[4:] and not last.has_more
    back = client.v1.customers.list({"limit": 2, "ending_before": made[4]})
    assert [found.id for found in back.data] == made[2:4] and back.has_more
    assert [found.id for found in client.v1.customers.list({"limit": 2}).auto_paging_iter()] == made


@pytest.mark.parametrize(
    ("given", "code", "param", "status"),
    [
        ({"colour": "red"}, "parameter_unknown", "colour", 400),
        ({"address": {"planet": "Mars"}}, "parameter_unknown", "address[planet]", 400),
        ({"email": "nobody"}, "email_invalid", "email", 400),
        ({"balance": "much"}, "parameter_invalid_integer", "balance", 400),
        ({"test_clock": "clock_none"}, "resource_missing", "test_clock", 400),
        ({"metadata": {"k" * 41: "v"}}, None, f"metadata[{'k' * 40}]", 400),
        ({"tax_id_data": [{"type": "eu_vat", "value": "nonsense"}]}, "tax_id_invalid", "value", 400),
        ({"payment_method": "pm_none"}, "resource_missing", "payment_method", 400),
    ],
)
def test_wrong_input_is_refused_with_its_code_and_parameter(
    client: stripe.StripeClient, given: dict[str, object], code: str | None, param: str, status: int
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.customers.create(given)  # type: ignore[arg-type]
    assert (refused.value.code, refused.value.param, refused.value.http_status) == (code, param, status)
    assert refused.value.request_id and refused.value.request_id.startswith("req_")
    assert client.v1.customers.list().data == []


def test_a_key_opens_its_own_account_and_no_other(sandbox: Sandbox) -> None:
    one, two = sandbox.client(), sandbox.client()
    customer = one.v1.customers.create({})
    with pytest.raises(stripe.InvalidRequestError):
        two.v1.customers.retrieve(customer.id)
    assert two.v1.customers.list().data == []


@pytest.mark.parametrize("key", ["sk_live_4242424242424242", "nonsense", "sk_test_"])
def test_a_live_key_and_nonsense_are_refused(sandbox: Sandbox, key: str) -> None:
    with pytest.raises(stripe.AuthenticationError) as refused:
        sandbox.client(key).v1.customers.list()
    assert refused.value.http_status == 401


def test_an_address_that_is_not_answered_says_so(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.coupons.create({"percent_off": 10})
    assert refused.value.http_status == 404 and "Unrecognized request URL" in str(refused.value)


def test_another_host_reaches_nothing(sandbox: Sandbox) -> None:
    assert sandbox.status("/", host="evil.example") == 404
    assert sandbox.status("/v1/customers", host="evil.example") == 404
    assert sandbox.status("/") == 200


def test_a_good_card_is_attached_and_becomes_the_default(client: stripe.StripeClient) -> None:
    customer = client.v1.customers.create({"payment_method": "pm_card_visa", "email": "a@example.org"})
    held = client.v1.customers.payment_methods.list(customer.id).data
    assert len(held) == 1 and held[0].card is not None and held[0].card.last4 == "4242"
    again = client.v1.payment_methods.attach("pm_card_mastercard", {"customer": customer.id})
    client.v1.customers.update(customer.id, {"invoice_settings": {"default_payment_method": again.id}})
    found = client.v1.customers.retrieve(customer.id, {"expand": ["invoice_settings.default_payment_method"]})
    method = found.invoice_settings.default_payment_method if found.invoice_settings else None
    assert isinstance(method, stripe.PaymentMethod) and method.card is not None
    assert method.card.brand == "mastercard"
    client.v1.payment_methods.detach(again.id)
    after = client.v1.customers.retrieve(customer.id)
    assert after.invoice_settings is not None and after.invoice_settings.default_payment_method is None


@pytest.mark.parametrize(
    ("card", "code", "decline"),
    [
        ("pm_card_visa_chargeDeclined", "card_declined", "generic_decline"),
        ("pm_card_visa_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card", "expired_card"),
        ("pm_card_chargeDeclinedProcessingError", "processing_error", "processing_error"),
    ],
)
def test_a_card_that_is_declined_cannot_be_attached(
    client: stripe.StripeClient, card: str, code: str, decline: str
) -> None:
    customer = client.v1.customers.create({})
    with pytest.raises(stripe.CardError) as refused:
        client.v1.payment_methods.attach(card, {"customer": customer.id})
    assert refused.value.http_status == 402 and refused.value.code == code
    assert refused.value.error is not None and refused.value.error.decline_code == decline


@pytest.mark.parametrize(
    ("card", "code"),
    [
        ({"number": "4242424242424241", "exp_month": 1, "exp_year": 2040}, "incorrect_number"),
        ({"number": "4111111111111111", "exp_month": 1, "exp_year": 2040}, "card_declined"),
        ({"number": "4242424242424242", "exp_month": 13, "exp_year": 2040}, "invalid_expiry_month"),
        ({"number": "4242424242424242", "exp_month": 1, "exp_year": 2020}, "invalid_expiry_year"),
    ],
)
def test_only_test_cards_are_taken(client: stripe.StripeClient, card: dict[str, object], code: str) -> None:
    with pytest.raises(stripe.CardError) as refused:
        client.v1.payment_methods.create({"type": "card", "card": card})  # type: ignore[typeddict-item]
    assert refused.value.code == code


def test_tax_identifiers_are_checked_as_their_register_would(client: stripe.StripeClient) -> None:
    customer = client.v1.customers.create({"name": "Firma"})
    good = client.v1.customers.tax_ids.create(customer.id, {"type": "eu_vat", "value": "DE123456789"})
    bad = client.v1.customers.tax_ids.create(customer.id, {"type": "eu_vat", "value": "111111111"})
    waits = client.v1.customers.tax_ids.create(customer.id, {"type": "eu_vat", "value": "222222222"})
    statuses = [tax_id.verification.status for tax_id in (good, bad, waits) if tax_id.verification]
    assert statuses == ["verified", "unverified", "pending"] and good.country == "DE"
    client.v1.customers.tax_ids.delete(customer.id, bad.id)
    assert len(client.v1.customers.tax_ids.list(customer.id).data) == 2
    whole = client.v1.customers.retrieve(customer.id, {"expand": ["tax_ids"]})
    assert whole.tax_ids is not None and len(whole.tax_ids.data) == 2


def test_what_cannot_be_expanded_is_refused(client: stripe.StripeClient) -> None:
    customer = client.v1.customers.create({})
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.customers.retrieve(customer.id, {"expand": ["email_provider"]})
    assert refused.value.param == "expand"
