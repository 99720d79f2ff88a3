"""The lines of a credit note, each with the taxes that go back with it.

A line takes its share of the taxes of the invoice's line along: however many notes take a line away, together they take
exactly the tax that was on it.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from portal.sandboxes.stripe import ids
from portal.sandboxes.stripe.api import parameters as p
from portal.sandboxes.stripe.api.errors import refused
from portal.sandboxes.stripe.objects import prices, tax, tiers
from portal.sandboxes.stripe.store import Doc, Store

LINE: dict[str, p.Reader] = {
    "amount": p.integer(1),
    "description": p.filled(),
    "invoice_line_item": p.filled(200),
    "metadata": p.metadata,
    "quantity": p.integer(1),
    "tax_rates": p.IDS,
    "type": p.one_of("custom_line_item", "invoice_line_item"),
    "unit_amount": p.integer(),
    "unit_amount_decimal": p.decimal(),
}


def lines_of(store: Store, invoice: Doc, asked: dict[str, Any]) -> list[Doc]:
    if "lines" in asked:
        made = [_line(store, invoice, line, f"lines[{place}]") for place, line in enumerate(asked["lines"])]
        total = sum(line["amount"] + exclusive(line) for line in made)
        if asked.get("amount", total) != total:
            raise refused(
                f"The amount must equal the sum of the lines with their taxes ({total}).", "", "amount"
            )
        return made
    amount = asked.get("amount") or sum(
        asked.get(name, 0) for name in ("credit_amount", "refund_amount", "out_of_band_amount")
    )
    amount += (
        sum(entry.get("amount_refunded", 0) for entry in asked.get("refunds", []))
        if not asked.get("amount")
        else 0
    )
    if not amount:
        raise refused(
            "You must specify `amount`, `lines` or how the amount is credited.", "parameter_missing", "amount"
        )
    return [_blank_line(invoice, "custom_line_item", amount, 1, "Credit", Decimal(amount))]


def _line(store: Store, invoice: Doc, asked: dict[str, Any], param: str) -> Doc:
    if asked["type"] == "invoice_line_item":
        return _of_invoice_line(store, invoice, asked, param)
    if (invoice.get("automatic_tax") or {}).get("enabled"):
        raise refused(
            "Custom line items cannot be used on invoices with automatic tax: credit the invoice's lines.",
            "",
            f"{param}[type]",
        )
    unit = prices.decimal_of(asked, "unit_amount")
    if unit is None or "quantity" not in asked or "description" not in asked:
        raise refused(
            "A custom line needs `description`, `quantity` and `unit_amount`.", "parameter_missing", param
        )
    amount = tiers.rounded(Decimal(unit) * asked["quantity"])
    line = _blank_line(
        invoice, "custom_line_item", amount, asked["quantity"], asked["description"], Decimal(unit)
    )
    line["metadata"] = p.merged({}, asked.get("metadata"))
    line["taxes"] = [
        found.line(amount)
        for found in tax.taxes_of(store, asked.get("tax_rates", []), param=f"{param}[tax_rates]")
    ]
    return line


def _of_invoice_line(store: Store, invoice: Doc, asked: dict[str, Any], param: str) -> Doc:
    """Some or all of one line, with the same share of its taxes."""
    of = store.take("line_item", asked.get("invoice_line_item", ""), param=f"{param}[invoice_line_item]")
    if of["invoice"] != invoice["id"]:
        raise refused("The line item belongs to another invoice.", "", f"{param}[invoice_line_item]")
    if ("amount" in asked) == ("quantity" in asked):
        raise refused(
            "You must specify exactly one of `amount` and `quantity`.",
            "parameter_missing",
            f"{param}[quantity]",
        )
    whole = max(of["quantity"] or 1, 1)
    amount = asked.get("amount") or tiers.rounded(Decimal(of["amount"]) * asked["quantity"] / whole)
    earlier = _credited(store, invoice, of["id"])
    already = sum(row["amount"] for row in earlier)
    if amount > of["amount"] - already:
        raise refused(
            f"At most {of['amount'] - already} of this line can still be credited.", "", f"{param}[amount]"
        )
    line = _blank_line(invoice, "invoice_line_item", amount, asked.get("quantity"), of["description"], None)
    line |= {"invoice_line_item": of["id"], "metadata": p.merged({}, asked.get("metadata"))}
    line["taxes"] = [_share(found, already + amount, of["amount"], earlier) for found in of["taxes"]]
    return line


def _credited(store: Store, invoice: Doc, line: str) -> list[Doc]:
    """What earlier notes took off one line of the invoice."""
    notes = [note for note in store.of_parent("credit_note", invoice["id"]) if note["status"] == "issued"]
    rows = [row for note in notes for row in store.of_parent("credit_note_line_item", note["id"])]
    return [row for row in rows if row["invoice_line_item"] == line]


def _share(found: Doc, so_far: int, whole: int, earlier: list[Doc]) -> Doc:
    """The share of one tax in all that is credited of its line by now, less what earlier notes took of it."""
    part, rate = Decimal(so_far) / Decimal(whole), found["tax_rate_details"]
    taken = [tax for row in earlier for tax in row["taxes"] if tax["tax_rate_details"] == rate]
    return found | {
        name: tiers.rounded(found[name] * part) - sum(tax[name] for tax in taken)
        for name in ("amount", "taxable_amount")
    }


def _blank_line(
    invoice: Doc, kind: str, amount: int, quantity: int | None, words: str | None, unit: Decimal | None
) -> Doc:
    return {
        "id": ids.new_id("credit_note_line_item"),
        "object": "credit_note_line_item",
        "amount": amount,
        "description": words,
        "discount_amount": 0,
        "discount_amounts": [],
        "invoice_line_item": None,
        "livemode": False,
        "metadata": {},
        "pretax_credit_amounts": [],
        "quantity": quantity,
        "tax_rates": [],
        "taxes": [],
        "type": kind,
        "unit_amount": prices.whole_or_none(p.plain(unit)) if unit is not None else None,
        "unit_amount_decimal": p.plain(unit) if unit is not None else None,
        "_clock": invoice["test_clock"],
    }


def exclusive(line: Doc) -> int:
    return sum(found["amount"] for found in line["taxes"] if found["tax_behavior"] == "exclusive")
