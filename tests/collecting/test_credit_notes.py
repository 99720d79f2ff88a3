"""What becomes cheaper after it was invoiced goes back with its tax, to the cent: to the next invoice or to the card."""

from __future__ import annotations

import pytest

from portal.kit.actors import SYSTEM
from portal.kit.money import Money
from portal.kit.scope import tenant_scope
from tests.billing.world import event, record_file
from tests.collecting.test_reconcile import agrees, compare
from tests.collecting.world import LATER
from vendors.billing.closing import note_tax
from vendors.billing.collecting.asking import ask_for_customer
from vendors.billing.collecting.models import FactKind, PaymentCall
from vendors.billing.collecting.selectors import GivenBack, stripe_state_of
from vendors.billing.details import Buyer, change_billing_details
from vendors.billing.documents import taxes_of
from vendors.billing.models import Entry, EntryKind, Invoice, UsageEntry
from vendors.billing.services import take_back


@pytest.fixture
def taxed(stage, settings):
    """A tenant in a country where the stub knows one rate: 21 %."""
    settings.STRIPE_AUTOMATIC_TAX = True
    with tenant_scope(stage.tenant.id):
        ask_for_customer("EUR")
    stage.work()
    stage.account.v1.customers.update(stage.customer, {"address": {"country": "CZ", "postal_code": "11000"}})
    return stage


def invoiced(stage, tmp_path, *, paid, **given):
    stage.close_a_period(tmp_path, **given)
    stage.work()
    (invoice,) = stage.account.v1.invoices.list().data
    if paid:
        stage.pay_by()
        stage.account.v1.invoices.pay(invoice.id)
    return stage.account.v1.invoices.retrieve(invoice.id)


def taken_back(stage, label, quantity):
    """Checks of that quantity are taken back, and the next period is closed."""
    with tenant_scope(stage.tenant.id):
        entry = UsageEntry.objects.filter(quantity=quantity).exclude(
            id__in=Entry.objects.exclude(refers_to=None).values("refers_to")
        )
        take_back(entry.first(), actor=SYSTEM)
    stage.close(label)
    stage.work()
    compare(stage)


def ledger(stage):
    """Of each document of the ledger its kind, and before tax and tax in cents."""
    documents = stage.documents()
    with tenant_scope(stage.tenant.id):
        taxes = taxes_of(documents)
    return [(row.kind, row.total_minor, taxes[row.id]) for row in documents if row.total_minor]


def test_a_paid_invoice_gives_back_its_tax_as_credit_for_the_next_one(taxed, tmp_path) -> None:
    invoice = invoiced(taxed, tmp_path, paid=True, more=[10])
    assert (invoice.total_excluding_tax, invoice.amount_paid) == (4550, 5506)  # 45.50 + 9.555, half up
    taken_back(taxed, LATER, 10)
    (note,) = taxed.account.v1.credit_notes.list().data
    assert (note.total_excluding_tax, note.total, note.type) == (350, 424, "post_payment")  # 3.50 + 0.735
    assert taxed.account.v1.customers.retrieve(taxed.customer).balance == -424
    assert ledger(taxed) == [("invoice", 4550, 956), ("credit_note", -350, -74)]
    with tenant_scope(taxed.tenant.id):
        state = stripe_state_of(Invoice.objects.get(kind="credit_note"))
    assert (state.total_minor, state.tax_minor) == (-424, -74)
    assert state.given_back == GivenBack(to_balance=424)
    agrees(taxed)


def test_or_back_to_the_card_that_paid(taxed, tmp_path) -> None:
    invoiced(taxed, tmp_path, paid=True, more=[10])
    with tenant_scope(taxed.tenant.id):
        change_billing_details(Buyer("Acme", country="CZ", paid_back_to="card"), actor=SYSTEM)
    taken_back(taxed, LATER, 10)
    (refund,) = taxed.account.v1.refunds.list().data
    assert (refund.amount, refund.status) == (424, "succeeded")
    assert taxed.account.v1.customers.retrieve(taxed.customer).balance == 0
    (fact,) = taxed.facts(kind=FactKind.REFUND)
    assert fact.amount_minor == 424
    assert ledger(taxed)[-1] == ("credit_note", -350, -74)
    agrees(taxed)


def test_what_was_refunded_already_stays_as_credit(taxed, tmp_path) -> None:
    """A refund of everything but two euros was made at Stripe: the card gets no more than is left on it, and what was
    refunded without a note cannot be credited once more."""
    invoice = invoiced(taxed, tmp_path, paid=True, more=[10])
    (charge,) = taxed.account.v1.charges.list({"customer": taxed.customer}).data
    taxed.account.v1.refunds.create({"charge": charge.id, "amount": invoice.amount_paid - 200})
    with tenant_scope(taxed.tenant.id):
        change_billing_details(Buyer("Acme", country="CZ", paid_back_to="card"), actor=SYSTEM)
    taken_back(taxed, LATER, 10)
    assert taxed.account.v1.credit_notes.list().data == []
    (refused,) = taxed.calls(state=PaymentCall.State.REFUSED)
    assert refused.operation == "create_credit_note"
    _code, found = compare(taxed)
    assert [row["done"] for row in found if row["kind"] == "call"] == ["left to you"]


def test_a_disputed_charge_is_not_paid_back_twice(taxed, tmp_path) -> None:
    taxed.close_a_period(tmp_path, more=[10])
    taxed.work()
    (invoice,) = taxed.account.v1.invoices.list().data
    taxed.pay_by("pm_card_createDispute")
    taxed.account.v1.invoices.pay(invoice.id)
    with tenant_scope(taxed.tenant.id):
        change_billing_details(Buyer("Acme", country="CZ", paid_back_to="card"), actor=SYSTEM)
    taken_back(taxed, LATER, 10)
    assert taxed.account.v1.refunds.list().data == []
    assert taxed.account.v1.customers.retrieve(taxed.customer).balance == -424


def test_an_open_invoice_has_less_to_pay_with_its_tax(taxed, tmp_path) -> None:
    invoiced(taxed, tmp_path, paid=False, more=[10])
    taken_back(taxed, LATER, 10)
    (note,) = taxed.account.v1.credit_notes.list().data
    assert (note.total, note.type, note.post_payment_amount) == (424, "pre_payment", 0)
    found = [row.amount_remaining for row in taxed.account.v1.invoices.list().data if row.amount_remaining]
    assert found == [5506 - 424]


def test_notes_that_take_a_line_away_piece_by_piece_take_exactly_its_tax(taxed, tmp_path) -> None:
    """0.09 with 0.02 of tax, in three notes of 0.03: a third of the tax each, rounded, would be 0.03."""
    invoice = invoiced(taxed, tmp_path, paid=True, quantity=1, price="0.03", more=[1, 1])
    assert (invoice.total_excluding_tax, invoice.total) == (9, 11)
    for label in (LATER, "2026-04", "2026-05"):
        taken_back(taxed, label, 1)
    notes = [row for row in ledger(taxed) if row[0] == "credit_note"]
    assert [row[1] for row in notes] == [-3, -3, -3] and sum(row[2] for row in notes) == -2
    assert taxed.account.v1.customers.retrieve(taxed.customer).balance == -11
    agrees(taxed)


def test_what_stands_on_two_invoices_is_taken_off_both(taxed, tmp_path) -> None:
    """Ten checks came late and are on the invoice of the next period; in the end nothing of the first period remains."""
    invoiced(taxed, tmp_path, paid=True, quantity=4)
    code, _results = record_file(tmp_path, [event(taxed.tenant, taxed.vendor, "2026-02-11", 10)])
    assert code == 0
    taxed.close(LATER)
    taxed.work()
    with tenant_scope(taxed.tenant.id):
        for entry in list(UsageEntry.objects.all()):
            take_back(entry, actor=SYSTEM)
    taxed.close("2026-04")
    taxed.work()
    compare(taxed)
    notes = taxed.account.v1.credit_notes.list().data
    assert sorted(note.total_excluding_tax for note in notes) == [140, 350]
    assert len({note.invoice for note in notes}) == 2
    assert ledger(taxed) == [("invoice", 140, 29), ("invoice", 350, 74), ("credit_note", -490, -103)]
    agrees(taxed)


def test_a_tax_that_the_ledger_has_wrong_is_set_right_and_told(taxed, tmp_path) -> None:
    invoiced(taxed, tmp_path, paid=True)
    compare(taxed)
    (document,) = taxed.documents()
    with tenant_scope(taxed.tenant.id):
        note_tax(document.id, key="by-hand", tax=Money(5, "EUR"), actor=SYSTEM)
    _code, found = compare(taxed)
    assert [(row["what"], row["ours"], row["theirs"], row["done"]) for row in found] == [
        ("tax", "887", "882", "mirrored")
    ]
    agrees(taxed)


def test_a_void_invoice_has_no_tax(taxed, tmp_path) -> None:
    invoice = invoiced(taxed, tmp_path, paid=False)
    compare(taxed)
    taxed.account.v1.invoices.void_invoice(invoice.id)
    compare(taxed)
    with tenant_scope(taxed.tenant.id):
        noted = [int(entry.amount * 100) for entry in Entry.objects.filter(kind=EntryKind.TAX).order_by("id")]
    assert noted == [882, -882]
    agrees(taxed)
