"""Writing down what to ask of Stripe, in the transaction of what caused it. Nothing is sent here.

A chain of calls is named for what it is about. Identifiers come from the ledger alone, `tenant:partner:period:revision`,
so that asking twice writes nothing twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings

from portal.kit import clock
from portal.kit.ids import public_id
from portal.kit.money import Money
from portal.kit.outbox import enqueue
from portal.kit.scope import current_tenant_id
from tenants.models import Tenant
from vendors.billing.collecting.models import Operation, Payer, PaymentCall
from vendors.billing.models import Invoice, InvoiceLine

TOPIC = "billing.send_calls"
OURS = "readmit"
# Whoever has no card gets the invoice by mail and this long to pay it.
DAYS_TO_PAY = 30


def collects() -> bool:
    """Whether anybody collects: without a key at Stripe documents stay in the ledger, and `reconcile` sends them later."""
    return bool(settings.STRIPE_SECRET_KEY)


def tenant_name() -> str:
    return public_id(Tenant.prefix, current_tenant_id())


def payer_of(currency: str) -> Payer | None:
    """The tenant's customer at Stripe for a currency."""
    found = Payer.objects.filter(tenant_id=current_tenant_id(), currency=currency, replaced_at=None)
    return found.first()


def write_chain(chain: str, calls: Iterable[PaymentCall]) -> None:
    """Calls of one chain in their order, and the work of sending them. Quiet for what is written already."""
    PaymentCall.objects.bulk_create(calls, ignore_conflicts=True)
    send_soon(chain)


def send_soon(chain: str, *, after: timedelta | None = None) -> None:
    due = clock.now() + after if after else None
    enqueue(TOPIC, tenant_id=current_tenant_id(), available_at=due, chain=chain)


def ask_for_customer(currency: str) -> None:
    """Open an account at Stripe for a currency, unless there is one or one is asked for."""
    if payer_of(currency) is not None:
        return
    earlier = Payer.objects.filter(tenant_id=current_tenant_id(), currency=currency).count()
    chain = f"customer:{currency}:{earlier + 1}"
    params: dict[str, Any] = {"metadata": {"tenant": tenant_name(), "currency": currency}}
    write_chain(chain, [_call(chain, 0, Operation.CREATE_CUSTOMER, chain, params, currency)])


def ask_to_change_customers() -> None:
    """Carry what is known of the tenant to its accounts at Stripe. What was asked before and is not done is replaced by it."""
    if not collects():
        return
    for payer in Payer.objects.filter(tenant_id=current_tenant_id(), replaced_at=None).order_by("id"):
        chain = f"details:{payer.customer}"
        earlier = PaymentCall.objects.filter(chain=chain)
        open_states = (PaymentCall.State.WAITING, PaymentCall.State.REFUSED)
        earlier.filter(state__in=open_states).update(state=PaymentCall.State.DROPPED)
        asked = (Operation.UPDATE_CUSTOMER, Operation.DROP_TAX_ID, Operation.SET_TAX_ID)
        calls = [
            _call(chain, place, operation, f"{chain}:{place}", {}, payer.currency)
            for place, operation in enumerate(asked, earlier.count())
        ]
        write_chain(chain, calls)


def _call(
    chain: str,
    position: int,
    operation: Operation,
    key: str,
    params: dict[str, Any],
    currency: str,
    document: Invoice | None = None,
) -> PaymentCall:
    return PaymentCall(
        chain=chain,
        position=position,
        operation=operation,
        idempotency_key=f"{tenant_name()}:{key}",
        params=params,
        currency=currency,
        document=document,
    )


# ------------------------------------------------------------------ documents of the ledger


def ask_to_collect(documents: Sequence[Invoice]) -> None:
    """Have documents of a closed period issued. What has no amount and no lines has nothing to issue."""
    if not collects():
        return
    for document in documents:
        lines = list(document.lines.order_by("position"))
        if lines:
            collect_document(document, lines, issue=1)


def collect_document(document: Invoice, lines: Sequence[InvoiceLine], *, issue: int) -> None:
    """`issue` counts the times it had to be begun anew, because a draft was lost or changed at Stripe."""
    ask_for_customer(document.currency)
    if document.kind == Invoice.Kind.INVOICE:
        _ask_for_invoice(document, lines, issue)
    elif document.total_minor:
        _ask_for_credit_note(document, lines, issue)


def chain_of(document: Invoice, issue: int) -> str:
    return f"{document.kind}:{document.id}:{issue}"


def _revision(document: Invoice, issue: int) -> str:
    return f"{document.number}" if issue == 1 else f"{document.number}.{issue}"


def identifier(document: Invoice, partner: str, period: str, issue: int) -> str:
    """`tenant:partner:period:revision`: what was used of one partner in one period, as of one revision."""
    return f"{tenant_name()}:{partner or OURS}:{period}:{_revision(document, issue)}"


def _ask_for_invoice(document: Invoice, lines: Sequence[InvoiceLine], issue: int) -> None:
    chain, currency = chain_of(document, issue), document.currency
    name = f"{OURS}:{document.period}:{currency}:{document.kind}:{_revision(document, issue)}"
    about = {"document": document.public_id, "period": document.period, "tenant": tenant_name()}
    calls = [_call(chain, 0, Operation.CREATE_INVOICE, name, {"metadata": about}, currency, document)]
    for line in lines:
        named = identifier(document, line.vendor, line.about, issue)
        key = f"{named.partition(':')[2]}:{currency}:{document.kind}:{document.period}:{line.position}"
        params = {
            "amount": line.minor,
            "description": _words(line),
            "metadata": {
                "identifier": named,
                "quantity": str(line.quantity),
                "entries": str(line.entries),
                "line": str(line.position),
            },
        }
        calls.append(_call(chain, line.position, Operation.ADD_LINE, key, params, currency, document))
    last = len(calls) + 1
    calls.append(_call(chain, last, Operation.FINALIZE_INVOICE, f"{name}:finalize", {}, currency, document))
    write_chain(chain, calls)


def _ask_for_credit_note(document: Invoice, lines: Sequence[InvoiceLine], issue: int) -> None:
    chain, currency = chain_of(document, issue), document.currency
    name = f"{OURS}:{document.period}:{currency}:{document.kind}:{_revision(document, issue)}"
    params = {
        "metadata": {
            "document": document.public_id,
            "identifier": identifier(document, "", document.period, issue),
        },
        "parts": [
            {"vendor": line.vendor, "meter": line.meter, "minor": line.minor, "words": _words(line)}
            for line in lines
        ],
    }
    write_chain(chain, [_call(chain, 0, Operation.CREATE_CREDIT_NOTE, name, params, currency, document)])


def ask_for_rest_of_credit(call: PaymentCall) -> None:
    """What one invoice at Stripe had no room for is taken off the next one: quiet when all is taken, and when asked before."""
    document, sent = call.document, call.sent or {}
    if document is None:
        return
    taken = int(call.params.get("taken", 0)) + sum(int(line["amount"]) for line in sent.get("lines", ()))
    if taken >= -document.total_minor:
        return
    place = call.position + 1
    about = call.params["metadata"]
    params = {
        **call.params,
        "taken": taken,
        "metadata": {**about, "identifier": f"{about['identifier'].partition('+')[0]}+{place}"},
    }
    key = f"{call.idempotency_key.partition(':')[2].partition('~')[0].partition('+')[0]}+{place}"
    kind = Operation.CREATE_CREDIT_NOTE
    write_chain(call.chain, [_call(call.chain, place, kind, key, params, call.currency, document)])


_WORDS = {
    "decision": "partner decisions",
    "face_check": "Face Checks",
    "fee": "Plan",
    "minimum": "Up to the minimum",
    "credit": "Credit used",
}


def _words(line: InvoiceLine) -> str:
    """What a line says on Stripe's invoice. Counts and names of partners, nothing of a person."""
    named = _WORDS.get(line.meter if line.kind == "usage" else line.kind, line.kind)
    partner = line.vendor if line.vendor not in ("", OURS) else ""
    what = f"{line.quantity} {named}" if line.kind == "usage" else named
    return ", ".join(part for part in (partner, what, line.about) if part)


# ------------------------------------------------------------------ hosted pages


def ask_for_page(
    *, operation: Operation, call_id: UUID, currency: str, return_url: str, asked_by: str
) -> PaymentCall:
    """Have a hosted page opened for whoever asked: the portal, or Checkout that takes a payment method."""
    ask_for_customer(currency)
    chain = f"page:{call_id}"
    calls = []
    if operation is Operation.OPEN_PORTAL:
        calls.append(_call(chain, 0, Operation.CONFIGURE_PORTAL, f"{chain}:portal", {}, currency))
    wanted = _call(chain, 1, operation, chain, {"return_url": return_url, "asked_by": asked_by}, currency)
    wanted.id = call_id
    write_chain(chain, [*calls, wanted])
    return wanted


def ask_for_checkout(
    *, subject: str, call_id: UUID, price: Money, words: str, return_url: str, cancel_url: str, number: int
) -> PaymentCall:
    """Have a payment page opened for what was bought. `subject` is whatever it is of; `number` counts its pages."""
    ask_for_customer(price.currency)
    chain = f"checkout:{subject}:{number}"
    params: dict[str, Any] = {
        "subject": subject,
        "minor": price.minor,
        "words": words,
        "return_url": return_url,
        "cancel_url": cancel_url,
    }
    wanted = _call(chain, 0, Operation.BEGIN_CHECKOUT, chain, params, price.currency)
    wanted.id = call_id
    write_chain(chain, [wanted])
    return wanted


def ask_to_close_checkout(call: PaymentCall) -> None:
    """Nobody is to pay on this page any more. It follows the call that opens the page, so that a page which is only just being
    opened is closed as well; one that was paid meanwhile stays paid."""
    if call.state != PaymentCall.State.REFUSED:
        place, kind = call.position + 1, Operation.EXPIRE_CHECKOUT
        write_chain(call.chain, [_call(call.chain, place, kind, f"{call.chain}:close", {}, call.currency)])


def ask_to_choose_method(customer: str, method: str, *, checkout: str, currency: str) -> None:
    """The method that Checkout took is the one that pays from now on: Stripe does not choose it by itself."""
    chain = f"method:{checkout}"
    params = {"id": customer, "invoice_settings": {"default_payment_method": method}}
    write_chain(chain, [_call(chain, 0, Operation.CHOOSE_METHOD, chain, params, currency)])
