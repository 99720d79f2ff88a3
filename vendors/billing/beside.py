"""What stands on an invoice beside the checks that a budget counts: the plan's fee, and what is missing to a minimum."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from portal.kit import clock
from vendors.billing.book import Book, Standing, load_versions
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

    def of(self, budget: Budget) -> Beside:
        """What is of the budget's own partner, or everything. What a minimum adds is nobody's profile or department."""
        if budget.currency != self.currency or budget.profile_id or budget.department:
            return Beside(budget.currency, Decimal(0), ())
        chosen = tuple(each for each in self.minimums if budget.vendor in ("", each[0]))
        return Beside(self.currency, Decimal(0) if budget.vendor else self.fee, chosen)


def beside_budgets(found: Standing, partners: Collection[str]) -> Beside:
    """One question for the prices of these partners, of Face Checks and of plans."""
    products = [FACE_CHECK, *((Meter.DECISION.value, partner) for partner in sorted(partners))]
    versions, moment = load_versions([FEE, *products]), clock.now()
    book, plan, currency = Book(versions), plan_at(found.spans, moment), found.currencies[0]
    own = [each.price for each in versions[FEE] if (each.price.plan, each.price.currency) == (plan, currency)]
    fee = price_in_force(own, plan, moment)
    book.__dict__["standing"] = found
    minimums = []
    for product in products:
        held = book.find(product, moment)
        if held is not None and held.price.terms.minimum and held.price.currency == currency:
            minimums.append((product[1], held.price.terms.minimum))
    return Beside(currency, fee.terms.list_price if fee else Decimal(0), tuple(minimums))
