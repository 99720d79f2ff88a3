"""What stands on an invoice beside the checks that a budget counts: the plan's fee, and what is missing to a minimum."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from portal.kit import clock
from vendors.billing.book import Book, PricedProduct, Standing, load_versions
from vendors.billing.models import Budget, Meter
from vendors.billing.rating.prices import plan_at, price_in_force

FEE = (Meter.FEE.value, "readmit")
FACE_CHECK = (Meter.FACE_CHECK.value, "readmit")


@dataclass(frozen=True, slots=True)
class Beside:
    """In the tenant's main currency, as prices are now. A partner's minimum is due in a period in which it was used."""

    currency: str
    fee: Decimal
    minimums: tuple[tuple[str, Decimal], ...]
    # Of plans that hold for one vendor's checks alone; `fee` has them too.
    own_fees: tuple[tuple[str, Decimal], ...] = ()

    def of(self, budget: Budget) -> Beside:
        """What is of the budget's own partner, or everything. What a minimum adds is nobody's profile or department."""
        if budget.currency != self.currency or budget.profile_id or budget.department:
            return Beside(budget.currency, Decimal(0), ())
        chosen = tuple(each for each in self.minimums if budget.vendor in ("", each[0]))
        own = sum((fee for vendor, fee in self.own_fees if vendor == budget.vendor), Decimal(0))
        return Beside(self.currency, own if budget.vendor else self.fee, chosen)


def beside_budgets(found: Standing, partners: Collection[str]) -> Beside:
    """One question for the prices of these partners, of Face Checks and of plans."""
    products = [FACE_CHECK, *((Meter.DECISION.value, partner) for partner in sorted(partners))]
    fee_products = sorted({FEE, *((FEE[0], vendor) for vendor in found.of_vendors)})
    versions, moment = load_versions([*fee_products, *products]), clock.now()
    book, plan, currency = Book(versions), plan_at(found.spans, moment), found.currencies[0]
    fee = _fee(versions[FEE], plan, currency, moment)
    own_fees = tuple(
        (vendor, _fee(versions[FEE[0], vendor], plan_at(spans, moment), currency, moment))
        for vendor, spans in sorted(found.of_vendors.items())
    )
    book.__dict__["standing"] = found
    minimums = []
    for product in products:
        held = book.find(product, moment)
        if held is not None and held.price.terms.minimum and held.price.currency == currency:
            minimums.append((product[1], held.price.terms.minimum))
    return Beside(
        currency, fee + sum((each for _vendor, each in own_fees), Decimal(0)), tuple(minimums), own_fees
    )


def _fee(rows: Sequence[PricedProduct], plan: str, currency: str, moment: datetime) -> Decimal:
    """What a plan costs each period; nothing for one without a fee of its own."""
    own = [each.price for each in rows if (each.price.plan, each.price.currency) == (plan, currency)]
    price = price_in_force(own, plan, moment)
    return price.terms.list_price if price else Decimal(0)
