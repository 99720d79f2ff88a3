"""What was paid in advance at a payment page, and goes back.

Protects the books from a credit whose money was given back. The ledger has such a payment without its tax, as a credit that
pays the next invoices; a refund takes the share of it that went back off that credit, as far as it is left, and what was
used already is money paid back like any other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.db.models import Sum

from portal.kit.money import EXPONENTS, Money
from vendors.billing.collecting.models import FactKind, PaymentFact
from vendors.billing.drafting import credits_left
from vendors.billing.models import Account, Entry, EntryKind

# Of a refund that is under way or failed, nothing went back.
WENT_BACK = "succeeded"


def went_back(fact: PaymentFact) -> int:
    """In the smallest unit, with tax."""
    return (fact.amount_minor or 0) if fact.status == WENT_BACK else 0


@dataclass(frozen=True, slots=True)
class Advance:
    """The credit that a payment bought, and how much of it a refund gave back: in the smallest unit, without tax."""

    grant_id: UUID
    minor: int


@dataclass(frozen=True, slots=True)
class Part:
    """One entry of a refund."""

    debit: Account
    credit: Account
    amount: Decimal
    grant_id: UUID | None = None


def advances_of(facts: Sequence[PaymentFact]) -> dict[UUID, Advance]:
    """Of refunds in their order, those of what a purchase paid in advance: the refund's row and what it gave back.

    Shares are of all that went back so far, less what earlier refunds took, so that pieces add up to the whole.
    """
    pages = _pages_of(facts)
    grants = dict(
        Entry.objects.filter(
            kind=EntryKind.CREDIT_GRANTED, idempotency_key__in=[_grant_key(page) for page in pages.values()]
        ).values_list("idempotency_key", "id")
    )
    gross, found = dict.fromkeys(grants, 0), dict[UUID, Advance]()
    for fact in facts:
        page = pages.get((fact.customer, str(fact.detail.get("intent") or "")))
        if page is None or _grant_key(page) not in grants:
            continue
        key = _grant_key(page)
        before, after = gross[key], gross[key] + went_back(fact)
        gross[key] = after
        found[fact.id] = Advance(grants[key], _share(page, after) - _share(page, before))
    return found


def _pages_of(facts: Sequence[PaymentFact]) -> dict[tuple[str, str], PaymentFact]:
    intents = {fact.detail.get("intent") for fact in facts} - {"", None}
    rows = PaymentFact.objects.filter(kind=FactKind.CHECKOUT, detail__intent__in=sorted(intents))
    return {(row.customer, row.detail["intent"]): row for row in rows}


def _grant_key(page: PaymentFact) -> str:
    """Under which the purchase entered it."""
    return f"checkout:{page.stripe_id}"


def _share(page: PaymentFact, minor: int) -> int:
    """Of an amount with tax, what is before tax; to the nearest."""
    before_tax, total = int(page.detail.get("before_tax") or 0), page.amount_minor or 0
    return (2 * minor * before_tax + total) // (2 * total) if total else 0


def parts_of_advance(grant_id: UUID, key: str, more: Money) -> list[Part]:
    """The entries for what a refund gave back; for less than nothing, what is entered under its key is taken back: money for
    what was used first, then the credit."""
    if more.minor > 0:
        left = next((each.minor for each in credits_left(more.currency) if each.id == str(grant_id)), 0)
        of_credit = min(max(left, 0), more.minor)
    else:
        rows = Entry.objects.filter(
            kind=EntryKind.REFUND, idempotency_key__startswith=key, credit=Account.PAID_BACK
        )
        used = -(rows.aggregate(all=Sum("amount"))["all"] or Decimal(0)).scaleb(EXPONENTS[more.currency])
        of_credit = min(more.minor + int(used), 0)
    parts = [
        Part(Account.PREPAID, Account.CREDITS, -Money(of_credit, more.currency).amount, grant_id),
        Part(Account.PREPAID, Account.PAID_BACK, -Money(more.minor - of_credit, more.currency).amount),
    ]
    return [part for part in parts if part.amount]
