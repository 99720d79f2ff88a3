"""The one way out to Stripe, or to the sandbox that stands in for it: the `stripe` package is imported here and nowhere else.

Protects the rest from its types, texts and retries: what comes out is plain data, what goes wrong is one of three errors,
and nothing is tried again in here, since the caller keeps the call and its key. It refuses to run inside a web request or
an open transaction. What it does not do: decide what to ask; `asking` writes that down first.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import stripe
from django.conf import settings

from portal.kit.errors import Misconfigured, Refused, Unavailable
from portal.kit.http import require_outside
from vendors.billing.collecting.models import FactKind, Operation

Doc = dict[str, Any]
Params = Mapping[str, Any]
SECONDS = 20
# How old a signature may be, and how far ahead of us Stripe's clock.
TOLERANCE = 300
PAGE = 100
# A refusal with one of these is no answer to the question: the same call may succeed as it is.
_PASSING = frozenset({"lock_timeout", "idempotency_key_in_use", "rate_limit"})


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call made or changed. `url` opens a hosted page and is a secret while it lives."""

    id: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class SignedEvent:
    """The signature held. That the event happened is certain; what it says of its object may be old news."""

    id: str
    name: str
    object_kind: str
    object_id: str
    customer: str
    account: str
    is_live: bool


@cache
def _client(key: str, base: str) -> stripe.StripeClient:
    return stripe.StripeClient(
        key,
        base_addresses={"api": base} if base else {},
        max_network_retries=0,
        http_client=stripe.RequestsClient(timeout=SECONDS),
    )


def _open() -> stripe.StripeClient:
    require_outside()
    if not settings.STRIPE_SECRET_KEY:
        raise Misconfigured("stripe_key_missing")
    return _client(settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE)


def is_live() -> bool:
    """Whether our key moves money."""
    return "_live_" in settings.STRIPE_SECRET_KEY


def _plain(found: stripe.StripeObject) -> Doc:
    plain: Doc = json.loads(str(found))
    return plain


def _mended(problem: stripe.StripeError) -> Exception:
    """Refused: the answer is no. Unavailable: nobody knows yet. Misconfigured: our key is no good."""
    code = str(problem.code or type(problem).__name__)[:60]
    detail = {"status": problem.http_status, "message": str(problem.user_message or "")[:300]}
    if isinstance(problem, stripe.AuthenticationError | stripe.PermissionError):
        return Misconfigured("stripe_key_refused", detail=detail)
    if code in _PASSING:
        return Unavailable(code, detail=detail)
    if isinstance(problem, stripe.IdempotencyError):
        return Refused("idempotency_mismatch", detail=detail)
    if isinstance(problem, stripe.InvalidRequestError | stripe.CardError):
        return Refused(code, detail=detail)
    return Unavailable(code, detail=detail)


# ------------------------------------------------------------------ asking

Request = Callable[[stripe.StripeClient, Doc, Any], stripe.StripeObject]

_REQUESTS: Mapping[Operation, Request] = {
    Operation.CREATE_CUSTOMER: lambda to, given, how: to.v1.customers.create(given, how),  # type: ignore[arg-type]
    Operation.CHOOSE_METHOD: lambda to, given, how: to.v1.customers.update(given.pop("id"), given, how),  # type: ignore[arg-type]
    Operation.UPDATE_CUSTOMER: lambda to, given, how: to.v1.customers.update(given.pop("id"), given, how),  # type: ignore[arg-type]
    Operation.DROP_TAX_ID: lambda to, given, how: to.v1.customers.tax_ids.delete(
        given["customer"], given["id"], None, how
    ),
    Operation.SET_TAX_ID: lambda to, given, how: to.v1.customers.tax_ids.create(
        given.pop("customer"),
        given,  # type: ignore[arg-type]
        how,
    ),
    Operation.CREATE_INVOICE: lambda to, given, how: to.v1.invoices.create(given, how),  # type: ignore[arg-type]
    Operation.ADD_LINE: lambda to, given, how: to.v1.invoice_items.create(given, how),  # type: ignore[arg-type]
    Operation.FINALIZE_INVOICE: lambda to, given, how: to.v1.invoices.finalize_invoice(
        given.pop("id"),
        given,  # type: ignore[arg-type]
        how,
    ),
    Operation.CREATE_CREDIT_NOTE: lambda to, given, how: to.v1.credit_notes.create(given, how),  # type: ignore[arg-type]
    Operation.CONFIGURE_PORTAL: lambda to, given, how: to.v1.billing_portal.configurations.create(given, how),  # type: ignore[arg-type]
    Operation.OPEN_PORTAL: lambda to, given, how: to.v1.billing_portal.sessions.create(given, how),  # type: ignore[arg-type]
    Operation.BEGIN_SETUP: lambda to, given, how: to.v1.checkout.sessions.create(given, how),  # type: ignore[arg-type]
    Operation.BEGIN_CHECKOUT: lambda to, given, how: to.v1.checkout.sessions.create(given, how),  # type: ignore[arg-type]
    Operation.EXPIRE_CHECKOUT: lambda to, given, how: to.v1.checkout.sessions.expire(given["id"], {}, how),
}


def ask(operation: Operation, params: Params, *, key: str) -> Answer:
    """Send one call under its idempotency key. Refused, Unavailable or Misconfigured; never tried again in here."""
    given = json.loads(json.dumps(params))
    try:
        found = _REQUESTS[operation](_open(), given, {"idempotency_key": key})
    except stripe.StripeError as problem:
        raise _mended(problem) from problem
    doc = _plain(found)
    return Answer(doc["id"], str(doc.get("url") or ""))


def preview_credit_note(params: Params) -> Doc:
    """What a credit note with these lines would come to, with its taxes. Nothing is made."""
    given = json.loads(json.dumps(params))
    try:
        return _plain(_open().v1.credit_notes.preview(given))
    except stripe.StripeError as problem:
        raise _mended(problem) from problem


# ------------------------------------------------------------------ looking

_ADDRESSES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    FactKind.CUSTOMER: ("customers", ()),
    FactKind.PAYMENT_METHOD: ("payment_methods", ()),
    FactKind.TAX_ID: ("tax_ids", ()),
    FactKind.SUBSCRIPTION: ("subscriptions", ()),
    FactKind.INVOICE: ("invoices", ()),
    FactKind.PAYMENT: ("invoice_payments", ("invoice",)),
    FactKind.REFUND: ("refunds", ("charge",)),
    FactKind.CREDIT_NOTE: ("credit_notes", ()),
    FactKind.DISPUTE: ("disputes", ("charge",)),
    FactKind.CHECKOUT: ("checkout/sessions", ("setup_intent", "payment_intent")),
    "invoiceitem": ("invoiceitems", ()),
    "charge": ("charges", ()),
    "billing_portal.configuration": ("billing_portal/configurations", ()),
}
LOOKED_UP = frozenset(_ADDRESSES)


def fetch(kind: str, identifier: str) -> Doc | None:
    """One object as it stands now; None where there is none. Unavailable or Misconfigured when nobody can say."""
    address, expanded = _ADDRESSES[kind]
    try:
        return _get(f"/v1/{address}/{identifier}", {"expand": list(expanded)} if expanded else {})
    except Refused as problem:
        if problem.code == "resource_missing":
            return None
        raise


def each(kind: str, **filters: Any) -> Iterator[Doc]:
    """Every object of a kind, newest first, page by page."""
    yield from _pages(*_ADDRESSES[kind], filters)


def lines_of(invoice: str) -> Iterator[Doc]:
    yield from _pages(f"invoices/{invoice}/lines", (), {})


def methods_of(customer: str) -> Iterator[Doc]:
    yield from _pages(f"customers/{customer}/payment_methods", (), {})


def tax_ids_of(customer: str) -> Iterator[Doc]:
    yield from _pages(f"customers/{customer}/tax_ids", (), {})


def _pages(address: str, expanded: tuple[str, ...], filters: Mapping[str, Any]) -> Iterator[Doc]:
    asked: Doc = {**filters, "limit": PAGE}
    if expanded:
        asked["expand"] = [f"data.{name}" for name in expanded]
    while True:
        found = _get(f"/v1/{address}", asked)
        yield from found["data"]
        if not found.get("has_more") or not found["data"]:
            return
        asked["starting_after"] = found["data"][-1]["id"]


def _get(path: str, params: Doc) -> Doc:
    try:
        found: Doc = _open().raw_request("get", path, **params).data
    except stripe.StripeError as problem:
        raise _mended(problem) from problem
    return found


# ------------------------------------------------------------------ events


def read_event(body: bytes, signature: str, *, secret: str) -> SignedEvent:
    """The event in a delivery that Stripe signed less than five minutes ago. Refused otherwise.

    1. The body is text, and one signature of scheme v1 is of it and its moment under the secret (the package compares in
       constant time).  2. The moment is at most 300 s ago, and at most 300 s ahead.  3. It is an event about an object.
    """
    try:
        stripe.WebhookSignature.verify_header(body, signature, secret, TOLERANCE)  # 1, 2
    except (stripe.SignatureVerificationError, UnicodeDecodeError) as problem:
        raise Refused("signature_refused") from problem
    moment = signature.partition("t=")[2].partition(",")[0]
    if int(moment) > time.time() + TOLERANCE:  # 2
        raise Refused("signature_refused")
    try:
        return _event(json.loads(body))  # 3
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as problem:
        raise Refused("not_an_event") from problem


def _event(told: Doc) -> SignedEvent:
    about = told["data"]["object"]
    before = told["data"].get("previous_attributes") or {}
    if told["object"] != "event" or not isinstance(told["livemode"], bool):
        raise ValueError("no event")
    customer = (
        about["id"] if about["object"] == "customer" else about.get("customer") or before.get("customer")
    )
    if isinstance(customer, dict):
        customer = customer.get("id")
    found = SignedEvent(
        id=told["id"],
        name=told["type"],
        object_kind=about["object"],
        object_id=about.get("id") or "",
        customer=customer or "",
        account=told.get("account") or "",
        is_live=told["livemode"],
    )
    texts = (found.id, found.name, found.object_kind, found.object_id, found.customer, found.account)
    if (
        not all(isinstance(text, str) and len(text) <= 200 and "\0" not in text for text in texts)
        or not found.id
    ):
        raise ValueError("no event")
    return found
