"""Invoice items: amounts that wait for the next invoice, or go onto a draft at once."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db.models import Q

from portal.sandboxes.stripe import ids
from portal.sandboxes.stripe.api import parameters as p
from portal.sandboxes.stripe.api.answers import page
from portal.sandboxes.stripe.api.errors import refused
from portal.sandboxes.stripe.objects import customers, lines, prices, tax, tiers
from portal.sandboxes.stripe.store import Doc, Store

PERIOD = p.nested({"start": p.timestamp, "end": p.timestamp}, required=("start", "end"))
DATA = {name: reader for name, reader in prices.DATA.items() if name != "recurring"}
CHANGEABLE: dict[str, p.Reader] = {
    "amount": p.integer(-p.LARGEST),
    "description": p.or_empty(p.text()),
    "discountable": p.boolean,
    "metadata": p.metadata,
    "period": PERIOD,
    "price_data": p.nested(DATA, required=("currency", "product")),
    "pricing": p.nested({"price": p.filled(200)}, required=("price",)),
    "quantity": p.integer(),
    "tax_behavior": prices.BEHAVIOUR,
    "tax_code": p.filled(20),
    "tax_rates": p.IDS,
    "unit_amount_decimal": p.decimal(negative=True),
}
CREATE: dict[str, p.Reader] = CHANGEABLE | {
    "currency": p.currency,
    "customer": p.filled(200),
    "invoice": p.filled(200),
    "subscription": p.filled(200),
}


def create(store: Store, given: p.Given) -> Doc:
    asked = p.read(given, CREATE, required=("customer",))
    customer = store.take("customer", asked["customer"], param="customer")
    invoice = _draft(store, asked, customer)
    parent = None
    if "subscription" in asked:
        store.take("subscription", asked["subscription"], param="subscription")
        parent = of_subscription(asked["subscription"], None)
    item = add(store, customer, asked, parent=parent)
    if invoice:
        lines.of_item(store, invoice, item)
        lines.save_counted(store, invoice)
    return store.take("invoiceitem", item["id"])


def _draft(store: Store, asked: dict[str, Any], customer: Doc) -> Doc | None:
    if "invoice" not in asked:
        return None
    invoice = store.take("invoice", asked["invoice"], param="invoice")
    if invoice["customer"] != customer["id"]:
        raise refused("The invoice belongs to another customer.", "", "invoice")
    if invoice["status"] != "draft":
        raise refused("This invoice is no longer editable", "invoice_not_editable", "invoice")
    if asked.setdefault("currency", invoice["currency"]) != invoice["currency"]:
        raise refused(f"The currency must be the invoice's ({invoice['currency']}).", "", "currency")
    return invoice


def of_subscription(subscription: str, item: str | None) -> Doc:
    details = {"subscription": subscription, "subscription_item": item}
    return {"subscription_details": details, "type": "subscription_details"}


def add(
    store: Store, customer: Doc, asked: dict[str, Any], *, parent: Doc | None = None, proration: bool = False
) -> Doc:
    """One item, checked and told."""
    now = store.now_of(customer)
    doc: Doc = {
        "id": ids.new_id("invoiceitem"),
        "object": "invoiceitem",
        "amount": 0,
        "currency": "",
        "customer": customer["id"],
        "date": now,
        "description": asked.get("description"),
        "discountable": asked.get("discountable", not proration),
        "discounts": [],
        "invoice": None,
        "livemode": False,
        "metadata": p.merged({}, asked.get("metadata")),
        "net_amount": 0,
        "parent": parent,
        "period": asked.get("period") or {"start": now, "end": now},
        "pricing": None,
        "proration": proration,
        "proration_details": {"discount_amounts": []} if proration else None,
        "quantity": 1,
        "quantity_decimal": "1",
        "tax_rates": [store.take("tax_rate", rate, param="tax_rates") for rate in asked.get("tax_rates", [])],
        "test_clock": customer["test_clock"],
        "created": now,
        "_rates": tax.require_rates(store, asked.get("tax_rates", []), param="tax_rates"),
        "_behaviour": asked.get("tax_behavior", "unspecified"),
    }
    _cost(store, doc, asked, customer)
    if doc["period"]["end"] < doc["period"]["start"]:
        raise refused("The period must not end before it starts.", "", "period[end]")
    customers.require_currency(store, customer, doc["currency"])
    return store.add(doc, event="invoiceitem.created")


def _cost(store: Store, doc: Doc, asked: dict[str, Any], customer: Doc) -> None:
    ways = [name for name in ("amount", "pricing", "price_data", "unit_amount_decimal") if name in asked]
    if len(ways) != 1:
        raise refused(
            "You must specify exactly one of `amount`, `pricing`, `price_data` and `unit_amount_decimal`.",
            "parameter_missing" if not ways else "",
            "amount",
        )
    if "amount" in asked:
        if asked.get("quantity", 1) != 1:
            raise refused("`quantity` cannot be given with `amount`.", "", "quantity")
        doc |= {"amount": asked["amount"], "currency": _currency(asked, customer)}
    elif "unit_amount_decimal" in asked:
        unit = Decimal(asked["unit_amount_decimal"])
        doc["currency"] = _currency(asked, customer)
        _priced(
            doc,
            asked,
            unit,
            {"price_details": None, "type": "price_details", "unit_amount_decimal": format(unit, "f")},
        )
    else:
        _at_price(store, doc, asked)
    doc["net_amount"] = doc["amount"]


def _currency(asked: dict[str, Any], customer: Doc) -> str:
    found = asked.get("currency") or customer["currency"]
    if not found:
        raise refused("Missing required param: currency.", "parameter_missing", "currency")
    return str(found)


def _at_price(store: Store, doc: Doc, asked: dict[str, Any]) -> None:
    chosen = (
        {"price": asked["pricing"]["price"]} if "pricing" in asked else {"price_data": asked["price_data"]}
    )
    price = prices.named(store, chosen, param="pricing", recurring=False)
    if asked.setdefault("currency", price["currency"]) != price["currency"]:
        raise refused(f"The price is in {price['currency']}.", "", "currency")
    doc["currency"] = price["currency"]
    quantity = asked.get("quantity", 1)
    unit = Decimal(price["unit_amount_decimal"])
    _priced(doc, asked, unit, lines.pricing(price, unit))
    doc["amount"] = tiers.amount_of(price, quantity)
    if doc["description"] is None:
        doc["description"] = store.take("product", price["product"], deleted=True).get("name")
    if price["tax_behavior"] != "unspecified":
        doc["_behaviour"] = price["tax_behavior"]


def _priced(doc: Doc, asked: dict[str, Any], unit: Decimal, pricing: Doc) -> None:
    quantity = asked.get("quantity", 1)
    doc |= {
        "quantity": quantity,
        "quantity_decimal": str(quantity),
        "pricing": pricing,
        "amount": tiers.rounded(unit * quantity),
    }


def pending(store: Store, customer: str, subscription: str | None) -> list[Doc]:
    """What waits for an invoice of this customer, for one subscription or for none in particular."""
    waiting = [item for item in store.of_customer("invoiceitem", customer) if item["invoice"] is None]
    return [item for item in waiting if _subscription_of(item) in {None, subscription}]


def _subscription_of(item: Doc) -> str | None:
    details = (item["parent"] or {}).get("subscription_details") or {}
    found: str | None = details.get("subscription")
    return found


def retrieve(store: Store, given: p.Given, identifier: str) -> Doc:
    p.read(given, {})
    return store.take("invoiceitem", identifier)


def update(store: Store, given: p.Given, identifier: str) -> Doc:
    asked = p.read(given, CHANGEABLE)
    item = store.take("invoiceitem", identifier)
    invoice = _editable(store, item)
    item["metadata"] = p.merged(item["metadata"], asked.get("metadata"))
    item |= {name: asked[name] for name in ("description", "discountable", "period") if name in asked}
    if {"amount", "pricing", "price_data", "unit_amount_decimal"} & set(asked):
        asked["currency"] = item["currency"]
        _cost(store, item, asked, {})
    elif "quantity" in asked and item["pricing"]:
        _priced(item, asked, Decimal(item["pricing"]["unit_amount_decimal"]), item["pricing"])
    store.save(item, event="invoiceitem.updated")
    if invoice:
        _replace_line(store, invoice, item)
    return store.take("invoiceitem", identifier)


def _editable(store: Store, item: Doc) -> Doc | None:
    invoice = store.take("invoice", item["invoice"]) if item["invoice"] else None
    if invoice and invoice["status"] != "draft":
        raise refused("This invoice is no longer editable", "invoice_not_editable")
    return invoice


def _line_of(store: Store, invoice: Doc, item: Doc) -> Doc:
    def origin(line: Doc) -> str | None:
        details = line["parent"]["invoice_item_details"] or line["parent"]["subscription_item_details"]
        found: str | None = details["invoice_item"]
        return found

    return next(line for line in store.of_parent("line_item", invoice["id"]) if origin(line) == item["id"])


def _replace_line(store: Store, invoice: Doc, item: Doc) -> None:
    store.remove(_line_of(store, invoice, item))
    lines.of_item(store, invoice, item)
    lines.save_counted(store, invoice)


def delete(store: Store, given: p.Given, identifier: str) -> Doc:
    p.read(given, {})
    item = store.take("invoiceitem", identifier)
    if invoice := _editable(store, item):
        store.remove(_line_of(store, invoice, item))
        lines.save_counted(store, invoice)
    return store.remove(item, event="invoiceitem.deleted")


def list_all(store: Store, given: p.Given) -> Doc:
    def narrow(found: Any, asked: dict[str, Any]) -> Any:
        if "pending" in asked:
            waiting = Q(data__invoice=None)
            found = found.filter(waiting if asked["pending"] else ~waiting)
        named = {name: asked[name] for name in ("customer", "invoice") if name in asked}
        return found.filter(**{f"data__{name}": value for name, value in named.items()})

    filters: dict[str, p.Reader] = {"customer": p.filled(200), "invoice": p.filled(200), "pending": p.boolean}
    return page(store, given, "invoiceitem", url="/v1/invoiceitems", filters=filters, narrow=narrow)
