"""Webhook endpoints. Only addresses on this machine are taken: a sandbox has nothing to say to anybody else."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from portal.sandboxes.guard import is_loopback
from portal.sandboxes.stripe import ids
from portal.sandboxes.stripe.api import parameters as p
from portal.sandboxes.stripe.api.answers import page
from portal.sandboxes.stripe.api.errors import refused
from portal.sandboxes.stripe.store import API_VERSION, Doc, Store


def event_name(value: Any, param: str) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"\*|[a-z_]+(\.[a-z_]+)+", value):
        raise refused(f"Invalid {param}: {value!s:.60} is no event type.", "", param)
    return value


def local_url(value: Any, param: str) -> str:
    found: str = p.url(value, param)
    parts = urlsplit(found)
    if not is_loopback(parts.hostname or "") or parts.username or parts.password:
        raise refused(
            "Invalid URL: the sandbox delivers to addresses on this machine only.", "url_invalid", param
        )
    return found


CHANGEABLE: dict[str, p.Reader] = {
    "description": p.or_empty(p.text()),
    "enabled_events": p.array(event_name),
    "metadata": p.metadata,
    "url": local_url,
}


def create(store: Store, given: p.Given) -> Doc:
    """The secret is answered here and never again."""
    asked = p.read(
        given, CHANGEABLE | {"api_version": p.one_of(API_VERSION)}, required=("enabled_events", "url")
    )
    if not asked["enabled_events"]:
        raise refused("Missing required param: enabled_events.", "parameter_missing", "enabled_events")
    if store.records("webhook_endpoint").count() >= 16:
        raise refused("You have reached the maximum of 16 test webhook endpoints.")
    doc = store.add(_blank(store, asked, f"whsec_{ids.word(32)}"))
    return doc | {"secret": doc["_secret"]}


def _blank(store: Store, asked: dict[str, Any], secret: str) -> Doc:
    return {
        "id": ids.new_id("webhook_endpoint"),
        "object": "webhook_endpoint",
        "api_version": asked.get("api_version"),
        "application": None,
        "created": store.now(),
        "description": asked.get("description"),
        "enabled_events": asked["enabled_events"],
        "livemode": False,
        "metadata": p.merged({}, asked.get("metadata")),
        "status": "enabled",
        "url": asked["url"],
        "_secret": secret,
    }


def ensure_given_endpoint() -> None:
    """The endpoint of whoever started us, with the secret they know already: nobody has to be told one."""
    key, secret, url = settings.STRIPE_SANDBOX_ENDPOINT
    if not (key and secret and url):
        return
    store = Store(ids.account_named(key))
    for record in store.records("webhook_endpoint").filter(deleted=False):
        if record.data["_secret"] == secret:
            store.save({**record.data, "url": local_url(url, "url"), "status": "enabled"})
            return
    store.add(_blank(store, {"url": local_url(url, "url"), "enabled_events": ["*"]}, secret))


def retrieve(store: Store, given: p.Given, identifier: str) -> Doc:
    p.read(given, {})
    return store.take("webhook_endpoint", identifier)


def update(store: Store, given: p.Given, identifier: str) -> Doc:
    asked = p.read(given, CHANGEABLE | {"disabled": p.boolean})
    doc = store.take("webhook_endpoint", identifier)
    asked["metadata"] = p.merged(doc["metadata"], asked.get("metadata"))
    if "disabled" in asked:
        doc["status"] = "disabled" if asked.pop("disabled") else "enabled"
    return store.save(doc | asked)


def delete(store: Store, given: p.Given, identifier: str) -> Doc:
    p.read(given, {})
    return store.remove(store.take("webhook_endpoint", identifier))


def list_all(store: Store, given: p.Given) -> Doc:
    return page(store, given, "webhook_endpoint", url="/v1/webhook_endpoints")
