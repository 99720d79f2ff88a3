"""The chart of checks by day: what each column says and where it leads; the `columns` element draws it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from vendors.billing.summing import DayCount

WIDTH, HEIGHT, ROOM = 720.0, 136.0, 12.0
# More days than this become weeks: a column stays wide enough to be met.
MOST_DAYS = 62
# Address of the entries of the days from the first to the second.
AddressOf = Callable[[date, date], str]


@dataclass(frozen=True, slots=True)
class Column:
    """In SVG units, as text: a reader's language writes no comma into a drawing. Counted below, what did not count above."""

    label: str
    url: str
    x: str
    width: str
    full_y: str
    full_height: str
    light_y: str
    light_height: str


@dataclass(frozen=True, slots=True)
class Chart:
    columns: Sequence[Column]
    highest: int
    description: str
    width: str = f"{WIDTH:g}"
    height: str = f"{HEIGHT:g}"


@dataclass(frozen=True, slots=True)
class _Span:
    first: date
    last: date
    charged: int
    free: int

    @property
    def total(self) -> int:
        return self.charged + self.free


def draw(days: Sequence[DayCount], address_of: AddressOf) -> Chart:
    spans = list(_spans(days))
    highest = max((span.total for span in spans), default=0)
    step = WIDTH / max(len(spans), 1)
    scale = (HEIGHT - ROOM) / highest if highest else 0.0
    return Chart(
        [_column(span, number * step, step, scale, address_of) for number, span in enumerate(spans)],
        highest,
        _description(spans, highest),
    )


def _spans(days: Sequence[DayCount]) -> Iterator[_Span]:
    size = 1 if len(days) <= MOST_DAYS else 7
    for begin in range(0, len(days), size):
        some = days[begin : begin + size]
        charged, free = sum(day.billable for day in some), sum(day.free for day in some)
        yield _Span(some[0].day, some[-1].day, charged, free)


def _column(span: _Span, x: float, step: float, scale: float, address_of: AddressOf) -> Column:
    full, light = span.charged * scale, span.free * scale
    return Column(
        label=_("%(days)s: %(charged)d counted, %(free)d not counted")
        % {"days": _days_in_words(span), "charged": span.charged, "free": span.free},
        url=address_of(span.first, span.last) if span.total else "",
        x=f"{x + step * 0.1:.2f}",
        width=f"{step * 0.8:.2f}",
        full_y=f"{HEIGHT - full:.2f}",
        full_height=f"{full:.2f}",
        light_y=f"{HEIGHT - full - light:.2f}",
        light_height=f"{light:.2f}",
    )


def _days_in_words(span: _Span) -> str:
    last = date_format(span.last, "j F Y")
    return last if span.first == span.last else f"{date_format(span.first, 'j M')} – {last}"


def _description(spans: Sequence[_Span], highest: int) -> str:
    """What somebody who sees the chart sees first."""
    if not highest:
        return _("No checks.")
    top = next(span for span in spans if span.total == highest)
    return ngettext(
        "The highest column is %(days)s with %(count)d check. A column leads to its checks.",
        "The highest column is %(days)s with %(count)d checks. A column leads to its checks.",
        highest,
    ) % {"days": _days_in_words(top), "count": highest}
