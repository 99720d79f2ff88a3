"""An invoice or a credit note on paper: the same numbers and words as its page, the same bytes each time.

It is the ledger's statement. Where the payment service issued an invoice or a credit note of its own, that one is the
document for tax. The library cannot tag a document's structure, so the page is what a screen reader should open.
"""

from __future__ import annotations

from io import BytesIO
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from portal.kit.money import Money
from vendors.billing.documents import Document
from vendors.console.invoice_words import amounts_of, days_of, title_of, told_lines
from vendors.console.sheet_fonts import marked_up, plain_font

MARGIN = 20 * mm
GREY = colors.HexColor("#59616e")


class _Sheets(Canvas):  # type: ignore[misc]  # the library has no types
    """Writes "page x of y" once it is known how many there are."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._kept: list[dict[str, Any]] = []

    def showPage(self) -> None:
        self._kept.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        for number, kept in enumerate(self._kept, 1):
            self.__dict__.update(kept)
            self.setFont(plain_font(), 8)
            self.setFillColor(GREY)
            told = _("Page %(page)s of %(pages)s") % {"page": number, "pages": len(self._kept)}
            self.drawRightString(A4[0] - MARGIN, 11 * mm, told)
            self.drawString(MARGIN, 11 * mm, self._doc.info.title)
            super().showPage()
        super().save()


def pdf_of(document: Document, zone: ZoneInfo) -> bytes:
    """Of a closed document."""
    assert document.invoice is not None
    title = f"{title_of(document)} {document.number}"
    target = BytesIO()
    sheet = SimpleDocTemplate(
        target,
        pagesize=A4,
        leftMargin=MARGIN,
        rightMargin=MARGIN,
        topMargin=MARGIN,
        bottomMargin=MARGIN,
        title=title,
        author=document.parties["seller"]["name"],
        lang=get_language() or "en",
        invariant=1,
    )
    sheet.build(_story(document, title, zone), canvasmaker=_Sheets)
    return target.getvalue()


def _text(size: float = 9, **more: Any) -> ParagraphStyle:
    return ParagraphStyle("text", fontName=plain_font(), fontSize=size, leading=size * 1.45, **more)


def _paragraph(text: str, style: ParagraphStyle | None = None) -> Paragraph:
    return Paragraph(marked_up(text).replace("\n", "<br/>"), style or _text())


def _story(document: Document, title: str, zone: ZoneInfo) -> list[Any]:
    return [
        _paragraph(title, _text(17)),
        Spacer(1, 5 * mm),
        _parties(document),
        Spacer(1, 5 * mm),
        _facts(document, zone),
        Spacer(1, 6 * mm),
        _lines(document, zone),
        Spacer(1, 8 * mm),
        _paragraph(
            _(
                "This is the statement of the ledger. Where our payment service issued an invoice or a credit note for the "
                "same amounts, that one is the document for tax and for payment."
            ),
            _text(8, textColor=GREY),
        ),
    ]


def _parties(document: Document) -> Table:
    seller, buyer = document.parties["seller"], document.parties["buyer"]
    address = [part.strip() for part in seller.get("address", "").split(";")]
    cells = [
        _party(_("From"), [seller["name"], *address], seller.get("tax_id", "")),
        _party(_("To"), [buyer["legal_name"], buyer["address"], buyer["country"]], buyer["tax_id"]),
    ]
    table = Table([cells], colWidths=[85 * mm, 85 * mm])
    table.setStyle(TableStyle([("VALIGN", (0, 0), (-1, -1), "TOP"), ("LEFTPADDING", (0, 0), (-1, -1), 0)]))
    return table


def _party(heading: str, parts: list[str], tax_id: str) -> list[Paragraph]:
    told = [part for part in parts if part]
    told += [_("Tax number %(number)s") % {"number": tax_id}] if tax_id else []
    return [_paragraph(heading, _text(8, textColor=GREY)), _paragraph("\n".join(told))]


def _facts(document: Document, zone: ZoneInfo) -> Table:
    assert document.invoice is not None
    buyer = document.parties["buyer"]
    rows = [
        (_("Made on"), date_format(document.invoice.created_at.astimezone(zone), "j F Y")),
        (_("Period"), f"{days_of(document, zone)} ({zone.key})"),
        (_("Purchase-order number"), buyer["purchase_order"]),
        (_("Cost centre"), buyer["cost_centre"]),
    ]
    told = [[_paragraph(name, _text(textColor=GREY)), _paragraph(value)] for name, value in rows if value]
    table = Table(told, colWidths=[45 * mm, 125 * mm], hAlign="LEFT")
    table.setStyle(TableStyle([("LEFTPADDING", (0, 0), (-1, -1), 0), ("TOPPADDING", (0, 0), (-1, -1), 1)]))
    return table


def _lines(document: Document, zone: ZoneInfo) -> Table:
    right, small = _text(alignment=2), _text(8, textColor=GREY)
    rows: list[list[Any]] = [
        [_paragraph(_("What"), small), _paragraph(_("Quantity"), _text(8, textColor=GREY, alignment=2)), ""]
    ]
    rows[0][2] = _paragraph(_("Amount"), _text(8, textColor=GREY, alignment=2))
    for told in told_lines(document, zone):
        what = [_paragraph(told.title), *(_paragraph(fact, small) for fact in told.facts)]
        rows.append([what, _paragraph(told.quantity, right), _amount(Money(told.minor, document.currency))])
    first_sum = len(rows)
    for name, amount in amounts_of(document):
        rows.append([_paragraph(name, right), "", _amount(amount)])
    table = Table(rows, colWidths=[110 * mm, 22 * mm, 38 * mm], repeatRows=1)
    table.setStyle(
        TableStyle(
            [
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LINEBELOW", (0, 0), (-1, first_sum - 1), 0.4, GREY),
                ("LINEABOVE", (0, -1), (-1, -1), 1, colors.black),
                ("LEFTPADDING", (0, 0), (0, -1), 0),
                ("RIGHTPADDING", (-1, 0), (-1, -1), 0),
            ]
        )
    )
    return table


def _amount(amount: Money) -> Paragraph:
    return _paragraph(str(amount).replace("-", "−"), _text(alignment=2))
