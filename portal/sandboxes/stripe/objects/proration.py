"""What a change in the middle of a period costs: the unused time back, the remaining time anew, to the second."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from portal.sandboxes.stripe.objects import invoice_items, lines, tiers
from portal.sandboxes.stripe.store import Doc, Store


def share(price: Doc, quantity: int, start: int, end: int, at: int) -> int:
    """The cost of what is left of a period, rounded once."""
    return tiers.rounded(tiers.exact_of(price, quantity) * Decimal(end - at) / Decimal(end - start))


def credit(store: Store, subscription: Doc, item: Doc, at: int) -> None:
    """Give back what an item was billed for and will not use."""
    price = store.take("price", item["price"])
    start, end = item["current_period_start"], item["current_period_end"]
    amount = -share(price, item["quantity"], start, end, at)
    _add(
        store,
        subscription,
        item,
        price,
        amount,
        f"Unused time on {_what(store, item, price)} after {_day(at)}",
        at,
        end,
    )


def debit(store: Store, subscription: Doc, item: Doc, at: int) -> None:
    """Bill an item for the rest of its period."""
    price = store.take("price", item["price"])
    start, end = item["current_period_start"], item["current_period_end"]
    amount = share(price, item["quantity"], start, end, at)
    _add(
        store,
        subscription,
        item,
        price,
        amount,
        f"Remaining time on {_what(store, item, price)} after {_day(at)}",
        at,
        end,
    )


def _add(
    store: Store, subscription: Doc, item: Doc, price: Doc, amount: int, words: str, start: int, end: int
) -> None:
    customer = store.take("customer", subscription["customer"])
    made = invoice_items.add(
        store,
        customer,
        {
            "amount": amount,
            "currency": price["currency"],
            "description": words,
            "period": {"start": start, "end": end},
            "tax_behavior": price["tax_behavior"],
            "tax_rates": item["_rates"],
        },
        parent=invoice_items.of_subscription(subscription["id"], item["id"]),
        proration=True,
    )
    made |= {
        "pricing": lines.pricing(price, None),
        "quantity": item["quantity"],
        "quantity_decimal": str(item["quantity"]),
    }
    store.save(made)


def _what(store: Store, item: Doc, price: Doc) -> str:
    name = store.take("product", price["product"], deleted=True).get("name", "Deleted product")
    return f"{item['quantity']} × {name}" if item["quantity"] != 1 else str(name)


def _day(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%d %b %Y")
