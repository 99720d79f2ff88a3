"""One check that ended, and where its price comes from."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from portal.kit.errors import Misconfigured
from vendors.billing.book import SCALE, Book, PricedProduct
from vendors.billing.models import ContractPrice, Meter, Paid
from vendors.billing.rating.billability import Billability, Outcome

STEPS = {Meter.DECISION: "proofed", Meter.FACE_CHECK: "face_checked"}
# A file has a million words of these: looking one up here is quicker than making an enumeration's member of it.
OUTCOMES = frozenset(Outcome)
METERS = {meter.value: meter for meter in Meter}
KINDS = {kind.value: kind for kind in Paid}


@dataclass(
    slots=True
)  # not frozen: that makes an instance in three times the time, and a file has a million of them
class Usage:
    """One check that ended. Nobody changes one: `replace` makes another. Without a `connection_kind` the tenant's own contract is used if it entered a price."""

    idempotency_key: str
    meter: str
    vendor: str
    outcome: Outcome
    quantity: int
    occurred_at: datetime
    case_id: UUID
    connection_kind: str = ""
    step: str = ""
    mode: str = "production"
    profile_id: UUID | None = None
    department: str = ""
    replaces_id: UUID | None = None
    product: tuple[str, str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.outcome not in OUTCOMES or self.meter not in METERS:
            raise ValueError("usage has an outcome and a meter that are known")
        if self.quantity < 1:
            raise ValueError("usage counts at least one")
        self.product = (self.meter, self.vendor)


@dataclass(frozen=True, slots=True)
class Pricing:
    """Where the price of one event comes from. A tenant's own contract may still be unpriced: it is counted at nothing."""

    kind: Paid
    ours: PricedProduct | None
    own: ContractPrice | None

    @property
    def unit_price(self) -> Decimal:
        if self.ours is not None:
            return self.ours.unit_price
        return (self.own.unit_price if self.own else Decimal(0)).quantize(SCALE)

    @property
    def currency(self) -> str | None:
        if self.ours is not None:
            return self.ours.price.currency
        return self.own.currency if self.own else None

    @property
    def billability(self) -> Billability:
        return self.ours.billability if self.ours else Billability()


def pricing_of(book: Book, usage: Usage) -> Pricing:
    # A Face Check of ours has no other price than ours; one of Microsoft's is on the tenant's own contract there.
    may_be_own = usage.meter == Meter.DECISION or usage.connection_kind == Paid.OWN_CONTRACT.value
    own = book.contract_price(usage.vendor, usage.occurred_at) if may_be_own else None
    kind = KINDS[usage.connection_kind or ("own_contract" if own else "through_us")]
    if kind is Paid.OWN_CONTRACT:
        return Pricing(kind, None, own)
    ours = book.find(usage.product, usage.occurred_at)
    if ours is None and kind is not Paid.FREE:
        elsewhere = book.priced_elsewhere(usage.product, usage.occurred_at)
        raise Misconfigured(
            "currency_not_subscribed" if elsewhere else "price_missing",
            detail={"meter": usage.meter, "vendor": usage.vendor},
        )
    return Pricing(kind, ours, None)
