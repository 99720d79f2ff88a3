"""How the ledger's documents stand at Stripe, read from the mirror."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.kit import clock
from portal.kit.scope import current_tenant_id
from vendors.billing.collecting.models import FactKind, Payer, PaymentCall, PaymentFact
from vendors.billing.models import Invoice


class Collected(models.TextChoices):
    """Where a document of the ledger stands with whoever collects it."""

    NOT_SENT = "not_sent", _("Not sent")
    ON_ITS_WAY = "on_its_way", _("Being issued")
    HELD_UP = "held_up", _("Held up")
    OPEN = "open", _("Open")
    PAST_DUE = "past_due", _("Past due")
    PAID = "paid", _("Paid")
    ISSUED = "issued", _("Issued")
    UNCOLLECTIBLE = "uncollectible", _("Given up")
    VOID = "void", _("Void")
    NOTHING_DUE = "nothing_due", _("Nothing to pay")


class Dunning(StrEnum):
    """How hard a payment is being asked for."""

    NONE = "none"
    RETRYING = "retrying"
    PAST_DUE = "past_due"
    GIVEN_UP = "given_up"


@dataclass(frozen=True, slots=True)
class StripeState:
    """One document as it stands: amounts in minor units; `total_minor` with tax, as Stripe has it."""

    state: Collected
    number: str = ""
    pdf_url: str = ""
    page_url: str = ""
    due_at: datetime | None = None
    paid_at: datetime | None = None
    total_minor: int | None = None
    tax_minor: int | None = None
    remaining_minor: int | None = None
    dunning: Dunning = Dunning.NONE
    next_try_at: datetime | None = None
    given_back: GivenBack | None = None


@dataclass(frozen=True, slots=True)
class GivenBack:
    """Where a credit note's total went, tax included, in minor units."""

    less_due: int = 0
    to_card: int = 0
    to_balance: int = 0
    elsewhere: int = 0


def stripe_state_of(document: Invoice) -> StripeState:
    """Of one invoice or credit note of the ledger."""
    return stripe_states_of([document])[document.id]


def stripe_states_of(documents: Collection[Invoice]) -> Mapping[UUID, StripeState]:
    """Of several at once, in two queries. In the tenant's scope."""
    facts = {
        fact.document_id: fact
        for fact in PaymentFact.objects.filter(
            document__in=documents, kind__in=(FactKind.INVOICE, FactKind.CREDIT_NOTE), gone_at=None
        ).order_by("made_at", "id")
    }
    calls: dict[UUID | None, list[PaymentCall]] = {}
    open_states = (PaymentCall.State.WAITING, PaymentCall.State.REFUSED)
    for call in PaymentCall.objects.filter(document__in=documents, state__in=open_states):
        calls.setdefault(call.document_id, []).append(call)
    return {
        document.id: _state(document, facts.get(document.id), calls.get(document.id, []))
        for document in documents
    }


def _state(document: Invoice, fact: PaymentFact | None, calls: list[PaymentCall]) -> StripeState:
    if any(call.state == PaymentCall.State.REFUSED for call in calls):
        return StripeState(Collected.HELD_UP)
    if fact is not None and fact.status != "draft":
        return state_of_fact(fact)
    if calls or fact is not None:
        return StripeState(Collected.ON_ITS_WAY)
    if document.total_minor == 0:
        return StripeState(Collected.NOTHING_DUE)
    return StripeState(Collected.NOT_SENT)


_WORDS = {
    "open": Collected.OPEN,
    "paid": Collected.PAID,
    "void": Collected.VOID,
    "uncollectible": Collected.UNCOLLECTIBLE,
    "issued": Collected.ISSUED,
}


def state_of_fact(fact: PaymentFact) -> StripeState:
    """A status nobody knows is shown as open: it asks for a look, and never says paid."""
    state = _WORDS.get(fact.status, Collected.OPEN)
    dunning = dunning_of(fact)
    if state is Collected.OPEN and dunning in (Dunning.PAST_DUE, Dunning.RETRYING):
        state = Collected.PAST_DUE
    return StripeState(
        state,
        number=fact.number,
        pdf_url=fact.pdf_url,
        page_url=fact.page_url,
        due_at=fact.due_at,
        paid_at=_moment(fact.detail.get("paid_at")),
        total_minor=fact.amount_minor,
        tax_minor=fact.detail.get("tax"),
        remaining_minor=fact.detail.get("remaining"),
        dunning=dunning,
        next_try_at=_moment(fact.detail.get("next_try_at")),
        given_back=_given_back(fact) if fact.kind == FactKind.CREDIT_NOTE else None,
    )


def _given_back(fact: PaymentFact) -> GivenBack:
    names = ("less_due", "to_card", "elsewhere")
    less_due, to_card, elsewhere = (int(fact.detail.get(name) or 0) for name in names)
    rest = -(fact.amount_minor or 0) - less_due - to_card - elsewhere
    return GivenBack(less_due, to_card, rest, elsewhere)


def dunning_of(fact: PaymentFact) -> Dunning:
    """An open invoice is past due once its day has passed or a payment was declined."""
    if fact.status == "uncollectible":
        return Dunning.GIVEN_UP
    if fact.status != "open":
        return Dunning.NONE
    if fact.detail.get("next_try_at") and fact.detail.get("tries"):
        return Dunning.RETRYING
    is_late = fact.due_at is not None and fact.due_at <= clock.now()
    return Dunning.PAST_DUE if is_late or fact.detail.get("tries") else Dunning.NONE


def _moment(text: object) -> datetime | None:
    return datetime.fromisoformat(text) if isinstance(text, str) and text else None


@dataclass(frozen=True, slots=True)
class MoneyMove:
    """A payment of an invoice, or what became of one: a refund, or a dispute at the bank. `status` is Stripe's word."""

    kind: FactKind
    status: str
    minor: int
    currency: str
    at: datetime | None


def money_moves_of(document: Invoice) -> list[MoneyMove]:
    """Oldest first. A refund and a dispute name the payment they are about, and the payment its invoice."""
    payments = _payments_of(document)
    found = [*payments, *_after(payments)]
    found.sort(key=lambda fact: (fact.made_at or fact.seen_at, fact.id))
    return [
        MoneyMove(FactKind(fact.kind), fact.status, fact.amount_minor or 0, fact.currency, fact.made_at)
        for fact in found
    ]


def _payments_of(document: Invoice) -> list[PaymentFact]:
    invoices = PaymentFact.objects.filter(document=document, kind=FactKind.INVOICE)
    rows = PaymentFact.objects.filter(kind=FactKind.PAYMENT, about__in=invoices.values("stripe_id"))
    return list(rows.filter(status="paid", gone_at=None))


def _after(payments: Sequence[PaymentFact]) -> list[PaymentFact]:
    """What became of these payments: refunds and disputes."""
    intents = {fact.detail.get("intent") for fact in payments} - {"", None}
    customers = {fact.customer for fact in payments}
    rows = PaymentFact.objects.filter(
        kind__in=(FactKind.REFUND, FactKind.DISPUTE), customer__in=customers, gone_at=None
    )
    return [fact for fact in rows if fact.detail.get("intent") in intents]


# ------------------------------------------------------------------ who pays


@dataclass(frozen=True, slots=True)
class TaxId:
    value: str
    status: str


@dataclass(frozen=True, slots=True)
class PayingParty:
    """The account at Stripe for one of the tenant's currencies; `name` is empty until there is one."""

    currency: str
    name: str = ""
    email: str = ""
    address: tuple[str, ...] = ()
    country: str = ""
    brand: str = ""
    last4: str = ""
    expires: str = ""
    tax_ids: tuple[TaxId, ...] = ()
    dunning: Dunning = Dunning.NONE
    next_try_at: datetime | None = None
    disputes: int = 0
    # Below zero: credit that pays the next invoice first.
    balance_minor: int = 0

    @property
    def credit_minor(self) -> int:
        return max(0, -self.balance_minor)


_WORST = (Dunning.GIVEN_UP, Dunning.PAST_DUE, Dunning.RETRYING)
_SETTLED_DISPUTES = ("won", "lost", "warning_closed", "prevented")


def paying_parties(currencies: Sequence[str]) -> list[PayingParty]:
    """One for each currency of the tenant, in their order. In its scope."""
    payers = Payer.objects.filter(tenant_id=current_tenant_id(), replaced_at=None)
    customers = {payer.currency: payer.customer for payer in payers}
    facts: dict[str, list[PaymentFact]] = {}
    for fact in PaymentFact.objects.filter(customer__in=customers.values(), gone_at=None).order_by("id"):
        facts.setdefault(fact.customer, []).append(fact)
    return [_party(currency, facts.get(customers.get(currency, ""), [])) for currency in currencies]


def _party(currency: str, facts: Sequence[PaymentFact]) -> PayingParty:
    account = next((fact for fact in facts if fact.kind == FactKind.CUSTOMER), None)
    if account is None:
        return PayingParty(currency)
    chosen = [fact for fact in facts if fact.stripe_id == account.detail.get("method")]
    card = chosen[0].detail if chosen else {}
    invoices = [fact for fact in facts if fact.kind == FactKind.INVOICE]
    states = {dunning_of(fact) for fact in invoices}
    tries = [state_of_fact(fact).next_try_at for fact in invoices if dunning_of(fact) is Dunning.RETRYING]
    return PayingParty(
        currency,
        name=account.detail.get("name") or "",
        email=account.detail.get("email") or "",
        address=tuple(account.detail.get("address") or ()),
        country=account.detail.get("country") or "",
        brand=card.get("brand") or (chosen[0].status if chosen else ""),
        last4=card.get("last4") or "",
        expires=card.get("expires") or "",
        tax_ids=tuple(
            TaxId(fact.detail.get("value") or "", fact.status)
            for fact in facts
            if fact.kind == FactKind.TAX_ID
        ),
        dunning=next((state for state in _WORST if state in states), Dunning.NONE),
        next_try_at=min((moment for moment in tries if moment), default=None),
        disputes=sum(
            fact.kind == FactKind.DISPUTE and fact.status not in _SETTLED_DISPUTES for fact in facts
        ),
        balance_minor=account.amount_minor or 0,
    )
