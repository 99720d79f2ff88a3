"""What the ledger says is owed is issued at Stripe, to the cent, once."""

from __future__ import annotations

import pytest

from portal.kit.errors import Refused, Unavailable
from portal.kit.scope import tenant_scope
from tests.billing.world import look
from tests.collecting.world import PERIOD
from vendors.billing.collecting import client, sending
from vendors.billing.collecting.models import Operation, PaymentCall
from vendors.billing.collecting.selectors import Collected, stripe_state_of
from vendors.billing.models import Entry, EntryKind


def state_of(stage, document):
    with tenant_scope(stage.tenant.id):
        return stripe_state_of(document)


def test_a_closed_period_becomes_an_invoice_that_says_the_same_to_the_cent(stage, tmp_path) -> None:
    (document,) = stage.close_a_period(tmp_path)
    assert state_of(stage, document).state is Collected.ON_ITS_WAY
    stage.work()
    (invoice,) = stage.account.v1.invoices.list().data
    shown = look(stage.tenant, PERIOD)
    assert [line.amount for line in reversed(invoice.lines.data)] or invoice.lines.data
    assert sorted(line.amount for line in invoice.lines.data) == sorted(
        int(float(line["amount"]) * 100 + 0.5) for line in shown["lines"]
    )
    assert (invoice.status, invoice.total) == ("open", document.total_minor)
    named = invoice.lines.data[0].metadata["identifier"]
    assert named == f"{stage.tenant.public_id}:{stage.vendor}:{PERIOD}:1"
    found = state_of(stage, document)
    assert (found.state, found.number, found.total_minor) == (
        Collected.OPEN,
        invoice.number,
        document.total_minor,
    )
    assert found.pdf_url.endswith("/pdf")


def test_closing_asks_in_its_own_transaction_and_sends_nothing(stage, tmp_path) -> None:
    stage.close_a_period(tmp_path)
    assert stage.account.v1.customers.list().data == []
    assert {call.state for call in stage.calls()} == {PaymentCall.State.WAITING}
    assert len({call.idempotency_key for call in stage.calls()}) == len(stage.calls())


def test_a_worker_that_died_after_stripe_did_the_work_does_it_once(stage, tmp_path, monkeypatch) -> None:
    """Between the answer and writing it down."""
    stage.close_a_period(tmp_path)
    real, killed = client.ask, set()

    def dies_after(operation, params, *, key):
        answer = real(operation, params, key=key)
        if key not in killed:
            killed.add(key)
            raise SystemExit
        return answer

    monkeypatch.setattr(sending.client, "ask", dies_after)
    for _ in range(20):
        try:
            stage.later()
        except SystemExit:
            continue
        break
    assert len(killed) == len(stage.calls())
    assert len(stage.account.v1.customers.list().data) == 1
    (invoice,) = stage.account.v1.invoices.list().data
    assert (invoice.status, len(invoice.lines.data)) == ("open", 1)


def test_a_worker_that_died_before_it_sent_sends_the_same_words(stage, tmp_path, monkeypatch) -> None:
    stage.close_a_period(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(sending.client, "ask", lambda *args, **given: (_ for _ in ()).throw(SystemExit))
        with pytest.raises(SystemExit):
            stage.work()
    call = stage.call(operation=Operation.CREATE_CUSTOMER)
    assert call.sent is not None and call.state == PaymentCall.State.WAITING
    stage.later()
    assert stage.call(id=call.id).sent == call.sent
    assert len(stage.account.v1.invoices.list().data) == 1


def test_a_stripe_that_does_not_answer_is_asked_again_under_the_same_key(
    stage, tmp_path, monkeypatch
) -> None:
    stage.close_a_period(tmp_path)
    keys = []

    def silent(operation, params, *, key):
        keys.append(key)
        raise Unavailable("no_answer")

    with monkeypatch.context() as patch:
        patch.setattr(sending.client, "ask", silent)
        for _ in range(3):
            stage.work()
    assert len(keys) >= 2 and len(set(keys)) == 1
    call = stage.call(operation=Operation.CREATE_CUSTOMER)
    assert (call.state, call.code) == (PaymentCall.State.WAITING, "no_answer")
    stage.later()
    assert len(stage.account.v1.customers.list().data) == 1


def test_a_forgotten_key_does_not_make_a_second_customer(stage, tmp_path, monkeypatch) -> None:
    """Stripe remembers keys for a day; the call is looked for by what we wrote on it."""
    stage.close_a_period(tmp_path)
    real = client.ask
    with monkeypatch.context() as patch:

        def lost(operation, params, *, key):
            real(operation, params, key=key)
            raise Unavailable("no_answer")

        patch.setattr(sending.client, "ask", lost)
        stage.work()
    call = stage.call(operation=Operation.CREATE_CUSTOMER)
    with tenant_scope(stage.tenant.id):
        # As if the key were forgotten: another one would do the work again.
        PaymentCall.objects.filter(id=call.id).update(idempotency_key=f"{call.idempotency_key}-forgotten")
    monkeypatch.setattr(sending, "REMEMBERED", -sending.REMEMBERED)
    stage.later()
    assert len(stage.account.v1.customers.list().data) == 1
    assert len(stage.account.v1.invoices.list().data) == 1


def test_what_stripe_refuses_stays_visible_with_its_reason(stage, tmp_path, monkeypatch) -> None:
    (document,) = stage.close_a_period(tmp_path)
    monkeypatch.setattr(sending.client, "ask", _refusing(Operation.ADD_LINE))
    stage.work()
    (refused,) = stage.calls(state=PaymentCall.State.REFUSED)
    assert refused.operation == Operation.ADD_LINE and refused.code == "currency_unknown"
    assert state_of(stage, document).state is Collected.HELD_UP
    assert stage.account.v1.invoices.list().data[0].status == "draft"


def _refusing(unwanted):
    real = client.ask

    def ask(operation, params, *, key):
        if operation is unwanted:
            raise Refused("currency_unknown", detail={"message": "No."})
        return real(operation, params, key=key)

    return ask


def test_what_another_worker_began_to_send_is_not_refused_for_want_of_room(
    stage, tmp_path, monkeypatch
) -> None:
    stage.close_a_period(tmp_path)
    ours = stage.call(operation=Operation.CREATE_CUSTOMER)

    def too_late(tenant_id, call):
        with tenant_scope(tenant_id):
            PaymentCall.objects.filter(id=call.id).update(sent={"name": "Acme"})
        raise Refused("credit_too_large")

    with monkeypatch.context() as patch:
        patch.setattr(sending, "prepare", too_late)
        note = sending.send_next(stage.tenant.id, ours.chain)
        assert note is not None
        with tenant_scope(stage.tenant.id):
            note()
    theirs = stage.call(id=ours.id)
    assert (theirs.state, theirs.idempotency_key) == (PaymentCall.State.WAITING, ours.idempotency_key)
    assert theirs.sent == {"name": "Acme"}


def test_a_draft_that_somebody_changed_at_stripe_is_not_issued(stage, tmp_path, monkeypatch) -> None:
    stage.close_a_period(tmp_path)
    real = client.ask

    def meddled(operation, params, *, key):
        answer = real(operation, params, key=key)
        if operation is Operation.ADD_LINE:
            extra = {
                "customer": params["customer"],
                "invoice": params["invoice"],
                "amount": 1,
                "currency": "eur",
            }
            stage.account.v1.invoice_items.create(extra)
        return answer

    monkeypatch.setattr(sending.client, "ask", meddled)
    stage.work()
    (refused,) = stage.calls(state=PaymentCall.State.REFUSED)
    assert (refused.operation, refused.code) == (Operation.FINALIZE_INVOICE, "amount_differs")
    assert stage.account.v1.invoices.list().data[0].status == "draft"


def test_taxes_that_stripe_computes_are_noted_in_the_ledger_once(stage, tmp_path, settings) -> None:
    settings.STRIPE_AUTOMATIC_TAX = True
    from vendors.billing.collecting.asking import ask_for_customer

    with tenant_scope(stage.tenant.id):
        ask_for_customer("EUR")
    stage.work()
    stage.account.v1.customers.update(stage.customer, {"address": {"country": "CZ", "postal_code": "11000"}})
    (document,) = stage.close_a_period(tmp_path)
    stage.work()
    (invoice,) = stage.account.v1.invoices.list().data
    assert invoice.total > invoice.total_excluding_tax == document.total_minor
    stage.deliver_all()
    stage.read()
    with tenant_scope(stage.tenant.id):
        (entry,) = Entry.objects.filter(kind=EntryKind.TAX)
        assert int(entry.amount * 100) == invoice.total - invoice.total_excluding_tax


def test_without_a_key_nothing_is_asked(stage, tmp_path, settings) -> None:
    settings.STRIPE_SECRET_KEY = ""
    stage.close_a_period(tmp_path)
    assert stage.calls() == []
