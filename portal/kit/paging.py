"""Lists in pages and in an order the reader chose.

A page begins after a row (or ends before one) instead of at a number: what is added meanwhile moves nothing, and the
hundredth page costs what the first does. A cursor names that row by its id alone, because addresses end up in logs and
a name does not belong there. A cursor or an order that cannot be read means the beginning of the list in its usual
order: both stand in the address, and anybody may write there.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db.models import Model, QuerySet
from django.db.models.expressions import BaseExpression

Row = TypeVar("Row", bound=Model)
LONGEST = 60


@dataclass(frozen=True, slots=True)
class Column:
    """What a heading sorts by: a field that is never null, or an annotation with its `expression`."""

    field: str
    expression: BaseExpression | None = None

    def value_of(self, model: type[Row], row_id: UUID) -> Any:
        """As it is now, whether or not the row would still pass the list's filter. None for a row that is gone."""
        found = model._default_manager.filter(pk=row_id)
        if self.expression is not None:
            found = found.annotate(**{self.field: self.expression})
        return found.values_list(self.field, flat=True).first()


@dataclass(frozen=True, slots=True)
class Order:
    """A column and a direction; the id decides between equals, in the same direction."""

    column: Column
    is_descending: bool

    def fields(self, *, reverse: bool = False) -> tuple[str, str]:
        sign = "-" if self.is_descending is not reverse else ""
        return f"{sign}{self.column.field}", f"{sign}id"


def read_order(asked: str, columns: Mapping[str, Column], usual: str) -> Order:
    """`name` or `-name`, as it stands in the address."""
    chosen = asked if asked.removeprefix("-") in columns else usual
    return Order(columns[chosen.removeprefix("-")], chosen.startswith("-"))


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """One page. A cursor is empty where there is nothing on that side."""

    rows: list[Row]
    next_cursor: str
    previous_cursor: str


def _bounded(found: QuerySet[Row], cursor: str, order: Order) -> tuple[QuerySet[Row], str]:
    """The rows on one side of the cursor's row, and which side: "after", "before", or "" for an unusable one."""
    side, _tilde, identifier = cursor[:LONGEST].partition("~")
    with suppress(ValueError):
        last = UUID(identifier)
        value = order.column.value_of(found.model, last) if side in {"after", "before"} else None
        if value is not None:
            word = "lt" if order.is_descending is (side == "after") else "gt"
            field = order.column.field
            # A range and an exception: an index on (field, id) serves it, which it would not for an OR.
            passed = {field: value, f"id__{'gte' if word == 'lt' else 'lte'}": last}
            return found.filter(**{f"{field}__{word}e": value}).exclude(**passed), side
    return found, ""


def page_of(found: QuerySet[Row], order: Order, cursor: str, size: int) -> Page[Row]:
    """The page that begins after the cursor's row or ends before it."""
    bounded, side = _bounded(found, cursor, order)
    rows = list(bounded.order_by(*order.fields(reverse=side == "before"))[: size + 1])
    has_more, rows = len(rows) > size, rows[:size]
    if side == "before":
        rows.reverse()
    if not rows:
        return page_of(found, order, "", size) if side else Page([], "", "")
    is_first = side == "" or (side == "before" and not has_more)
    is_last = side != "before" and not has_more
    return Page(
        rows,
        "" if is_last else f"after~{rows[-1].pk}",
        "" if is_first else f"before~{rows[0].pk}",
    )
