"""Taxes: rates the caller defines, and a stub of the automatic kind.

The stub knows one rate for each of some countries and nothing of thresholds, nexus or product codes: it is there so
that callers meet taxes in every shape they come in, not to say what is owed.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from portal.sandboxes.stripe import ids
from portal.sandboxes.stripe.api import parameters as p
from portal.sandboxes.stripe.api.answers import list_of, page
from portal.sandboxes.stripe.api.errors import refused
from portal.sandboxes.stripe.objects.tiers import rounded
from portal.sandboxes.stripe.store import Doc, Store

HOME = "DE"
EUROPEAN = {
    "AT": "20", "BE": "21", "BG": "20", "CY": "19", "CZ": "21", "DE": "19", "DK": "25", "EE": "24", "ES": "21",
    "FI": "25.5", "FR": "20", "GR": "24", "HR": "25", "HU": "27", "IE": "23", "IT": "22", "LT": "21", "LU": "17",
    "LV": "21", "MT": "18", "NL": "21", "PL": "23", "PT": "23", "RO": "21", "SE": "25", "SI": "22", "SK": "23",
}  # fmt: skip
ELSEWHERE = {"GB": "20", "CH": "8.1", "NO": "25"}
CREATE: dict[str, p.Reader] = {
    "active": p.boolean,
    "country": p.filled(2),
    "description": p.filled(),
    "display_name": p.filled(50),
    "inclusive": p.boolean,
    "jurisdiction": p.filled(200),
    "metadata": p.metadata,
    "percentage": p.decimal(places=4),
    "state": p.filled(2),
    "tax_type": p.one_of("gst", "hst", "igst", "jct", "lease_tax", "pst", "qst", "rst", "sales_tax", "vat"),
}


@dataclass(frozen=True)
class Tax:
    """What is added to (or contained in) one amount."""

    rate: str
    percentage: Decimal
    inclusive: bool
    reason: str

    def line(self, amount: int) -> Doc:
        """As an invoice's line and its totals show it. Rounded half up for each line."""
        share = Decimal(amount) * self.percentage
        tax = rounded(share / (100 + self.percentage) if self.inclusive else share / 100)
        return {
            "amount": tax,
            "tax_behavior": "inclusive" if self.inclusive else "exclusive",
            "tax_rate_details": {"tax_rate": self.rate},
            "taxability_reason": self.reason,
            "taxable_amount": amount - tax if self.inclusive else amount,
            "type": "tax_rate_details",
        }


# Tax rates -------------------------------------------------------------------------------------------------------


def create_rate(store: Store, given: p.Given) -> Doc:
    asked = p.read(given, CREATE, required=("display_name", "inclusive", "percentage"))
    return store.add(_rate(store, asked), event="tax_rate.created")


def _rate(store: Store, asked: dict[str, Any]) -> Doc:
    if Decimal(asked["percentage"]) > 100:
        raise refused("Invalid percentage: must be between 0 and 100", "", "percentage")
    return {
        "id": ids.new_id("tax_rate"),
        "object": "tax_rate",
        "active": asked.get("active", True),
        "country": asked.get("country"),
        "created": store.now(),
        "description": asked.get("description"),
        "display_name": asked["display_name"],
        "effective_percentage": None,
        "flat_amount": None,
        "inclusive": asked["inclusive"],
        "jurisdiction": asked.get("jurisdiction"),
        "jurisdiction_level": None,
        "livemode": False,
        "metadata": p.merged({}, asked.get("metadata")),
        "percentage": _number(asked["percentage"]),
        "rate_type": "percentage",
        "state": asked.get("state"),
        "tax_type": asked.get("tax_type"),
        "_percentage": asked["percentage"],
    }


def _number(percentage: str) -> int | float:
    """JSON has but one kind of number; what is computed with is the text beside it."""
    return float(percentage) if Decimal(percentage) % 1 else int(Decimal(percentage))


def retrieve_rate(store: Store, given: p.Given, identifier: str) -> Doc:
    p.read(given, {})
    return store.take("tax_rate", identifier)


def update_rate(store: Store, given: p.Given, identifier: str) -> Doc:
    names = (
        "active",
        "country",
        "description",
        "display_name",
        "jurisdiction",
        "metadata",
        "state",
        "tax_type",
    )
    asked = p.read(given, {name: CREATE[name] for name in names})
    doc = store.take("tax_rate", identifier)
    asked["metadata"] = p.merged(doc["metadata"], asked.get("metadata"))
    return store.save(doc | asked, event="tax_rate.updated")


def list_rates(store: Store, given: p.Given) -> Doc:
    filters: dict[str, p.Reader] = {"active": p.boolean, "inclusive": p.boolean}
    return page(store, given, "tax_rate", url="/v1/tax_rates", filters=filters)


def taxes_of(store: Store, rates: list[str], *, param: str = "default_tax_rates") -> list[Tax]:
    found = []
    for identifier in rates:
        rate = store.take("tax_rate", identifier, param=param)
        found.append(Tax(rate["id"], Decimal(rate["_percentage"]), rate["inclusive"], "standard_rated"))
    return found


def require_rates(store: Store, rates: list[str], *, param: str = "default_tax_rates") -> list[str]:
    """The same, checked where somebody names them."""
    taxes_of(store, rates, param=param)
    return rates


# The stub of automatic tax ---------------------------------------------------------------------------------------


def automatic(
    store: Store, address: Doc | None, tax_ids: list[Doc], exempt: str, *, inclusive: bool = False
) -> list[Tax]:
    """What the stub would add at an address. Empty when it knows no place or nothing is due there."""
    country = (address or {}).get("country")
    if not country:
        return []
    percentage = (EUROPEAN | ELSEWHERE).get(country, "0")
    reason = "standard_rated" if Decimal(percentage) else "not_collecting"
    business_abroad = country in EUROPEAN and country != HOME and _holds_european_id(tax_ids)
    if exempt == "reverse" or (exempt == "none" and business_abroad):
        percentage, reason = "0", "reverse_charge"
    elif exempt == "exempt":
        percentage, reason = "0", "customer_exempt"
    rate = _automatic_rate(store, country, percentage, inclusive=inclusive)
    return [Tax(rate["id"], Decimal(percentage), inclusive, reason)]


def _holds_european_id(tax_ids: list[Doc]) -> bool:
    return any(
        held["type"] == "eu_vat" and held.get("verification", {}).get("status") != "unverified"
        for held in tax_ids
    )


def _automatic_rate(store: Store, country: str, percentage: str, *, inclusive: bool) -> Doc:
    """One rate object for each place, made when it is first needed."""
    key = f"{country}:{percentage}:{inclusive}"
    known = store.records("tax_rate").filter(data___automatic=key).first()
    if known is not None:
        return dict(known.data)
    asked = {
        "percentage": percentage,
        "display_name": "Sales tax" if country == "US" else "VAT",
        "inclusive": inclusive,
        "country": country,
        "jurisdiction": country,
        "tax_type": "sales_tax" if country == "US" else "vat",
        "active": False,
    }
    return store.add(_rate(store, asked) | {"_automatic": key})


# Calculations ----------------------------------------------------------------------------------------------------

LINE: dict[str, p.Reader] = {
    "amount": p.integer(-p.LARGEST),
    "quantity": p.integer(1),
    "reference": p.filled(500),
    "tax_behavior": p.one_of("exclusive", "inclusive"),
    "tax_code": p.filled(20),
    "product": p.filled(200),
}
DETAILS: dict[str, p.Reader] = {
    "address": p.ADDRESS,
    "address_source": p.one_of("billing", "shipping"),
    "tax_ids": p.array(p.nested({"type": p.filled(20), "value": p.filled(100)}, required=("type", "value"))),
    "taxability_override": p.one_of("customer_exempt", "none", "reverse_charge"),
}
OVERRIDES = {"customer_exempt": "exempt", "none": "none", "reverse_charge": "reverse"}


def calculate(store: Store, given: p.Given) -> Doc:
    """A calculation that is answered and kept, without lines that can be listed apart."""
    spec: dict[str, p.Reader] = {
        "currency": p.currency,
        "customer": p.filled(200),
        "customer_details": p.nested(DETAILS),
        "line_items": p.array(p.nested(LINE, required=("amount",)), most=100),
    }
    asked = p.read(given, spec, required=("currency", "line_items"))
    address, held, exempt = _who(store, asked)
    if not (address or {}).get("country"):
        raise refused(
            "We could not determine the customer's tax location based on the provided customer address.",
            "customer_tax_location_invalid",
            "customer_details[address]",
        )
    lines = [_line(store, line, address, held, exempt) for line in asked["line_items"]]
    exclusive = sum(line["amount_tax"] for line in lines if line["tax_behavior"] == "exclusive")
    inclusive = sum(line["amount_tax"] for line in lines if line["tax_behavior"] == "inclusive")
    doc: Doc = {
        "id": ids.new_id("tax.calculation"),
        "object": "tax.calculation",
        "amount_total": sum(line["amount"] for line in lines) + exclusive,
        "currency": asked["currency"],
        "customer": asked.get("customer"),
        "customer_details": {
            "address": address,
            "address_source": "billing",
            "ip_address": None,
            "tax_ids": [{"type": tax_id["type"], "value": tax_id["value"]} for tax_id in held],
            "taxability_override": asked.get("customer_details", {}).get("taxability_override", "none"),
        },
        "expires_at": store.now() + 90 * 86400,
        "livemode": False,
        "ship_from_details": None,
        "shipping_cost": None,
        "tax_amount_exclusive": exclusive,
        "tax_amount_inclusive": inclusive,
        "tax_breakdown": [],
        "tax_date": store.now(),
        "created": store.now(),
    }
    store.add(doc)
    return doc | {"line_items": list_of(f"/v1/tax/calculations/{doc['id']}/line_items", lines)}


def _who(store: Store, asked: dict[str, Any]) -> tuple[Doc | None, list[Doc], str]:
    if "customer" in asked:
        customer = store.take("customer", asked["customer"], param="customer")
        return customer["address"], store.of_customer("tax_id", customer["id"]), customer["tax_exempt"]
    details = asked.get("customer_details", {})
    override = OVERRIDES[details.get("taxability_override", "none")]
    return details.get("address"), details.get("tax_ids", []), override


def _line(store: Store, line: dict[str, Any], address: Doc | None, held: list[Doc], exempt: str) -> Doc:
    behaviour = line.get("tax_behavior", "exclusive")
    taxes = automatic(store, address, held, exempt, inclusive=behaviour == "inclusive")
    return {
        "id": ids.new_id("tax.calculation_line_item"),
        "object": "tax.calculation_line_item",
        "amount": line["amount"],
        "amount_tax": sum(tax.line(line["amount"])["amount"] for tax in taxes),
        "livemode": False,
        "product": line.get("product"),
        "quantity": line.get("quantity", 1),
        "reference": line.get("reference", ""),
        "tax_behavior": behaviour,
        "tax_code": line.get("tax_code", "txcd_10000000"),
    }
