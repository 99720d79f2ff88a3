"""Every address of the API, as one table: method, path, what answers it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from portal.sandboxes.stripe.api.errors import ApiError
from portal.sandboxes.stripe.objects import (
    charges,
    checkout,
    credit_notes,
    customers,
    disputes,
    events,
    intents,
    invoice_items,
    invoice_moves,
    invoice_payments,
    invoices,
    payment_methods,
    portal_sessions,
    previews,
    prices,
    products,
    refunds,
    settling,
    setup_intents,
    subscription_changes,
    subscription_items,
    subscription_reading,
    subscriptions,
    tax,
    tax_ids,
    test_clocks,
    webhook_endpoints,
)
from portal.sandboxes.stripe.store import Doc

Function = Callable[..., Doc]
ROUTES: tuple[tuple[str, str, Function], ...] = (
    ("POST", "customers", customers.create),
    ("GET", "customers", customers.list_all),
    ("GET", "customers/:id", customers.retrieve),
    ("POST", "customers/:id", customers.update),
    ("DELETE", "customers/:id", subscription_changes.delete_customer),
    ("GET", "customers/:id/balance_transactions", customers.list_balance),
    ("POST", "customers/:id/balance_transactions", customers.adjust_balance),
    ("POST", "customers/:id/tax_ids", tax_ids.create),
    ("GET", "customers/:id/tax_ids", tax_ids.list_all),
    ("GET", "customers/:id/tax_ids/:id", tax_ids.retrieve),
    ("DELETE", "customers/:id/tax_ids/:id", tax_ids.delete),
    ("GET", "customers/:id/payment_methods", payment_methods.list_of_customer),
    ("GET", "customers/:id/payment_methods/:id", payment_methods.retrieve_of),
    ("POST", "tax_ids", tax_ids.create_top),
    ("GET", "tax_ids/:id", tax_ids.retrieve_top),
    ("DELETE", "tax_ids/:id", tax_ids.delete_top),
    ("POST", "payment_methods", payment_methods.create),
    ("GET", "payment_methods", payment_methods.list_all),
    ("GET", "payment_methods/:id", payment_methods.retrieve),
    ("POST", "payment_methods/:id", payment_methods.update),
    ("POST", "payment_methods/:id/attach", payment_methods.attach),
    ("POST", "payment_methods/:id/detach", payment_methods.detach),
    ("POST", "payment_intents", intents.create),
    ("GET", "payment_intents", intents.list_all),
    ("GET", "payment_intents/:id", intents.retrieve),
    ("POST", "payment_intents/:id", intents.update),
    ("POST", "payment_intents/:id/confirm", settling.confirm),
    ("POST", "payment_intents/:id/cancel", intents.cancel),
    ("POST", "setup_intents", setup_intents.create),
    ("GET", "setup_intents", setup_intents.list_all),
    ("GET", "setup_intents/:id", setup_intents.retrieve),
    ("POST", "setup_intents/:id/confirm", setup_intents.confirm_one),
    ("POST", "setup_intents/:id/cancel", setup_intents.cancel),
    ("GET", "charges", charges.list_all),
    ("GET", "charges/:id", charges.retrieve),
    ("POST", "charges/:id", charges.update),
    ("POST", "refunds", refunds.create),
    ("GET", "refunds", refunds.list_all),
    ("GET", "refunds/:id", refunds.retrieve),
    ("POST", "refunds/:id", refunds.update),
    ("GET", "disputes", disputes.list_all),
    ("GET", "disputes/:id", disputes.retrieve),
    ("POST", "disputes/:id", disputes.update),
    ("POST", "disputes/:id/close", disputes.close),
    ("POST", "products", products.create),
    ("GET", "products", products.list_all),
    ("GET", "products/:id", products.retrieve),
    ("POST", "products/:id", products.update),
    ("DELETE", "products/:id", products.delete),
    ("POST", "prices", prices.create),
    ("GET", "prices", prices.list_all),
    ("GET", "prices/:id", prices.retrieve),
    ("POST", "prices/:id", prices.update),
    ("POST", "tax_rates", tax.create_rate),
    ("GET", "tax_rates", tax.list_rates),
    ("GET", "tax_rates/:id", tax.retrieve_rate),
    ("POST", "tax_rates/:id", tax.update_rate),
    ("POST", "tax/calculations", tax.calculate),
    ("POST", "invoiceitems", invoice_items.create),
    ("GET", "invoiceitems", invoice_items.list_all),
    ("GET", "invoiceitems/:id", invoice_items.retrieve),
    ("POST", "invoiceitems/:id", invoice_items.update),
    ("DELETE", "invoiceitems/:id", invoice_items.delete),
    ("POST", "invoices", invoices.create),
    ("GET", "invoices", invoices.list_all),
    ("POST", "invoices/create_preview", previews.create_preview),
    ("GET", "invoices/:id", invoices.retrieve),
    ("POST", "invoices/:id", invoices.update),
    ("DELETE", "invoices/:id", invoices.delete),
    ("GET", "invoices/:id/lines", invoices.list_lines),
    ("POST", "invoices/:id/finalize", invoice_moves.finalize),
    ("POST", "invoices/:id/pay", invoice_moves.pay),
    ("POST", "invoices/:id/send", invoice_moves.send),
    ("POST", "invoices/:id/void", invoice_moves.void),
    ("POST", "invoices/:id/mark_uncollectible", invoice_moves.mark_uncollectible),
    ("GET", "invoice_payments", invoice_payments.list_all),
    ("GET", "invoice_payments/:id", invoice_payments.retrieve),
    ("POST", "credit_notes", credit_notes.create),
    ("GET", "credit_notes", credit_notes.list_all),
    ("GET", "credit_notes/preview", credit_notes.preview),
    ("GET", "credit_notes/:id", credit_notes.retrieve),
    ("POST", "credit_notes/:id", credit_notes.update),
    ("POST", "credit_notes/:id/void", credit_notes.void),
    ("GET", "credit_notes/:id/lines", credit_notes.list_lines),
    ("POST", "subscriptions", subscriptions.create),
    ("GET", "subscriptions", subscription_reading.list_all),
    ("GET", "subscriptions/:id", subscription_reading.retrieve),
    ("POST", "subscriptions/:id", subscription_changes.update),
    ("DELETE", "subscriptions/:id", subscription_changes.cancel),
    ("POST", "subscription_items", subscription_items.create),
    ("GET", "subscription_items", subscription_items.list_all),
    ("GET", "subscription_items/:id", subscription_items.retrieve),
    ("POST", "subscription_items/:id", subscription_items.update),
    ("DELETE", "subscription_items/:id", subscription_items.delete),
    ("POST", "checkout/sessions", checkout.create),
    ("GET", "checkout/sessions", checkout.list_all),
    ("GET", "checkout/sessions/:id", checkout.retrieve),
    ("POST", "checkout/sessions/:id", checkout.update),
    ("POST", "checkout/sessions/:id/expire", checkout.expire),
    ("GET", "checkout/sessions/:id/line_items", checkout.list_line_items),
    ("POST", "billing_portal/sessions", portal_sessions.create),
    ("POST", "billing_portal/configurations", portal_sessions.create_configuration),
    ("GET", "billing_portal/configurations", portal_sessions.list_configurations),
    ("GET", "billing_portal/configurations/:id", portal_sessions.retrieve_configuration),
    ("POST", "billing_portal/configurations/:id", portal_sessions.update_configuration),
    ("GET", "events", events.list_all),
    ("GET", "events/:id", events.retrieve),
    ("POST", "webhook_endpoints", webhook_endpoints.create),
    ("GET", "webhook_endpoints", webhook_endpoints.list_all),
    ("GET", "webhook_endpoints/:id", webhook_endpoints.retrieve),
    ("POST", "webhook_endpoints/:id", webhook_endpoints.update),
    ("DELETE", "webhook_endpoints/:id", webhook_endpoints.delete),
    ("POST", "test_helpers/test_clocks", test_clocks.create),
    ("GET", "test_helpers/test_clocks", test_clocks.list_all),
    ("GET", "test_helpers/test_clocks/:id", test_clocks.retrieve),
    ("DELETE", "test_helpers/test_clocks/:id", test_clocks.delete),
    ("POST", "test_helpers/test_clocks/:id/advance", test_clocks.advance),
)
COMPILED = [
    (method, re.compile(re.escape(path).replace(":id", r"([A-Za-z0-9_.-]{1,200})")), function)
    for method, path, function in ROUTES
]


@dataclass(frozen=True)
class Found:
    """What answers an address, and the identifiers in its path."""

    function: Callable[..., Any]
    arguments: tuple[str, ...]


def find(method: str, path: str) -> Found:
    path = path.strip("/")
    for known, pattern, function in COMPILED:
        matched = pattern.fullmatch(path)
        if matched and known == method:
            return Found(function, matched.groups())
    raise ApiError(
        f"Unrecognized request URL ({method}: /v1/{path[:200]}). This sandbox answers what SANDBOX.md lists and nothing else.",
        status=404,
    )
