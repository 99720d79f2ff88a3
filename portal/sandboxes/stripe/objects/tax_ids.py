"""A customer's tax identifiers. Three values stand for the three answers of a register."""

from __future__ import annotations

import re

from portal.sandboxes.stripe import ids
from portal.sandboxes.stripe.api import parameters as p
from portal.sandboxes.stripe.api.answers import list_of, page
from portal.sandboxes.stripe.api.errors import no_such, refused
from portal.sandboxes.stripe.store import Doc, Store

FORMS = {
    "eu_vat": r"(AT|BE|BG|CY|CZ|DE|DK|EE|EL|ES|FI|FR|HR|HU|IE|IT|LT|LU|LV|MT|NL|PL|PT|RO|SE|SI|SK|XI)[0-9A-Z]{8,12}",
    "gb_vat": r"GB[0-9]{9}([0-9]{3})?",
    "ch_vat": r"CHE-?[0-9]{3}\.?[0-9]{3}\.?[0-9]{3} ?(MWST|TVA|IVA)",
    "no_vat": r"[0-9]{9}MVA",
    "us_ein": r"[0-9]{2}-?[0-9]{7}",
    "au_abn": r"[0-9]{11}",
    "ca_bn": r"[0-9]{9}",
    "jp_cn": r"[0-9]{13}",
}
COUNTRIES = {
    "gb_vat": "GB",
    "ch_vat": "CH",
    "no_vat": "NO",
    "us_ein": "US",
    "au_abn": "AU",
    "ca_bn": "CA",
    "jp_cn": "JP",
}
# The documented values that steer the answer; everything else well formed is verified.
STEERED = {"000000000": "verified", "111111111": "unverified", "222222222": "pending"}
SPEC: dict[str, p.Reader] = {"type": p.one_of(*FORMS), "value": p.filled(100)}


def add(store: Store, customer: Doc, asked: Doc) -> Doc:
    kind, value = asked["type"], asked["value"].strip()
    if value not in STEERED and not re.fullmatch(FORMS[kind], value):
        raise refused(f"Invalid value for {kind}.", "tax_id_invalid", "value")
    if len(store.of_customer("tax_id", customer["id"])) >= 5:
        raise refused("A customer may have at most five tax IDs.", "", "type")
    checked = kind in {"eu_vat", "gb_vat"}
    doc: Doc = {
        "id": ids.new_id("tax_id"),
        "object": "tax_id",
        "country": COUNTRIES.get(kind) or value[:2].replace("EL", "GR"),
        "created": store.now_of(customer),
        "customer": customer["id"],
        "livemode": False,
        "owner": {"customer": customer["id"], "type": "customer"},
        "type": kind,
        "value": value,
        "verification": {
            "status": STEERED.get(value, "verified") if checked else "unavailable",
            "verified_address": None,
            "verified_name": customer["name"]
            if checked and value not in {"111111111", "222222222"}
            else None,
        },
        "_clock": customer["test_clock"],
    }
    return store.add(doc, event="customer.tax_id.created")


def create(store: Store, given: p.Given, customer: str) -> Doc:
    return add(store, store.take("customer", customer), p.read(given, SPEC, required=("type", "value")))


def create_top(store: Store, given: p.Given) -> Doc:
    owner = p.nested({"type": p.one_of("customer"), "customer": p.filled(200)}, required=("type", "customer"))
    asked = p.read(given, SPEC | {"owner": owner}, required=("type", "value", "owner"))
    return add(store, store.take("customer", asked["owner"]["customer"], param="owner[customer]"), asked)


def retrieve(store: Store, given: p.Given, customer: str, identifier: str) -> Doc:
    p.read(given, {})
    doc = store.take("tax_id", identifier)
    if customer and doc["customer"] != customer:
        raise no_such("tax_id", identifier, "id")
    return doc


def retrieve_top(store: Store, given: p.Given, identifier: str) -> Doc:
    return retrieve(store, given, "", identifier)


def delete(store: Store, given: p.Given, customer: str, identifier: str) -> Doc:
    return store.remove(retrieve(store, given, customer, identifier), event="customer.tax_id.deleted")


def delete_top(store: Store, given: p.Given, identifier: str) -> Doc:
    return delete(store, given, "", identifier)


def list_all(store: Store, given: p.Given, customer: str) -> Doc:
    store.take("customer", customer)
    url = f"/v1/customers/{customer}/tax_ids"
    return page(store, given, "tax_id", url=url, narrow=lambda found, asked: found.filter(customer=customer))


def of_customer(store: Store, customer: Doc) -> Doc:
    return list_of(f"/v1/customers/{customer['id']}/tax_ids", store.of_customer("tax_id", customer["id"]))
