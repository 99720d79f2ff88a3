"""Products."""

from __future__ import annotations

from typing import Any

from portal.sandboxes.stripe import ids
from portal.sandboxes.stripe.api import parameters as p
from portal.sandboxes.stripe.api.answers import page
from portal.sandboxes.stripe.api.errors import refused
from portal.sandboxes.stripe.store import Doc, Store

CHANGEABLE: dict[str, p.Reader] = {
    "active": p.boolean,
    "description": p.or_empty(p.text(40_000)),
    "images": p.array(p.url, most=8),
    "metadata": p.metadata,
    "name": p.filled(250),
    "statement_descriptor": p.filled(22),
    "tax_code": p.or_empty(p.text(20)),
    "unit_label": p.or_empty(p.text(12)),
    "url": p.or_empty(p.url),
}


def create(store: Store, given: p.Given) -> Doc:
    return make(store, p.read(given, CHANGEABLE | {"id": p.filled(200)}, required=("name",)))


def make(store: Store, asked: dict[str, Any]) -> Doc:
    identifier = asked.get("id") or ids.new_id("product")
    if store.records("product").filter(id=identifier).exists():
        raise refused("Product already exists.", "resource_already_exists", "id")
    doc: Doc = {
        "id": identifier,
        "object": "product",
        "active": True,
        "created": store.now(),
        "default_price": None,
        "description": None,
        "images": [],
        "livemode": False,
        "marketing_features": [],
        "metadata": {},
        "name": asked["name"],
        "package_dimensions": None,
        "shippable": None,
        "statement_descriptor": None,
        "tax_code": None,
        "type": "service",
        "unit_label": None,
        "updated": store.now(),
        "url": None,
    }
    _change(doc, asked)
    return store.add(doc, event="product.created")


def _change(doc: Doc, asked: dict[str, Any]) -> None:
    for name in CHANGEABLE:
        if name == "metadata" and name in asked:
            doc["metadata"] = p.merged(doc["metadata"], asked["metadata"])
        elif name in asked:
            doc[name] = asked[name]


def retrieve(store: Store, given: p.Given, identifier: str) -> Doc:
    p.read(given, {})
    return store.take("product", identifier)


def update(store: Store, given: p.Given, identifier: str) -> Doc:
    asked = p.read(given, CHANGEABLE | {"default_price": p.or_empty(p.text(200))})
    doc = store.take("product", identifier)
    _change(doc, asked)
    if asked.get("default_price"):
        store.take("price", asked["default_price"], param="default_price")
    if "default_price" in asked:
        doc["default_price"] = asked["default_price"]
    doc["updated"] = store.now()
    return store.save(doc, event="product.updated")


def delete(store: Store, given: p.Given, identifier: str) -> Doc:
    p.read(given, {})
    doc = store.take("product", identifier)
    if store.of_parent("price", identifier):
        raise refused("This product cannot be deleted because it has one or more user-created prices.")
    return store.remove(doc, event="product.deleted", keep=True)


def list_all(store: Store, given: p.Given) -> Doc:
    return page(
        store,
        given,
        "product",
        url="/v1/products",
        filters={"active": p.boolean, "ids": p.IDS, "url": p.filled()},
        narrow=lambda found, asked: found.filter(
            **({"data__active": asked["active"]} if "active" in asked else {}),
            **({"id__in": asked["ids"]} if "ids" in asked else {}),
            **({"data__url": asked["url"]} if "url" in asked else {}),
        ),
    )
