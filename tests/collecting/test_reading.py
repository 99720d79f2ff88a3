"""Whatever order and number events come in, the mirror ends as things stand at Stripe, and nothing happens twice."""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as how
from hypothesis import strategies as st

from portal.kit.scope import tenant_scope
from tests.collecting.world import deliver, new_event
from tests.conftest import make_tenant
from vendors.billing.collecting.asking import ask_for_customer
from vendors.billing.collecting.facts import Fact
from vendors.billing.collecting.mirroring import apply_fact, draw_ticket
from vendors.billing.collecting.models import FactKind, Payer, PaymentCall, PaymentEvent, PaymentFact
from vendors.billing.collecting.selectors import Collected, stripe_state_of
from vendors.billing.models import Entry


def mirrored(stage):
    kept = ("kind", "status", "amount_minor", "number", "detail", "about", "document_id", "gone_at")
    return {
        fact.stripe_id: {name: getattr(fact, name) for name in kept if name != "gone_at"}
        | {"gone": bool(fact.gone_at)}
        for fact in stage.facts()
    }


def busy(stage, tmp_path):
    """A period that is paid, one card in another's place, a tax id, a refund."""
    with tenant_scope(stage.tenant.id):
        ask_for_customer("EUR")
    stage.work()
    stage.pay_by()
    stage.close_a_period(tmp_path)
    stage.work()
    (invoice,) = stage.account.v1.invoices.list().data
    stage.account.v1.invoices.pay(invoice.id)
    (charge,) = stage.account.v1.charges.list({"customer": stage.customer}).data
    stage.account.v1.refunds.create({"charge": charge.id, "amount": 100})
    stage.account.v1.tax_ids.create(
        {"type": "eu_vat", "value": "CZ12345678", "owner": {"type": "customer", "customer": stage.customer}}
    )
    other = stage.account.v1.payment_methods.attach("pm_card_mastercard", {"customer": stage.customer})
    stage.account.v1.payment_methods.detach(other.id)
    return invoice


def test_any_order_and_number_of_deliveries_ends_the_same(stage, tmp_path) -> None:
    busy(stage, tmp_path)
    told = stage.told()
    stage.deliver_all(told)
    stage.read()
    expected, entries = mirrored(stage), entries_of(stage)
    assert {entry["kind"] for entry in expected.values()} >= {
        "customer", "invoice", "invoice_payment", "payment_method", "refund", "tax_id",
    }  # fmt: skip
    ids = [event["id"] for event in told]

    @how(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.randoms(use_true_random=False))
    def again(chance: random.Random) -> None:
        with tenant_scope(stage.tenant.id):
            PaymentFact.objects.all().delete()
        PaymentEvent.objects.filter(external_id__in=ids).delete()
        several = [event for event in told for _ in range(chance.randint(1, 5))]
        chance.shuffle(several)
        cut = chance.randint(0, len(several))
        stage.deliver_all(several[:cut])
        stage.read()
        stage.deliver_all(several[cut:])
        stage.read()
        assert mirrored(stage) == expected
        assert entries_of(stage) == entries

    again()


def entries_of(stage):
    with tenant_scope(stage.tenant.id):
        return sorted(Entry.objects.values_list("idempotency_key", "amount"))


def test_a_paid_invoice_is_shown_as_paid(stage, tmp_path) -> None:
    busy(stage, tmp_path)
    stage.deliver_all()
    stage.read()
    (document,) = stage.documents()
    with tenant_scope(stage.tenant.id):
        found = stripe_state_of(document)
    assert found.state is Collected.PAID and found.paid_at is not None and found.remaining_minor == 0


def test_a_look_that_began_earlier_does_not_overwrite_a_later_one(in_tenant) -> None:
    earlier, later = draw_ticket(), draw_ticket()
    apply_fact(Fact(FactKind.INVOICE, "in_1", customer="cus_1", status="paid"), later)
    assert apply_fact(Fact(FactKind.INVOICE, "in_1", customer="cus_1", status="open"), earlier) == {}
    assert PaymentFact.objects.get(stripe_id="in_1").status == "paid"


def test_an_event_before_its_customer_is_known_waits_for_it(stage) -> None:
    made = stage.account.v1.customers.create({"email": "a@example.org"})
    stage.account.v1.payment_methods.attach("pm_card_visa", {"customer": made.id})
    stage.deliver_all()
    stage.read()
    assert {event.code for event in PaymentEvent.objects.filter(customer=made.id)} == {"unknown_customer"}
    Payer.objects.create(customer=made.id, tenant_id=stage.tenant.id, currency="EUR")
    stage.read()
    assert {event.outcome for event in PaymentEvent.objects.filter(customer=made.id)} == {"applied"}
    assert [fact.detail["last4"] for fact in stage.facts(kind=FactKind.PAYMENT_METHOD)] == ["4242"]


@pytest.mark.parametrize(
    ("event", "code"),
    [
        (new_event(livemode=True), "other_mode"),
        (new_event(customer="cus_nobody"), "unknown_customer"),
        ({**new_event(), "account": "acct_other"}, "other_account"),
    ],
)
def test_what_cannot_be_placed_is_kept_aside_and_the_rest_goes_on(stage, tmp_path, event, code) -> None:
    with tenant_scope(stage.tenant.id):
        ask_for_customer("EUR")
    stage.work()
    PaymentEvent.objects.filter(external_id=event["id"]).delete()
    assert deliver(event) == 200
    stage.deliver_all()
    stage.read()
    row = PaymentEvent.objects.get(external_id=event["id"])
    assert (row.outcome, row.code) == ("aside", code)
    assert stage.facts(kind=FactKind.CUSTOMER)
    assert not PaymentEvent.objects.filter(customer=stage.customer).exclude(outcome="applied").exists()


def test_an_event_that_lies_about_its_object_changes_nothing_of_a_neighbour(stage, tmp_path) -> None:
    """Signed with the right secret, it names our customer and another tenant's invoice."""
    busy(stage, tmp_path)
    (invoice,) = stage.account.v1.invoices.list().data
    neighbour = make_tenant()
    Payer.objects.create(customer="cus_neighbour", tenant_id=neighbour.id, currency="EUR")
    event = new_event(customer="cus_neighbour")
    event["data"]["object"]["id"] = invoice.id
    assert deliver(event) == 200
    stage.read()
    with tenant_scope(neighbour.id):
        assert not PaymentFact.objects.exists()
    assert [fact.stripe_id for fact in stage.facts(kind=FactKind.INVOICE)] == [invoice.id]


def test_what_nobody_mirrors_is_of_no_concern(stage) -> None:
    event = new_event(kind="product", name="product.created")
    deliver(event)
    stage.read()
    assert PaymentEvent.objects.get(external_id=event["id"]).outcome == "ignored"


def test_the_card_that_checkout_took_pays_from_then_on(stage, monkeypatch) -> None:
    with tenant_scope(stage.tenant.id):
        ask_for_customer("EUR")
    stage.work()
    method = stage.account.v1.payment_methods.attach("pm_card_visa", {"customer": stage.customer})
    taken = {
        "id": "cs_1", "object": "checkout.session", "mode": "setup", "status": "complete",
        "customer": stage.customer, "setup_intent": {"id": "seti_1", "payment_method": method.id},
    }  # fmt: skip
    from vendors.billing.collecting import reading

    real = reading.client.fetch
    monkeypatch.setattr(
        reading.client, "fetch", lambda kind, name: taken if kind == "checkout.session" else real(kind, name)
    )
    event = new_event(kind="checkout.session", name="checkout.session.completed", customer=stage.customer)
    for _ in range(3):
        deliver({**event, "id": event["id"] + str(_)})
        stage.read()
    assert len(stage.calls(operation="choose_method")) == 1
    assert stage.call(operation="choose_method").state == PaymentCall.State.ANSWERED
    (customer,) = stage.facts(kind=FactKind.CUSTOMER)
    assert customer.detail["method"] == method.id
