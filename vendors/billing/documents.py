"""Reading invoices and credit notes: closed ones as they were written, the running period's as it would be now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Max, QuerySet, Sum

from portal.kit.money import EXPONENTS, rounded
from portal.kit.paging import Column, Order
from vendors.billing.book import Standing
from vendors.billing.details import parties_of
from vendors.billing.drafting import draft_lines_about, draft_of, price_versions, stored_line
from vendors.billing.models import Entry, EntryKind, Invoice, InvoiceLine, Paid, PriceVersion, UsageEntry
from vendors.billing.rating.invoice import Draft, Line, LineKind
from vendors.billing.rating.periods import Period

NEWEST = Order(Column("period_start"), is_descending=True)


@dataclass(frozen=True, slots=True)
class ShownLine:
    """A line as a page or a sheet tells it. `price` is None for credits."""

    position: int
    line: Line
    price: PriceVersion | None


@dataclass(frozen=True, slots=True)
class Document:
    """An invoice or credit note, or the draft of one (`invoice` is None). Amounts are in the smallest unit."""

    kind: str
    period: Period
    currency: str
    lines: tuple[ShownLine, ...]
    tax_minor: int
    parties: dict[str, Any]
    invoice: Invoice | None = None

    @property
    def number(self) -> str:
        return str(self.parties["number"])

    @property
    def net_minor(self) -> int:
        return sum(shown.line.minor for shown in self.lines)

    @property
    def total_minor(self) -> int:
        return self.net_minor + self.tax_minor

    @property
    def is_credit_note(self) -> bool:
        return self.kind == Invoice.Kind.CREDIT_NOTE


def invoices() -> QuerySet[Invoice]:
    """Every invoice of the tenant in scope. Credit notes are listed under the invoice they correct."""
    return Invoice.objects.filter(kind=Invoice.Kind.INVOICE)


def invoice_of(invoice_id: UUID) -> Invoice | None:
    return Invoice.objects.filter(id=invoice_id).first()


def credit_notes_of(listed: Sequence[Invoice]) -> dict[UUID, list[Invoice]]:
    """The credit notes about the period of each invoice, in its currency, oldest first."""
    by_period = {(invoice.period, invoice.currency): invoice.id for invoice in listed}
    found: dict[UUID, list[Invoice]] = {invoice.id: [] for invoice in listed}
    notes = Invoice.objects.filter(
        kind=Invoice.Kind.CREDIT_NOTE, period__in={period for period, _currency in by_period}
    )
    for note in notes.order_by("id"):
        about = by_period.get((note.period, note.currency))
        if about is not None:
            found[about].append(note)
    return found


def corrected_by(note: Invoice) -> Invoice | None:
    """The invoice that a credit note is about."""
    return invoices().filter(period=note.period, currency=note.currency).first()


def taxes_of(listed: Sequence[Invoice]) -> dict[UUID, int]:
    """What was noted as tax on each document, in the smallest unit; nothing for those without."""
    rows = Entry.objects.filter(kind=EntryKind.TAX, invoice__in=listed)
    sums = dict(rows.values_list("invoice_id").annotate(Sum("amount")))
    return {
        invoice.id: rounded(sums.get(invoice.id) or Decimal(0), invoice.currency).minor for invoice in listed
    }


def number_of(invoice: Invoice) -> str:
    return str(invoice.parties.get("number") or f"{invoice.period}-{invoice.currency}-{invoice.number}")


def document_of(invoice: Invoice) -> Document:
    """A closed document with its lines, as it was written."""
    rows = InvoiceLine.objects.filter(invoice=invoice).order_by("position")
    return Document(
        kind=invoice.kind,
        period=Period(invoice.period, invoice.period_start, invoice.period_end),
        currency=invoice.currency,
        lines=_shown([stored_line(row) for row in rows]),
        tax_minor=taxes_of([invoice])[invoice.id],
        parties=invoice.parties or parties_of(invoice.kind, invoice.period, invoice.currency, invoice.number),
        invoice=invoice,
    )


def drafts_of(found: Standing, period: Period) -> list[Document]:
    """What the period would be invoiced as if it were over now: for each currency an invoice, and its credit notes."""
    documents = []
    for drafts in draft_of(found, period, summed=True):
        documents.append(_draft(Invoice.Kind.INVOICE, drafts.invoice))
        documents += [_draft(Invoice.Kind.CREDIT_NOTE, note) for note in drafts.credit_notes]
    return documents


def running_line(
    found: Standing, period: Period, currency: str, about: str, price_version: str
) -> Document | None:
    """One usage line of the running period's draft, in a document of its own; None when it has no such line."""
    for line in draft_lines_about(found, period, currency, about) if currency in found.currencies else ():
        if (line.version, line.kind) == (price_version, LineKind.USAGE):
            return Document(Invoice.Kind.INVOICE, period, currency, _shown([line]), 0, {"number": ""})
    return None


def _draft(kind: Invoice.Kind, drafted: Draft) -> Document:
    return Document(kind, drafted.period, drafted.currency, _shown(drafted.lines), 0, {"number": ""})


def _shown(lines: Sequence[Line]) -> tuple[ShownLine, ...]:
    versions = price_versions([line.version for line in lines if line.kind is not LineKind.CREDIT])
    return tuple(
        ShownLine(position, line, versions.get(line.version)) for position, line in enumerate(lines, 1)
    )


# ------------------------------------------------------------------ the entries behind a line


def entries_behind(
    line: Line, currency: str, period: Period, invoice: Invoice | None
) -> QuerySet[UsageEntry]:
    """The checks that a usage line counts, as many as it says. `period` is the one the line is about.

    A document counts what was written of a product and price version since the document before it that has them, to the
    moment its own period was closed: what came late stands behind the line that made up for it. A draft counts on to now.
    """
    if line.kind is not LineKind.USAGE or line.entries <= 0:
        return UsageEntry.objects.none()
    rows = UsageEntry.objects.filter(
        occurred_at__gte=period.start,
        occurred_at__lt=period.end,
        connection_kind=Paid.THROUGH_US,
        billable=True,
        currency=currency,
        meter=line.meter,
        vendor=line.vendor,
        price_version_id=UUID(line.version),
        serial__gt=_counted_before(line, currency, invoice),
    )
    return rows if invoice is None else rows.filter(serial__lte=invoice.counted_to)


def _counted_before(line: Line, currency: str, invoice: Invoice | None) -> int:
    """To which serial earlier documents have counted these entries."""
    earlier = InvoiceLine.objects.filter(
        kind=LineKind.USAGE,
        about=line.about,
        meter=line.meter,
        vendor=line.vendor,
        source_id=UUID(line.version),
        invoice__currency=currency,
    )
    if invoice is not None:
        earlier = earlier.filter(invoice__counted_to__lt=invoice.counted_to)
    return int(earlier.aggregate(counted=Max("invoice__counted_to"))["counted"] or 0)


def major(minor: int, currency: str) -> Decimal:
    return Decimal(minor).scaleb(-EXPONENTS[currency])
