"""Events: what changed, kept for whoever missed the webhook."""

from __future__ import annotations

from typing import Any

from portal.sandboxes.stripe.api import parameters as p
from portal.sandboxes.stripe.api.answers import page
from portal.sandboxes.stripe.models import Delivery
from portal.sandboxes.stripe.store import Doc, Store


def _with_pending(event: Doc) -> Doc:
    waiting = Delivery.objects.filter(event=event["id"], delivered_at=None, next_at__isnull=False).count()
    return event | {"pending_webhooks": waiting}


def retrieve(store: Store, given: p.Given, identifier: str) -> Doc:
    p.read(given, {})
    return _with_pending(store.take("event", identifier))


def list_all(store: Store, given: p.Given) -> Doc:
    def narrow(found: Any, asked: dict[str, Any]) -> Any:
        if "type" in asked:
            prefix, star, _ = asked["type"].partition("*")
            found = (
                found.filter(data__type__startswith=prefix)
                if star
                else found.filter(data__type=asked["type"])
            )
        if "types" in asked:
            found = found.filter(data__type__in=asked["types"])
        return found

    filters: dict[str, p.Reader] = {"type": p.filled(100), "types": p.array(p.filled(100), most=20)}
    found = page(store, given, "event", url="/v1/events", filters=filters, narrow=narrow)
    found["data"] = [_with_pending(event) for event in found["data"]]
    return found
