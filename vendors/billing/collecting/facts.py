"""What is kept of each of Stripe's objects. Foreign field names end in this file (STYLE 10).

Only what is named here is kept: no secret of a payment, no address of a person beyond what an invoice shows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from vendors.billing.collecting.models import FactKind

Doc = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Fact:
    """The same columns as `PaymentFact`. `customer` is empty where the object does not name one."""

    kind: FactKind
    stripe_id: str
    customer: str = ""
    about: str = ""
    status: str = ""
    amount_minor: int | None = None
    currency: str = ""
    number: str = ""
    pdf_url: str = ""
    page_url: str = ""
    made_at: datetime | None = None
    due_at: datetime | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)
    is_gone: bool = False


# What two looks at one object are compared by; when we looked is no difference.
COMPARED = (
    "customer", "about", "status", "amount_minor", "currency", "number", "pdf_url", "page_url", "due_at", "detail",
)  # fmt: skip


def read_fact(doc: Doc) -> Fact:
    """An object as it was fetched. KeyError for a kind that is not mirrored, and for one without what it always has."""
    kind = FactKind(doc["object"]) if doc["object"] in FactKind.values else None
    if kind is None:
        raise KeyError(doc["object"])
    if doc.get("deleted"):
        return Fact(kind, doc["id"], is_gone=True)
    return _READERS[kind](doc)


def id_of(value: object) -> str:
    """Of a reference, whether it was expanded or not."""
    if isinstance(value, Mapping):
        return str(value.get("id") or "")
    return str(value or "")


def moment(value: object) -> datetime | None:
    return datetime.fromtimestamp(value, UTC) if isinstance(value, int) and value else None


def _iso(value: object) -> str:
    found = moment(value)
    return found.isoformat() if found else ""


def _currency(doc: Doc) -> str:
    return str(doc.get("currency") or "").upper()


def _tax(doc: Doc) -> int:
    return sum(int(entry["amount"]) for entry in doc.get("total_taxes") or [])


def _customer(doc: Doc) -> Fact:
    address = doc.get("address") or {}
    settings = doc.get("invoice_settings") or {}
    return Fact(
        FactKind.CUSTOMER,
        doc["id"],
        customer=doc["id"],
        status="delinquent" if doc.get("delinquent") else "",
        amount_minor=doc.get("balance"),
        currency=_currency(doc),
        made_at=moment(doc.get("created")),
        detail={
            "name": doc.get("name") or "",
            "email": doc.get("email") or "",
            "country": address.get("country") or "",
            "address": [
                address[name]
                for name in ("line1", "line2", "postal_code", "city", "state")
                if address.get(name)
            ],
            "tax_exempt": doc.get("tax_exempt") or "",
            "method": id_of(settings.get("default_payment_method")),
        },
    )


def _payment_method(doc: Doc) -> Fact:
    kind = str(doc.get("type") or "")
    shown = doc.get(kind) or {}
    return Fact(
        FactKind.PAYMENT_METHOD,
        doc["id"],
        customer=id_of(doc.get("customer")),
        status=kind,
        made_at=moment(doc.get("created")),
        detail={
            "brand": shown.get("display_brand") or shown.get("brand") or "",
            "last4": shown.get("last4") or "",
            "expires": f"{shown['exp_year']}-{shown['exp_month']:02d}" if shown.get("exp_year") else "",
            "country": ((doc.get("billing_details") or {}).get("address") or {}).get("country") or "",
        },
        is_gone=not doc.get("customer"),
    )


def _tax_id(doc: Doc) -> Fact:
    return Fact(
        FactKind.TAX_ID,
        doc["id"],
        customer=id_of(doc.get("customer")),
        status=str((doc.get("verification") or {}).get("status") or ""),
        made_at=moment(doc.get("created")),
        detail={"type": doc.get("type") or "", "value": doc.get("value") or ""},
    )


def _subscription(doc: Doc) -> Fact:
    return Fact(
        FactKind.SUBSCRIPTION,
        doc["id"],
        customer=id_of(doc.get("customer")),
        status=str(doc.get("status") or ""),
        currency=_currency(doc),
        made_at=moment(doc.get("created")),
        detail={"ends_at": _iso(doc.get("cancel_at")), "ended_at": _iso(doc.get("ended_at"))},
    )


def _invoice(doc: Doc) -> Fact:
    moves = doc.get("status_transitions") or {}
    return Fact(
        FactKind.INVOICE,
        doc["id"],
        customer=id_of(doc.get("customer")),
        status=str(doc.get("status") or ""),
        amount_minor=doc.get("total"),
        currency=_currency(doc),
        number=doc.get("number") or "",
        pdf_url=doc.get("invoice_pdf") or "",
        page_url=doc.get("hosted_invoice_url") or "",
        made_at=moment(doc.get("created")),
        due_at=moment(doc.get("due_date")),
        detail={
            "tax": _tax(doc),
            "before_tax": doc.get("total_excluding_tax"),
            "due": doc.get("amount_due"),
            "paid": doc.get("amount_paid"),
            "remaining": doc.get("amount_remaining"),
            "tries": doc.get("attempt_count") or 0,
            "next_try_at": _iso(doc.get("next_payment_attempt")),
            "paid_at": _iso(moves.get("paid_at")),
            "voided_at": _iso(moves.get("voided_at")),
            "collection": doc.get("collection_method") or "",
        },
    )


def _payment(doc: Doc) -> Fact:
    return Fact(
        FactKind.PAYMENT,
        doc["id"],
        customer=_customer_behind(doc, "invoice"),
        about=id_of(doc.get("invoice")),
        status=str(doc.get("status") or ""),
        amount_minor=doc.get("amount_paid") or doc.get("amount_requested"),
        currency=_currency(doc),
        made_at=moment(doc.get("created")),
        detail={
            "paid_at": _iso((doc.get("status_transitions") or {}).get("paid_at")),
            "intent": id_of((doc.get("payment") or {}).get("payment_intent")),
        },
    )


def _refund(doc: Doc) -> Fact:
    return Fact(
        FactKind.REFUND,
        doc["id"],
        customer=_customer_behind(doc, "charge"),
        status=str(doc.get("status") or ""),
        amount_minor=doc.get("amount"),
        currency=_currency(doc),
        made_at=moment(doc.get("created")),
        detail={
            "reason": doc.get("reason") or "",
            "failure": doc.get("failure_reason") or "",
            "intent": id_of(doc.get("payment_intent")),
        },
    )


def _credit_note(doc: Doc) -> Fact:
    return Fact(
        FactKind.CREDIT_NOTE,
        doc["id"],
        customer=id_of(doc.get("customer")),
        about=id_of(doc.get("invoice")),
        status=str(doc.get("status") or ""),
        amount_minor=-int(doc["total"]),
        currency=_currency(doc),
        number=doc.get("number") or "",
        pdf_url=doc.get("pdf") or "",
        made_at=moment(doc.get("created")),
        detail={
            "tax": -_tax(doc),
            "before_tax": -int(doc["total_excluding_tax"]),
            "kind": doc.get("type") or "",
            "less_due": int(doc.get("pre_payment_amount") or 0),
            "to_card": sum(int(part["amount_refunded"]) for part in doc.get("refunds") or []),
            "refunds": {
                id_of(part["refund"]): int(part["amount_refunded"]) for part in doc.get("refunds") or []
            },
            "elsewhere": int(doc.get("out_of_band_amount") or 0),
            "voided_at": _iso(doc.get("voided_at")),
        },
    )


def _dispute(doc: Doc) -> Fact:
    return Fact(
        FactKind.DISPUTE,
        doc["id"],
        customer=_customer_behind(doc, "charge"),
        status=str(doc.get("status") or ""),
        amount_minor=doc.get("amount"),
        currency=_currency(doc),
        made_at=moment(doc.get("created")),
        due_at=moment((doc.get("evidence_details") or {}).get("due_by")),
        detail={"reason": doc.get("reason") or "", "intent": id_of(doc.get("payment_intent"))},
    )


def _checkout(doc: Doc) -> Fact:
    """`before_tax` is what was bought; `method` the payment method that it took, once it is complete."""
    intent = doc.get("setup_intent") or doc.get("payment_intent")
    return Fact(
        FactKind.CHECKOUT,
        doc["id"],
        customer=id_of(doc.get("customer")),
        status=str(doc.get("status") or ""),
        amount_minor=doc.get("amount_total"),
        currency=_currency(doc),
        made_at=moment(doc.get("created")),
        due_at=moment(doc.get("expires_at")),
        detail={
            "mode": doc.get("mode") or "",
            "payment": doc.get("payment_status") or "",
            "before_tax": doc.get("amount_subtotal"),
            "method": id_of(intent.get("payment_method")) if isinstance(intent, Mapping) else "",
            "intent": id_of(doc.get("payment_intent")),
        },
    )


def _customer_behind(doc: Doc, name: str) -> str:
    """Through a reference that was expanded: these objects do not name their customer."""
    behind = doc.get(name)
    return id_of(behind.get("customer")) if isinstance(behind, Mapping) else ""


_READERS: Mapping[FactKind, Callable[[Doc], Fact]] = {
    FactKind.CUSTOMER: _customer,
    FactKind.PAYMENT_METHOD: _payment_method,
    FactKind.TAX_ID: _tax_id,
    FactKind.SUBSCRIPTION: _subscription,
    FactKind.INVOICE: _invoice,
    FactKind.PAYMENT: _payment,
    FactKind.REFUND: _refund,
    FactKind.CREDIT_NOTE: _credit_note,
    FactKind.DISPUTE: _dispute,
    FactKind.CHECKOUT: _checkout,
}
