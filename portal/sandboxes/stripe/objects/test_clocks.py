"""Test clocks: customers who live in a time of their own, which is moved by hand."""

from __future__ import annotations

from portal.sandboxes.stripe import ids
from portal.sandboxes.stripe.api import parameters as p
from portal.sandboxes.stripe.api.answers import page
from portal.sandboxes.stripe.api.errors import ApiError, refused
from portal.sandboxes.stripe.models import Record
from portal.sandboxes.stripe.objects import advancing
from portal.sandboxes.stripe.store import TEST_CLOCK, Doc, Store

URL = "/v1/test_helpers/test_clocks"
LIFE = 30 * 86400
LONGEST = 2 * 366 * 86400


def create(store: Store, given: p.Given) -> Doc:
    asked = p.read(given, {"frozen_time": p.timestamp, "name": p.text(300)}, required=("frozen_time",))
    doc: Doc = {
        "id": ids.new_id(TEST_CLOCK),
        "object": TEST_CLOCK,
        "created": store.now(),
        "deletes_after": store.now() + LIFE,
        "frozen_time": asked["frozen_time"],
        "livemode": False,
        "name": asked.get("name"),
        "status": "ready",
        "status_details": {},
    }
    return store.add(doc, event="test_helpers.test_clock.created")


def advance(store: Store, given: p.Given, identifier: str) -> Doc:
    """Everything that becomes due on the way happens in its order, each at its own time.

    It is done before the answer; the answer says `advancing` all the same, as callers have to expect it.
    """
    asked = p.read(given, {"frozen_time": p.timestamp}, required=("frozen_time",))
    doc = store.take(TEST_CLOCK, identifier)
    target = asked["frozen_time"]
    if target <= doc["frozen_time"]:
        raise ApiError(
            f"Invalid timestamp: can only advance to a time after the current frozen time ({doc['frozen_time']}).",
            "test_clock_invalid_advance",
            "frozen_time",
        )
    if target - doc["frozen_time"] > LONGEST:
        raise refused("A test clock advances by at most two years at a time.", "", "frozen_time")
    doc |= {"status": "advancing", "status_details": {"advancing": {"target_frozen_time": target}}}
    store.save(doc, event="test_helpers.test_clock.advancing")
    answered = dict(doc)
    advancing.run(store, identifier, target)
    doc |= {"status": "ready", "frozen_time": target, "status_details": {}}
    store.moments.clear()
    store.save(doc, event="test_helpers.test_clock.ready")
    return answered


def retrieve(store: Store, given: p.Given, identifier: str) -> Doc:
    p.read(given, {})
    return store.take(TEST_CLOCK, identifier)


def delete(store: Store, given: p.Given, identifier: str) -> Doc:
    """Whoever lived on it goes with it."""
    p.read(given, {})
    doc = store.take(TEST_CLOCK, identifier)
    Record.objects.filter(account=store.account, clock=identifier).exclude(kind="event").delete()
    return store.remove(doc, event="test_helpers.test_clock.deleted")


def list_all(store: Store, given: p.Given) -> Doc:
    return page(store, given, TEST_CLOCK, url=URL)
