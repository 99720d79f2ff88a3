"""The lines of an invoice, their taxes, and what they come to."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from portal.sandboxes.stripe import ids
from portal.sandboxes.stripe.api.answers import list_of
from portal.sandboxes.stripe.objects import tax, tiers
from portal.sandboxes.stripe.store import Doc, Store

SHOWN = 10


def blank(invoice: Doc, *, amount: int, description: str | None, period: Doc) -> Doc:
    """A line without origin; who makes it says where it comes from."""
    return {
        "id": ids.new_id("line_item"),
        "object": "line_item",
        "amount": amount,
        "currency": invoice["currency"],
        "description": description,
        "discount_amounts": [],
        "discountable": True,
        "discounts": [],
        "invoice": invoice["id"],
        "livemode": False,
        "metadata": {},
        "parent": None,
        "period": period,
        "pretax_credit_amounts": [],
        "pricing": None,
        "quantity": 1,
        "quantity_decimal": "1",
        "subscription": None,
        "subtotal": amount,
        "taxes": [],
        "_clock": invoice["test_clock"],
        "_rates": [],
        "_behaviour": "unspecified",
    }


def pricing(price: Doc, unit: Decimal | None) -> Doc:
    return {
        "price_details": {"price": price["id"], "product": price["product"]},
        "type": "price_details",
        "unit_amount_decimal": None if unit is None else format(unit, "f"),
    }


def of_item(store: Store, invoice: Doc, item: Doc) -> Doc:
    """An invoice item comes onto an invoice."""
    line = blank(invoice, amount=item["amount"], description=item["description"], period=item["period"])
    of_subscription = (item["parent"] or {}).get("subscription_details") or {}
    details = {
        "invoice_item": item["id"],
        "proration": item["proration"],
        "proration_details": {"credited_items": None},
        "subscription": of_subscription.get("subscription"),
    }
    if of_subscription.get("subscription_item"):
        details["subscription_item"] = of_subscription["subscription_item"]
        line["parent"] = {
            "invoice_item_details": None,
            "subscription_item_details": details,
            "type": "subscription_item_details",
        }
    else:
        line["parent"] = {
            "invoice_item_details": details,
            "subscription_item_details": None,
            "type": "invoice_item_details",
        }
    line |= {
        "metadata": dict(item["metadata"]),
        "pricing": item["pricing"],
        "quantity": item["quantity"],
        "quantity_decimal": str(item["quantity"]),
        "subscription": of_subscription.get("subscription"),
        "_rates": item["_rates"],
        "_behaviour": item["_behaviour"],
    }
    item["invoice"] = invoice["id"]
    store.save(item, event="invoiceitem.updated")
    return store.add(line, parent=invoice["id"])


def of_subscription_item(
    store: Store, invoice: Doc, subscription: Doc, item: Doc, period: Doc, *, trial: bool
) -> None:
    """A period of a subscription's item: one line for each tier it reaches."""
    price = store.take("price", item["price"])
    product = store.take("product", price["product"], deleted=True).get("name", "Deleted product")
    parts = (
        [tiers.Part(item["quantity"], Decimal(0), 0)] if trial else tiers.parts_of(price, item["quantity"])
    )
    for part in parts:
        words = (
            f"Trial period for {product}" if trial else f"{part.quantity} × {product} ({_at(price, part)})"
        )
        line = blank(invoice, amount=part.amount, description=words, period=period)
        line |= {
            "metadata": dict(item["metadata"]),
            "parent": {
                "invoice_item_details": None,
                "subscription_item_details": {
                    "invoice_item": None,
                    "proration": False,
                    "proration_details": {"credited_items": None},
                    "subscription": subscription["id"],
                    "subscription_item": item["id"],
                },
                "type": "subscription_item_details",
            },
            "pricing": pricing(price, part.unit),
            "quantity": part.quantity,
            "quantity_decimal": str(part.quantity),
            "subscription": subscription["id"],
            "_rates": item["_rates"],
            "_behaviour": price["tax_behavior"],
        }
        store.add(line, parent=invoice["id"])


def _at(price: Doc, part: tiers.Part) -> str:
    tier = f"{part.words}, " if part.words else ""
    each = (
        f"at {format(part.unit, 'f')} {price['currency'].upper()} minor units"
        if part.unit is not None
        else "once"
    )
    period = price["recurring"]
    count = "" if period["interval_count"] == 1 else f"{period['interval_count']} "
    return f"{tier}{each} / {count}{period['interval']}"


def shown(store: Store, invoice: Doc) -> Doc:
    """The invoice with its first lines, as it is answered and told."""
    found = store.of_parent("line_item", invoice["id"])
    url = f"/v1/invoices/{invoice['id']}/lines"
    page_of_lines = list_of(url, found[:SHOWN], has_more=len(found) > SHOWN)
    return invoice | {"lines": page_of_lines | {"total_count": len(found)}}


def save_counted(store: Store, invoice: Doc) -> None:
    """A draft whose lines changed: counted again, saved, told."""
    store.save(recount(store, invoice))
    store.tell("invoice.updated", shown(store, invoice), {})


# Totals ----------------------------------------------------------------------------------------------------------


def recount(store: Store, invoice: Doc) -> Doc:
    """Taxes and sums of a draft, from its lines. Changes the invoice, does not save it."""
    customer = store.take("customer", invoice["customer"], deleted=True)
    automatic = invoice["automatic_tax"]["enabled"]
    held = store.of_customer("tax_id", invoice["customer"]) if automatic else []
    lines = store.of_parent("line_item", invoice["id"])
    for line in lines:
        line["taxes"] = [found.line(line["amount"]) for found in _taxes(store, invoice, line, customer, held)]
        store.save(line)
    if automatic:
        located = bool((customer.get("address") or {}).get("country"))
        invoice["automatic_tax"]["status"] = "complete" if located else "requires_location_inputs"
    _sum(invoice, lines)
    return invoice


def _taxes(store: Store, invoice: Doc, line: Doc, customer: Doc, held: list[Doc]) -> list[tax.Tax]:
    if line["_rates"]:
        return tax.taxes_of(store, line["_rates"])
    if invoice["_default_rates"]:
        return tax.taxes_of(store, invoice["_default_rates"])
    if not invoice["automatic_tax"]["enabled"]:
        return []
    inclusive = line["_behaviour"] == "inclusive"
    return tax.automatic(
        store, customer.get("address"), held, customer.get("tax_exempt", "none"), inclusive=inclusive
    )


def _sum(invoice: Doc, lines: list[Doc]) -> None:
    subtotal = sum(line["amount"] for line in lines)
    taxes = [found for line in lines for found in line["taxes"]]
    exclusive = sum(found["amount"] for found in taxes if found["tax_behavior"] == "exclusive")
    inclusive = sum(found["amount"] for found in taxes if found["tax_behavior"] == "inclusive")
    total = subtotal + exclusive
    invoice |= {
        "subtotal": subtotal,
        "subtotal_excluding_tax": subtotal - inclusive,
        "total": total,
        "total_excluding_tax": total - exclusive - inclusive,
        "total_taxes": together(taxes),
    }
    invoice["amount_due"] = max(0, total)
    invoice["amount_remaining"] = invoice["amount_due"]


def together(taxes: list[Doc]) -> list[Doc]:
    """One entry for each rate."""
    found: dict[str, Any] = {}
    for entry in taxes:
        rate = entry["tax_rate_details"]["tax_rate"]
        if rate not in found:
            found[rate] = dict(entry)
        else:
            found[rate]["amount"] += entry["amount"]
            found[rate]["taxable_amount"] += entry["taxable_amount"]
    return list(found.values())
