"""What an invoice shows, as plain data: amounts are text, nothing is rounded twice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from portal.kit.money import Money
from vendors.billing.book import Standing, standing
from vendors.billing.drafting import draft_of, metered_elsewhere, not_charged, price_versions, stored_line
from vendors.billing.event_file import set_aside
from vendors.billing.models import Invoice, InvoiceLine, PriceVersion
from vendors.billing.price_file import amount_text
from vendors.billing.rating.invoice import Line, LineKind
from vendors.billing.rating.periods import Period


def preview(period: Period) -> dict[str, Any]:
    """The invoice of a period as it would be now, or as it is if the period is closed. In the tenant's scope."""
    found = standing()
    closed = list(Invoice.objects.filter(closed_with=period.label).order_by("id"))
    documents = _closed(closed) if closed else _drafted(found, period)
    versions = price_versions(
        [line.version for document in documents for line in document[2] if line.kind is not LineKind.CREDIT]
    )
    told = [_document(kind, currency, lines, versions) for kind, currency, lines in documents]
    invoices = [entry for entry in told if entry["kind"] == "invoice"]
    return {
        "period": period.label,
        "start": period.start.astimezone(found.anchor.zone).isoformat(),
        "end": period.end.astimezone(found.anchor.zone).isoformat(),
        "time_zone": found.anchor.zone.key,
        "status": "closed" if closed else "open",
        "lines": [line for document in invoices for line in document["lines"]],
        "totals": {document["currency"]: document["total"] for document in invoices},
        "credit_notes": [document for document in told if document["kind"] == "credit_note"],
        "own_contract": [
            {
                "vendor": row["vendor"],
                "meter": row["meter"],
                "currency": row["currency"],
                "quantity": row["units"],
                "entries": row["rows"],
                "amount": amount_text(row["cost"]),
            }
            for row in metered_elsewhere(period)
        ],
        "not_charged": [
            {
                "vendor": row["vendor"],
                "meter": row["meter"],
                "connection": row["connection_kind"],
                "why": row["why"],
                "quantity": row["units"],
                "entries": row["rows"],
            }
            for row in not_charged(period)
        ],
        "kept_aside": len(set_aside()),
    }


Document = tuple[str, str, Sequence[Line]]


def _drafted(found: Standing, period: Period) -> list[Document]:
    told: list[Document] = []
    for drafts in draft_of(found, period, summed=True):
        told.append(("invoice", drafts.invoice.currency, drafts.invoice.lines))
        told += [("credit_note", note.currency, note.lines) for note in drafts.credit_notes]
    return told


def _closed(documents: Sequence[Invoice]) -> list[Document]:
    rows: dict[Any, list[Line]] = {document.id: [] for document in documents}
    for row in InvoiceLine.objects.filter(invoice__in=documents).order_by("invoice_id", "position"):
        rows[row.invoice_id].append(stored_line(row))
    return [(document.kind, document.currency, rows[document.id]) for document in documents]


def _document(
    kind: str, currency: str, lines: Sequence[Line], versions: dict[str, PriceVersion]
) -> dict[str, Any]:
    return {
        "kind": kind,
        "currency": currency,
        "lines": [_line(line, currency, versions.get(line.version)) for line in lines],
        "total": str(Money(sum(line.minor for line in lines), currency).amount),
    }


def _line(line: Line, currency: str, version: PriceVersion | None) -> dict[str, Any]:
    return {
        "kind": line.kind.value,
        "period": line.about,
        "vendor": line.vendor,
        "meter": line.meter,
        "plan": version.plan if version else "",
        "price": version.public_id if version else "",
        "quantity": line.quantity,
        "entries": line.entries,
        "amount": str(Money(line.minor, currency).amount),
        "currency": currency,
        **line.detail,
    }
