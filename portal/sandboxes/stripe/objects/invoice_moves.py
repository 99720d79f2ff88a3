"""What happens to an invoice: finalised, paid, tried again, void, given up."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from portal.sandboxes.stripe.api import parameters as p
from portal.sandboxes.stripe.api.errors import ApiError, refused
from portal.sandboxes.stripe.objects import customers, intents, invoice_payments, invoices, lines, standing
from portal.sandboxes.stripe.store import Doc, Store, public

DAY = 86400
# Days until each further try of a failed payment; after the last the subscription ends.
TRIES = (3, 5, 7)


def finalize(store: Store, given: p.Given, identifier: str) -> Doc:
    asked = p.read(given, {"auto_advance": p.boolean})
    invoice = invoices.taken(store, identifier)
    if invoice["status"] != "draft":
        raise refused(
            "This invoice is already finalized, you can't re-finalize a non-draft invoice.",
            "invoice_not_editable",
        )
    if "auto_advance" in asked:
        invoice["auto_advance"] = asked["auto_advance"]
    finalise(store, invoice)
    return lines.shown(store, invoice)


def finalise(store: Store, invoice: Doc) -> Doc:
    """Number it, freeze it, take the customer's credit, and pay it at once if nothing is due."""
    customer = store.take("customer", invoice["customer"], deleted=True)
    if customer.get("deleted"):
        raise refused("The customer of this invoice was deleted.")
    lines.recount(store, invoice)
    _require_location(invoice)
    now = store.now_of(invoice)
    invoices.copy_customer(store, invoice, customer)
    invoice |= {
        "status": "open",
        "number": invoice["number"] or _number(store, customer),
        "auto_advance": invoice["auto_advance"],
        "automatically_finalizes_at": None,
        "effective_at": invoice["effective_at"] or now,
        "hosted_invoice_url": f"{settings.SANDBOX_ORIGIN}/i/{invoice['_token']}",
        "invoice_pdf": f"{settings.SANDBOX_ORIGIN}/i/{invoice['_token']}/pdf",
    }
    invoice["status_transitions"]["finalized_at"] = now
    if invoice["_days_until_due"] is not None:
        invoice["due_date"] = now + invoice["_days_until_due"] * DAY
    store.save(invoice)
    _take_balance(store, invoice)
    store.due(invoice, None)
    standing.tell_invoice(store, invoice, "finalized")
    if invoice["amount_remaining"] == 0:
        return mark_paid(store, invoice)
    if invoice["collection_method"] == "send_invoice":
        standing.tell_invoice(store, invoice, "sent")
    invoice_payments.intent_of(store, invoice)
    if invoice["auto_advance"] and invoice["collection_method"] == "charge_automatically":
        store.due(invoice, now + invoices.HOUR)
        invoice["next_payment_attempt"] = now + invoices.HOUR
        store.save(invoice)
    return invoice


def _require_location(invoice: Doc) -> None:
    if (
        invoice["automatic_tax"]["enabled"]
        and invoice["automatic_tax"]["status"] == "requires_location_inputs"
    ):
        raise refused(
            "The customer's location isn't recognized. Set a valid customer address in order to automatically calculate tax.",
            "customer_tax_location_invalid",
        )


def _number(store: Store, customer: Doc) -> str:
    number = f"{customer['invoice_prefix']}-{customer['next_invoice_sequence']:04d}"
    customer["next_invoice_sequence"] += 1
    store.save(customer)
    return number


def _take_balance(store: Store, invoice: Doc) -> None:
    """Credit on the customer pays first; a negative invoice becomes credit."""
    customer = store.take("customer", invoice["customer"])
    balance = customer["balance"]
    invoice["starting_balance"] = balance
    total = invoice["total"]
    change = total if total < 0 else min(total, -balance) if balance < 0 else 0
    if total > 0 and balance > 0:
        change = -balance  # a debt is collected with the next invoice
    invoice["ending_balance"] = balance + change
    invoice["amount_due"] = max(0, total - change)
    invoice["amount_remaining"] = invoice["amount_due"]
    store.save(invoice)
    if change:
        customers.change_balance(store, customer["id"], change, "applied_to_invoice", invoice=invoice["id"])


# Paying ----------------------------------------------------------------------------------------------------------


def pay(store: Store, given: p.Given, identifier: str) -> Doc:
    spec: dict[str, p.Reader] = {
        "off_session": p.boolean,
        "paid_out_of_band": p.boolean,
        "payment_method": p.filled(200),
    }
    asked = p.read(given, spec)
    invoice = invoices.taken(store, identifier)
    if invoice["status"] == "draft":
        finalise(store, invoice)
    if invoice["status"] == "paid":
        if given or invoice["amount_due"]:
            raise refused("Invoice is already paid", "invoice_already_paid")
        return lines.shown(store, invoice)
    if invoice["status"] not in {"open", "uncollectible"}:
        raise refused(f"You cannot pay an invoice that is {invoice['status']}.", "invoice_not_editable")
    if asked.get("paid_out_of_band"):
        invoice["amount_paid_off_stripe"] = invoice["amount_remaining"]
        invoice_payments.cancel_open(store, invoice)
        return lines.shown(store, mark_paid(store, invoice))
    method = asked.get("payment_method") or standing.method_for(store, invoice)
    if not method:
        raise no_method()
    error = try_card(store, invoice, method, off_session=asked.get("off_session", True))
    if error:
        raise error
    return lines.shown(store, invoices.taken(store, identifier))


def no_method() -> ApiError:
    return refused(
        "There is no `default_payment_method` set on this Customer or Invoice. Please set either an "
        "`invoice_settings.default_payment_method` on the customer or a `default_payment_method` on the Invoice.",
        "resource_missing",
    )


def try_card(store: Store, invoice: Doc, method: str, *, off_session: bool = True) -> ApiError | None:
    """One try at a card, and what follows from it. None when it was paid, else the error for a caller who waits."""
    intent = invoice_payments.intent_of(store, invoice)
    card = intents.taken_for(store, intent, method)
    # An issuer that wants its holder is asked through the holder, who may still come.
    done = intents.confirm(store, intent, card, off_session=False)
    invoice = invoices.taken(store, invoice["id"])
    invoice |= {"attempted": True, "attempt_count": invoice["attempt_count"] + 1}
    store.save(invoice)
    if done["status"] == "succeeded":
        settle(store, invoice, done)
        return None
    if done["status"] == "requires_action":
        standing.tell_invoice(
            store, invoice, "payment_action_required", *(["payment_failed"] if off_session else [])
        )
        return _failed(store, invoice, _needs_holder(done), off_session=off_session)
    standing.tell_invoice(store, invoice, "payment_failed")
    return _failed(store, invoice, intents.failure(done), off_session=off_session)


def _failed(store: Store, invoice: Doc, error: ApiError, *, off_session: bool) -> ApiError:
    if off_session:
        standing.after_failure(store, invoice)
    schedule_try(store, invoice)
    return error


def _needs_holder(intent: Doc) -> ApiError:
    return ApiError(
        "This payment requires additional user action before it can be completed successfully. Payment can be "
        "completed using the PaymentIntent associated with the invoice.",
        "invoice_payment_intent_requires_action",
        "",
        402,
        "card_error",
        {"payment_intent": public(intent)},
        keeps=True,
    )


def schedule_try(store: Store, invoice: Doc) -> None:
    """When it is tried again by itself: never, unless it advances by itself."""
    at = None
    if invoice["auto_advance"] and 0 < invoice["attempt_count"] <= len(TRIES):
        at = store.now_of(invoice) + TRIES[invoice["attempt_count"] - 1] * DAY
    invoice["next_payment_attempt"] = at
    store.save(invoice)
    store.due(invoice, at)


def settle(store: Store, invoice: Doc, intent: Doc) -> Doc:
    """The intent of an invoice succeeded, whoever confirmed it."""
    invoice["amount_paid"] += intent["amount_received"]
    invoice_payments.record_paid(store, invoice, intent)
    if intent["setup_future_usage"] and intent["customer"]:
        intents.keep_method(store, store.take("payment_method", intent["payment_method"]), intent["customer"])
    return mark_paid(store, invoice)


def mark_paid(store: Store, invoice: Doc) -> Doc:
    invoice |= {"status": "paid", "amount_remaining": 0, "attempted": True, "next_payment_attempt": None}
    invoice["status_transitions"]["paid_at"] = store.now_of(invoice)
    store.save(invoice)
    store.due(invoice, None)
    standing.tell_invoice(store, invoice, "updated", "paid", "payment_succeeded")
    standing.after_payment(store, invoice)
    return invoice


# Ends without payment --------------------------------------------------------------------------------------------


def void(store: Store, given: p.Given, identifier: str) -> Doc:
    p.read(given, {})
    invoice = invoices.taken(store, identifier)
    if invoice["status"] not in {"open", "uncollectible"}:
        raise refused(
            f"You can only void an open or uncollectible invoice; this one is {invoice['status']}.",
            "invoice_not_editable",
        )
    return lines.shown(store, make_void(store, invoice))


def make_void(store: Store, invoice: Doc) -> Doc:
    """What was taken from the customer's balance comes back."""
    invoice_payments.cancel_open(store, invoice)
    invoice |= {"status": "void", "next_payment_attempt": None, "auto_advance": False}
    invoice["status_transitions"]["voided_at"] = store.now_of(invoice)
    store.save(invoice)
    store.due(invoice, None)
    taken = (invoice["ending_balance"] or 0) - (invoice["starting_balance"] or 0)
    if taken:
        customers.change_balance(
            store, invoice["customer"], -taken, "unapplied_from_invoice", invoice=invoice["id"]
        )
    standing.tell_invoice(store, invoice, "voided")
    return invoice


def mark_uncollectible(store: Store, given: p.Given, identifier: str) -> Doc:
    p.read(given, {})
    invoice = invoices.taken(store, identifier)
    if invoice["status"] != "open":
        raise refused("You can only mark open invoices as uncollectible.", "invoice_not_editable")
    invoice |= {"status": "uncollectible", "next_payment_attempt": None, "auto_advance": False}
    invoice["status_transitions"]["marked_uncollectible_at"] = store.now_of(invoice)
    store.save(invoice)
    store.due(invoice, None)
    standing.tell_invoice(store, invoice, "marked_uncollectible")
    return lines.shown(store, invoice)


def send(store: Store, given: p.Given, identifier: str) -> Doc:
    """Nothing is mailed: the sandbox only tells that it would have been."""
    p.read(given, {})
    invoice = invoices.taken(store, identifier)
    if invoice["collection_method"] != "send_invoice":
        raise refused("You can only manually send an invoice if its collection method is 'send_invoice'.")
    if invoice["status"] == "draft":
        finalise(store, invoice)
    else:
        standing.tell_invoice(store, invoice, "sent")
    return lines.shown(store, invoice)


def advance(store: Store, invoice: Doc) -> None:
    """An hour is over, or it is time for the next try."""
    if invoice["status"] == "draft":
        try:
            finalise(store, invoice)
        except ApiError as error:
            _refuse_finalising(store, error, invoice["id"])
            return
        invoice = invoices.taken(store, invoice["id"])
        if invoice["status"] == "open" and invoice["collection_method"] == "charge_automatically":
            collect(store, invoice)
    elif invoice["status"] == "open" and invoice["auto_advance"]:
        collect(store, invoice)


def _refuse_finalising(store: Store, error: ApiError, identifier: str) -> None:
    invoice = invoices.taken(store, identifier)
    invoice |= {
        "last_finalization_error": error.body()["error"],
        "auto_advance": False,
        "automatically_finalizes_at": None,
    }
    store.save(invoice)
    store.due(invoice, None)
    standing.tell_invoice(store, invoice, "finalization_failed")


def collect(store: Store, invoice: Doc) -> Any:
    """Charge what is open without anybody waiting."""
    method = standing.method_for(store, invoice)
    if method:
        return try_card(store, invoice, method)
    invoice |= {"attempted": True, "attempt_count": invoice["attempt_count"] + 1}
    store.save(invoice)
    standing.tell_invoice(store, invoice, "payment_failed")
    return _failed(store, invoice, no_method(), off_session=True)
