"""Invoices from draft to paid, void or given up; taxes, refunds, disputes. Every total is done by hand."""

from __future__ import annotations

from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest
import stripe


def customer_with(client: stripe.StripeClient, card: str = "pm_card_visa", **given: Any) -> stripe.Customer:
    customer = client.v1.customers.create({"email": "a@example.org", "name": "Ada", **given})
    method = client.v1.payment_methods.attach(card, {"customer": customer.id})
    return client.v1.customers.update(
        customer.id, {"invoice_settings": {"default_payment_method": method.id}}
    )


def invoice_of(
    client: stripe.StripeClient, customer: str, amounts: list[int], **given: Any
) -> stripe.Invoice:
    """A draft with one line for each amount."""
    draft = client.v1.invoices.create({"customer": customer, "currency": "eur", **given})
    for number, amount in enumerate(amounts):
        client.v1.invoice_items.create(
            {"customer": customer, "invoice": draft.id, "amount": amount, "description": f"Line {number}"}
        )
    return client.v1.invoices.retrieve(draft.id)


def test_an_invoice_is_made_finalised_and_paid(client: stripe.StripeClient) -> None:
    customer = customer_with(client)
    draft = invoice_of(
        client,
        customer.id,
        [1999, 1],
        custom_fields=[{"name": "PO number", "value": "4711"}],
        metadata={"tenant": "t1"},
    )
    assert (draft.status, draft.total, draft.number, draft.livemode) == ("draft", 2000, None, False)
    opened = client.v1.invoices.finalize_invoice(draft.id)
    assert (opened.status, opened.amount_due, opened.amount_remaining) == ("open", 2000, 2000)
    assert opened.number is not None and opened.number.endswith("-0001")
    paid = client.v1.invoices.pay(draft.id, {"expand": ["payments.data.payment.payment_intent"]})
    assert (paid.status, paid.amount_paid, paid.amount_remaining) == ("paid", 2000, 0)
    assert paid.payments is not None
    intent = paid.payments.data[0].payment.payment_intent
    assert isinstance(intent, stripe.PaymentIntent) and intent.status == "succeeded"
    assert client.v1.charges.retrieve(str(intent.latest_charge)).amount == 2000
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.invoices.pay(draft.id, {"off_session": True})
    assert refused.value.code == "invoice_already_paid"


def test_items_that_wait_come_onto_the_next_invoice(client: stripe.StripeClient) -> None:
    customer = customer_with(client)
    product = client.v1.products.create({"name": "Face Check"})
    price = client.v1.prices.create({"currency": "eur", "product": product.id, "unit_amount_decimal": "12.5"})
    item = client.v1.invoice_items.create(
        {
            "customer": customer.id,
            "pricing": {"price": price.id},
            "quantity": 3,
            "metadata": {"id": "t:p:2026-11:1"},
        }
    )
    assert (item.amount, item.description, item.invoice) == (38, "Face Check", None)
    preview = client.v1.invoices.create_preview({"customer": customer.id})
    assert preview.total == 38 and preview.id.startswith("upcoming_in_")
    empty = client.v1.invoices.create({"customer": customer.id})
    assert empty.total == 0
    full = client.v1.invoices.create({"customer": customer.id, "pending_invoice_items_behavior": "include"})
    line = full.lines.data[0]
    assert full.total == 38 and line.quantity == 3 and line.metadata.to_dict() == {"id": "t:p:2026-11:1"}
    assert line.pricing is not None and line.pricing.price_details is not None
    assert line.pricing.price_details.price == price.id
    assert client.v1.invoice_items.retrieve(item.id).invoice == full.id
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.invoices.create_preview({"customer": customer.id})
    assert refused.value.code == "invoice_upcoming_none"


def test_a_declined_card_leaves_the_invoice_open_and_counts_the_try(client: stripe.StripeClient) -> None:
    customer = customer_with(client, "pm_card_chargeCustomerFail")
    invoice = client.v1.invoices.finalize_invoice(invoice_of(client, customer.id, [500]).id)
    with pytest.raises(stripe.CardError) as refused:
        client.v1.invoices.pay(invoice.id)
    assert refused.value.code == "card_declined" and refused.value.http_status == 402
    after = client.v1.invoices.retrieve(invoice.id)
    assert (after.status, after.attempt_count, after.attempted) == ("open", 1, True)
    assert client.v1.invoices.pay(invoice.id, {"payment_method": "pm_card_visa"}).status == "paid"
    statuses = [charge.status for charge in client.v1.charges.list({"customer": customer.id}).data]
    assert statuses == ["succeeded", "failed"]


def test_a_card_that_wants_its_holder_is_confirmed_by_its_intent(client: stripe.StripeClient) -> None:
    customer = customer_with(client, "pm_card_authenticationRequired")
    invoice = client.v1.invoices.finalize_invoice(invoice_of(client, customer.id, [500]).id)
    with pytest.raises(stripe.CardError) as refused:
        client.v1.invoices.pay(invoice.id)
    assert refused.value.code == "invoice_payment_intent_requires_action"
    found = client.v1.invoices.retrieve(invoice.id, {"expand": ["confirmation_secret", "payments"]})
    assert found.confirmation_secret is not None and found.payments is not None
    intent = client.v1.payment_intents.retrieve(str(found.payments.data[0].payment.payment_intent))
    assert (
        intent.status == "requires_action" and intent.client_secret == found.confirmation_secret.client_secret
    )
    assert intent.next_action is not None and intent.next_action.type == "redirect_to_url"


def test_an_invoice_without_a_card_says_what_is_missing(client: stripe.StripeClient) -> None:
    customer = client.v1.customers.create({})
    invoice = client.v1.invoices.finalize_invoice(invoice_of(client, customer.id, [500]).id)
    with pytest.raises(stripe.InvalidRequestError, match="default_payment_method"):
        client.v1.invoices.pay(invoice.id)
    assert client.v1.invoices.pay(invoice.id, {"paid_out_of_band": True}).status == "paid"


def test_an_invoice_for_nothing_is_paid_at_once(client: stripe.StripeClient) -> None:
    customer = client.v1.customers.create({})
    assert (
        client.v1.invoices.finalize_invoice(invoice_of(client, customer.id, [500, -500]).id).status == "paid"
    )


def test_credit_on_the_customer_pays_first(client: stripe.StripeClient) -> None:
    customer = customer_with(client, balance=-300)
    first = client.v1.invoices.finalize_invoice(invoice_of(client, customer.id, [200]).id)
    assert (first.status, first.amount_due, first.starting_balance, first.ending_balance) == (
        "paid",
        0,
        -300,
        -100,
    )
    second = client.v1.invoices.finalize_invoice(invoice_of(client, customer.id, [250]).id)
    assert (second.amount_due, second.ending_balance) == (150, 0)
    negative = client.v1.invoices.finalize_invoice(invoice_of(client, customer.id, [-70]).id)
    assert negative.status == "paid" and client.v1.customers.retrieve(customer.id).balance == -70
    amounts = [entry.amount for entry in client.v1.customers.balance_transactions.list(customer.id).data]
    assert amounts == [-70, 100, 200]


def test_a_void_invoice_gives_the_credit_back(client: stripe.StripeClient) -> None:
    customer = customer_with(client, balance=-300)
    invoice = client.v1.invoices.finalize_invoice(invoice_of(client, customer.id, [1000]).id)
    assert invoice.amount_due == 700
    assert client.v1.invoices.void_invoice(invoice.id).status == "void"
    assert client.v1.customers.retrieve(customer.id).balance == -300
    for call in (
        client.v1.invoices.pay,
        client.v1.invoices.void_invoice,
        client.v1.invoices.finalize_invoice,
    ):
        with pytest.raises(stripe.InvalidRequestError):
            call(invoice.id)


def test_an_invoice_is_given_up_and_may_still_be_paid(client: stripe.StripeClient) -> None:
    customer = customer_with(client)
    invoice = client.v1.invoices.finalize_invoice(invoice_of(client, customer.id, [1000]).id)
    assert client.v1.invoices.mark_uncollectible(invoice.id).status == "uncollectible"
    assert client.v1.invoices.pay(invoice.id).status == "paid"


def test_tax_rates_are_rounded_on_each_line(client: stripe.StripeClient) -> None:
    customer = customer_with(client)
    vat = client.v1.tax_rates.create(
        {"display_name": "VAT", "percentage": 19, "inclusive": False, "country": "DE"}
    )
    local = client.v1.tax_rates.create({"display_name": "Local", "percentage": 7.25, "inclusive": True})
    draft = invoice_of(client, customer.id, [150, 150], default_tax_rates=[vat.id])
    # 19 % of 150 is 28.5: each line has 29.
    assert (draft.subtotal, draft.total, draft.total_excluding_tax) == (300, 358, 300)
    assert draft.total_taxes is not None and [tax.amount for tax in draft.total_taxes] == [58]
    client.v1.invoice_items.create(
        {"customer": customer.id, "invoice": draft.id, "amount": 1000, "tax_rates": [local.id]}
    )
    whole = client.v1.invoices.retrieve(draft.id)
    # 1000 × 7.25 / 107.25 = 67.599
    assert (whole.subtotal, whole.total, whole.subtotal_excluding_tax) == (1300, 1358, 1232)
    assert whole.total_excluding_tax == 1232


def test_automatic_tax_follows_the_address_and_needs_one(client: stripe.StripeClient) -> None:
    nowhere = customer_with(client)
    draft = invoice_of(client, nowhere.id, [1000], automatic_tax={"enabled": True})
    assert draft.automatic_tax.status == "requires_location_inputs"
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.invoices.finalize_invoice(draft.id)
    assert refused.value.code == "customer_tax_location_invalid"
    french = customer_with(client, address={"country": "FR"})
    assert invoice_of(client, french.id, [1000], automatic_tax={"enabled": True}).total == 1200
    client.v1.customers.tax_ids.create(french.id, {"type": "eu_vat", "value": "FR12345678901"})
    reverse = invoice_of(client, french.id, [1000], automatic_tax={"enabled": True})
    assert reverse.total == 1000 and reverse.total_taxes is not None
    assert reverse.total_taxes[0].taxability_reason == "reverse_charge"


@pytest.mark.parametrize(
    ("given", "code", "param"),
    [
        ({"collection_method": "send_invoice"}, "parameter_missing", "days_until_due"),
        ({"days_until_due": 3}, None, "days_until_due"),
        ({"currency": "xyz"}, None, "currency"),
        ({"default_tax_rates": ["txr_none"]}, "resource_missing", "default_tax_rates"),
        ({"default_payment_method": "pm_none"}, "resource_missing", "default_payment_method"),
        ({"coupon": "x"}, "parameter_unknown", "coupon"),
        ({"custom_fields": [{"name": "x" * 41, "value": "y"}]}, None, "custom_fields[0][name]"),
    ],
)
def test_an_invoice_that_makes_no_sense_is_refused(
    client: stripe.StripeClient, given: dict[str, Any], code: str | None, param: str
) -> None:
    customer = client.v1.customers.create({})
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.invoices.create({"customer": customer.id, **given})  # type: ignore[typeddict-item]
    assert (refused.value.code, refused.value.param) == (code, param)


def test_one_customer_is_billed_in_one_currency(client: stripe.StripeClient) -> None:
    customer = client.v1.customers.create({})
    client.v1.invoice_items.create({"customer": customer.id, "amount": 1, "currency": "eur"})
    with pytest.raises(stripe.InvalidRequestError, match="combine currencies"):
        client.v1.invoice_items.create({"customer": customer.id, "amount": 1, "currency": "usd"})


def test_a_finalised_invoice_is_not_edited(client: stripe.StripeClient) -> None:
    customer = customer_with(client)
    invoice = client.v1.invoices.finalize_invoice(invoice_of(client, customer.id, [100]).id)
    item = client.v1.invoice_items.list({"invoice": invoice.id}).data[0]
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.invoice_items.update(item.id, {"amount": 1})
    assert refused.value.code == "invoice_not_editable"
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.invoice_items.create({"customer": customer.id, "invoice": invoice.id, "amount": 1})
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.invoices.delete(invoice.id)
    assert client.v1.invoices.update(invoice.id, {"metadata": {"a": "b"}}).metadata is not None


def test_a_draft_follows_its_items(client: stripe.StripeClient) -> None:
    customer = client.v1.customers.create({})
    draft = invoice_of(client, customer.id, [100, 200])
    items = client.v1.invoice_items.list({"invoice": draft.id}).data
    client.v1.invoice_items.update(items[0].id, {"amount": 50})
    client.v1.invoice_items.delete(items[1].id)
    after = client.v1.invoices.retrieve(draft.id)
    assert after.total == 50 and len(after.lines.data) == 1
    assert client.v1.invoices.delete(draft.id).deleted is True


def test_many_lines_come_in_pages(client: stripe.StripeClient) -> None:
    customer = client.v1.customers.create({})
    draft = invoice_of(client, customer.id, list(range(1, 14)))
    assert len(draft.lines.data) == 10 and draft.lines.has_more
    rest = client.v1.invoices.line_items.list(draft.id, {"starting_after": draft.lines.data[-1].id})
    assert [line.amount for line in rest.data] == [11, 12, 13]


# Refunds, disputes -----------------------------------------------------------------------------------------------


def test_a_charge_is_refunded_in_parts_and_never_more_than_whole(client: stripe.StripeClient) -> None:
    intent = client.v1.payment_intents.create(
        {"amount": 1000, "currency": "eur", "confirm": True, "payment_method": "pm_card_visa"}
    )
    client.v1.refunds.create({"payment_intent": intent.id, "amount": 400, "reason": "requested_by_customer"})
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.refunds.create({"payment_intent": intent.id, "amount": 601})
    assert refused.value.param == "amount"
    assert client.v1.refunds.create({"payment_intent": intent.id}).amount == 600
    with pytest.raises(stripe.InvalidRequestError) as again:
        client.v1.refunds.create({"payment_intent": intent.id})
    assert again.value.code == "charge_already_refunded"
    charge = client.v1.charges.retrieve(str(intent.latest_charge), {"expand": ["refunds"]})
    assert charge.refunded and charge.amount_refunded == 1000
    assert charge.refunds is not None and len(charge.refunds.data) == 2


@pytest.mark.parametrize(("words", "status"), [("winning_evidence", "won"), ("losing_evidence", "lost")])
def test_a_dispute_is_answered_and_ends(client: stripe.StripeClient, words: str, status: str) -> None:
    intent = client.v1.payment_intents.create(
        {"amount": 1000, "currency": "eur", "confirm": True, "payment_method": "pm_card_createDispute"}
    )
    dispute = client.v1.disputes.list({"payment_intent": intent.id}).data[0]
    assert (dispute.status, dispute.reason, dispute.amount) == ("needs_response", "fraudulent", 1000)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.refunds.create({"payment_intent": intent.id})
    assert refused.value.code == "charge_disputed"
    client.v1.disputes.update(dispute.id, {"evidence": {"uncategorized_text": words}, "submit": True})
    assert client.v1.disputes.retrieve(dispute.id).status == status
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.disputes.close(dispute.id)


# Paper -----------------------------------------------------------------------------------------------------------


def _fetch(url: str) -> tuple[int, str, bytes]:
    parts = urlsplit(url)
    door = HTTPConnection("127.0.0.1", parts.port or 80, timeout=20)
    door.request("GET", parts.path, headers={"Host": parts.netloc})
    answer = door.getresponse()
    return answer.status, answer.headers["Content-Type"], answer.read()


def test_an_invoice_and_its_credit_note_are_printed(client: stripe.StripeClient) -> None:
    customer = customer_with(client, address={"line1": "Łódzka 1 & <b>", "country": "PL"})
    invoice = client.v1.invoices.pay(
        client.v1.invoices.finalize_invoice(invoice_of(client, customer.id, [1000]).id).id
    )
    note = client.v1.credit_notes.create({"invoice": invoice.id, "credit_amount": 100})
    for url in (invoice.invoice_pdf, note.pdf):
        assert url is not None
        status, kind, body = _fetch(url)
        assert (
            (status, kind) == (200, "application/pdf") and body.startswith(b"%PDF") and b"%%EOF" in body[-20:]
        )
    assert invoice.hosted_invoice_url is not None
    status, _, body = _fetch(invoice.hosted_invoice_url)
    assert status == 200 and b"Sandbox: no money moves." in body
    assert _fetch(invoice.hosted_invoice_url[:-3] + "xxx")[0] == 404
