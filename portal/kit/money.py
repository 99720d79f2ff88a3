"""Money without floats: amounts in minor units, unit prices as exact decimals.

The rule of rounding is written here and nowhere else (`rounded`): amounts are exact until they stand on a line, a line is
rounded once, and a total adds rounded lines and is never rounded again.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

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

    def __neg__(self) -> Money:
        return Money(-self.minor, self.currency)

    def __sub__(self, other: Money) -> Money:
        return self + -other

    @property
    def amount(self) -> Decimal:
        """In major units, exact: 1250 EUR minor units are 12.50."""
        return Decimal(self.minor).scaleb(-EXPONENTS[self.currency])

    def __str__(self) -> str:
        return f"{self.amount:,.{EXPONENTS[self.currency]}f} {self.currency}"


def rounded(amount: Decimal | Fraction, currency: str) -> Money:
    """An exact amount in major units to the currency's smallest unit, half to even."""
    return Money(round(Fraction(amount) * 10 ** EXPONENTS[currency]), currency)


@dataclass(frozen=True, slots=True)
class UnitPrice:
    """A price per unit in major units, exact, often below the smallest coin."""

    amount: Decimal
    currency: str

    def times(self, quantity: int) -> Money:
        """Rounded once, at the end."""
        return rounded(self.amount * quantity, self.currency)

    def __str__(self) -> str:
        return f"{self.amount.normalize():f} {self.currency}"
