"""What a plan costs: what is due when it is bought, and what changes for whoever is on another plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from portal.kit import clock
from portal.kit.errors import Invalid
from portal.kit.money import Money, rounded
from vendors.billing.price_file import amount_text
from vendors.billing.rating.terms import Terms
from vendors.catalogue.listing import Plan
from vendors.catalogue.shelf import Item, PlanPrice


@dataclass(frozen=True, slots=True)
class Offered:
    """A plan as it may be bought now. `due` is before tax; `version` names the prices it comes from."""

    plan: Plan
    price: PlanPrice
    due: Money
    version: str
    words: str

    @property
    def currency(self) -> str:
        return self.due.currency


def offered_plan(item: Item, plan: str, currencies: Sequence[str]) -> Offered:
    """Invalid for a plan that is not sold, or has no price in any of these currencies."""
    found = item.listing.plan(plan)
    currency = item.currency_for(currencies)
    price = item.price_of(found, currency, clock.now()) if found else None
    if found is None or price is None:
        raise Invalid("plan_unknown", _("Choose one of the plans."), field="plan")
    return Offered(
        found,
        price,
        due_of(found, price),
        price.now.price.id,
        f"{item.listing.name}: {found.title}",
    )


def offered_plans(item: Item, currencies: Sequence[str]) -> list[Offered]:
    """Every plan that has a price now, in the file's order."""
    currency, moment = item.currency_for(currencies), clock.now()
    return [
        offered_plan(item, plan.key, currencies)
        for plan in item.listing.plans
        if item.price_of(plan, currency, moment) is not None
    ]


def due_of(plan: Plan, price: PlanPrice) -> Money:
    """A bundle is paid whole and a subscription's first period ahead; what is metered is paid later."""
    if plan.kind == "bundle":
        amount = price.unit_price * plan.quantity
    elif plan.kind == "subscription":
        amount = price.fee or Decimal(0)
    else:
        amount = Decimal(0)
    return rounded(amount, price.currency)


# ------------------------------------------------------------------ in words


def told(amount: Decimal, currency: str) -> str:
    return f"{amount_text(amount)} {currency}"


def sentences_of(offered: Offered) -> list[str]:
    """What a plan costs, as a person reads it before they agree."""
    plan, price, currency = offered.plan, offered.price, offered.currency
    terms = price.now.price.terms
    each = told(price.unit_price, currency)
    if plan.kind == "bundle":
        found = [
            _("%(due)s now, for %(count)d checks at %(each)s. What is left after %(months)d months expires.")
            % {
                "due": told(offered.due.amount, currency),
                "count": plan.quantity,
                "each": each,
                "months": plan.months,
            }
        ]
    elif plan.kind == "subscription":
        found = [
            _("%(fee)s each period with %(count)d checks in it, then %(each)s for each check.")
            % {"fee": told(price.fee or Decimal(0), currency), "count": terms.included, "each": each},
            _(
                "In a period in which the plan begins or ends, both count for the part of it in which you have it."
            ),
        ]
    elif len(terms.tiers) > 1:
        found = [_tiers(terms, currency)]
    else:
        found = [_("%(each)s for each check.") % {"each": each}]
    if terms.trial:
        found.append(
            _(
                "The first %(count)d checks your organisation ever makes cost nothing. After them each costs %(each)s: "
                "the trial ends by itself and nothing is charged for it."
            )
            % {"count": terms.trial, "each": each}
        )
    return [*found, *announced(offered)]


def _tiers(terms: Terms, currency: str) -> str:
    parts = [
        _("%(each)s up to %(count)d") % {"each": told(tier.unit_price, currency), "count": tier.up_to}
        if tier.up_to
        else _("%(each)s after them") % {"each": told(tier.unit_price, currency)}
        for tier in terms.tiers
    ]
    return _("In each period: %(tiers)s.") % {"tiers": ", ".join(parts)}


def announced(offered: Offered) -> list[str]:
    """Prices that will hold later, with their day."""
    found = []
    for coming, words in (
        (offered.price.next, _("From %(day)s each check costs %(price)s.")),
        (offered.price.next_fee, _("From the period after %(day)s the fee is %(price)s.")),
    ):
        if coming is not None:
            found.append(
                words
                % {
                    "day": date_format(coming.price.effective_from, "j M Y"),
                    "price": told(coming.price.terms.list_price, coming.price.currency),
                }
            )
    return found


def effects_of(before: Offered | None, after: Offered, share_left: Decimal) -> list[str]:
    """What changes in money for whoever is on another plan of the same listing. `share_left` is what is left of the
    running period."""
    if before is None:
        return []
    currency = after.currency
    costs = {
        "after": told(after.price.unit_price, currency),
        "before": told(before.price.unit_price, before.currency),
    }
    if costs["after"] == costs["before"]:
        found = [_("Each check goes on costing %(after)s.") % costs]
    else:
        found = [_("From the moment it is paid each check costs %(after)s instead of %(before)s.") % costs]
    trial = before.price.now.price.terms.trial
    if trial and not after.price.now.price.terms.trial:
        found.append(
            _("What is left of the first %(count)d checks, which cost nothing, ends with it.")
            % {"count": trial}
        )
    if before.price.fee:
        saved = rounded(before.price.fee * share_left, before.currency)
        found.append(
            _("The fee of “%(plan)s” is counted up to then: %(saved)s less on the next invoice.")
            % {"plan": _(before.plan.title), "saved": saved}
        )
    if after.price.fee:
        part = rounded(after.price.fee * share_left, currency)
        found.append(
            _(
                "Of the new fee %(part)s belong to the running period. What you pay now pays your next invoices, fee and "
                "checks, until it is used up."
            )
            % {"part": part}
        )
    if before.due.minor:
        found.append(_("What you paid in advance before stays yours and pays your next invoices."))
    return found
