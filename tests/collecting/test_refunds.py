"""Money that went back at Stripe without a credit note is a difference until somebody says why; credit notes that meet a
payment, a void or a refund are issued once or held up visibly."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
import stripe
from django.db import connections

from portal.kit.actors import SYSTEM
from portal.kit.scope import tenant_scope
from tenants.audit.models import AuditEvent
from tests.billing.world import run
from tests.collecting.test_credit_notes import invoiced, ledger
from tests.collecting.test_reconcile import agrees, compare
from tests.collecting.world import LATER
from vendors.billing.collecting.models import PaymentCall
from vendors.billing.collecting.refunds import settle_refund
from vendors.billing.models import Entry, EntryKind, UsageEntry
from vendors.billing.services import take_back

MANY = 100


def refunded(stage, tmp_path, minor=100):
    invoice = invoiced(stage, tmp_path, paid=True)
    (charge,) = stage.account.v1.charges.list({"customer": stage.customer}).data
    return invoice, stage.account.v1.refunds.create({"charge": charge.id, "amount": minor})


def settle(stage, *more):
    code, out, err = run("settle_refund", "--tenant", stage.tenant.slug, "--json", *more)
    return code, json.loads(out) if out else err


def entries(stage):
    with tenant_scope(stage.tenant.id):
        rows = Entry.objects.filter(kind=EntryKind.REFUND).order_by("id")
        return list(rows.values_list("debit", "credit", "amount"))


def each_alone(jobs, workers):
    """Each in a connection of its own; what each gave, or what was raised."""

    def alone(job):
        try:
            return job()
        except stripe.StripeError as refused:
            return refused
        finally:
            connections.close_all()

    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(alone, jobs))


def test_a_refund_without_a_note_is_told_until_somebody_says_why(stage, tmp_path) -> None:
    _invoice, refund = refunded(stage, tmp_path)
    for _night in range(2):
        code, found = compare(stage)
        left = [(row["object"], row["ours"], row["theirs"]) for row in found if row["done"] == "left to you"]
        assert (code, left) == (1, [(refund.id, "0.00 EUR", "1.00 EUR")])
    listed = [{"refund": refund.id, "period": "2026-02", "amount": "1.00", "currency": "EUR"}]
    assert settle(stage)[1]["refunds"] == listed
    assert settle(stage, "--refund", refund.id)[0] == 1  # without a reason
    for _again in range(2):
        code, told = settle(stage, "--refund", refund.id, "--reason", "Goodwill after an outage")
        assert (code, told["entered"]["amount"]) == (0, "-1.00")
    assert entries(stage) == [("receivable", "paid_back", Decimal("-1.000000"))]
    assert ledger(stage) == [("invoice", 4200, 0)]  # what was used and its price are as they were
    with tenant_scope(stage.tenant.id):
        event = AuditEvent.objects.get(name="usage:refund:note")
    assert event.data["amount"] == "1.00" and "Goodwill" not in json.dumps(event.data)
    assert settle(stage)[1]["refunds"] == []
    agrees(stage)


def test_a_refund_that_a_note_names_later_is_taken_back(stage, tmp_path) -> None:
    invoice, refund = refunded(stage, tmp_path)
    compare(stage)
    assert settle(stage, "--refund", refund.id, "--reason", "Goodwill")[0] == 0
    (line,) = stage.account.v1.invoices.line_items.list(invoice.id).data
    stage.account.v1.credit_notes.create(
        {
            "invoice": invoice.id,
            "lines": [{"type": "invoice_line_item", "invoice_line_item": line.id, "amount": 100}],
            "refunds": [{"refund": refund.id, "amount_refunded": 100}],
        }
    )
    _code, found = compare(stage)
    assert ("refund", "mirrored") in {(row["kind"], row["done"]) for row in found}
    assert [amount for _debit, _credit, amount in entries(stage)] == [Decimal(-1), Decimal(1)]
    code, err = settle(stage, "--refund", refund.id, "--reason", "Again")
    assert code == 1 and "credit note" in str(err)


def test_what_is_nobodys_refund_here_is_refused(stage, tmp_path, other_tenant) -> None:
    _invoice, refund = refunded(stage, tmp_path)
    compare(stage)
    theirs = ("settle_refund", "--tenant", other_tenant.slug, "--reason", "x", "--refund")
    assert run(*theirs, refund.id)[0] == 1
    assert settle(stage, "--refund", "re_unknown", "--reason", "x")[0] == 1
    assert entries(stage) == []


def test_a_hundred_at_once_enter_a_refund_once(stage, tmp_path) -> None:
    _invoice, refund = refunded(stage, tmp_path)
    compare(stage)

    def enter():
        with tenant_scope(stage.tenant.id):
            return settle_refund(refund.id, reason="Goodwill", actor=SYSTEM).id

    assert len(set(each_alone([enter] * MANY, 20))) == 1
    assert len(entries(stage)) == 1


@pytest.mark.parametrize("what", ["paid", "voided", "refunded"])
def test_a_note_that_meets_something_else_is_issued_once_or_held_up(stage, tmp_path, what) -> None:
    invoice = invoiced(stage, tmp_path, paid=what == "refunded", more=[10])
    with tenant_scope(stage.tenant.id):
        take_back(UsageEntry.objects.get(quantity=10), actor=SYSTEM)
    stage.pay_by()
    stage.close(LATER)

    def meanwhile():
        invoices = stage.account.v1.invoices
        if what == "refunded":
            (charge,) = stage.account.v1.charges.list({"customer": stage.customer}).data
            return stage.account.v1.refunds.create({"charge": charge.id})
        return invoices.pay(invoice.id) if what == "paid" else invoices.void_invoice(invoice.id)

    each_alone([stage.work, stage.work, meanwhile, stage.work, stage.work], 5)
    stage.later()
    _code, found = compare(stage)
    notes = [note for note in stage.account.v1.credit_notes.list().data if note.status == "issued"]
    taken = sum(note.total_excluding_tax for note in notes)
    assert len(notes) < 2 and taken in (0, 350)
    if what == "paid":
        assert taken == 350
    if not taken:
        assert any(row["done"] == "left to you" for row in found)
        refused = stage.calls(state=PaymentCall.State.REFUSED)
        assert [call.operation for call in refused] == ["create_credit_note"]
    assert ledger(stage)[1] == ("credit_note", -350, 0)
