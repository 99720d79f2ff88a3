"""Identifiers with Stripe's prefixes, and which object a prefix names."""

from __future__ import annotations

import hashlib
import secrets
import string

ALPHABET = string.ascii_letters + string.digits
PREFIXES = {
    "customer": "cus_",
    "payment_method": "pm_",
    "payment_intent": "pi_",
    "setup_intent": "seti_",
    "charge": "ch_",
    "refund": "re_",
    "dispute": "du_",
    "product": "prod_",
    "price": "price_",
    "tax_rate": "txr_",
    "tax_id": "txi_",
    "invoice": "in_",
    "invoiceitem": "ii_",
    "line_item": "il_",
    "invoice_payment": "inpay_",
    "credit_note": "cn_",
    "credit_note_line_item": "cnli_",
    "customer_balance_transaction": "cbtxn_",
    "subscription": "sub_",
    "subscription_item": "si_",
    "checkout.session": "cs_test_",
    "item": "li_",
    "billing_portal.session": "bps_",
    "billing_portal.configuration": "bpc_",
    "event": "evt_",
    "webhook_endpoint": "we_",
    "test_helpers.test_clock": "clock_",
    "tax.calculation": "taxcalc_",
    "tax.calculation_line_item": "tax_li_",
}
# What the real one calls it when it is not there, where that differs from the object's name.
SPOKEN = {
    "payment_method": "PaymentMethod",
    "test_helpers.test_clock": "test clock",
    "checkout.session": "checkout.session",
}


def new_id(kind: str) -> str:
    length = 14 if kind in {"customer", "product", "subscription_item"} else 24
    return PREFIXES[kind] + word(58 if kind == "checkout.session" else length)


def word(length: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def kind_of(identifier: str) -> str:
    """The object an identifier names; empty when its prefix is unknown."""
    matching = [kind for kind, prefix in PREFIXES.items() if identifier.startswith(prefix)]
    return max(matching, key=lambda kind: len(PREFIXES[kind]), default="")


def spoken(kind: str) -> str:
    return SPOKEN.get(kind, kind.rpartition(".")[2])


def account_named(key: str) -> str:
    """The account that a key opens."""
    return "acct_" + hashlib.sha256(key.encode()).hexdigest()[:16]
