"""The objects of one account: taken, added, changed, and each change told as an event."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.db.models import F, QuerySet

from portal.sandboxes.stripe import ids
from portal.sandboxes.stripe.api.errors import no_such
from portal.sandboxes.stripe.api.parameters import real_now
from portal.sandboxes.stripe.models import Delivery, Record, Sequence

# An API object. Its shape is the documented one; keys with an underscore are ours.
Doc = dict[str, Any]
API_VERSION = "2026-10-28.endive"
TEST_CLOCK = "test_helpers.test_clock"


class Store:
    """`request` names the call that changes something, for the events that follow from it."""

    def __init__(self, account: str, *, request: str | None = None, key: str | None = None) -> None:
        self.account = account
        self.request = request
        self.key = key
        # Moments of test clocks while they advance, by the clock's id.
        self.moments: dict[str, int] = {}

    # Time
    def now(self, clock: str = "") -> int:
        """What time it is: really, or on a test clock."""
        if not clock:
            return real_now()
        if clock not in self.moments:
            self.moments[clock] = int(self.take(TEST_CLOCK, clock)["frozen_time"])
        return self.moments[clock]

    def now_of(self, doc: Doc) -> int:
        """What time it is for an object."""
        return self.now(clock_of(doc))

    # Taking
    def records(self, kind: str) -> QuerySet[Record]:
        return Record.objects.filter(account=self.account, kind=kind)

    def take(self, kind: str, identifier: str, *, param: str = "id", deleted: bool = False) -> Doc:
        """One object. `deleted` lets those through that were deleted and are still shown."""
        record = self.records(kind).filter(id=identifier).first() if identifier else None
        if record is None or (record.deleted and not deleted):
            raise no_such(ids.spoken(kind), identifier, param)
        return dict(record.data)

    def of_parent(self, kind: str, parent: str) -> list[Doc]:
        """In the order they were made."""
        found = self.records(kind).filter(parent=parent, deleted=False).order_by("position")
        return [dict(record.data) for record in found]

    def of_customer(self, kind: str, customer: str) -> list[Doc]:
        found = self.records(kind).filter(customer=customer, deleted=False).order_by("position")
        return [dict(record.data) for record in found]

    # Changing
    def add(self, doc: Doc, *, parent: str = "", event: str = "", due_at: int | None = None) -> Doc:
        Record.objects.create(
            account=self.account,
            id=doc["id"],
            kind=doc["object"],
            customer=_customer_of(doc),
            parent=parent,
            clock=clock_of(doc),
            created=doc.get("created") or self.now_of(doc),
            due_at=due_at,
            data=doc,
        )
        if event:
            self.tell(event, doc)
        return doc

    def save(self, doc: Doc, *, event: str = "") -> Doc:
        """Write an object back. The event is told only if anything that is answered changed."""
        record = self.records(doc["object"]).get(id=doc["id"])
        before, record.data, record.customer = record.data, doc, _customer_of(doc)
        record.clock = clock_of(doc)
        record.save(update_fields=["data", "customer", "clock"])
        if event:
            previous = changes(public(before), public(doc))
            if previous or not event.endswith(".updated"):
                self.tell(event, doc, previous if event.endswith(".updated") else None)
        return doc

    def due(self, doc: Doc, at: int | None) -> None:
        """When something has to happen to an object by itself."""
        self.records(doc["object"]).filter(id=doc["id"]).update(due_at=at)

    def remove(self, doc: Doc, *, event: str = "", keep: bool = False) -> Doc:
        """Delete. `keep` leaves the stub that is still answered."""
        found = self.records(doc["object"]).filter(id=doc["id"])
        if event:
            self.tell(event, doc)
        stub = {"id": doc["id"], "object": doc["object"], "deleted": True}
        if keep:
            found.update(deleted=True, data=stub, due_at=None)
        else:
            found.delete()
        return stub

    def next_number(self, name: str) -> int:
        Sequence.objects.get_or_create(account=self.account, name=name)
        Sequence.objects.filter(account=self.account, name=name).update(value=F("value") + 1)
        return Sequence.objects.get(account=self.account, name=name).value

    # Telling
    def tell(self, name: str, doc: Doc, previous: Doc | None = None) -> None:
        """An event, with the object as it is now, and its way to every endpoint that wants it."""
        endpoints = [
            record.data
            for record in self.records("webhook_endpoint").filter(deleted=False)
            if record.data["status"] == "enabled" and wants(record.data, name)
        ]
        data: Doc = {"object": public(doc)}
        if previous is not None:
            data["previous_attributes"] = previous
        event: Doc = {
            "id": ids.new_id("event"),
            "object": "event",
            "api_version": API_VERSION,
            "created": self.now_of(doc),
            "data": json.loads(json.dumps(data)),
            "livemode": False,
            "pending_webhooks": len(endpoints),
            "request": {"id": self.request, "idempotency_key": self.key},
            "type": name,
        }
        self.add(event)
        for endpoint in endpoints:
            Delivery.objects.create(
                account=self.account, event=event["id"], endpoint=endpoint["id"], next_at=0.0
            )


def clock_of(doc: Doc) -> str:
    return str(doc.get("test_clock") or doc.get("_clock") or "")


def wants(endpoint: Doc, name: str) -> bool:
    return "*" in endpoint["enabled_events"] or name in endpoint["enabled_events"]


def public(value: Any) -> Any:
    """What is answered: without the keys that are ours."""
    if isinstance(value, Mapping):
        return {key: public(inner) for key, inner in value.items() if not key.startswith("_")}
    if isinstance(value, list):
        return [public(inner) for inner in value]
    return value


def changes(before: Doc, after: Doc) -> Doc:
    """The earlier values of what changed, as `previous_attributes` has them."""
    found: Doc = {}
    for key in {**before, **after}:
        was, now = before.get(key), after.get(key)
        if was == now:
            continue
        if isinstance(was, dict) and isinstance(now, dict) and now.get("object") != "list":
            found[key] = changes(was, now)
        else:
            found[key] = was
    return found


def _customer_of(doc: Doc) -> str:
    return str(doc.get("customer") or doc.get("_customer") or "")
