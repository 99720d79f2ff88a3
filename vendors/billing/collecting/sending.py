"""Sending what was written down: one call after another, each under the key it was stored with.

A call that nobody answers is sent again under the same key and with the same words, for as long as it takes; each try is
due later than the one before. A call that is refused stays where it is, with the reason, and holds its chain up until
`reconcile` or somebody at Stripe makes it possible. Nothing is dropped.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from uuid import UUID

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.errors import Misconfigured, ReadmitError, Refused, Unavailable
from portal.kit.outbox import Apply, Job, effect, enqueue
from portal.kit.scope import current_tenant_id, tenant_scope
from portal.kit.sealed import Context, seal, unseal
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from vendors.billing.collecting import client
from vendors.billing.collecting.asking import (
    ask_for_rest_of_credit,
    ask_to_change_customers,
    payer_of,
    send_soon,
)
from vendors.billing.collecting.client import Answer
from vendors.billing.collecting.customers import NOTHING_TO_DO, details_now, tax_number_of
from vendors.billing.collecting.mirroring import LOOK_AGAIN, tell_checkout
from vendors.billing.collecting.models import FactKind, Operation, Payer, PaymentCall, PaymentEvent
from vendors.billing.collecting.preparing import prepare

log = logging.getLogger("readmit.billing.stripe")
State = PaymentCall.State
# Stripe remembers a key for a day at least; after that a repetition could do the work twice.
REMEMBERED = timedelta(hours=23)
LONGEST_PAUSE = timedelta(hours=1)
# What is unpaid may become paid between two tries: then a credit note says something else, and a payment page stays.
MAY_CHANGE = frozenset({Operation.CREATE_CREDIT_NOTE, Operation.EXPIRE_CHECKOUT})


@effect
def on_send_calls(job: Job) -> Apply | None:
    """The next call of a chain. What follows it is a job of its own."""
    return send_next(UUID(str(job.tenant_id)), job.payload["chain"])


def send_next(tenant_id: UUID, chain: str) -> Apply | None:
    """Send the next call of a chain that waits; what to write down then, in the tenant's scope."""
    with tenant_scope(tenant_id):
        call = _next(chain)
    if call is None:
        return None
    try:
        return partial(_note, call.id, _send(tenant_id, call))
    except (Unavailable, Misconfigured) as problem:
        return partial(_postpone, call.id, problem)
    except Refused as problem:
        return partial(_refuse, call, problem)


def _next(chain: str) -> PaymentCall | None:
    """The first call that is not answered, unless it was refused or its customer is still to come."""
    call = (
        PaymentCall.objects.filter(chain=chain)
        .exclude(state__in=(State.ANSWERED, State.DROPPED))
        .order_by("position")
        .first()
    )
    if call is None or call.state != State.WAITING:
        return None
    if call.operation != Operation.CREATE_CUSTOMER and payer_of(call.currency) is None:
        return None
    return call


def _send(tenant_id: UUID, call: PaymentCall) -> Answer:
    if call.sent is None:
        ready = prepare(tenant_id, call)
        if ready.found:
            return Answer(ready.found)
        _keep(tenant_id, call, ready.params)
    elif call.tried_at is not None and call.tried_at < clock.now() - REMEMBERED:
        found = _made_earlier(call)
        if found:
            return Answer(found)
    return client.ask(Operation(call.operation), call.sent or {}, key=call.idempotency_key)


def _keep(tenant_id: UUID, call: PaymentCall, params: dict[str, object]) -> None:
    """Before the first try, in a transaction of its own: whoever tries next says the same."""
    with tenant_scope(tenant_id):
        row = PaymentCall.objects.select_for_update().get(id=call.id)
        if row.sent is None:
            row.sent, row.tried_at = params, clock.now()
            row.save(update_fields=["sent", "tried_at"])
        call.sent, call.tried_at, call.idempotency_key = row.sent, row.tried_at, row.idempotency_key


_MADE: dict[str, tuple[str, str]] = {
    Operation.CREATE_CUSTOMER: (FactKind.CUSTOMER, ""),
    Operation.CREATE_INVOICE: (FactKind.INVOICE, "customer"),
    Operation.ADD_LINE: ("invoiceitem", "customer"),
    Operation.CREATE_CREDIT_NOTE: (FactKind.CREDIT_NOTE, "invoice"),
}


def _made_earlier(call: PaymentCall) -> str:
    """The id of what an earlier try made, if it did: found by what we wrote on it. Asked once the key is forgotten."""
    if call.operation not in _MADE or call.tried_at is None:
        return ""
    kind, within = _MADE[call.operation]
    sent = call.sent or {}
    filters = {within: sent[within]} if within else {}
    since = int(call.tried_at.timestamp()) - 60
    for doc in client.each(kind, **filters, **({"created": {"gte": since}} if not within else {})):
        same_invoice = kind != "invoiceitem" or doc.get("invoice") == sent.get("invoice")
        if (doc.get("metadata") or {}) == sent.get("metadata") and same_invoice:
            return str(doc["id"])
    return ""


# ------------------------------------------------------------------ what became of it


def _locked(call_id: UUID) -> PaymentCall | None:
    return PaymentCall.objects.select_for_update().filter(id=call_id, state=State.WAITING).first()


def _postpone(call_id: UUID, problem: ReadmitError) -> None:
    call = _locked(call_id)
    if call is None:
        return
    log.warning("stripe.no_answer", extra={"code": problem.code, "operation": call.operation})
    call.attempts += 1
    call.code = problem.code[:60]
    call.save(update_fields=["attempts", "code"])
    send_soon(call.chain, after=min(timedelta(seconds=2 ** min(call.attempts, 12)), LONGEST_PAUSE))


def _refuse(tried: PaymentCall, problem: Refused) -> None:
    """`tried` is the call as it was when it was refused. Where somebody else has begun to send it meanwhile, what they do may
    be why there is no room left for ours: their answer decides, and other words under another key would do it twice."""
    call = _locked(tried.id)
    if call is None:
        return
    # By the key and whether there are words at all: what we tried was never read back from the database, and would differ from
    # itself in a number or a date.
    if (call.sent is None, call.idempotency_key) != (tried.sent is None, tried.idempotency_key):
        send_soon(call.chain, after=timedelta(seconds=2))
        return
    call.attempts += 1
    call.code, call.told = problem.code[:60], str(problem.detail.get("message", ""))[:300]
    may_change = call.operation in MAY_CHANGE and call.sent is not None and call.attempts < 3
    if may_change:
        say_anew(call)
        return
    log.error("stripe.refused", extra={"code": call.code, "operation": call.operation})
    call.state = State.REFUSED
    call.save(update_fields=["attempts", "code", "told", "state"])
    record_event(
        EventName.PAYMENT_CALL_REFUSED,
        actor=SYSTEM,
        subject=call.public_id,
        data={"operation": call.operation, "code": call.code},
    )


def say_anew(call: PaymentCall) -> None:
    """Prepare a refused call again. It was refused, so nothing was done under its key; other words need another key."""
    base = call.idempotency_key.partition("~")[0]
    call.idempotency_key = f"{base}~{call.attempts + 1}"
    call.state, call.sent, call.tried_at = State.WAITING, None, None
    call.save(update_fields=["idempotency_key", "state", "sent", "tried_at", "attempts", "code", "told"])
    send_soon(call.chain)


def _note(call_id: UUID, answer: Answer) -> None:
    call = _locked(call_id)
    if call is None:
        return
    call.state, call.answered_at, call.answer_id = State.ANSWERED, clock.now(), answer.id
    call.attempts += 1
    call.code = ""
    if answer.url:
        call.answer_sealed = seal(answer.url.encode(), _context(call))
    call.save(update_fields=["state", "answered_at", "answer_id", "attempts", "code", "answer_sealed"])
    follow = _FOLLOWS.get(Operation(call.operation))
    if follow is not None:
        follow(call)
    if PaymentCall.objects.filter(chain=call.chain, state=State.WAITING).exists():
        send_soon(call.chain)


def _context(call: PaymentCall) -> Context:
    return Context("billing_paymentcall", "answer_sealed", call.id)


def url_of(call: PaymentCall) -> str:
    """The hosted page that a call opened. Empty when there is none."""
    return unseal(call.answer_sealed, _context(call)).decode() if call.answer_sealed else ""


def _customer_made(call: PaymentCall) -> None:
    """Whatever waited for the customer goes on: calls that need it, and events that came before we knew whose it is."""
    tenant_id = current_tenant_id()
    Payer.objects.create(customer=call.answer_id, tenant_id=tenant_id, currency=call.currency)
    waiting = PaymentCall.objects.filter(state=State.WAITING, currency=call.currency)
    for chain in sorted(set(waiting.values_list("chain", flat=True))):
        send_soon(chain)
    PaymentEvent.objects.filter(customer=call.answer_id, outcome=PaymentEvent.Outcome.ASIDE).update(
        outcome=PaymentEvent.Outcome.WAITING, handled_at=None, next_at=clock.now()
    )
    _look_again(FactKind.CUSTOMER, call.answer_id)
    if tax_number_of(details_now()) is not None:
        ask_to_change_customers()


def _customer_changed(call: PaymentCall) -> None:
    payer = payer_of(call.currency)
    if payer is not None:
        _look_again(FactKind.CUSTOMER, payer.customer)


def _tax_id_changed(call: PaymentCall) -> None:
    if call.answer_id != NOTHING_TO_DO:
        _look_again(FactKind.TAX_ID, call.answer_id)


def _invoice_made(call: PaymentCall) -> None:
    _look_again(FactKind.INVOICE, call.answer_id)


def _note_made(call: PaymentCall) -> None:
    ask_for_rest_of_credit(call)
    _look_again(FactKind.CREDIT_NOTE, call.answer_id)
    _look_again(FactKind.INVOICE, str((call.sent or {}).get("invoice", "")))


def _checkout_opened(call: PaymentCall) -> None:
    """It may have been paid and told already, before anybody knew whose it is."""
    tell_checkout(call.answer_id)


def _checkout_closed(call: PaymentCall) -> None:
    """It may have been paid before it was closed: how it ended is read from there."""
    _look_again(FactKind.CHECKOUT, call.answer_id)


def _method_chosen(call: PaymentCall) -> None:
    _look_again(FactKind.CUSTOMER, call.answer_id)


def _look_again(kind: str, stripe_id: str) -> None:
    if stripe_id:
        enqueue(LOOK_AGAIN, tenant_id=current_tenant_id(), kind=kind, stripe_id=stripe_id)


_FOLLOWS: dict[Operation, Callable[[PaymentCall], None]] = {
    Operation.CREATE_CUSTOMER: _customer_made,
    Operation.CREATE_INVOICE: _invoice_made,
    Operation.FINALIZE_INVOICE: _invoice_made,
    Operation.CREATE_CREDIT_NOTE: _note_made,
    Operation.CHOOSE_METHOD: _method_chosen,
    Operation.BEGIN_CHECKOUT: _checkout_opened,
    Operation.EXPIRE_CHECKOUT: _checkout_closed,
    Operation.UPDATE_CUSTOMER: _customer_changed,
    Operation.DROP_TAX_ID: _tax_id_changed,
    Operation.SET_TAX_ID: _tax_id_changed,
}
