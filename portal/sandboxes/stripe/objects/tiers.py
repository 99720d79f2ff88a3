"""What a quantity costs at a price: exact decimals in minor units, rounded half up once for each line."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal
from typing import Any

Doc = dict[str, Any]


@dataclass(frozen=True)
class Part:
    """One line of a bill. `unit` is None for the flat fee of a tier."""

    quantity: int
    unit: Decimal | None
    amount: int
    words: str = ""


def rounded(exact: Decimal) -> int:
    """To whole minor units, half away from zero."""
    return int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def parts_of(price: Doc, quantity: int) -> list[Part]:
    """The lines a quantity makes at a price. At least one, also for nothing."""
    if price["billing_scheme"] == "per_unit":
        unit = Decimal(price["unit_amount_decimal"])
        return [Part(quantity, unit, rounded(unit * transformed(price, quantity)))]
    if price["tiers_mode"] == "volume":
        return _volume(price["_tiers"], quantity)
    return _graduated(price["_tiers"], quantity)


def amount_of(price: Doc, quantity: int) -> int:
    return sum(part.amount for part in parts_of(price, quantity))


def transformed(price: Doc, quantity: int) -> int:
    """The quantity in packages, where the price counts those."""
    packages = price.get("transform_quantity")
    if not packages:
        return quantity
    exact = Decimal(quantity) / packages["divide_by"]
    if packages["round"] == "up":
        return int(exact.to_integral_value(rounding=ROUND_CEILING))
    return quantity // int(packages["divide_by"])


def _volume(tiers: list[Doc], quantity: int) -> list[Part]:
    """The tier the whole quantity falls into prices all of it."""
    tier = next(tier for tier in tiers if tier["up_to"] is None or quantity <= tier["up_to"])
    return _parts_in(tier, quantity, "")


def _graduated(tiers: list[Doc], quantity: int) -> list[Part]:
    """Each tier prices the units that fall into it; its flat fee is due once any unit does, the first tier's always."""
    found: list[Part] = []
    below = 0
    for number, tier in enumerate(tiers, start=1):
        top = quantity if tier["up_to"] is None else min(quantity, tier["up_to"])
        if top > below or number == 1:
            found += _parts_in(tier, max(top - below, 0), f"Tier {number}")
        below = max(below, top)
        if below >= quantity:
            break
    return found


def _parts_in(tier: Doc, quantity: int, words: str) -> list[Part]:
    found = []
    unit, flat = tier["unit_amount_decimal"], tier["flat_amount_decimal"]
    if unit is not None or flat is None:
        exact = Decimal(unit or 0)
        found.append(Part(quantity, exact, rounded(exact * quantity), words))
    if flat is not None:
        found.append(Part(1 if quantity else 0, None, rounded(Decimal(flat)), f"{words} flat fee".strip()))
    return found


def exact_of(price: Doc, quantity: int) -> Decimal:
    """The unrounded cost, for shares of a period that are rounded only once."""
    if price["billing_scheme"] == "per_unit":
        return Decimal(price["unit_amount_decimal"]) * transformed(price, quantity)
    total = Decimal(0)
    below = 0
    for number, tier in enumerate(_tiers_for(price, quantity), start=1):
        whole = price["tiers_mode"] == "volume" or tier["up_to"] is None
        top = quantity if whole else min(quantity, tier["up_to"])
        if top > below or number == 1:
            total += Decimal(tier["unit_amount_decimal"] or 0) * max(top - below, 0)
            total += Decimal(tier["flat_amount_decimal"] or 0)
        below = max(below, top)
    return total


def _tiers_for(price: Doc, quantity: int) -> list[Doc]:
    tiers: list[Doc] = price["_tiers"]
    if price["tiers_mode"] == "volume":
        return [next(tier for tier in tiers if tier["up_to"] is None or quantity <= tier["up_to"])]
    return tiers
