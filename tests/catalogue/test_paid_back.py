"""What was paid in advance and goes back at Stripe is told, and once somebody says why, is credit no longer."""

from __future__ import annotations

from decimal import Decimal

from django.db.models import Sum

from portal.kit.actors import SYSTEM
from portal.kit.scope import tenant_scope
from tests.catalogue.shop import GOOD
from vendors.billing.collecting.models import PaymentFact
from vendors.billing.collecting.reconciling import reconcile
from vendors.billing.collecting.refunds import correct_refund, refunds_apart, settle_refund
from vendors.billing.drafting import credits_left
from vendors.billing.models import Entry, EntryKind


def told(shop):
    return [
        (row.object, row.what, row.done)
        for row in reconcile(shop.tenant.id)
        if row.kind == "refund" and row.what not in ("status", "object")
    ]


def left(shop):
    with tenant_scope(shop.tenant.id):
        return sum(each.minor for each in credits_left(shop.purchase.currency))


def test_a_payment_in_advance_that_goes_back_takes_its_credit_along(shop) -> None:
    shop.buy().visit().pay(GOOD)
    shop.tell()
    paid = shop.in_the_ledger()
    (charge,) = shop.account.v1.charges.list({"customer": shop.customer}).data
    first = shop.account.v1.refunds.create({"charge": charge.id, "amount": 300})
    for _night in range(2):
        assert told(shop) == [(first.id, "of a payment in advance", "left to you")]
    assert left(shop) == paid
    with tenant_scope(shop.tenant.id):  # a part of it was used for an invoice already
        grant = Entry.objects.get(kind=EntryKind.CREDIT_GRANTED)
        Entry.objects.create(
            kind=EntryKind.CREDIT, idempotency_key="used", debit="credits", credit="unbilled", amount=Decimal(10),
            currency=grant.currency, refers_to=grant, occurred_at=grant.occurred_at,
        )  # fmt: skip
        settle_refund(first.id, reason="Bought by mistake", actor=SYSTEM)
    assert (left(shop), told(shop)) == (paid - 1000 - 300, [])
    rest = shop.account.v1.refunds.create({"charge": charge.id})
    assert told(shop) == [(rest.id, "of a payment in advance", "left to you")]
    with tenant_scope(shop.tenant.id):
        settle_refund(rest.id, reason="The rest", actor=SYSTEM)
        rows = Entry.objects.filter(kind=EntryKind.REFUND).order_by("id")
        booked = [(row.debit, row.credit, int(row.amount * 100)) for row in rows]
    assert (left(shop), told(shop)) == (0, [])
    assert booked == [
        ("prepaid", "credits", -300),
        ("prepaid", "credits", -(paid - 1300)),
        ("prepaid", "paid_back", -1000),
    ]
    with tenant_scope(shop.tenant.id):  # both failed at the bank after all
        PaymentFact.objects.filter(kind="refund").update(status="failed")
        assert [correct_refund(each) for each in refunds_apart()] == [True, True]
        assert refunds_apart() == []
        back = Entry.objects.filter(kind=EntryKind.REFUND, credit="paid_back").aggregate(sum=Sum("amount"))
    assert (left(shop), back["sum"]) == (paid - 1000, 0)
