"""The verbs of this room."""

from __future__ import annotations

from decimal import Decimal

from django.utils.translation import gettext as _

from portal.kit.actors import Actor
from portal.kit.errors import Invalid
from portal.kit.money import EXPONENTS
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from vendors.billing.budgeting import (
    BudgetPlan,
    change_budget,
    close_budget,
    lift_cap,
    open_budget,
)
from vendors.billing.checks import Usage
from vendors.billing.closing import close_period, grant_credit, note_tax
from vendors.billing.details import change_billing_details
from vendors.billing.disputing import dispute_entry, settle_dispute
from vendors.billing.keeping import record_check
from vendors.billing.models import ContractPrice
from vendors.billing.recording import record_usage, take_back
from vendors.billing.reservations import has_budgets, release_checks, reserve_checks, would_fit
from vendors.billing.subscriptions import begin_subscription, change_plan, put_on_plan

__all__ = [
    "BudgetPlan",
    "Usage",
    "begin_subscription",
    "change_billing_details",
    "change_budget",
    "change_plan",
    "close_budget",
    "close_period",
    "dispute_entry",
    "enter_contract_price",
    "grant_credit",
    "has_budgets",
    "lift_cap",
    "note_tax",
    "open_budget",
    "put_on_plan",
    "record_check",
    "record_usage",
    "release_checks",
    "reserve_checks",
    "settle_dispute",
    "take_back",
    "would_fit",
]


def enter_contract_price(*, vendor: str, unit_price: Decimal, currency: str, actor: Actor) -> ContractPrice:
    """From now on decisions under the tenant's own contract are counted at this price."""
    if currency not in EXPONENTS:
        raise Invalid("currency_unknown", _("Choose a currency from the list."), field="currency")
    if not Decimal(0) <= unit_price < Decimal(100_000):
        raise Invalid("price_unusable", _("Enter a price between 0 and 100,000."), field="unit_price")
    price = ContractPrice.objects.create(vendor=vendor, unit_price=unit_price, currency=currency)
    record_event(
        EventName.CONTRACT_PRICE_ENTERED,
        actor=actor,
        data={"vendor": vendor, "unit_price": str(unit_price), "currency": currency},
    )
    return price
