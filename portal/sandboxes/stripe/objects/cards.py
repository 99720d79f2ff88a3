"""The documented test cards: what each number, token or payment method does. No other number is taken."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from portal.sandboxes.stripe.api.errors import ApiError


@dataclass(frozen=True)
class Decline:
    """Why an issuer says no."""

    code: str
    decline_code: str
    message: str


@dataclass(frozen=True)
class Card:
    """`fails_at` is when: `attach`, `charge`, or never. `challenge`: `always`, `once` (until it was set up), `never`."""

    number: str
    brand: str
    word: str = ""
    funding: str = "credit"
    country: str = "US"
    decline: Decline | None = None
    fails_at: str = ""
    challenge: str = "never"
    disputed: str = ""

    @property
    def method(self) -> str:
        return f"pm_card_{self.word}"

    @property
    def token(self) -> str:
        return f"tok_{self.word}"


GENERIC = Decline("card_declined", "generic_decline", "Your card was declined.")
FUNDS = Decline("card_declined", "insufficient_funds", "Your card has insufficient funds.")
LOST = Decline("card_declined", "lost_card", "Your card was declined.")
STOLEN = Decline("card_declined", "stolen_card", "Your card was declined.")
FRAUD = Decline("card_declined", "fraudulent", "Your card was declined.")
EXPIRED = Decline("expired_card", "expired_card", "Your card has expired.")
CVC = Decline("incorrect_cvc", "incorrect_cvc", "Your card's security code is incorrect.")
PROCESSING = Decline(
    "processing_error",
    "processing_error",
    "An error occurred while processing your card. Try again in a little bit.",
)
NOT_AUTHENTICATED = Decline(
    "authentication_required",
    "authentication_required",
    "Your card was declined. This transaction requires authentication.",
)

CARDS = (
    Card("4242424242424242", "visa", "visa"),
    Card("4000056655665556", "visa", "visa_debit", funding="debit"),
    Card("5555555555554444", "mastercard", "mastercard"),
    Card("2223003122003222", "mastercard", "mastercard_2"),
    Card("5200828282828210", "mastercard", "mastercard_debit", funding="debit"),
    Card("378282246310005", "amex", "amex"),
    Card("6011111111111117", "discover", "discover"),
    Card("4000002760000016", "visa", "de", country="DE"),
    Card("4000002500000003", "visa", "fr", country="FR"),
    Card("4000008260000000", "visa", "gb", country="GB"),
    Card("4000000000000077", "visa", "bypassPending"),
    Card("4000000000000002", "visa", "visa_chargeDeclined", decline=GENERIC, fails_at="attach"),
    Card("4000000000009995", "visa", "visa_chargeDeclinedInsufficientFunds", decline=FUNDS, fails_at="attach"),
    Card("4000000000009987", "visa", "visa_chargeDeclinedLostCard", decline=LOST, fails_at="attach"),
    Card("4000000000009979", "visa", "visa_chargeDeclinedStolenCard", decline=STOLEN, fails_at="attach"),
    Card("4000000000000069", "visa", "chargeDeclinedExpiredCard", decline=EXPIRED, fails_at="attach"),
    Card("4000000000000127", "visa", "chargeDeclinedIncorrectCvc", decline=CVC, fails_at="attach"),
    Card("4000000000000119", "visa", "chargeDeclinedProcessingError", decline=PROCESSING, fails_at="attach"),
    Card("4100000000000019", "visa", "radarBlock", decline=FRAUD, fails_at="attach"),
    Card("4000000000000341", "visa", "chargeCustomerFail", decline=GENERIC, fails_at="charge"),
    Card("4000002500003155", "visa", "authenticationRequiredOnSetup", challenge="once"),
    Card("4000002760003184", "visa", "authenticationRequired", challenge="always"),
    Card("4000003800000446", "visa", "authenticationRequiredSetupForOffSession", challenge="once"),
    Card(
        "4000008260003178", "visa", "authenticationRequiredChargeDeclinedInsufficientFunds",
        decline=FUNDS, fails_at="charge", challenge="always",
    ),
    Card("4000008400001629", "visa", "threeDSecureChargeDeclined", decline=GENERIC, fails_at="charge", challenge="always"),
    Card("4000000000000259", "visa", "createDispute", disputed="fraudulent"),
    Card("4000000000002685", "visa", "createDisputeProductNotReceived", disputed="product_not_received"),
    Card("4000000000001976", "visa", "createDisputeInquiry", disputed="inquiry"),
)  # fmt: skip
BY_NUMBER = {card.number: card for card in CARDS}
BY_WORD = {card.word: card for card in CARDS} | {"threeDSecure2Required": BY_NUMBER["4000002760003184"]}


def by_number(number: str, *, param: str = "number") -> Card:
    """The card with this number; anything but a test card is refused, and never written down."""
    digits = "".join(sign for sign in number if sign not in " -")
    if not digits.isdecimal() or not 12 <= len(digits) <= 19 or not passes_luhn(digits):
        raise card_error("Your card number is incorrect.", "incorrect_number", param)
    if digits not in BY_NUMBER:
        raise card_error(
            "Your card was declined. Your request was in test mode, but used a non test card. For a list of valid "
            "test cards, visit: https://stripe.com/docs/testing.",
            "card_declined",
            param,
        )
    return BY_NUMBER[digits]


def passes_luhn(digits: str) -> bool:
    doubled = [int(sign) * (2 if place % 2 else 1) for place, sign in enumerate(reversed(digits))]
    return sum(number // 10 + number % 10 for number in doubled) % 10 == 0


def require_expiry(month: int, year: int) -> None:
    if not 1 <= month <= 12:
        raise card_error("Your card's expiration month is invalid.", "invalid_expiry_month", "exp_month")
    today = datetime.now(UTC)
    if (year, month) < (today.year, today.month) or year > today.year + 50:
        raise card_error("Your card's expiration year is invalid.", "invalid_expiry_year", "exp_year")


def later_year() -> int:
    """When the documented names of cards expire."""
    return datetime.now(UTC).year + 4


def require_cvc(cvc: str, card: Card) -> None:
    if not cvc.isdecimal() or len(cvc) != (4 if card.brand == "amex" else 3):
        raise card_error("Your card's security code is invalid.", "invalid_cvc", "cvc")


def card_error(message: str, code: str, param: str = "", **extra: object) -> ApiError:
    return ApiError(message, code, param, 402, "card_error", dict(extra))


def declined(decline: Decline, **extra: object) -> ApiError:
    return card_error(decline.message, decline.code, "", decline_code=decline.decline_code, **extra)
