"""What a price says, and what a price must not say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

HIGHEST_PRICE = Decimal(1_000_000)
HIGHEST_QUANTITY = 10**12
DECIMALS = 6


class BadTerms(ValueError):
    """`code` is stable; `field` names what to mend; `found` is what stood there."""

    def __init__(self, code: str, field: str, found: object = "") -> None:
        super().__init__(code)
        self.code = code
        self.field = field
        self.found = found


class Model(StrEnum):
    FLAT = "flat"
    GRADUATED = "graduated"
    VOLUME = "volume"


@dataclass(frozen=True, slots=True)
class Tier:
    """`up_to` is the last unit of the tier; the last tier has none."""

    up_to: int | None
    unit_price: Decimal


@dataclass(frozen=True, slots=True)
class Terms:
    """How the units of one product in one period become an amount.

    The first `trial` units a tenant ever uses cost nothing and count for nothing. Of the others each period, the first
    `included` cost nothing, or that part of them for a part of the period; the rest cost what their tier says, and included
    units fill tiers too. Graduated: each unit has the price of the tier it falls into. Volume: all of them have the price of
    the tier that the period's last unit falls into. `minimum` is what a period in which the product was used costs at least.
    """

    model: Model
    tiers: tuple[Tier, ...]
    included: int = 0
    trial: int = 0
    minimum: Decimal = Decimal(0)

    def __post_init__(self) -> None:
        check_tiers(self.tiers)
        if self.model is Model.FLAT and len(self.tiers) != 1:
            raise BadTerms("flat_price_has_one_tier", "tiers")
        if min(self.included, self.trial) < 0:
            raise BadTerms("quantity_below_zero", "included" if self.included < 0 else "trial")
        if self.minimum < 0:
            raise BadTerms("price_unusable", "minimum", self.minimum)

    @property
    def list_price(self) -> Decimal:
        """What one unit costs before anything is included, tried or tiered."""
        return self.tiers[0].unit_price

    @property
    def dearest_price(self) -> Decimal:
        """The most that one unit can cost, however many follow it, in a period in which hardly any are included."""
        return max(tier.unit_price for tier in self.tiers)


def flat(unit_price: Decimal, **more: Any) -> Terms:
    return Terms(Model.FLAT, (Tier(None, unit_price),), **more)


def check_tiers(tiers: Sequence[Tier]) -> None:
    """Each tier ends after the one before; only the last has no end."""
    if not tiers:
        raise BadTerms("price_missing", "unit_price")
    before = 0
    for number, tier in enumerate(tiers):
        last = number == len(tiers) - 1
        if (tier.up_to is None) != last:
            raise BadTerms("last_tier_has_no_end", "tiers", tier.up_to)
        if tier.up_to is not None and tier.up_to <= before:
            raise BadTerms("tiers_overlap", "tiers", tier.up_to)
        if not 0 <= tier.unit_price <= HIGHEST_PRICE:
            raise BadTerms("price_unusable", "unit_price", tier.unit_price)
        before = tier.up_to or before


# ------------------------------------------------------------------ reading


def read_decimal(value: object, field: str) -> Decimal:
    """Text or a whole number. A JSON fraction is refused: it was a float before anybody could read it exactly."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise BadTerms("price_not_exact", field, value)
    try:
        amount = Decimal(value)
    except InvalidOperation:
        raise BadTerms("price_unusable", field, value) from None
    if not amount.is_finite() or not 0 <= amount <= HIGHEST_PRICE:
        raise BadTerms("price_unusable", field, value)
    exponent = amount.normalize().as_tuple().exponent
    if isinstance(exponent, int) and -exponent > DECIMALS:
        raise BadTerms("price_too_fine", field, value)
    return amount


def read_quantity(value: object, field: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= HIGHEST_QUANTITY:
        raise BadTerms("quantity_unusable", field, value)
    return value


def _tier(found: object, before: int) -> Tier:
    """`from`, if it is there, must follow the tier before."""
    if not isinstance(found, Mapping) or set(found) - {"from", "up_to", "unit_price"}:
        raise BadTerms("tier_unusable", "tiers", found)
    end = found.get("up_to")
    if "from" in found:
        start = read_quantity(found["from"], "from")
        if start != before + 1:
            raise BadTerms("tiers_overlap" if start <= before else "tiers_leave_a_gap", "from", start)
    return Tier(
        None if end is None else read_quantity(end, "up_to"),
        read_decimal(found.get("unit_price"), "unit_price"),
    )


def _tiers(found: Mapping[str, Any]) -> tuple[Tier, ...]:
    if "tiers" not in found:
        return (Tier(None, read_decimal(found.get("unit_price"), "unit_price")),)
    if "unit_price" in found:
        raise BadTerms("unit_price_or_tiers", "unit_price", found["unit_price"])
    listed = found["tiers"]
    if not isinstance(listed, list) or not 1 <= len(listed) <= 50:
        raise BadTerms("tier_unusable", "tiers", listed)
    tiers: list[Tier] = []
    for entry in listed:
        tiers.append(_tier(entry, (tiers[-1].up_to or 0) if tiers else 0))
    return tuple(tiers)


def read_terms(found: Mapping[str, Any]) -> Terms:
    """From the file of prices or from a stored price. BadTerms for what cannot be a price."""
    model = found.get("model", Model.GRADUATED if "tiers" in found else Model.FLAT)
    if model not in set(Model):
        raise BadTerms("model_unknown", "model", model)
    return Terms(
        model=Model(model),
        tiers=_tiers(found),
        included=read_quantity(found.get("included", 0), "included"),
        trial=read_quantity(found.get("trial", 0), "trial"),
        minimum=read_decimal(found.get("minimum", 0), "minimum"),
    )


def terms_json(terms: Terms) -> dict[str, Any]:
    """What `read_terms` reads back as the same terms."""
    return {
        "model": terms.model.value,
        "tiers": [{"up_to": tier.up_to, "unit_price": str(tier.unit_price)} for tier in terms.tiers],
        "included": terms.included,
        "trial": terms.trial,
        "minimum": str(terms.minimum),
    }
