"""Writing down how an object stands at Stripe, and what follows from it for the ledger.

A row is only ever written from an object that was fetched. Before each fetch a ticket is drawn, and a row keeps the
highest one: every change at Stripe is told by an event after it, the fetch for that event draws its ticket after the
change, and any row with that ticket or a higher one has seen it. So order and number of deliveries do not matter.
"""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

from django.db import connection

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.money import EXPONENTS, Money
from portal.kit.outbox import Apply, Job, effect, enqueue
from portal.kit.scope import current_tenant_id
from vendors.billing.closing import note_tax
from vendors.billing.collecting import client
from vendors.billing.collecting.asking import ask_to_choose_method
from vendors.billing.collecting.facts import COMPARED, Fact, read_fact
from vendors.billing.collecting.late import tell_if_late
from vendors.billing.collecting.models import FactKind, Operation, Payer, PaymentCall, PaymentFact
from vendors.billing.models import Entry, EntryKind

LOOK_AGAIN = "billing.look_again"
# Whoever asked for a payment page hears that it is paid, or ran out; rooms above this one are reached by it.
CHECKOUT_SEEN = "billing.checkout_seen"
# Of these a row says who made the document: the call that was answered with its id.
_MAKERS = {
    FactKind.INVOICE: Operation.CREATE_INVOICE,
    FactKind.CREDIT_NOTE: Operation.CREATE_CREDIT_NOTE,
}


def draw_ticket() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('billing_ticket')")
        return int(cursor.fetchone()[0])


@effect
def on_look_again(job: Job) -> Apply | None:
    kind, stripe_id = job.payload["kind"], job.payload["stripe_id"]
    ticket = draw_ticket()
    doc = client.fetch(kind, stripe_id)
    fact = read_fact(doc) if doc is not None else Fact(FactKind(kind), stripe_id, is_gone=True)
    return partial(_apply, fact, ticket)


def _apply(fact: Fact, ticket: int) -> None:
    apply_fact(fact, ticket)


def apply_fact(fact: Fact, ticket: int) -> dict[str, tuple[Any, Any]]:
    """Write an object down as it was fetched under a ticket. What was different: column -> (ours, theirs).

    In the scope of its tenant, and inside the transaction of what caused it.
    """
    row = _locked(fact)
    if row is None or row.ticket >= ticket:
        return {}
    found = _differences(row, fact)
    is_new, was_known = row.ticket == 0, row.document_id is not None
    row.ticket, row.seen_at = ticket, clock.now()
    if fact.is_gone:
        row.gone_at = row.gone_at or clock.now()
    else:
        row.gone_at = None
        for name in ("kind", "made_at", *COMPARED):
            value = getattr(fact, name)
            setattr(row, name, dict(value) if name == "detail" else value)
    row.document_id = row.document_id or _document_of(fact)
    row.save()
    is_changed = is_new or bool(found)
    if row.document_id is not None and row.kind in TAXED and (is_changed or not was_known):
        settle_tax(row.document_id)
    tell_if_late(row)
    if row.kind == FactKind.CHECKOUT and is_changed:
        _note_checkout(row)
    return {"object": (None, fact.status or "there")} if is_new and not fact.is_gone else found


def _note_checkout(row: PaymentFact) -> None:
    """What a payment page took pays from now on: Stripe does not choose it by itself."""
    if row.status not in ("complete", "expired") or row.gone_at:
        return
    method = str(row.detail.get("method") or "")
    payer = Payer.objects.filter(customer=row.customer).first()
    if row.status == "complete" and method and payer is not None:
        ask_to_choose_method(row.customer, method, checkout=row.stripe_id, currency=payer.currency)
    tell_checkout(row.stripe_id)


def tell_checkout(stripe_id: str) -> None:
    enqueue(CHECKOUT_SEEN, tenant_id=current_tenant_id(), checkout=stripe_id)


def _locked(fact: Fact) -> PaymentFact | None:
    """Its row, made if need be; none for something that was gone before we heard of it."""
    rows = PaymentFact.objects.select_for_update().filter(stripe_id=fact.stripe_id)
    row = rows.first()
    if row is None and not fact.is_gone:
        PaymentFact.objects.bulk_create(
            [PaymentFact(kind=fact.kind, stripe_id=fact.stripe_id)], ignore_conflicts=True
        )
        row = rows.first()
    return row


def _differences(row: PaymentFact, fact: Fact) -> dict[str, tuple[Any, Any]]:
    if fact.is_gone:
        return {} if row.gone_at else {"object": (row.status or "there", None)}
    if row.gone_at:
        return {"object": (None, fact.status or "there")}
    pairs = {name: (getattr(row, name), getattr(fact, name)) for name in COMPARED}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def _document_of(fact: Fact) -> UUID | None:
    """The ledger's document that we had this made for. What its metadata says is not asked: anybody may write that."""
    maker = _MAKERS.get(fact.kind)
    if maker is None:
        return None
    calls = PaymentCall.objects.filter(answer_id=fact.stripe_id, operation=maker)
    return calls.values_list("document_id", flat=True).first()


# ------------------------------------------------------------------ taxes

TAXED = (FactKind.INVOICE, FactKind.CREDIT_NOTE)


def settle_tax(document_id: UUID) -> tuple[int, int] | None:
    """Enter what the ledger's tax of a document lacks of what stands at Stripe: nothing of a draft, nothing once it is void.

    (ours, theirs) in the smallest unit if they differed. An entry is never changed; what is too much is taken back by another.
    """
    rows = PaymentFact.objects.filter(document=document_id, kind__in=TAXED, gone_at=None)
    issued = [row for row in rows.order_by("made_at", "id") if row.status not in ("", "draft")]
    if not issued:
        return None
    theirs = sum(int(row.detail.get("tax") or 0) for row in issued if row.status != "void")
    last = issued[-1]
    noted = Entry.objects.filter(kind=EntryKind.TAX, invoice=document_id).values_list("amount", flat=True)
    ours = int(sum(noted, Decimal(0)).scaleb(EXPONENTS[last.currency]))
    if ours == theirs:
        return None
    key = f"tax:{last.stripe_id}:{len(noted) + 1}"
    note_tax(document_id, key=key, tax=Money(theirs - ours, last.currency), actor=SYSTEM)
    return ours, theirs
