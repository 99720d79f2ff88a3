"""Billing portal: configurations, and the sessions that open its hosted page for one customer."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from portal.sandboxes.stripe import ids
from portal.sandboxes.stripe.api import parameters as p
from portal.sandboxes.stripe.api.answers import page
from portal.sandboxes.stripe.api.errors import refused
from portal.sandboxes.stripe.store import Doc, Store

# How long the link of a session opens the page.
LIFE = 3600
CANCEL = p.nested(
    {
        "enabled": p.boolean,
        "mode": p.one_of("at_period_end", "immediately"),
        "proration_behavior": p.one_of("always_invoice", "create_prorations", "none"),
    }
)
FEATURES: dict[str, p.Reader] = {
    "customer_update": p.nested(
        {
            "enabled": p.boolean,
            "allowed_updates": p.array(p.one_of("address", "email", "name", "phone", "tax_id")),
        }
    ),
    "invoice_history": p.nested({"enabled": p.boolean}),
    "payment_method_update": p.nested({"enabled": p.boolean}),
    "subscription_cancel": CANCEL,
}
PROFILE: dict[str, p.Reader] = {
    "headline": p.or_empty(p.text(60)),
    "privacy_policy_url": p.url,
    "terms_of_service_url": p.url,
}
CONFIGURATION: dict[str, p.Reader] = {
    "business_profile": p.nested(PROFILE),
    "default_return_url": p.or_empty(p.url),
    "features": p.nested(FEATURES),
    "metadata": p.metadata,
}
FLOW = p.nested(
    {
        "type": p.one_of("payment_method_update", "subscription_cancel"),
        "subscription_cancel": p.nested({"subscription": p.filled(200)}, required=("subscription",)),
    },
    required=("type",),
)


def create_configuration(store: Store, given: p.Given) -> Doc:
    asked = p.read(given, CONFIGURATION, required=("features",))
    return store.add(_configuration(store, asked), event="billing_portal.configuration.created")


def _configuration(store: Store, asked: dict[str, Any], *, default: bool = False) -> Doc:
    doc: Doc = {
        "id": ids.new_id("billing_portal.configuration"),
        "object": "billing_portal.configuration",
        "active": True,
        "application": None,
        "business_profile": {"headline": None, "privacy_policy_url": None, "terms_of_service_url": None},
        "created": store.now(),
        "default_return_url": None,
        "features": {
            "customer_update": {"allowed_updates": [], "enabled": False},
            "invoice_history": {"enabled": False},
            "payment_method_update": {"enabled": False},
            "subscription_cancel": {
                "cancellation_reason": {"enabled": False, "options": []},
                "enabled": False,
                "mode": "at_period_end",
                "proration_behavior": "none",
            },
            "subscription_update": {
                "default_allowed_updates": [],
                "enabled": False,
                "proration_behavior": "none",
            },
        },
        "is_default": default,
        "livemode": False,
        "login_page": {"enabled": False, "url": None},
        "metadata": {},
        "updated": store.now(),
    }
    _change(doc, asked)
    return doc


def _change(doc: Doc, asked: dict[str, Any]) -> None:
    doc["business_profile"] |= asked.get("business_profile", {})
    doc["default_return_url"] = asked.get("default_return_url", doc["default_return_url"])
    doc["metadata"] = p.merged(doc["metadata"], asked.get("metadata"))
    for name, value in asked.get("features", {}).items():
        doc["features"][name] |= value


def update_configuration(store: Store, given: p.Given, identifier: str) -> Doc:
    asked = p.read(given, CONFIGURATION | {"active": p.boolean})
    doc = store.take("billing_portal.configuration", identifier)
    _change(doc, asked)
    doc |= {"active": asked.get("active", doc["active"]), "updated": store.now()}
    return store.save(doc, event="billing_portal.configuration.updated")


def retrieve_configuration(store: Store, given: p.Given, identifier: str) -> Doc:
    p.read(given, {})
    return store.take("billing_portal.configuration", identifier)


def list_configurations(store: Store, given: p.Given) -> Doc:
    filters: dict[str, p.Reader] = {"active": p.boolean, "is_default": p.boolean}
    return page(
        store, given, "billing_portal.configuration", url="/v1/billing_portal/configurations", filters=filters
    )


def _default(store: Store) -> Doc:
    """The configuration of a caller who made none: everything the page can do."""
    known = store.records("billing_portal.configuration").filter(data__is_default=True).first()
    if known is not None:
        return dict(known.data)
    everything = {
        name: {"enabled": True}
        for name in ("invoice_history", "payment_method_update", "subscription_cancel")
    }
    return store.add(_configuration(store, {"features": everything}, default=True))


def create(store: Store, given: p.Given) -> Doc:
    spec: dict[str, p.Reader] = {
        "configuration": p.filled(200),
        "customer": p.filled(200),
        "flow_data": FLOW,
        "locale": p.filled(10),
        "return_url": p.url,
    }
    asked = p.read(given, spec, required=("customer",))
    customer = store.take("customer", asked["customer"], param="customer")
    configuration = _default(store)
    if "configuration" in asked:
        configuration = store.take(
            "billing_portal.configuration", asked["configuration"], param="configuration"
        )
    if not configuration["active"]:
        raise refused("The configuration is not active.", "", "configuration")
    secret = ids.word(40)
    doc: Doc = {
        "id": ids.new_id("billing_portal.session"),
        "object": "billing_portal.session",
        "configuration": configuration["id"],
        "created": store.now(),
        "customer": customer["id"],
        "flow": _flow(store, asked),
        "livemode": False,
        "locale": asked.get("locale"),
        "on_behalf_of": None,
        "return_url": asked.get("return_url") or configuration["default_return_url"],
        "url": f"{settings.SANDBOX_ORIGIN}/p/session/{secret}",
        "_secret": secret,
    }
    return store.add(doc, event="billing_portal.session.created")


def _flow(store: Store, asked: dict[str, Any]) -> Doc | None:
    flow = asked.get("flow_data")
    if flow is None:
        return None
    if flow["type"] == "subscription_cancel":
        wanted = flow.get("subscription_cancel")
        if wanted is None:
            raise refused(
                "Missing required param: flow_data[subscription_cancel].",
                "parameter_missing",
                "flow_data[subscription_cancel]",
            )
        store.take(
            "subscription", wanted["subscription"], param="flow_data[subscription_cancel][subscription]"
        )
    return {
        "after_completion": {"hosted_confirmation": None, "redirect": None, "type": "portal_homepage"},
        "subscription_cancel": flow.get("subscription_cancel"),
        "subscription_update": None,
        "subscription_update_confirm": None,
        "type": flow["type"],
    }
