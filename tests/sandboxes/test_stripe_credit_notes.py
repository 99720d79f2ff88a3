"""Credit notes: less due first, then given back, each line with its share of tax. Totals are done by hand, or by the oracle."""

from __future__ import annotations

import random
from typing import Any

import pytest
import stripe

from tests.billing import oracle
from tests.sandboxes.test_stripe_invoices import customer_with, invoice_of


def test_a_credit_note_before_payment_makes_less_due(client: stripe.StripeClient) -> None:
    customer = customer_with(client)
    invoice = client.v1.invoices.finalize_invoice(invoice_of(client, customer.id, [1000]).id)
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.credit_notes.create({"invoice": invoice.id, "amount": 1001})
    note = client.v1.credit_notes.create({"invoice": invoice.id, "amount": 300, "reason": "order_change"})
    assert (note.type, note.pre_payment_amount, note.status) == ("pre_payment", 300, "issued")
    after = client.v1.invoices.retrieve(invoice.id)
    assert (after.amount_due, after.amount_remaining, after.pre_payment_credit_notes_amount) == (
        700,
        700,
        300,
    )
    client.v1.credit_notes.void_credit_note(note.id)
    assert client.v1.invoices.retrieve(invoice.id).amount_remaining == 1000
    client.v1.credit_notes.create({"invoice": invoice.id, "amount": 400})
    assert client.v1.invoices.pay(invoice.id).amount_paid == 600


def test_a_credit_note_after_payment_is_refunded_credited_or_both(client: stripe.StripeClient) -> None:
    customer = customer_with(client)
    vat = client.v1.tax_rates.create({"display_name": "VAT", "percentage": 19, "inclusive": False})
    draft = invoice_of(client, customer.id, [1000, 500], default_tax_rates=[vat.id])
    paid = client.v1.invoices.pay(client.v1.invoices.finalize_invoice(draft.id).id)
    assert paid.amount_paid == 1785
    line = paid.lines.data[0]
    lines: list[Any] = [{"type": "invoice_line_item", "invoice_line_item": line.id, "amount": 500}]
    preview = client.v1.credit_notes.preview({"invoice": paid.id, "lines": lines, "credit_amount": 595})
    assert (preview.total, preview.subtotal) == (595, 500)
    with pytest.raises(stripe.InvalidRequestError, match="must equal"):
        client.v1.credit_notes.create({"invoice": paid.id, "lines": lines, "refund_amount": 500})
    note = client.v1.credit_notes.create(
        {"invoice": paid.id, "lines": lines, "refund_amount": 400, "credit_amount": 195}
    )
    assert (note.total, note.type, note.refunds[0].amount_refunded) == (595, "post_payment", 400)
    assert client.v1.customers.retrieve(customer.id).balance == -195
    assert client.v1.refunds.list().data[0].amount == 400
    with pytest.raises(stripe.InvalidRequestError, match="still be credited"):
        client.v1.credit_notes.create(
            {
                "invoice": paid.id,
                "lines": [{"type": "invoice_line_item", "invoice_line_item": line.id, "amount": 501}],
                "credit_amount": 596,
            }
        )
    assert client.v1.invoices.retrieve(paid.id).post_payment_credit_notes_amount == 595


def test_a_note_first_makes_less_due_and_gives_back_the_rest(client: stripe.StripeClient) -> None:
    """Part of the invoice was paid from the balance: what is still due is less, and more than that goes back."""
    customer = customer_with(client)
    client.v1.customers.balance_transactions.create(customer.id, {"amount": -600, "currency": "eur"})
    invoice = client.v1.invoices.finalize_invoice(invoice_of(client, customer.id, [1000]).id)
    assert (invoice.total, invoice.amount_due) == (1000, 400)
    lines: list[Any] = [
        {"type": "invoice_line_item", "invoice_line_item": invoice.lines.data[0].id, "amount": 700}
    ]
    told = client.v1.credit_notes.preview({"invoice": invoice.id, "lines": lines})
    assert (told.type, told.pre_payment_amount, told.post_payment_amount) == ("mixed", 400, 300)
    with pytest.raises(stripe.InvalidRequestError, match="must equal"):
        client.v1.credit_notes.create({"invoice": invoice.id, "lines": lines})
    client.v1.credit_notes.create({"invoice": invoice.id, "lines": lines, "credit_amount": 300})
    after = client.v1.invoices.retrieve(invoice.id)
    assert (after.status, after.amount_remaining) == ("paid", 0)
    assert client.v1.customers.retrieve(customer.id).balance == -300


def test_what_was_refunded_without_a_note_leaves_less_to_credit(client: stripe.StripeClient) -> None:
    customer = customer_with(client)
    paid = client.v1.invoices.pay(
        client.v1.invoices.finalize_invoice(invoice_of(client, customer.id, [1000]).id).id
    )
    charge = client.v1.charges.list({"customer": customer.id}).data[0]
    refund = client.v1.refunds.create({"charge": charge.id, "amount": 800})
    with pytest.raises(stripe.InvalidRequestError, match="creditable amount"):
        client.v1.credit_notes.create({"invoice": paid.id, "amount": 300, "credit_amount": 300})
    note = client.v1.credit_notes.create(
        {"invoice": paid.id, "amount": 800, "refunds": [{"refund": refund.id}]}
    )
    assert (note.total, note.refunds[0].refund) == (800, refund.id)
    assert (
        client.v1.credit_notes.create({"invoice": paid.id, "amount": 200, "credit_amount": 200}).total == 200
    )


def test_the_tax_of_notes_in_pieces_is_what_the_oracle_says(client: stripe.StripeClient) -> None:
    customer, chance = customer_with(client), random.Random(7)
    vat = client.v1.tax_rates.create({"display_name": "VAT", "percentage": 19.6, "inclusive": False})
    draft = invoice_of(client, customer.id, [7, 33, 250, 999], default_tax_rates=[vat.id])
    paid = client.v1.invoices.pay(client.v1.invoices.finalize_invoice(draft.id).id)
    given = 0
    for line in paid.lines.data:
        so_far, tax = 0, sum(found.amount for found in line.taxes or ())
        while so_far < line.amount:
            piece = min(chance.randint(1, max(1, line.amount // 2)), line.amount - so_far)
            wanted = oracle.tax_given_back(line.amount, tax, so_far, piece)
            rows: list[Any] = [{"type": "invoice_line_item", "invoice_line_item": line.id, "amount": piece}]
            asked = {"invoice": paid.id, "lines": rows, "credit_amount": piece + wanted}
            note = client.v1.credit_notes.create(asked)  # type: ignore[arg-type]
            assert (note.total_excluding_tax, note.total - note.subtotal) == (piece, wanted)
            so_far, given = so_far + piece, given + note.total
    assert given == paid.total and client.v1.customers.retrieve(customer.id).balance == -paid.total
