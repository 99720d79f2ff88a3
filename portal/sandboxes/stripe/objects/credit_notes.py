"""Credit notes: an invoice made smaller after it was finalised, never below nothing."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from portal.sandboxes.stripe import ids
from portal.sandboxes.stripe.api import parameters as p
from portal.sandboxes.stripe.api.answers import list_of, page
from portal.sandboxes.stripe.api.errors import ApiError, refused
from portal.sandboxes.stripe.objects import (
    customers,
    invoice_moves,
    invoice_payments,
    invoices,
    lines,
    previews,
    prices,
    refunds,
    standing,
    tax,
    tiers,
)
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
CREATE: dict[str, p.Reader] = {
    "amount": p.integer(1),
    "credit_amount": p.integer(),
    "invoice": p.filled(200),
    "lines": p.array(p.nested(LINE, required=("type",)), most=250),
    "memo": p.or_empty(p.text()),
    "metadata": p.metadata,
    "out_of_band_amount": p.integer(),
    "reason": p.one_of("duplicate", "fraudulent", "order_change", "product_unsatisfactory"),
    "refund_amount": p.integer(),
    "refunds": p.array(
        p.nested({"amount_refunded": p.integer(1), "refund": p.filled(200)}, required=("refund",))
    ),
}


def create(store: Store, given: p.Given) -> Doc:
    return _create(store, p.read(given, CREATE, required=("invoice",)))


def preview(store: Store, given: p.Given) -> Doc:
    asked = p.read(given, CREATE, required=("invoice",))
    made = previews.tried(lambda: _create(store, asked))
    return made | {"number": None, "pdf": ""}


def _create(store: Store, asked: dict[str, Any]) -> Doc:
    invoice = invoices.taken(store, asked["invoice"], param="invoice")
    if invoice["status"] not in {"open", "paid", "uncollectible"}:
        raise refused(
            "Credit notes can only be created for invoices that are open, paid or uncollectible.",
            "",
            "invoice",
        )
    made = _lines(store, invoice, asked)
    amount = sum(line["amount"] + _exclusive(line) for line in made)
    _require_room(invoice, amount)
    doc = _blank(store, invoice, made, amount, asked)
    if invoice["status"] == "paid":
        _after_payment(store, invoice, doc, asked)
    else:
        _before_payment(store, invoice, doc, asked)
    for line in made:
        store.add(line, parent=doc["id"])
    standing.tell_invoice(store, invoices.taken(store, invoice["id"]), "updated")
    doc = shown(store, doc)
    store.tell("credit_note.created", doc)
    return doc


def _exclusive(line: Doc) -> int:
    return sum(found["amount"] for found in line["taxes"] if found["tax_behavior"] == "exclusive")


def _require_room(invoice: Doc, amount: int) -> None:
    paid = invoice["status"] == "paid"
    before = invoice["post_payment_credit_notes_amount"] + invoice["pre_payment_credit_notes_amount"]
    room = invoice["total"] - before if paid else invoice["amount_remaining"]
    if amount > room:
        kind = "creditable amount" if paid else "amount remaining"
        raise refused(
            f"The sum of credit amount ({amount}) must not be greater than the {kind} of the invoice ({room}).",
            "",
            "amount",
        )
    if amount <= 0:
        raise refused("The credit note must be for more than nothing.", "", "amount")


# Lines -----------------------------------------------------------------------------------------------------------


def _lines(store: Store, invoice: Doc, asked: dict[str, Any]) -> list[Doc]:
    if "lines" in asked:
        made = [_line(store, invoice, line, f"lines[{place}]") for place, line in enumerate(asked["lines"])]
        total = sum(line["amount"] + _exclusive(line) for line in made)
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
    already = _credited(store, invoice, of["id"])
    if amount > of["amount"] - already:
        raise refused(
            f"At most {of['amount'] - already} of this line can still be credited.", "", f"{param}[amount]"
        )
    line = _blank_line(invoice, "invoice_line_item", amount, asked.get("quantity"), of["description"], None)
    line |= {"invoice_line_item": of["id"], "metadata": p.merged({}, asked.get("metadata"))}
    line["taxes"] = [_share(found, amount, of["amount"]) for found in of["taxes"]]
    return line


def _credited(store: Store, invoice: Doc, line: str) -> int:
    notes = [note for note in store.of_parent("credit_note", invoice["id"]) if note["status"] == "issued"]
    rows = [row for note in notes for row in store.of_parent("credit_note_line_item", note["id"])]
    return sum(row["amount"] for row in rows if row["invoice_line_item"] == line)


def _share(found: Doc, amount: int, whole: int) -> Doc:
    part = Decimal(amount) / Decimal(whole)
    return found | {
        "amount": tiers.rounded(found["amount"] * part),
        "taxable_amount": tiers.rounded(found["taxable_amount"] * part),
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


# The note --------------------------------------------------------------------------------------------------------


def _blank(store: Store, invoice: Doc, made: list[Doc], amount: int, asked: dict[str, Any]) -> Doc:
    taxes = lines.together([found for line in made for found in line["taxes"]])
    subtotal = sum(line["amount"] for line in made)
    without = subtotal - sum(found["amount"] for found in taxes if found["tax_behavior"] == "inclusive")
    identifier = ids.new_id("credit_note")
    notes = store.of_parent("credit_note", invoice["id"])
    return {
        "id": identifier,
        "object": "credit_note",
        "amount": amount,
        "amount_shipping": 0,
        "created": store.now_of(invoice),
        "currency": invoice["currency"],
        "customer": invoice["customer"],
        "customer_balance_transaction": None,
        "discount_amount": 0,
        "discount_amounts": [],
        "effective_at": store.now_of(invoice),
        "invoice": invoice["id"],
        "livemode": False,
        "memo": asked.get("memo"),
        "metadata": p.merged({}, asked.get("metadata")),
        "number": f"{invoice['number']}-CN-{len(notes) + 1:02d}",
        "out_of_band_amount": None,
        "pdf": f"{invoice['hosted_invoice_url']}/credit/{identifier}/pdf",
        "post_payment_amount": 0,
        "pre_payment_amount": 0,
        "pretax_credit_amounts": [],
        "reason": asked.get("reason"),
        "refunds": [],
        "shipping_cost": None,
        "status": "issued",
        "subtotal": subtotal,
        "subtotal_excluding_tax": without,
        "total": amount,
        "total_excluding_tax": without,
        "total_taxes": taxes,
        "type": "pre_payment",
        "voided_at": None,
        "_clock": invoice["test_clock"],
    }


def _before_payment(store: Store, invoice: Doc, doc: Doc, asked: dict[str, Any]) -> None:
    """Less is due."""
    for name in ("credit_amount", "refund_amount", "out_of_band_amount", "refunds"):
        if asked.get(name):
            raise refused(f"`{name}` is only for invoices that are paid.", "", name)
    doc["pre_payment_amount"] = doc["amount"]
    store.add(doc, parent=invoice["id"])
    invoice["pre_payment_credit_notes_amount"] += doc["amount"]
    invoice["amount_due"] -= doc["amount"]
    invoice["amount_remaining"] -= doc["amount"]
    store.save(invoice)
    if invoice["amount_remaining"] == 0:
        invoice_payments.cancel_open(store, invoice)
        invoice_moves.mark_paid(store, invoice)


def _after_payment(store: Store, invoice: Doc, doc: Doc, asked: dict[str, Any]) -> None:
    """What was paid goes back: to the card, to the balance, or by other means."""
    given = {name: asked.get(name, 0) for name in ("credit_amount", "refund_amount", "out_of_band_amount")}
    linked = _linked_refunds(store, asked.get("refunds", []))
    told = sum(given.values()) + sum(entry["amount_refunded"] for entry in linked)
    if told != doc["amount"]:
        raise refused(
            f"The sum of `refund_amount`, `credit_amount`, `out_of_band_amount` and `refunds` ({told}) must equal the "
            f"credit note's total ({doc['amount']}).",
            "",
            "amount",
        )
    doc |= {
        "type": "post_payment",
        "post_payment_amount": doc["amount"],
        "out_of_band_amount": given["out_of_band_amount"] or None,
    }
    if given["refund_amount"]:
        made = refunds.make(store, _charge_of(store, invoice), given["refund_amount"], reason=None)
        linked.append({"amount_refunded": made["amount"], "refund": made["id"], "type": "refund"})
    doc["refunds"] = linked
    store.add(doc, parent=invoice["id"])
    if given["credit_amount"]:
        entry = customers.change_balance(
            store,
            invoice["customer"],
            -given["credit_amount"],
            "credit_note",
            invoice=invoice["id"],
            credit_note=doc["id"],
        )
        doc["customer_balance_transaction"] = entry["id"]
        store.save(doc)
    invoice["post_payment_credit_notes_amount"] += doc["amount"]
    store.save(invoice)


def _linked_refunds(store: Store, asked: list[dict[str, Any]]) -> list[Doc]:
    found = []
    for entry in asked:
        refund = store.take("refund", entry["refund"], param="refunds")
        found.append(
            {
                "amount_refunded": entry.get("amount_refunded", refund["amount"]),
                "refund": refund["id"],
                "type": "refund",
            }
        )
    return found


def _charge_of(store: Store, invoice: Doc) -> Doc:
    if not invoice["_intent"] or not invoice["amount_paid"]:
        raise refused("There is no payment on this invoice that could be refunded.", "", "refund_amount")
    return refunds.charge_of(store, invoice["_intent"])


def shown(store: Store, doc: Doc) -> Doc:
    rows = store.of_parent("credit_note_line_item", doc["id"])
    return doc | {"lines": list_of(f"/v1/credit_notes/{doc['id']}/lines", rows)}


def retrieve(store: Store, given: p.Given, identifier: str) -> Doc:
    p.read(given, {})
    return shown(store, store.take("credit_note", identifier))


def update(store: Store, given: p.Given, identifier: str) -> Doc:
    asked = p.read(given, {"memo": p.or_empty(p.text()), "metadata": p.metadata})
    doc = store.take("credit_note", identifier)
    doc["metadata"] = p.merged(doc["metadata"], asked.get("metadata"))
    doc["memo"] = asked.get("memo", doc["memo"])
    store.save(doc)
    store.tell("credit_note.updated", shown(store, doc), {})
    return shown(store, doc)


def void(store: Store, given: p.Given, identifier: str) -> Doc:
    """Only while nothing was paid: what it took off is due again."""
    p.read(given, {})
    doc = store.take("credit_note", identifier)
    invoice = invoices.taken(store, doc["invoice"])
    if doc["status"] == "void" or doc["type"] != "pre_payment" or invoice["status"] != "open":
        raise _cannot_void()
    doc |= {"status": "void", "voided_at": store.now_of(doc)}
    store.save(doc)
    invoice["pre_payment_credit_notes_amount"] -= doc["amount"]
    invoice["amount_due"] += doc["amount"]
    invoice["amount_remaining"] += doc["amount"]
    store.save(invoice)
    store.tell("credit_note.voided", shown(store, doc))
    standing.tell_invoice(store, invoice, "updated")
    return shown(store, doc)


def _cannot_void() -> ApiError:
    return refused("Only issued credit notes on open invoices can be voided.")


def list_all(store: Store, given: p.Given) -> Doc:
    filters: dict[str, p.Reader] = {"customer": p.filled(200), "invoice": p.filled(200)}
    found = page(store, given, "credit_note", url="/v1/credit_notes", filters=filters)
    found["data"] = [shown(store, doc) for doc in found["data"]]
    return found


def list_lines(store: Store, given: p.Given, identifier: str) -> Doc:
    store.take("credit_note", identifier)
    return page(
        store,
        given,
        "credit_note_line_item",
        url=f"/v1/credit_notes/{identifier}/lines",
        narrow=lambda found, asked: found.filter(parent=identifier),
        oldest_first=True,
    )
