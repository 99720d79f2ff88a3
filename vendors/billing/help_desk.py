"""What one reset at the help desk costs the organisation: what a recovered account is compared with.

An assumption of the tenant and no part of any invoice. Until it says its own, the default is the one that Microsoft's
savings estimator for account recovery begins with: 60 US dollars, for about an hour of two people's time.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from portal.kit.actors import Actor
from portal.kit.errors import Invalid
from portal.kit.money import EXPONENTS
from portal.kit.seen import require_unchanged
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from vendors.billing.help_desk_models import HelpDeskCost
from vendors.billing.price_file import amount_text
from vendors.billing.recording import lock_billing

DEFAULT_AMOUNT, DEFAULT_CURRENCY = Decimal(60), "USD"
HIGHEST = Decimal(100_000)


@dataclass(frozen=True, slots=True)
class ResetCost:
    amount: Decimal = DEFAULT_AMOUNT
    currency: str = DEFAULT_CURRENCY
    is_own: bool = False

    def marks(self) -> dict[str, object]:
        return {"amount": amount_text(self.amount), "currency": self.currency}


def reset_cost() -> ResetCost:
    """The tenant's newest, else the default."""
    row = HelpDeskCost.objects.order_by("-id").first()
    return ResetCost(row.amount, row.currency, is_own=True) if row else ResetCost()


def change_reset_cost(amount: Decimal, currency: str, *, actor: Actor, seen: str | None = None) -> ResetCost:
    """From now on. Quiet when it is that already; ChangedMeanwhile when it is not what the page had `seen`."""
    if currency not in EXPONENTS:
        raise Invalid("currency_unknown", _("Choose a currency from the list."), field="currency")
    if not 0 <= amount <= HIGHEST or amount != amount.quantize(Decimal("0.01")):
        raise Invalid(
            "amount_unusable",
            _("Write an amount from 0 to 100,000 with at most two decimals."),
            field="amount",
        )
    lock_billing()
    before = reset_cost()
    require_unchanged(seen, before.marks())
    wanted = ResetCost(amount, currency, is_own=True)
    if wanted != before:
        row = HelpDeskCost.objects.create(amount=amount, currency=currency)
        record_event(
            EventName.RESET_COST_CHANGED,
            actor=actor,
            subject=row.public_id,
            data={
                "from": f"{amount_text(before.amount)} {before.currency}",
                "to": f"{amount_text(amount)} {currency}",
            },
        )
    return wanted
