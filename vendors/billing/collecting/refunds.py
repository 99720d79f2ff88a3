"""Refunds that were made at Stripe without a credit note.

Protects the books from money that went back and of which they say nothing. Such a refund is a difference until somebody
says why it was made: an entry then takes it off what is invoiced, beside the document and not on it, since what was used
and its price are as they were. What was paid in advance and goes back is credit no longer. What it does not do: guess. A
refund that a credit note names is that note's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.utils.translation import gettext as _

from portal.kit import clock
from portal.kit.actors import SYSTEM, Actor
from portal.kit.errors import Invalid
from portal.kit.money import EXPONENTS, Money
from portal.kit.scope import current_tenant_id
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from vendors.billing.collecting.advances import Part, advances_of, parts_of_advance, went_back
from vendors.billing.collecting.models import FactKind, PaymentFact, UnsettledRefund
from vendors.billing.disputing import sentence_of
from vendors.billing.insertion import insert_new
from vendors.billing.models import Account, Entry, EntryKind, Invoice
from vendors.billing.recording import lock_billing


@dataclass(frozen=True, slots=True)
class Refund:
    """`apart` is what went back and no credit note names, `noted` what the ledger has of it, in the smallest unit: with tax
    for an invoice (`document_id`), without for a payment in advance (`grant_id`), as the ledger has either. `told` counts the
    entries."""

    stripe_id: str
    document_id: UUID | None
    grant_id: UUID | None
    period: str
    currency: str
    apart: int
    noted: int
    told: int

    @property
    def more(self) -> Money:
        """What the ledger has still to say of it; below zero for what it says too much."""
        return Money(self.apart - self.noted, self.currency)


def refunds_apart() -> list[Refund]:
    """Those of which the ledger says something else than Stripe. In the tenant's scope, from the mirror."""
    return [each for each in _refunds() if each.apart != each.noted]


def refund_apart(stripe_id: str) -> Refund | None:
    """One of them, by its name at Stripe."""
    return next((each for each in refunds_apart() if each.stripe_id == stripe_id), None)


def _refunds() -> list[Refund]:
    """Oldest first. A refund of what neither the ledger invoiced nor a purchase paid in advance is none of ours."""
    rows = PaymentFact.objects.filter(kind=FactKind.REFUND, gone_at=None)
    facts = sorted(rows, key=lambda fact: (fact.made_at or fact.seen_at, fact.id))
    if not facts:
        return []
    documents, notes, advances = _documents_of(facts), _named_by_notes(), advances_of(facts)
    entered = _entered()
    found = []
    for fact in facts:
        document, advance = documents.get(fact.id), advances.get(fact.id)
        if document is None and advance is None:
            continue
        if document is not None:
            apart = max(went_back(fact) - notes.get(fact.stripe_id, 0), 0)
        else:
            apart = advance.minor if advance else 0
        amounts = entered.get(fact.stripe_id, [])
        found.append(
            Refund(
                fact.stripe_id,
                document.id if document else None,
                advance.grant_id if advance and not document else None,
                document.period if document else "",
                fact.currency,
                apart,
                -int(sum(amounts, Decimal(0)).scaleb(EXPONENTS[fact.currency])),
                len(amounts),
            )
        )
    return found


def _documents_of(facts: Sequence[PaymentFact]) -> dict[UUID, Invoice]:
    """The invoice whose payment each refund gave back."""
    intents = {fact.detail.get("intent") for fact in facts} - {"", None}
    payments = PaymentFact.objects.filter(
        kind=FactKind.PAYMENT, status="paid", gone_at=None, detail__intent__in=sorted(intents)
    )
    paid = {(row.customer, row.detail["intent"]): row.about for row in payments}
    issued = PaymentFact.objects.filter(
        kind=FactKind.INVOICE, stripe_id__in=set(paid.values()), document__kind=Invoice.Kind.INVOICE
    ).select_related("document")
    documents = {row.stripe_id: row.document for row in issued}
    found = {
        fact.id: documents.get(paid.get((fact.customer, fact.detail.get("intent")), "")) for fact in facts
    }
    return {each: document for each, document in found.items() if document is not None}


def _named_by_notes() -> dict[str, int]:
    notes = PaymentFact.objects.filter(kind=FactKind.CREDIT_NOTE, gone_at=None).exclude(status="void")
    found: dict[str, int] = {}
    for detail in notes.values_list("detail", flat=True):
        for stripe_id, minor in (detail.get("refunds") or {}).items():
            found[stripe_id] = found.get(stripe_id, 0) + int(minor)
    return found


def _entered() -> dict[str, list[Decimal]]:
    """What the ledger has of each refund."""
    found: dict[str, list[Decimal]] = {}
    rows = Entry.objects.filter(kind=EntryKind.REFUND, idempotency_key__startswith=_key(""))
    for key, amount in rows.values_list("idempotency_key", "amount"):
        found.setdefault(key.split(":")[1], []).append(amount)
    return found


def _key(stripe_id: str) -> str:
    return f"refund:{stripe_id}:" if stripe_id else "refund:"


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
    _forget(stripe_id)
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
    entries = [
        Entry(
            kind=EntryKind.REFUND,
            idempotency_key=f"{_key(found.stripe_id)}{found.told + number}",
            debit=part.debit,
            credit=part.credit,
            amount=part.amount,
            currency=found.currency,
            invoice_id=found.document_id,
            refers_to_id=part.grant_id,
            occurred_at=clock.now(),
        )
        for number, part in enumerate(_parts(found), start=1)
    ]
    insert_new(entries)
    _forget(found.stripe_id)
    about = {"period": found.period} if found.period else {}
    record_event(
        EventName.REFUND_NOTED,
        actor=actor,
        subject=entries[-1].public_id,
        data={**about, "amount": str(found.more.amount), "currency": found.currency},
        personal={"reason": reason} if reason else {},
    )
    return entries[-1]


def _parts(found: Refund) -> list[Part]:
    if found.grant_id is not None:
        return parts_of_advance(found.grant_id, _key(found.stripe_id), found.more)
    return [Part(Account.RECEIVABLE, Account.PAID_BACK, -found.more.amount)]


# ------------------------------------------------------------------ who has to look


def note_unsettled(found: Sequence[Refund]) -> None:
    """Which refunds of the tenant in force wait for the operator's reason; those that wait no more are off the list."""
    tenant_id, names = current_tenant_id(), [each.stripe_id for each in found]
    UnsettledRefund.objects.filter(tenant_id=tenant_id).exclude(stripe_id__in=names).delete()
    UnsettledRefund.objects.bulk_create(
        [UnsettledRefund(tenant_id=tenant_id, stripe_id=name) for name in names], ignore_conflicts=True
    )


def _forget(stripe_id: str) -> None:
    UnsettledRefund.objects.filter(tenant_id=current_tenant_id(), stripe_id=stripe_id).delete()
