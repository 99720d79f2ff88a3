"""Invoices and credit notes on paper, with the sandbox's notice on each sheet."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle, getSampleStyleSheet
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from portal.sandboxes.stripe.store import Doc, Store

NOTICE = "Sandbox: no money moves. This document is not an invoice for tax purposes."
# Currencies whose smallest unit is the whole, and those with a thousandth.
EXPONENTS = {
    "JPY": 0,
    "KRW": 0,
    "CLP": 0,
    "ISK": 0,
    "VND": 0,
    "BHD": 3,
    "KWD": 3,
    "TND": 3,
    "JOD": 3,
    "OMR": 3,
}
FONT, BOLD = "Vera", "VeraBd"
GREY = colors.HexColor("#667085")


def money(minor: int, currency: str) -> str:
    """An amount with all its places: `EUR 1,234.56`."""
    places = EXPONENTS.get(currency.upper(), 2)
    return f"{currency.upper()} {Decimal(minor).scaleb(-places):,.{places}f}"


def named_taxes(store: Store, invoice: Doc) -> list[dict[str, Any]]:
    """Each tax of an invoice with its name."""
    found = []
    for entry in invoice["total_taxes"]:
        rate = store.take("tax_rate", entry["tax_rate_details"]["tax_rate"])
        words = f"{rate['display_name']} {rate['_percentage']} %"
        if entry["taxability_reason"] == "reverse_charge":
            words += " (reverse charge)"
        if entry["tax_behavior"] == "inclusive":
            words += " (included)"
        found.append({"name": words, "amount": entry["amount"]})
    return found


def of_invoice(store: Store, invoice: Doc) -> bytes:
    currency = invoice["currency"]
    rows = [
        [line["description"] or "", str(line["quantity"] or ""), money(line["amount"], currency)]
        for line in store.of_parent("line_item", invoice["id"])
    ]
    sums = [("Subtotal", invoice["subtotal"])]
    sums += [(tax["name"], tax["amount"]) for tax in named_taxes(store, invoice)]
    sums.append(("Total", invoice["total"]))
    if invoice["pre_payment_credit_notes_amount"]:
        sums.append(("Credit notes", -invoice["pre_payment_credit_notes_amount"]))
    balance = (invoice["ending_balance"] or 0) - (invoice["starting_balance"] or 0)
    if balance:
        sums.append(("Applied balance", -balance))
    sums.append(("Amount due", invoice["amount_due"]))
    facts = [
        ("Invoice number", invoice["number"]),
        ("Date", _day(invoice["effective_at"])),
        ("Status", invoice["status"]),
    ]
    if invoice["due_date"]:
        facts.append(("Due", _day(invoice["due_date"])))
    facts += [(field["name"], field["value"]) for field in invoice["custom_fields"] or []]
    return _document(
        "Invoice", invoice, facts, rows, [(name, money(amount, currency)) for name, amount in sums]
    )


def of_credit_note(store: Store, invoice: Doc, note: Doc) -> bytes:
    currency = note["currency"]
    rows = [
        [line["description"] or "", str(line["quantity"] or ""), money(line["amount"], currency)]
        for line in note["lines"]["data"]
    ]
    taxes = named_taxes(store, note)
    sums = [
        ("Subtotal", note["subtotal"]),
        *((tax["name"], tax["amount"]) for tax in taxes),
        ("Credit", note["total"]),
    ]
    facts = [
        ("Credit note number", note["number"]),
        ("For invoice", invoice["number"]),
        ("Date", _day(note["created"])),
        ("Status", note["status"]),
    ]
    return _document(
        "Credit note", invoice, facts, rows, [(name, money(amount, currency)) for name, amount in sums]
    )


def _day(moment: int | None) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%d %B %Y") if moment else ""


def _document(
    title: str, invoice: Doc, facts: list[tuple[str, str]], rows: list[list[str]], sums: list[tuple[str, str]]
) -> bytes:
    pdfmetrics.registerFont(TTFont(FONT, "Vera.ttf"))
    pdfmetrics.registerFont(TTFont(BOLD, "VeraBd.ttf"))
    target = BytesIO()
    sheet = SimpleDocTemplate(
        target, pagesize=A4, leftMargin=20 * mm, rightMargin=20 * mm, topMargin=25 * mm, bottomMargin=22 * mm,
        title=f"{title} {facts[0][1]}", author=invoice["account_name"], lang="en",
    )  # fmt: skip
    text = ParagraphStyle("text", getSampleStyleSheet()["Normal"], fontName=FONT, fontSize=9, leading=13)
    head = ParagraphStyle("head", text, fontName=BOLD, fontSize=18, leading=24)
    story = [
        Paragraph(escape(title), head),
        Spacer(1, 4 * mm),
        _pairs([(name, Paragraph(escape(value), text)) for name, value in facts]),
        Spacer(1, 5 * mm),
        Paragraph("<br/>".join(escape(part) for part in _who(invoice)), text),
        Spacer(1, 7 * mm),
        _lines([[Paragraph(escape(words), text), quantity, amount] for words, quantity, amount in rows]),
        Spacer(1, 4 * mm),
        _sums(sums),
    ]
    if invoice["footer"]:
        story += [Spacer(1, 8 * mm), Paragraph(escape(invoice["footer"]), text)]
    sheet.build(story, onFirstPage=_stamp, onLaterPages=_stamp)
    return target.getvalue()


def _who(invoice: Doc) -> list[str]:
    address = invoice["customer_address"] or {}
    place = " ".join(part for part in (address.get("postal_code"), address.get("city")) if part)
    parts = [
        invoice["customer_name"],
        address.get("line1"),
        address.get("line2"),
        place,
        address.get("country"),
        invoice["customer_email"],
    ]
    held = [f"{tax_id['type']}: {tax_id['value']}" for tax_id in invoice["customer_tax_ids"]]
    return ["Billed to:", *(part for part in parts if part), *held]


def _pairs(rows: list[Any]) -> Table:
    table = Table([[name, value] for name, value in rows], colWidths=[45 * mm, 125 * mm], hAlign="LEFT")
    table.setStyle(TableStyle([("FONT", (0, 0), (0, -1), BOLD, 9), ("VALIGN", (0, 0), (-1, -1), "TOP")]))
    return table


def _lines(rows: list[list[Any]]) -> Table:
    table = Table(
        [["Description", "Quantity", "Amount"], *rows], colWidths=[110 * mm, 22 * mm, 38 * mm], repeatRows=1
    )
    style = [
        ("FONT", (0, 0), (-1, 0), BOLD, 9),
        ("FONT", (0, 1), (-1, -1), FONT, 9),
        ("ALIGN", (1, 0), (-1, -1), "RIGHT"),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LINEBELOW", (0, 0), (-1, -1), 0.4, GREY),
    ]
    table.setStyle(TableStyle(style))
    return table


def _sums(rows: list[tuple[str, str]]) -> Table:
    table = Table([["", name, value] for name, value in rows], colWidths=[70 * mm, 62 * mm, 38 * mm])
    style = [
        ("FONT", (0, 0), (-1, -1), FONT, 9),
        ("FONT", (0, -1), (-1, -1), BOLD, 10),
        ("ALIGN", (1, 0), (-1, -1), "RIGHT"),
        ("LINEABOVE", (1, -1), (-1, -1), 0.8, colors.black),
    ]
    table.setStyle(TableStyle(style))
    return table


def _stamp(canvas: Canvas, sheet: SimpleDocTemplate) -> None:
    """On each page: what this is, and which page."""
    width, height = A4
    canvas.saveState()
    canvas.setFont(BOLD, 8)
    canvas.drawString(20 * mm, height - 14 * mm, NOTICE)
    canvas.setFont(FONT, 8)
    canvas.drawRightString(width - 20 * mm, 12 * mm, f"Page {sheet.page}")
    canvas.restoreState()
