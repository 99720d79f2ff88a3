"""Refunds: never more than was paid, never of what is disputed."""

from __future__ import annotations

from portal.sandboxes.stripe import ids
from portal.sandboxes.stripe.api import parameters as p
from portal.sandboxes.stripe.api.answers import list_of, page
from portal.sandboxes.stripe.api.errors import refused
from portal.sandboxes.stripe.objects.disputes import ANSWERABLE
from portal.sandboxes.stripe.store import Doc, Store

CREATE: dict[str, p.Reader] = {
    "amount": p.integer(1),
    "charge": p.filled(200),
    "metadata": p.metadata,
    "payment_intent": p.filled(200),
    "reason": p.one_of("duplicate", "fraudulent", "requested_by_customer"),
}


def create(store: Store, given: p.Given) -> Doc:
    asked = p.read(given, CREATE)
    if ("charge" in asked) == ("payment_intent" in asked):
        raise refused(
            "You must provide exactly one of: charge, payment_intent.", "parameter_missing", "charge"
        )
    if "charge" in asked:
        charge = store.take("charge", asked["charge"], param="charge")
    else:
        charge = charge_of(store, asked["payment_intent"])
    return make(
        store,
        charge,
        asked.get("amount"),
        reason=asked.get("reason"),
        metadata=p.merged({}, asked.get("metadata")),
    )


def charge_of(store: Store, intent: str) -> Doc:
    """The charge that paid an intent."""
    found = store.take("payment_intent", intent, param="payment_intent")
    if found["status"] != "succeeded":
        raise refused(
            f"This PaymentIntent ({intent}) does not have a successful charge to refund.",
            "",
            "payment_intent",
        )
    return store.take("charge", found["latest_charge"])


def make(
    store: Store,
    charge: Doc,
    amount: int | None,
    *,
    reason: str | None = None,
    metadata: dict[str, str] | None = None,
) -> Doc:
    """Give back `amount`, or all that is left."""
    left = _left(store, charge)
    amount = left if amount is None else amount
    if amount > left:
        raise refused(
            f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})", "", "amount"
        )
    doc: Doc = {
        "id": ids.new_id("refund"),
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": charge["id"],
        "created": store.now_of(charge),
        "currency": charge["currency"],
        "destination_details": {"card": {"type": "refund", "reference_status": "pending"}, "type": "card"},
        "metadata": metadata or {},
        "payment_intent": charge["payment_intent"],
        "payment_method": charge["payment_method"],
        "reason": reason,
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "succeeded",
        "transfer_reversal": None,
        "_clock": charge["_clock"],
        "_customer": charge["customer"],
    }
    store.add(doc, parent=charge["id"], event="refund.created")
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    store.save(charge, event="charge.refunded")
    return doc


def _left(store: Store, charge: Doc) -> int:
    if not charge["paid"]:
        raise refused("You cannot refund a charge that was not paid.", "", "charge")
    if charge["refunded"]:
        raise refused(
            f"Charge {charge['id']} has already been refunded.", "charge_already_refunded", "charge"
        )
    if charge["_dispute"]:
        dispute = store.take("dispute", charge["_dispute"])
        if not dispute["is_charge_refundable"] and dispute["status"] in ANSWERABLE | {"under_review", "lost"}:
            raise refused(
                f"Charge {charge['id']} has been charged back; cannot issue a refund.",
                "charge_disputed",
                "charge",
            )
    return int(charge["amount"] - charge["amount_refunded"])


def retrieve(store: Store, given: p.Given, identifier: str) -> Doc:
    p.read(given, {})
    return store.take("refund", identifier)


def update(store: Store, given: p.Given, identifier: str) -> Doc:
    asked = p.read(given, {"metadata": p.metadata})
    doc = store.take("refund", identifier)
    doc["metadata"] = p.merged(doc["metadata"], asked.get("metadata"))
    return store.save(doc, event="refund.updated")


def list_all(store: Store, given: p.Given) -> Doc:
    filters: dict[str, p.Reader] = {"charge": p.filled(200), "payment_intent": p.filled(200)}
    return page(store, given, "refund", url="/v1/refunds", filters=filters)


def of_charge(store: Store, charge: Doc) -> Doc:
    return list_of(f"/v1/charges/{charge['id']}/refunds", store.of_parent("refund", charge["id"])[::-1])
