"""`/invoices`: what closed periods came to, as the console's pages and the PDF say it. No addresses, no persons."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.base import ApiView, in_scope
from portal.api.cursors import rows_asked_for
from portal.api.document import describe
from portal.api.parsing import NoQuery, read_query
from portal.api.scopes import Scope
from portal.api.shapes import Paging
from portal.kit.errors import NotHere
from portal.kit.ids import parse_public_id
from portal.kit.money import Money
from vendors.billing import documents
from vendors.billing.documents import ShownLine
from vendors.billing.models import Invoice


class CreditNoteShape(serializers.Serializer[Any]):
    id = serializers.CharField()
    number = serializers.CharField()
    total = serializers.CharField()

    class Meta:
        ref_name = "CreditNote"


class InvoiceShape(serializers.Serializer[Any]):
    id = serializers.CharField()
    number = serializers.CharField()
    kind = serializers.ChoiceField(Invoice.Kind.values)
    period = serializers.CharField(help_text="The billing period by the month it begins in.")
    period_start = serializers.DateTimeField()
    period_end = serializers.DateTimeField(help_text="Not included.")
    currency = serializers.CharField()
    net = serializers.CharField()
    tax = serializers.CharField()
    total = serializers.CharField()

    class Meta:
        ref_name = "Invoice"


class ListedInvoice(InvoiceShape):
    credit_notes = CreditNoteShape(many=True)

    class Meta:
        ref_name = "ListedInvoice"


class InvoicePage(serializers.Serializer[Any]):
    data = ListedInvoice(many=True)  # type: ignore[assignment]  # a member's name
    next_cursor = serializers.CharField(allow_null=True)


class LineShape(serializers.Serializer[Any]):
    position = serializers.IntegerField()
    kind = serializers.CharField()
    about = serializers.CharField(help_text="The period it is for: an earlier one when checks came late.")
    meter = serializers.CharField()
    partner = serializers.CharField()
    quantity = serializers.IntegerField()
    entries = serializers.IntegerField(help_text="How many entries of `/usage` stand behind it.")
    amount = serializers.CharField()

    class Meta:
        ref_name = "InvoiceLine"


class WholeInvoice(InvoiceShape):
    lines = LineShape(many=True)

    class Meta:
        ref_name = "WholeInvoice"


def _money(minor: int, currency: str) -> str:
    return f"{Money(minor, currency).amount:f}"


def _shown(invoice: Invoice, tax: int) -> dict[str, Any]:
    return {
        "id": invoice.public_id,
        "number": documents.number_of(invoice),
        "kind": invoice.kind,
        "period": invoice.period,
        "period_start": invoice.period_start.isoformat(),
        "period_end": invoice.period_end.isoformat(),
        "currency": invoice.currency,
        "net": _money(invoice.total_minor, invoice.currency),
        "tax": _money(tax, invoice.currency),
        "total": _money(invoice.total_minor + tax, invoice.currency),
    }


def _note(note: Invoice, tax: int) -> dict[str, str]:
    shown = _shown(note, tax)
    return {name: shown[name] for name in ("id", "number", "total")}


def _line(shown: ShownLine, currency: str) -> dict[str, Any]:
    line = shown.line
    return {
        "position": shown.position,
        "kind": line.kind.value,
        "about": line.about,
        "meter": line.meter,
        "partner": line.vendor,
        "quantity": line.quantity,
        "entries": line.entries,
        "amount": _money(line.minor, currency),
    }


class Invoices(ApiView):
    needs = {"GET": Scope.INVOICES_READ}

    @describe(
        "listInvoices",
        "Invoices, newest first",
        query=Paging,
        answer=InvoicePage,
        tag="Invoices",
        scope=Scope.INVOICES_READ,
    )
    @in_scope
    def get(self, request: Request) -> Response:
        asked = read_query(Paging, request.query_params)
        rows, following = rows_asked_for(documents.invoices(), documents.NEWEST, asked, "invoices", {})
        notes = documents.credit_notes_of(rows)
        taxes = documents.taxes_of([*rows, *(note for listed in notes.values() for note in listed)])
        data = [
            {
                **_shown(invoice, taxes[invoice.id]),
                "credit_notes": [_note(note, taxes[note.id]) for note in notes[invoice.id]],
            }
            for invoice in rows
        ]
        return Response({"data": data, "next_cursor": following})


def _id(text: str) -> UUID:
    try:
        return parse_public_id(Invoice.prefix, text)
    except ValueError as error:
        raise NotHere("invoice_unknown") from error


class OneInvoice(ApiView):
    needs = {"GET": Scope.INVOICES_READ}

    @describe(
        "readInvoice",
        "One invoice or credit note with its lines",
        answer=WholeInvoice,
        tag="Invoices",
        scope=Scope.INVOICES_READ,
        names_one=True,
    )
    @in_scope
    def get(self, request: Request, invoice_id: str) -> Response:
        read_query(NoQuery, request.query_params)
        invoice = documents.invoice_of(_id(invoice_id))
        if invoice is None:
            raise NotHere("invoice_unknown")
        document = documents.document_of(invoice)
        lines = [_line(shown, document.currency) for shown in document.lines]
        return Response({**_shown(invoice, document.tax_minor), "lines": lines})
