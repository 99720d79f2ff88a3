"""The chart of readiness by day, for the `columns` element: who could not recover, and above them who might not."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from recovery.readiness.models import ReadinessDay
from vendors.console.usage_chart import HEIGHT, ROOM, WIDTH, Chart, Column


def draw(days: Sequence[ReadinessDay]) -> Chart:
    highest = max((day.cannot + day.doubtful for day in days), default=0)
    step = WIDTH / max(len(days), 1)
    scale = (HEIGHT - ROOM) / highest if highest else 0.0
    columns = [_column(day, number * step, step, scale) for number, day in enumerate(days)]
    return Chart(columns, highest, _description(days))


def _column(day: ReadinessDay, x: float, step: float, scale: float) -> Column:
    full, light = day.cannot * scale, day.doubtful * scale
    told = {"day": date_format(day.day, "j F Y"), "cannot": day.cannot, "doubtful": day.doubtful}
    return Column(
        label=_("%(day)s: %(cannot)d could not recover, %(doubtful)d might not") % told,
        url=f"#day-{day.day.isoformat()}",
        x=f"{x + step * 0.1:.2f}",
        width=f"{step * 0.8:.2f}",
        full_y=f"{HEIGHT - full:.2f}",
        full_height=f"{full:.2f}",
        light_y=f"{HEIGHT - full - light:.2f}",
        light_height=f"{light:.2f}",
    )


def _description(days: Sequence[ReadinessDay]) -> str:
    if not days:
        return _("No day yet.")
    first, last = days[0], days[-1]
    return _("%(first)d could not recover on the first day shown, %(last)d on the last.") % {
        "first": first.cannot,
        "last": last.cannot,
    }
