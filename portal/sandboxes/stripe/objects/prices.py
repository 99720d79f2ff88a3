"""Prices: per unit or in tiers, once or recurring."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from portal.sandboxes.stripe import ids
from portal.sandboxes.stripe.api import parameters as p
from portal.sandboxes.stripe.api.answers import page
from portal.sandboxes.stripe.api.errors import refused
from portal.sandboxes.stripe.objects import products
from portal.sandboxes.stripe.store import Doc, Store

INTERVALS = ("day", "week", "month", "year")
LONGEST = {"day": 1095, "week": 156, "month": 36, "year": 3}


def up_to(value: Any, param: str) -> int | None:
    return None if value == "inf" else int(p.integer(1)(value, param))


TIER: dict[str, p.Reader] = {
    "up_to": up_to,
    "unit_amount": p.integer(),
    "unit_amount_decimal": p.decimal(),
    "flat_amount": p.integer(),
    "flat_amount_decimal": p.decimal(),
}
RECURRING: dict[str, p.Reader] = {
    "interval": p.one_of(*INTERVALS),
    "interval_count": p.integer(1, 1095),
    "usage_type": p.one_of("licensed", "metered"),
}
BEHAVIOUR = p.one_of("exclusive", "inclusive", "unspecified")
CREATE: dict[str, p.Reader] = {
    "active": p.boolean,
    "billing_scheme": p.one_of("per_unit", "tiered"),
    "currency": p.currency,
    "lookup_key": p.filled(200),
    "metadata": p.metadata,
    "nickname": p.or_empty(p.text()),
    "product": p.filled(200),
    "product_data": p.nested(
        {
            name: products.CHANGEABLE[name]
            for name in ("active", "metadata", "name", "statement_descriptor", "tax_code", "unit_label")
        }
        | {"id": p.filled(200)},
        required=("name",),
    ),
    "recurring": p.nested(RECURRING, required=("interval",)),
    "tax_behavior": BEHAVIOUR,
    "tiers": p.array(p.nested(TIER, required=("up_to",)), most=100),
    "tiers_mode": p.one_of("graduated", "volume"),
    "transfer_lookup_key": p.boolean,
    "transform_quantity": p.nested(
        {"divide_by": p.integer(1), "round": p.one_of("up", "down")}, required=("divide_by", "round")
    ),
    "unit_amount": p.integer(),
    "unit_amount_decimal": p.decimal(),
}
# A price made on the spot, where a line names one.
DATA: dict[str, p.Reader] = {
    "currency": p.currency,
    "product": p.filled(200),
    "recurring": p.nested(RECURRING, required=("interval",)),
    "tax_behavior": BEHAVIOUR,
    "unit_amount": p.integer(-p.LARGEST),
    "unit_amount_decimal": p.decimal(negative=True),
}


def create(store: Store, given: p.Given) -> Doc:
    return make(store, p.read(given, CREATE, required=("currency",)))


def make(store: Store, asked: dict[str, Any], *, active: bool = True) -> Doc:
    scheme = asked.get("billing_scheme", "per_unit")
    if scheme == "tiered":
        _require_tiers(asked)
    elif "tiers" in asked or "tiers_mode" in asked:
        raise refused("`tiers` may only be given with `billing_scheme=tiered`.", "", "tiers")
    product = _product_of(store, asked)
    decimal = None if scheme == "tiered" else _unit_amount(asked)
    recurring = _recurring(asked)
    doc: Doc = {
        "id": ids.new_id("price"),
        "object": "price",
        "active": asked.get("active", active),
        "billing_scheme": scheme,
        "created": store.now(),
        "currency": asked["currency"],
        "custom_unit_amount": None,
        "livemode": False,
        "lookup_key": None,
        "metadata": p.merged({}, asked.get("metadata")),
        "nickname": asked.get("nickname"),
        "product": product,
        "recurring": recurring,
        "tax_behavior": asked.get("tax_behavior", "unspecified"),
        "tiers_mode": asked.get("tiers_mode"),
        "transform_quantity": asked.get("transform_quantity"),
        "type": "recurring" if recurring else "one_time",
        "unit_amount": whole_or_none(decimal),
        "unit_amount_decimal": decimal,
    }
    if scheme == "tiered":
        doc["_tiers"] = [_tier(tier) for tier in asked["tiers"]]
    if "lookup_key" in asked:
        _claim_lookup_key(store, doc, asked["lookup_key"], transfer=asked.get("transfer_lookup_key", False))
    return store.add(doc, parent=product, event="price.created")


def _require_tiers(asked: dict[str, Any]) -> None:
    if "recurring" not in asked:
        raise refused("Tiers are only for recurring prices.", "", "billing_scheme")
    tiers = asked.get("tiers") or []
    if not tiers or "tiers_mode" not in asked:
        name = "tiers" if not tiers else "tiers_mode"
        raise refused(f"`{name}` is required with `billing_scheme=tiered`.", "parameter_missing", name)
    if "unit_amount" in asked or "unit_amount_decimal" in asked or "transform_quantity" in asked:
        raise refused(
            "`unit_amount` and `transform_quantity` may not be given with tiers.", "", "unit_amount"
        )
    below = 0
    for place, tier in enumerate(tiers):
        last = place == len(tiers) - 1
        if (tier["up_to"] is None) != last:
            raise refused(
                "The last tier must have `up_to=inf`, and only the last.", "", f"tiers[{place}][up_to]"
            )
        if tier["up_to"] is not None and tier["up_to"] <= below:
            raise refused(
                "Each tier's `up_to` must be greater than the one before.", "", f"tiers[{place}][up_to]"
            )
        below = tier["up_to"] or below
        for name in ("unit_amount", "flat_amount"):
            if name in tier and f"{name}_decimal" in tier:
                raise refused(f"Give `{name}` or `{name}_decimal`, not both.", "", f"tiers[{place}][{name}]")
        if not any(name in tier for name in TIER if name != "up_to"):
            raise refused("A tier needs a unit amount or a flat amount.", "", f"tiers[{place}]")


def _tier(asked: dict[str, Any]) -> Doc:
    unit, flat = decimal_of(asked, "unit_amount"), decimal_of(asked, "flat_amount")
    return {
        "flat_amount": whole_or_none(flat),
        "flat_amount_decimal": flat,
        "unit_amount": whole_or_none(unit),
        "unit_amount_decimal": unit,
        "up_to": asked["up_to"],
    }


def decimal_of(asked: dict[str, Any], name: str) -> str | None:
    """An amount as exact text, whichever way it was given."""
    if f"{name}_decimal" in asked:
        return str(asked[f"{name}_decimal"])
    return str(asked[name]) if name in asked else None


def whole_or_none(decimal: str | None) -> int | None:
    """The integer form, which exists only when nothing is lost."""
    if decimal is None or Decimal(decimal) % 1:
        return None
    return int(Decimal(decimal))


def _unit_amount(asked: dict[str, Any]) -> str:
    if "unit_amount" in asked and "unit_amount_decimal" in asked:
        raise refused(
            "You may only specify one of these parameters: unit_amount, unit_amount_decimal.",
            "",
            "unit_amount",
        )
    found = decimal_of(asked, "unit_amount")
    if found is None:
        raise refused(
            "You must specify either `unit_amount` or `unit_amount_decimal` for a price that has no tiers.",
            "parameter_missing",
            "unit_amount",
        )
    return found


def _product_of(store: Store, asked: dict[str, Any]) -> str:
    if ("product" in asked) == ("product_data" in asked):
        raise refused(
            "You must specify exactly one of `product` and `product_data`.", "parameter_missing", "product"
        )
    if "product" in asked:
        return str(store.take("product", asked["product"], param="product")["id"])
    return str(products.make(store, asked["product_data"])["id"])


def _recurring(asked: dict[str, Any]) -> Doc | None:
    given = asked.get("recurring")
    if given is None:
        return None
    if given.get("usage_type") == "metered":
        raise refused(
            "The sandbox knows no meters: usage is counted by the caller and billed as quantities.",
            "",
            "recurring[usage_type]",
        )
    count = given.get("interval_count", 1)
    if count > LONGEST[given["interval"]]:
        raise refused("A period may not be longer than three years.", "", "recurring[interval_count]")
    return {
        "interval": given["interval"],
        "interval_count": count,
        "meter": None,
        "trial_period_days": None,
        "usage_type": "licensed",
    }


def _claim_lookup_key(store: Store, doc: Doc, key: str, *, transfer: bool) -> None:
    holder = store.records("price").filter(data__lookup_key=key).exclude(id=doc["id"]).first()
    if holder is not None:
        if not transfer:
            raise refused(
                f"A price (`{holder.id}`) already uses that lookup key.",
                "resource_already_exists",
                "lookup_key",
            )
        other = dict(holder.data)
        other["lookup_key"] = None
        store.save(other, event="price.updated")
    doc["lookup_key"] = key


def named(store: Store, asked: dict[str, Any], *, param: str, recurring: bool | None = None) -> Doc:
    """The price a line names by id, or the one it brings as data."""
    if ("price" in asked) == ("price_data" in asked):
        raise refused(
            f"You must specify exactly one of `{param}[price]` and `{param}[price_data]`.",
            "",
            f"{param}[price]",
        )
    if "price_data" in asked:
        price = make(store, asked["price_data"], active=False)
    else:
        price = store.take("price", asked["price"], param=f"{param}[price]")
        if not price["active"]:
            raise refused(
                "The price specified is inactive. This field only accepts active prices.",
                "",
                f"{param}[price]",
            )
    if recurring is not None and (price["recurring"] is not None) != recurring:
        wanted, given = ("recurring", "one_time") if recurring else ("one_time", "recurring")
        raise refused(
            f"The price specified is set to `type={given}` but this field only accepts prices with `type={wanted}`.",
            "",
            f"{param}[price]",
        )
    return price


def retrieve(store: Store, given: p.Given, identifier: str) -> Doc:
    p.read(given, {})
    return store.take("price", identifier)


def update(store: Store, given: p.Given, identifier: str) -> Doc:
    """What was agreed does not change: amounts, tiers, currency and period are not among these."""
    names = ("active", "lookup_key", "metadata", "nickname", "tax_behavior", "transfer_lookup_key")
    asked = p.read(given, {name: CREATE[name] for name in names})
    doc = store.take("price", identifier)
    if "tax_behavior" in asked and doc["tax_behavior"] not in {"unspecified", asked["tax_behavior"]}:
        raise refused("Once set, the tax behaviour of a price cannot be changed.", "", "tax_behavior")
    if "lookup_key" in asked:
        _claim_lookup_key(store, doc, asked["lookup_key"], transfer=asked.get("transfer_lookup_key", False))
    doc["metadata"] = p.merged(doc["metadata"], asked.get("metadata"))
    doc |= {name: asked[name] for name in ("active", "nickname", "tax_behavior") if name in asked}
    return store.save(doc, event="price.updated")


def list_all(store: Store, given: p.Given) -> Doc:
    filters: dict[str, p.Reader] = {
        "active": p.boolean,
        "currency": p.currency,
        "lookup_keys": p.array(p.filled(200), most=10),
        "product": p.filled(200),
        "type": p.one_of("one_time", "recurring"),
    }

    def narrow(found: Any, asked: dict[str, Any]) -> Any:
        if "lookup_keys" in asked:
            found = found.filter(data__lookup_key__in=asked["lookup_keys"])
        plain = {name: asked[name] for name in ("active", "currency", "product", "type") if name in asked}
        return found.filter(**{f"data__{name}": value for name, value in plain.items()})

    return page(store, given, "price", url="/v1/prices", filters=filters, narrow=narrow)


def tiers_of(store: Store, price: Doc) -> Any:
    """For `expand[]=tiers`."""
    return price.get("_tiers")
