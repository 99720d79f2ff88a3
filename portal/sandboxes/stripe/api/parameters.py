"""What an address takes, as data, and reading it. What is not listed is refused, as the real one does."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from portal.sandboxes.stripe.api.errors import missing, refused, unknown

Reader = Callable[[Any, str], Any]
Given = Mapping[str, Any]
CURRENCIES = frozenset(
    [
        "usd",
        "eur",
        "gbp",
        "chf",
        "sek",
        "nok",
        "dkk",
        "pln",
        "czk",
        "huf",
        "ron",
        "bgn",
        "isk",
        "jpy",
        "krw",
        "cad",
        "aud",
        "nzd",
        "sgd",
        "hkd",
        "inr",
        "brl",
        "mxn",
        "zar",
        "try",
        "ils",
        "aed",
        "sar",
        "kwd",
        "bhd",
        "jod",
        "omr",
        "tnd",
        "clp",
        "vnd",
    ]
)
LARGEST = 99_999_999_999_999


def read(given: Given, spec: Mapping[str, Reader], *, required: Sequence[str] = ()) -> dict[str, Any]:
    """The given parameters, each read by its reader. The first that is unknown, missing or wrong is refused."""
    return _hash(given, spec, required, "")


def _hash(given: Given, spec: Mapping[str, Reader], required: Sequence[str], above: str) -> dict[str, Any]:
    for name in given:
        if name not in spec:
            raise unknown(_inside(above, name))
    for name in required:
        if name not in given:
            raise missing(_inside(above, name))
    return {name: spec[name](value, _inside(above, name)) for name, value in given.items()}


def _inside(above: str, name: str) -> str:
    return f"{above}[{name}]" if above else name


# Readers ---------------------------------------------------------------------------------------------------------


def text(longest: int = 5000) -> Reader:
    def reader(value: Any, param: str) -> str:
        if not isinstance(value, str):
            raise refused(f"Invalid string: {param} must be a string.", "", param)
        if len(value) > longest:
            raise refused(f"Invalid string: {value[:20]}...; must be at most {longest} characters", "", param)
        return value

    return reader


def integer(least: int = 0, most: int = LARGEST) -> Reader:
    def reader(value: Any, param: str) -> int:
        if not isinstance(value, str) or not re.fullmatch(r"-?[0-9]{1,18}", value):
            raise refused(f"Invalid integer: {_shown(value)}", "parameter_invalid_integer", param)
        number = int(value)
        if number < least:
            raise refused(
                f"This value must be greater than or equal to {least}.", "parameter_invalid_integer", param
            )
        if number > most:
            raise refused(
                f"This value must be less than or equal to {most}.", "parameter_invalid_integer", param
            )
        return number

    return reader


def decimal(*, places: int = 12, negative: bool = False) -> Reader:
    """An exact decimal, kept as text without trailing zeros."""

    def reader(value: Any, param: str) -> str:
        try:
            if not isinstance(value, str) or not re.fullmatch(r"-?[0-9]{1,14}(\.[0-9]+)?", value):
                raise InvalidOperation
            number = Decimal(value)
        except InvalidOperation:
            raise refused(f"Invalid decimal: {_shown(value)}", "parameter_invalid_string", param) from None
        exponent = number.as_tuple().exponent
        if isinstance(exponent, int) and -exponent > places:
            raise refused(
                f"Invalid decimal: {value}; at most {places} decimal places are allowed.", "", param
            )
        if number < 0 and not negative:
            raise refused("This value must be greater than or equal to 0.", "", param)
        return plain(number)

    return reader


def plain(number: Decimal) -> str:
    written = format(number, "f")
    return written.rstrip("0").rstrip(".") if "." in written else written


def boolean(value: Any, param: str) -> bool:
    if value not in {"true", "false"}:
        raise refused(f"Invalid boolean: {_shown(value)}", "parameter_invalid_boolean", param)
    return bool(value == "true")


def one_of(*allowed: str) -> Reader:
    def reader(value: Any, param: str) -> str:
        if value not in allowed:
            named = allowed[0] if len(allowed) == 1 else f"{', '.join(allowed[:-1])}, or {allowed[-1]}"
            raise refused(f"Invalid {param}: must be one of {named}", "", param)
        return str(value)

    return reader


def timestamp(value: Any, param: str) -> int:
    found: int = integer(0, 9_999_999_999)(value, param)
    return found


def timestamp_or(*words: str) -> Reader:
    def reader(value: Any, param: str) -> int | str:
        return str(value) if value in words else timestamp(value, param)

    return reader


def currency(value: Any, param: str) -> str:
    lower = value.lower() if isinstance(value, str) else ""
    if lower not in CURRENCIES:
        raise refused(
            f"Invalid currency: {_shown(value)}. Stripe currently supports these currencies: "
            f"{', '.join(sorted(CURRENCIES))}",
            "",
            param,
        )
    return lower


def email(value: Any, param: str) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[^@\s]+@[^@\s]+", value) or len(value) > 512:
        raise refused(f"Invalid email address: {_shown(value)}", "email_invalid", param)
    return value


def url(value: Any, param: str) -> str:
    if not isinstance(value, str) or not re.match(r"^https?://[^\s/?#]+", value) or len(value) > 5000:
        raise refused("Not a valid URL", "url_invalid", param)
    return value


def metadata(value: Any, param: str) -> dict[str, str]:
    """Empty text takes all keys away; an empty value takes its key away (`merged`)."""
    if value == "":
        return {"": ""}
    if not isinstance(value, Mapping):
        raise refused("Invalid object", "", param)
    if len(value) > 50:
        raise refused("Metadata can have at most 50 keys.", "", param)
    for key, found in value.items():
        if not isinstance(found, str) or len(found) > 500:
            raise refused("Metadata values can have up to 500 characters.", "", f"{param}[{key[:40]}]")
        if not key or len(key) > 40:
            raise refused("Metadata keys can have up to 40 characters.", "", f"{param}[{key[:40]}]")
    return dict(value)


def merged(before: Mapping[str, str], change: Mapping[str, str] | None) -> dict[str, str]:
    """Metadata after a change: keys are added or replaced, never all at once."""
    if change is None:
        return dict(before)
    if "" in change:
        return {}
    return {key: value for key, value in {**before, **change}.items() if value != ""}


def nested(spec: Mapping[str, Reader], *, required: Sequence[str] = ()) -> Reader:
    def reader(value: Any, param: str) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            raise refused("Invalid object", "", param)
        return _hash(value, spec, required, param)

    return reader


def array(inner: Reader, *, most: int = 250) -> Reader:
    def reader(value: Any, param: str) -> list[Any]:
        if value == "":
            return []
        if not isinstance(value, Mapping) or not all(key.isdecimal() for key in value):
            raise refused("Invalid array", "", param)
        if len(value) > most:
            raise refused(f"{param} may hold at most {most} entries.", "", param)
        return [inner(value[key], f"{param}[{key}]") for key in sorted(value, key=int)]

    return reader


def or_empty(inner: Reader) -> Reader:
    """Empty text unsets."""

    def reader(value: Any, param: str) -> Any:
        return None if value == "" else inner(value, param)

    return reader


def filled(longest: int = 5000) -> Reader:
    """Text that must not be empty."""
    inner = text(longest)

    def reader(value: Any, param: str) -> str:
        if value == "":
            raise refused(
                f"You passed an empty string for '{param}'. We assume empty values are an attempt to unset a "
                f"parameter; however '{param}' cannot be unset. You should remove '{param}' from your request or "
                f"supply a non-empty value.",
                "parameter_invalid_empty",
                param,
            )
        found: str = inner(value, param)
        return found

    return reader


ADDRESS = or_empty(
    nested(
        {name: or_empty(text(500)) for name in ("city", "country", "line1", "line2", "postal_code", "state")}
    )
)
IDS = array(filled(200))
CREATED_RANGE = {"gt": timestamp, "gte": timestamp, "lt": timestamp, "lte": timestamp}


def created(value: Any, param: str) -> dict[str, int]:
    """A moment, or a range of moments."""
    if isinstance(value, Mapping):
        found: dict[str, int] = nested(CREATED_RANGE)(value, param)
        return found
    return {"gte": timestamp(value, param), "lte": timestamp(value, param)}


def real_now() -> int:
    return int(time.time())


def _shown(value: Any) -> str:
    return value[:80] if isinstance(value, str) else "an object"
