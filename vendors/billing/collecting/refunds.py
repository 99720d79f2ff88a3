"""Refunds that were made at Stripe without a credit note.

Protects the books from money that went back and of which they say nothing. Such a refund is a difference until somebody
says why it was made: an entry then takes it off what is invoiced, beside the document and not on it, since what was used
and its price are as they were. What it does not do: guess. A refund that a credit note names is that note's.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.utils.translation import gettext as _

from portal.kit import clock
from portal.kit.actors import SYSTEM, Actor
from portal.kit.errors import Invalid
from portal.kit.money import EXPONENTS, Money
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from vendors.billing.collecting.models import FactKind, PaymentFact
from vendors.billing.collecting.selectors import refunds_of
from vendors.billing.disputing import sentence_of
from vendors.billing.insertion import insert_new
from vendors.billing.models import Account, Entry, EntryKind, Invoice
from vendors.billing.recording import lock_billing

# Of a refund that is under way or failed, nothing went back.
WENT_BACK = "succeeded"


@dataclass(frozen=True, slots=True)
class Refund:
    """`apart` is what went back and no credit note names, `noted` what the ledger has of it: in the smallest unit, with
    tax. `told` counts the entries."""

    stripe_id: str
    document_id: UUID
    period: str
    currency: str
    apart: int
    noted: int
    told: int


def refunds_apart() -> list[Refund]:
    """Those of which the ledger says something else than Stripe. In the tenant's scope, from the mirror."""
    return [each for each in _refunds() if each.apart != each.noted]


def _refunds() -> list[Refund]:
    if not PaymentFact.objects.filter(kind=FactKind.REFUND).exists():
        return []
    in_notes = _named_by_notes()
    found: dict[str, Refund] = {}
    for document in Invoice.objects.filter(kind=Invoice.Kind.INVOICE).order_by("id"):
        for fact in refunds_of(document):
            found.setdefault(fact.stripe_id, _refund(fact, document, in_notes.get(fact.stripe_id, 0)))
    return list(found.values())


def _named_by_notes() -> dict[str, int]:
    notes = PaymentFact.objects.filter(kind=FactKind.CREDIT_NOTE, gone_at=None).exclude(status="void")
    found: dict[str, int] = {}
    for detail in notes.values_list("detail", flat=True):
        for stripe_id, minor in (detail.get("refunds") or {}).items():
            found[stripe_id] = found.get(stripe_id, 0) + int(minor)
    return found


def _refund(fact: PaymentFact, document: Invoice, in_notes: int) -> Refund:
    of_invoice = Entry.objects.filter(kind=EntryKind.REFUND, invoice=document)
    rows = of_invoice.filter(idempotency_key__startswith=_key(fact.stripe_id))
    amounts = list(rows.values_list("amount", flat=True))
    went_back = (fact.amount_minor or 0) if fact.status == WENT_BACK else 0
    return Refund(
        fact.stripe_id,
        document.id,
        document.period,
        fact.currency,
        max(went_back - in_notes, 0),
        -int(sum(amounts, Decimal(0)).scaleb(EXPONENTS[fact.currency])),
        len(amounts),
    )


def _key(stripe_id: str) -> str:
    return f"refund:{stripe_id}:"


def settle_refund(stripe_id: str, *, reason: str, actor: Actor) -> Entry:
    """Enter a refund without a credit note, once. Quiet when it was entered before and nothing has changed.

    Invalid without a reason, for a refund that is not known of any invoice, and for one that a credit note names.
    """
    cleaned = sentence_of(reason, "reason", _("Say in a sentence why this was paid back."))
    lock_billing()
    found = next((each for each in _refunds() if each.stripe_id == stripe_id), None)
    if found is None:
        raise Invalid(
            "refund_unknown",
            _("No refund of this name is known of an invoice. Reconcile first."),
            field="refund",
        )
    if found.apart != found.noted:
        return _enter(found, cleaned, actor)
    if not found.noted:
        raise Invalid(
            "refund_settled",
            _("Nothing is left to enter: a credit note names it, or nothing went back."),
            field="refund",
        )
    return Entry.objects.get(idempotency_key=f"{_key(stripe_id)}{found.told}")


def correct_refund(seen: Refund) -> bool:
    """What somebody entered of a refund is made to agree with what became of it since. False where nobody did."""
    if not seen.told:
        return False
    lock_billing()
    found = next((each for each in refunds_apart() if each.stripe_id == seen.stripe_id), None)
    if found is not None:
        _enter(found, "", SYSTEM)
    return True


def _enter(found: Refund, reason: str, actor: Actor) -> Entry:
    more = Money(found.apart - found.noted, found.currency)
    entry = Entry(
        kind=EntryKind.REFUND,
        idempotency_key=f"{_key(found.stripe_id)}{found.told + 1}",
        debit=Account.RECEIVABLE,
        credit=Account.PAID_BACK,
        amount=-more.amount,
        currency=found.currency,
        invoice_id=found.document_id,
        occurred_at=clock.now(),
    )
    insert_new([entry])
    record_event(
        EventName.REFUND_NOTED,
        actor=actor,
        subject=entry.public_id,
        data={"period": found.period, "amount": str(more.amount), "currency": found.currency},
        personal={"reason": reason} if reason else {},
    )
    return entry
