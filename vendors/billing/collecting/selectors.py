"""How the ledger's documents stand at Stripe, read from the mirror."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.kit import clock
from vendors.billing.collecting.models import FactKind, PaymentCall, PaymentFact
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
    # What Stripe said when it refused, for `HELD_UP`.
    told: str = ""


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
    refused = [call for call in calls if call.state == PaymentCall.State.REFUSED]
    if refused:
        return StripeState(Collected.HELD_UP, told=refused[0].told)
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
    )


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
