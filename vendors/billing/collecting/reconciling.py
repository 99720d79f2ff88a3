"""Comparing the ledger, the mirror and Stripe, and repairing what differs: payment facts from Stripe, usage facts from the
ledger. Each difference is reported with both sides and what was done; where nothing differs the report is empty.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings

from portal.kit import clock, outbox
from portal.kit.actors import SYSTEM, Actor
from portal.kit.errors import ReadmitError, Refused, Unavailable
from portal.kit.money import Money
from portal.kit.outbox import Apply, Job, effect, enqueue
from portal.kit.scope import tenant_scope
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.models import Outbox, Tenant
from vendors.billing.collecting import client
from vendors.billing.collecting.asking import ask_for_customer, ask_to_change_customers, collect_document
from vendors.billing.collecting.customers import stale_address
from vendors.billing.collecting.facts import Fact, read_fact
from vendors.billing.collecting.mirroring import LOOK_AGAIN, TAXED, apply_fact, draw_ticket, settle_tax
from vendors.billing.collecting.models import FactKind, Operation, Payer, PaymentCall, PaymentFact
from vendors.billing.collecting.reading import read_events, take_up_again
from vendors.billing.collecting.refunds import correct_refund, note_unsettled, refunds_apart
from vendors.billing.collecting.sending import say_anew, send_next
from vendors.billing.models import Invoice
from vendors.billing.recording import lock_billing

State = PaymentCall.State


@dataclass(frozen=True, slots=True)
class Difference:
    """`what` differed of an object: as we had it, as it is there, and what was done about it."""

    kind: str
    object: str
    what: str
    ours: str
    theirs: str
    done: str

    def told(self) -> dict[str, str]:
        return asdict(self)


# What was done.
MIRRORED, ASKED_ANEW, SENT_AGAIN, LEFT = "mirrored", "asked anew", "sent again", "left to you"
MADE_ANEW = "made anew"
REPAIRED = frozenset({MIRRORED, ASKED_ANEW, SENT_AGAIN, MADE_ANEW})


def reconcile(tenant_id: UUID, *, actor: Actor = SYSTEM) -> list[Difference]:
    """Of one tenant, outside any transaction. Unavailable or Misconfigured when Stripe cannot be asked; what was repaired
    until then stays repaired."""
    take_up_again()
    while read_events():
        pass
    _send_all(tenant_id)
    began = clock.now()
    found = list(_payment_facts(tenant_id))
    found += _usage_facts(tenant_id, began)
    found += _refunds(tenant_id)
    _address_anew(tenant_id)
    if _send_all(tenant_id):
        # What we just had made is no difference; it is looked at all the same.
        list(_payment_facts(tenant_id))
    found += _still_refused(tenant_id, {difference.object for difference in found})
    with tenant_scope(tenant_id):
        record_event(
            EventName.PAYMENTS_RECONCILED,
            actor=actor,
            data={
                "differences": len(found),
                "left": sum(difference.done not in REPAIRED for difference in found),
            },
        )
    return found


# ------------------------------------------------------------------ payment facts, from Stripe


def _payment_facts(tenant_id: UUID) -> Iterator[Difference]:
    for payer in Payer.objects.filter(tenant_id=tenant_id).order_by("id"):
        seen = set[str]()
        before = draw_ticket()
        for ticket, fact in _facts_of(payer.customer):
            seen.add(fact.stripe_id)
            yield from _mirror(tenant_id, fact, ticket)
            if fact.stripe_id == payer.customer and fact.is_gone and payer.replaced_at is None:
                yield from _replace(tenant_id, payer)
        yield from _gone(tenant_id, payer.customer, seen, before)


def _replace(tenant_id: UUID, payer: Payer) -> Iterator[Difference]:
    """An account that was deleted at Stripe takes no invoice any more: another one is opened, once, and what was not issued
    is begun there. Its card has to be entered anew; what it was issued and paid stays where it is."""
    with tenant_scope(tenant_id):
        row = Payer.objects.select_for_update().get(id=payer.id)
        if row.replaced_at is not None:
            return
        row.replaced_at = clock.now()
        row.save(update_fields=["replaced_at"])
        calls = PaymentCall.objects.filter(currency=row.currency, state__in=(State.WAITING, State.REFUSED))
        begun = Invoice.objects.filter(kind=Invoice.Kind.INVOICE, id__in=calls.values("document_id"))
        calls.filter(document=None).exclude(operation=Operation.CREATE_CUSTOMER).update(state=State.DROPPED)
        ask_for_customer(row.currency)
        for document in begun.order_by("id"):
            _begin_anew(document)
    yield Difference(FactKind.CUSTOMER.value, row.customer, "object", "there", "deleted", MADE_ANEW)


def _facts_of(customer: str) -> Iterator[tuple[int, Fact]]:
    """Everything of a customer. A ticket is drawn before each look."""
    ticket = draw_ticket()
    found = client.fetch(FactKind.CUSTOMER, customer)
    if found is None or found.get("deleted"):
        yield ticket, Fact(FactKind.CUSTOMER, customer, is_gone=True)
        return
    yield ticket, read_fact(found)
    yield from _read(draw_ticket(), client.methods_of(customer))
    yield from _read(draw_ticket(), client.tax_ids_of(customer))
    yield from _read(draw_ticket(), client.each(FactKind.SUBSCRIPTION, customer=customer, status="all"))
    yield from _read(draw_ticket(), client.each(FactKind.CREDIT_NOTE, customer=customer))
    yield from _read(draw_ticket(), client.each(FactKind.CHECKOUT, customer=customer))
    ticket = draw_ticket()
    for invoice in client.each(FactKind.INVOICE, customer=customer):
        yield ticket, read_fact(invoice)
        yield from _read(draw_ticket(), client.each(FactKind.PAYMENT, invoice=invoice["id"]))
    for charge in client.each("charge", customer=customer):
        if charge.get("refunded") or charge.get("amount_refunded"):
            yield from _read(draw_ticket(), client.each(FactKind.REFUND, charge=charge["id"]))
        if charge.get("disputed"):
            yield from _read(draw_ticket(), client.each(FactKind.DISPUTE, charge=charge["id"]))


def _read(ticket: int, docs: Iterator[dict[str, Any]]) -> Iterator[tuple[int, Fact]]:
    for doc in docs:
        yield ticket, read_fact(doc)


def _mirror(tenant_id: UUID, fact: Fact, ticket: int) -> Iterator[Difference]:
    with tenant_scope(tenant_id):
        changed = apply_fact(fact, ticket)
    for name, (ours, theirs) in sorted(changed.items()):
        yield Difference(fact.kind.value, fact.stripe_id, name, _text(ours), _text(theirs), MIRRORED)


def _gone(tenant_id: UUID, customer: str, seen: set[str], before: int) -> Iterator[Difference]:
    """Rows of the mirror that no list had. Each is asked for by name: a deleted customer's lists are empty."""
    with tenant_scope(tenant_id):
        rows = PaymentFact.objects.filter(customer=customer, gone_at=None, ticket__lt=before)
        missing = list(rows.exclude(stripe_id__in=seen).values_list("kind", "stripe_id"))
    for kind, stripe_id in missing:
        ticket = draw_ticket()
        doc = client.fetch(kind, stripe_id)
        fact = read_fact(doc) if doc is not None else Fact(FactKind(kind), stripe_id, is_gone=True)
        yield from _mirror(tenant_id, fact, ticket)


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, dict):
        return ", ".join(
            f"{name}={part}" for name, part in sorted(value.items()) if part not in ("", None, {})
        )
    return str(value)


def _address_anew(tenant_id: UUID) -> None:
    """Mail of Stripe goes to somebody who manages billing."""
    with tenant_scope(tenant_id):
        payers = Payer.objects.filter(tenant_id=tenant_id, replaced_at=None)
        if any(stale_address(payer.customer) for payer in payers):
            ask_to_change_customers()


# ------------------------------------------------------------------ usage facts, from the ledger


def _usage_facts(tenant_id: UUID, began: datetime) -> list[Difference]:
    """`began`: when looking at Stripe did. One comparison at a time judges: two would ask for the same document twice."""
    with tenant_scope(tenant_id):
        lock_billing()
        return [found for document in Invoice.objects.order_by("id") for found in _compare(document, began)]


def _compare(document: Invoice, began: datetime) -> Iterator[Difference]:
    """Whether a document of the ledger is at Stripe, with the same amount. What is not issued is asked for anew; what was
    issued while the lists were read may not be in them, and is judged the next time."""
    lines = list(document.lines.order_by("position"))
    is_note = document.kind == Invoice.Kind.CREDIT_NOTE
    if not lines or (is_note and not document.total_minor):
        return
    calls = list(PaymentCall.objects.filter(document=document).exclude(state=State.DROPPED))
    fact = _fact_of(document)
    if any(call.state == State.REFUSED for call in calls):
        yield from _try_refused(document, calls, fact)
    elif any(call.state == State.WAITING or (call.answered_at or began) > began for call in calls):
        return
    elif not calls or fact is None:
        yield from _ask_anew(document, "nothing" if not calls else "gone")
    elif fact.status == "draft":
        yield from _ask_anew(document, "draft")
    elif fact.status != "void" and (theirs := _issued(document)) != document.total_minor:
        yield _differs(document, str(theirs), LEFT)
    else:
        yield from _settle_tax(document)


def _refunds(tenant_id: UUID) -> list[Difference]:
    """Money that went back without a credit note waits for somebody who says why; what was said and holds no more, because
    the refund failed or a note came, is taken back."""
    with tenant_scope(tenant_id):
        found = [(each, correct_refund(each)) for each in refunds_apart()]
        note_unsettled([each for each, is_corrected in found if not is_corrected])
        return [
            Difference(
                FactKind.REFUND.value,
                each.stripe_id,
                "without credit note" if each.document_id else "of a payment in advance",
                str(Money(each.noted, each.currency)),
                str(Money(each.apart, each.currency)),
                MIRRORED if is_corrected else LEFT,
            )
            for each, is_corrected in found
        ]


def _issued(document: Invoice) -> int:
    """Before tax, on everything that was issued for it and is not void."""
    facts = PaymentFact.objects.filter(document=document, kind__in=TAXED, gone_at=None)
    rows = facts.exclude(status__in=("draft", "void")).values_list("detail", flat=True)
    return sum(int(detail.get("before_tax") or 0) for detail in rows)


def _settle_tax(document: Invoice) -> Iterator[Difference]:
    """Whoever computed a tax knows it; an entry of the ledger follows."""
    found = settle_tax(document.id)
    if found is not None:
        ours, theirs = map(str, found)
        yield Difference("ledger", _name(document), "tax", ours, theirs, MIRRORED)


def _fact_of(document: Invoice) -> PaymentFact | None:
    kind = FactKind.CREDIT_NOTE if document.kind == Invoice.Kind.CREDIT_NOTE else FactKind.INVOICE
    found = PaymentFact.objects.filter(document=document, kind=kind, gone_at=None)
    return found.order_by("-made_at", "-id").first()


def _differs(document: Invoice, theirs: str, done: str) -> Difference:
    return Difference("ledger", _name(document), "amount", str(document.total_minor), theirs, done)


def _name(document: Invoice) -> str:
    return f"{document.kind} {document.period} {document.currency} {document.number}"


def _ask_anew(document: Invoice, theirs: str) -> Iterator[Difference]:
    _begin_anew(document)
    yield _differs(document, theirs, ASKED_ANEW)


def _begin_anew(document: Invoice) -> None:
    """A new issue of it. The calls of the earlier one are done with."""
    calls = PaymentCall.objects.filter(document=document)
    calls.exclude(state=State.DROPPED).update(state=State.DROPPED)
    issues = set(calls.values_list("chain", flat=True))
    collect_document(document, list(document.lines.order_by("position")), issue=len(issues) + 1)


def _try_refused(
    document: Invoice, calls: list[PaymentCall], fact: PaymentFact | None
) -> Iterator[Difference]:
    """A draft that was changed or lost at Stripe is begun anew; anything else is tried once more as it is."""
    refused = next(call for call in calls if call.state == State.REFUSED)
    if refused.code in ("amount_differs", "draft_gone") and (fact is None or fact.status == "draft"):
        yield from _ask_anew(document, refused.told or refused.code)
        return
    say_anew(refused)


def _still_refused(tenant_id: UUID, told: set[str]) -> list[Difference]:
    """What Stripe refuses again: somebody has to look."""
    with tenant_scope(tenant_id):
        rows = PaymentCall.objects.filter(state=State.REFUSED).exclude(
            operation__in=(
                Operation.OPEN_PORTAL,
                Operation.BEGIN_SETUP,
                Operation.BEGIN_CHECKOUT,
                Operation.CONFIGURE_PORTAL,
            )
        )
        return [
            Difference(
                "call", call.public_id, call.operation, call.chain, f"{call.code} {call.told}".strip(), LEFT
            )
            for call in rows.order_by("id")
        ]


# ------------------------------------------------------------------ doing the work here and now


def _send_all(tenant_id: UUID) -> int:
    """Send what waits, in this process; how many calls were answered: whoever reads the report wants to know how it ended. A worker may do the same at
    the same time; each call goes out under one key."""
    with tenant_scope(tenant_id):
        waiting = PaymentCall.objects.filter(state=State.WAITING).values_list("chain", flat=True)
        # A customer comes before what is asked for it.
        chains = sorted(set(waiting), key=lambda chain: (not chain.startswith("customer:"), chain))
    sent = 0
    for chain in chains:
        while _advance(tenant_id, chain):
            sent += 1
    for row in Outbox.objects.filter(tenant_id=tenant_id, topic=LOOK_AGAIN, failed_at=None):
        outbox.run(row.id)
    with tenant_scope(tenant_id):
        silent = PaymentCall.objects.filter(state=State.WAITING).exclude(code="").first()
    if silent is not None:
        raise Unavailable(silent.code)
    return sent


def _advance(tenant_id: UUID, chain: str) -> bool:
    """Send the next call of a chain; whether it was answered."""
    apply = send_next(tenant_id, chain)
    if apply is None:
        return False
    with tenant_scope(tenant_id):
        answered = PaymentCall.objects.filter(chain=chain, state=State.ANSWERED)
        before = answered.count()
        apply()
        return answered.count() > before


@effect
def on_reconcile(job: Job) -> Apply | None:
    """Nightly, one tenant at a time. A Stripe that does not answer is asked again by the outbox."""
    tenant_id = UUID(str(job.tenant_id))
    try:
        reconcile(tenant_id)
    except Refused as problem:
        raise ReadmitError(problem.code) from problem
    return None


def reconcile_everybody() -> None:
    if not settings.STRIPE_SECRET_KEY:
        return
    for tenant_id in Tenant.objects.filter(status=Tenant.Status.ACTIVE).values_list("id", flat=True):
        enqueue("billing.reconcile", tenant_id=tenant_id)
