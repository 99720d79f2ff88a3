"""Writing usage down, once."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.utils.translation import gettext as _

from portal.kit.actors import SYSTEM, Actor
from portal.kit.errors import Invalid, Misconfigured
from portal.kit.ids import short_reference
from portal.kit.money import EXPONENTS
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from vendors.billing.models import ContractPrice, Meter, PriceVersion, UsageEntry, Why
from vendors.billing.selectors import contract_price_at, price_at

OWN_CONTRACT = "own_contract"


def record_usage(
    *,
    idempotency_key: str,
    meter: str,
    vendor: str,
    connection_kind: str,
    quantity: int,
    billable: bool,
    why: str,
    case_id: UUID,
    step: str,
    mode: str,
    occurred_at: datetime,
) -> UsageEntry:
    """Insert one entry at the price in force at `occurred_at`; quiet when the key exists. In the tenant's scope.

    The unique key decides between two that come at once: the loser waits for the winner and reads its row.
    """
    if quantity < 1:
        raise ValueError("usage counts at least one")
    known = UsageEntry.objects.filter(idempotency_key=idempotency_key).first()
    if known is not None:
        return known
    price, contract = _prices(Meter(meter), vendor, connection_kind, occurred_at)
    source = price or contract
    unit_price = source.unit_price if source else Decimal(0)
    entry = UsageEntry(
        idempotency_key=idempotency_key,
        meter=Meter(meter),
        vendor=vendor,
        connection_kind=connection_kind,
        quantity=quantity,
        price_version=price,
        contract_price=contract,
        unit_price=unit_price,
        amount=unit_price * quantity if billable else Decimal(0),
        currency=source.currency if source else "EUR",
        billable=billable,
        why=Why(why),
        case_id=case_id,
        case_reference=short_reference(case_id),
        step=step,
        mode=mode,
        occurred_at=occurred_at,
    )
    UsageEntry.objects.bulk_create([entry], ignore_conflicts=True)
    kept = UsageEntry.objects.get(idempotency_key=idempotency_key)
    if kept.id == entry.id:
        _note(kept)
    return kept


def _prices(
    meter: Meter, vendor: str, connection_kind: str, moment: datetime
) -> tuple[PriceVersion | None, ContractPrice | None]:
    """A missing price of ours stops the entry: nothing is given away or guessed. One's own contract may be unpriced."""
    if connection_kind == OWN_CONTRACT:
        return None, contract_price_at(vendor, moment)
    price = price_at(meter, vendor, moment)
    if price is None:
        raise Misconfigured("price_missing", detail={"meter": meter.value, "vendor": vendor})
    return price, None


def _note(entry: UsageEntry) -> None:
    record_event(
        EventName.USAGE_RECORDED,
        actor=SYSTEM,
        subject=entry.public_id,
        case_id=entry.case_id,
        data={
            "meter": entry.meter,
            "vendor": entry.vendor,
            "billable": entry.billable,
            "why": entry.why,
            "amount": str(entry.amount.normalize()),
            "currency": entry.currency,
        },
    )


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
