"""Disputes: a charge whose holder says no. Two documented words in the evidence decide how they end."""

from __future__ import annotations

from portal.sandboxes.stripe import ids
from portal.sandboxes.stripe.api import parameters as p
from portal.sandboxes.stripe.api.answers import page
from portal.sandboxes.stripe.api.errors import refused
from portal.sandboxes.stripe.store import Doc, Store

NETWORK_CODES = {"fraudulent": "10.4", "product_not_received": "13.1", "inquiry": "10.4"}
ANSWERABLE = {"needs_response", "warning_needs_response"}
EVIDENCE = [
    "access_activity_log",
    "billing_address",
    "cancellation_policy_disclosure",
    "cancellation_rebuttal",
    "customer_email_address",
    "customer_name",
    "customer_purchase_ip",
    "product_description",
    "refund_policy_disclosure",
    "refund_refusal_explanation",
    "service_date",
    "uncategorized_text",
]
VERDICTS = {"winning_evidence": "won", "losing_evidence": "lost"}


def open_for(store: Store, charge: Doc, kind: str) -> Doc:
    inquiry = kind == "inquiry"
    now = store.now_of(charge)
    doc: Doc = {
        "id": ids.new_id("dispute"),
        "object": "dispute",
        "amount": charge["amount"],
        "balance_transactions": [],
        "charge": charge["id"],
        "created": now,
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": dict.fromkeys(EVIDENCE),
        "evidence_details": {
            "due_by": now + 7 * 86400,
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
        },
        "is_charge_refundable": inquiry,
        "livemode": False,
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "payment_method_details": {
            "card": {
                "brand": charge["payment_method_details"]["card"]["brand"],
                "case_type": "inquiry" if inquiry else "chargeback",
                "network_reason_code": NETWORK_CODES[kind],
            },
            "type": "card",
        },
        "reason": "fraudulent" if inquiry else kind,
        "status": "warning_needs_response" if inquiry else "needs_response",
        "_clock": charge["_clock"],
    }
    charge |= {"disputed": True, "_dispute": doc["id"]}
    store.save(charge, event="charge.updated")
    store.add(doc, event="charge.dispute.created")
    if not inquiry:
        store.tell("charge.dispute.funds_withdrawn", doc)
    return doc


def retrieve(store: Store, given: p.Given, identifier: str) -> Doc:
    p.read(given, {})
    return store.take("dispute", identifier)


def update(store: Store, given: p.Given, identifier: str) -> Doc:
    evidence = p.nested({name: p.or_empty(p.text(20_000)) for name in EVIDENCE})
    asked = p.read(given, {"evidence": evidence, "metadata": p.metadata, "submit": p.boolean})
    doc = store.take("dispute", identifier)
    doc["metadata"] = p.merged(doc["metadata"], asked.get("metadata"))
    if "evidence" in asked:
        _require_answerable(doc)
        doc["evidence"] |= asked["evidence"]
        doc["evidence_details"]["has_evidence"] = any(doc["evidence"].values())
    if "evidence" in asked and asked.get("submit", True):
        doc["evidence_details"]["submission_count"] += 1
        doc["status"] = "warning_under_review" if doc["status"].startswith("warning") else "under_review"
    store.save(doc, event="charge.dispute.updated")
    verdict = VERDICTS.get(doc["evidence"]["uncategorized_text"] or "")
    if doc["status"] == "under_review" and verdict:
        _end(store, doc, verdict)
    return doc


def close(store: Store, given: p.Given, identifier: str) -> Doc:
    """Give in: the money stays with the holder."""
    p.read(given, {})
    doc = store.take("dispute", identifier)
    _require_answerable(doc)
    return _end(store, doc, "warning_closed" if doc["status"].startswith("warning") else "lost")


def _require_answerable(doc: Doc) -> None:
    if doc["status"] not in ANSWERABLE:
        raise refused(
            f"This dispute is already closed or under review (status {doc['status']}).", "", "status"
        )


def _end(store: Store, doc: Doc, status: str) -> Doc:
    doc["status"] = status
    store.save(doc, event="charge.dispute.closed")
    if status == "won":
        store.tell("charge.dispute.funds_reinstated", doc)
    return doc


def list_all(store: Store, given: p.Given) -> Doc:
    filters: dict[str, p.Reader] = {"charge": p.filled(200), "payment_intent": p.filled(200)}
    return page(store, given, "dispute", url="/v1/disputes", filters=filters)
