"""Credit notes: an invoice made smaller after it was finalised, never below nothing.

A note first makes less due; what is left of it goes back to whoever paid.
"""

from __future__ import annotations

from typing import Any

from portal.sandboxes.stripe import ids
from portal.sandboxes.stripe.api import parameters as p
from portal.sandboxes.stripe.api.answers import list_of, page
from portal.sandboxes.stripe.api.errors import ApiError, refused
from portal.sandboxes.stripe.objects import (
    credit_note_lines,
    customers,
    invoice_moves,
    invoice_payments,
    invoices,
    lines,
    previews,
    refunds,
    standing,
)
from portal.sandboxes.stripe.store import Doc, Store

CREATE: dict[str, p.Reader] = {
    "amount": p.integer(1),
    "credit_amount": p.integer(),
    "invoice": p.filled(200),
    "lines": p.array(p.nested(credit_note_lines.LINE, required=("type",)), most=250),
    "memo": p.or_empty(p.text()),
    "metadata": p.metadata,
    "out_of_band_amount": p.integer(),
    "reason": p.one_of("duplicate", "fraudulent", "order_change", "product_unsatisfactory"),
    "refund_amount": p.integer(),
    "refunds": p.array(
        p.nested({"amount_refunded": p.integer(1), "refund": p.filled(200)}, required=("refund",))
    ),
}
RETURNS = ("credit_amount", "refund_amount", "out_of_band_amount", "refunds")


def create(store: Store, given: p.Given) -> Doc:
    return _create(store, p.read(given, CREATE, required=("invoice",)))


def preview(store: Store, given: p.Given) -> Doc:
    """With or without saying where the money goes: callers ask what a note comes to before they decide."""
    asked = p.read(given, CREATE, required=("invoice",))
    if not any(asked.get(name) for name in RETURNS):
        asked["credit_amount"] = None
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
    made = credit_note_lines.lines_of(store, invoice, asked)
    amount = sum(line["amount"] + credit_note_lines.exclusive(line) for line in made)
    _require_room(store, invoice, amount, asked)
    doc = _blank(store, invoice, made, amount, asked)
    _split(invoice, doc)
    linked = _linked_refunds(store, asked.get("refunds", []))
    given = _returned(doc, linked, asked)
    store.add(doc, parent=invoice["id"])
    if doc["pre_payment_amount"]:
        _make_less_due(store, invoice, doc["pre_payment_amount"])
    if doc["post_payment_amount"]:
        _give_back(store, invoice, doc, linked, given)
    for line in made:
        store.add(line, parent=doc["id"])
    standing.tell_invoice(store, invoices.taken(store, invoice["id"]), "updated")
    doc = shown(store, doc)
    store.tell("credit_note.created", doc)
    return doc


def _require_room(store: Store, invoice: Doc, amount: int, asked: dict[str, Any]) -> None:
    """What was refunded without a note counts as if it had been credited, unless this note is about that refund."""
    before = invoice["post_payment_credit_notes_amount"] + invoice["pre_payment_credit_notes_amount"]
    room = invoice["total"] - before - _refunded_apart(store, invoice, asked)
    if amount > room:
        kind = "creditable amount" if invoice["status"] == "paid" else "amount remaining"
        raise refused(
            f"The sum of credit amount ({amount}) must not be greater than the {kind} of the invoice ({room}).",
            "",
            "amount",
        )
    if amount <= 0:
        raise refused("The credit note must be for more than nothing.", "", "amount")


def _refunded_apart(store: Store, invoice: Doc, asked: dict[str, Any]) -> int:
    if not invoice["_intent"]:
        return 0
    charges = store.of_parent("charge", invoice["_intent"])
    notes = [note for note in store.of_parent("credit_note", invoice["id"]) if note["status"] == "issued"]
    linked = {entry["refund"] for note in notes for entry in note["refunds"]}
    linked |= {entry["refund"] for entry in asked.get("refunds", [])}
    made = [refund for charge in charges for refund in store.of_parent("refund", charge["id"])]
    return sum(refund["amount"] for refund in made if refund["id"] not in linked)


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


def _split(invoice: Doc, doc: Doc) -> None:
    """As much as is still due is no longer due; the rest was paid."""
    due = 0 if invoice["status"] == "paid" else min(doc["amount"], invoice["amount_remaining"])
    kinds = {(True, False): "pre_payment", (False, True): "post_payment", (True, True): "mixed"}
    doc |= {
        "pre_payment_amount": due,
        "post_payment_amount": doc["amount"] - due,
        "type": kinds[due > 0, doc["amount"] > due],
    }


def _returned(doc: Doc, linked: list[Doc], asked: dict[str, Any]) -> dict[str, int]:
    """Where what was paid goes: to the card, to the balance, or by other means. All of it goes somewhere."""
    owed = doc["post_payment_amount"]
    if asked.get("credit_amount", 0) is None:
        asked = asked | {"credit_amount": owed}
    given = {name: asked.get(name, 0) for name in ("credit_amount", "refund_amount", "out_of_band_amount")}
    told = sum(given.values()) + sum(entry["amount_refunded"] for entry in linked)
    if told != owed:
        raise refused(
            f"The sum of `refund_amount`, `credit_amount`, `out_of_band_amount` and `refunds` ({told}) must equal the "
            f"post payment amount of the credit note ({owed}).",
            "",
            "amount",
        )
    return given


def _make_less_due(store: Store, invoice: Doc, amount: int) -> None:
    invoice["pre_payment_credit_notes_amount"] += amount
    invoice["amount_due"] -= amount
    invoice["amount_remaining"] -= amount
    store.save(invoice)
    if invoice["amount_remaining"] == 0:
        invoice_payments.cancel_open(store, invoice)
        invoice_moves.mark_paid(store, invoice)


def _give_back(store: Store, invoice: Doc, doc: Doc, linked: list[Doc], given: dict[str, int]) -> None:
    if given["refund_amount"]:
        made = refunds.make(store, _charge_of(store, invoice), given["refund_amount"], reason=None)
        linked.append({"amount_refunded": made["amount"], "refund": made["id"], "type": "refund"})
    doc |= {"refunds": linked, "out_of_band_amount": given["out_of_band_amount"] or None}
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
    invoice["post_payment_credit_notes_amount"] += doc["post_payment_amount"]
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
