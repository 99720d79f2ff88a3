"""Elements that are drawn by a function instead of a template: those that a page has by the hundred.

A table of fifty rows has a hundred and fifty of them, and rendering a template in a context of its own for each took more
than half of such a page's time. What they take is in the catalogue (`templates/elements/README.md`) like the others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django.templatetags.static import static
from django.utils.formats import date_format, localize, number_format
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.timezone import is_aware, localtime
from django.utils.translation import get_language

SYMBOLS = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥"}
# ISO 4217 minor units that are not two.
EXPONENTS = {
    "JPY": 0,
    "KRW": 0,
    "CLP": 0,
    "ISK": 0,
    "VND": 0,
    "BHD": 3,
    "KWD": 3,
    "TND": 3,
    "JOD": 3,
    "OMR": 3,
}
MOMENTS = {"date": "j M Y", "time": "H:i"}
NOTHING: SafeString = mark_safe("")


def _shown(value: object) -> SafeString:
    """As a template shows a variable: escaped, and in the reader's number format."""
    if value is None or value == "":
        return NOTHING
    return conditional_escape(value if isinstance(value, str) else str(localize(value)))


def _classes(always: str, values: Mapping[str, Any]) -> str:
    return f"{always} {conditional_escape(values['class'])}" if values.get("class") else always


def draw_badge(values: Mapping[str, Any]) -> SafeString:
    tone = values.get("tone") or "neutral"
    classes = f"badge tone-{conditional_escape(tone)}" + (" badge-plain" if values.get("plain") else "")
    return format_html(
        '<span class="{}"{}{}><svg class="shape" aria-hidden="true" focusable="false"><use href="{}#s-{}"></use></svg>'
        "<span>{}{}</span></span>",
        mark_safe(_classes(classes, values)),  # noqa: S308  escaped above
        format_html(' id="{}"', values["id"]) if values.get("id") else NOTHING,
        values.get("attributes", NOTHING),
        static("img/icons.svg"),
        values.get("shape") or tone,
        _shown(values.get("label")),
        values.get("content", NOTHING),
    )


def draw_time(values: Mapping[str, Any]) -> SafeString:
    at = values.get("at")
    if isinstance(at, datetime) and is_aware(at):
        at = localtime(at)
    if not isinstance(at, date):
        return mark_safe('<span class="muted">–</span>')
    written = values.get("format") or "datetime"
    return format_html(
        '<time class="{}" datetime="{}" data-local="{}"{}>{}</time>',
        mark_safe(_classes("nowrap", values)),  # noqa: S308  escaped above
        at.isoformat(),
        written,
        values.get("attributes", NOTHING),
        date_format(at, MOMENTS.get(written, "j M Y, H:i")),
    )


def draw_money(values: Mapping[str, Any]) -> SafeString:
    return format_html(
        '<span class="{}"{}>{}</span>',
        mark_safe(_classes("num nowrap", values)),  # noqa: S308  escaped above
        values.get("attributes", NOTHING),
        money_text(
            values.get("minor"),
            values.get("amount"),
            values.get("currency") or "EUR",
            sign=bool(values.get("sign")),
        ),
    )


def money_text(minor: object, amount: object, currency: str, *, sign: bool) -> str:
    """The smallest unit, or an exact decimal with every place that says something."""
    least = EXPONENTS.get(currency.upper(), 2)
    if amount is None or amount == "":
        return write_money(Decimal(str(minor or 0)).scaleb(-least), currency, places=least, sign=sign)
    exact = Decimal(str(amount)).normalize()
    written = exact.as_tuple().exponent
    places = max(least, -written if isinstance(written, int) else 0)
    return write_money(exact, currency, places=places, sign=sign)


def write_money(amount: Decimal, currency: str, *, places: int, sign: bool = False) -> str:
    """`−€1,234.56`; a currency without a sign of its own is written by its code."""
    return _written(amount, currency.upper(), places, sign, get_language() or "")


@lru_cache(maxsize=4096)
def _written(amount: Decimal, currency: str, places: int, sign: bool, _language: str) -> str:
    """Remembered: most amounts of a page are the same few prices."""
    figure = number_format(abs(amount), decimal_pos=places, use_l10n=True, force_grouping=True)
    mark = "−" if amount < 0 else "+" if sign and amount > 0 else ""
    symbol = SYMBOLS.get(currency)
    return f"{mark}{symbol}{figure}" if symbol else f"{mark}{figure}\u00a0{currency}"


DRAWN: Mapping[str, Callable[[Mapping[str, Any]], SafeString]] = {
    "badge": draw_badge,
    "money": draw_money,
    "time": draw_time,
}
