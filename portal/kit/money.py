"""Money without floats: amounts in minor units, unit prices as exact decimals."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

EXPONENTS = {"EUR": 2, "USD": 2, "GBP": 2, "CHF": 2, "CZK": 2, "SEK": 2, "PLN": 2, "JPY": 0}


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in the currency's smallest unit (ISO 4217)."""

    minor: int
    currency: str

    def __add__(self, other: Money) -> Money:
        if self.currency != other.currency:
            raise ValueError("amounts in different currencies do not add")
        return Money(self.minor + other.minor, self.currency)

    def __str__(self) -> str:
        exponent = EXPONENTS[self.currency]
        return f"{Decimal(self.minor).scaleb(-exponent):,.{exponent}f} {self.currency}"


@dataclass(frozen=True, slots=True)
class UnitPrice:
    """A price per unit in major units, exact, often below the smallest coin."""

    amount: Decimal
    currency: str

    def times(self, quantity: int) -> Money:
        """Rounded once, half to even, at the end."""
        minor = (self.amount * quantity).scaleb(EXPONENTS[self.currency])
        return Money(int(minor.quantize(Decimal(1), rounding=ROUND_HALF_EVEN)), self.currency)

    def __str__(self) -> str:
        return f"{self.amount.normalize():f} {self.currency}"
