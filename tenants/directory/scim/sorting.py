"""`sortBy` as an order of the database (RFC 7644, 3.4.2.3): strings without case unless the attribute says otherwise, in the
order of their code points; of several values the primary one, else the first; whoever has none comes last, and first where
the order is turned round."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from django.db.models import (
    BooleanField,
    Case,
    CharField,
    DateTimeField,
    Expression,
    F,
    Field,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextField,
    UUIDField,
    Value,
    When,
)
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Collate, Lower, NullIf
from scim2_models import InvalidValueException

from tenants.directory.scim.filters import Column, Columns, Identifier, Moment, Several, Standing, Text, Truth

KEY, MISSING = "sort_key_asked", "sort_key_missing"


@dataclass(frozen=True, slots=True)
class Sorting:
    """One order. `path` as it was asked for; nothing: the order in which people and groups came."""

    path: str = ""
    is_descending: bool = False

    def order(self) -> list[str]:
        sign = "-" if self.is_descending else ""
        return [f"{sign}{MISSING}", f"{sign}{KEY}"] if self.path else []

    def annotated(self, rows: QuerySet[Any], columns: Columns, shape: Field[Any, Any]) -> QuerySet[Any]:
        """With the value that is compared, in the shape it has for every type that is asked for."""
        found = column_of(columns, self.path)
        if found is None:
            nothing = {KEY: Cast(Value(None), shape), MISSING: Value(True, output_field=BooleanField())}
            return cast("QuerySet[Any]", rows.annotate(**nothing))
        keyed = rows.annotate(**{KEY: _value(*found)})
        is_missing = Case(When(Q(**{f"{KEY}__isnull": True}), then=True), default=False)
        return cast("QuerySet[Any]", keyed.annotate(**{MISSING: is_missing}))


def shape_of(path: str, *several: Columns) -> Field[Any, Any]:
    """The type of what is compared. InvalidValueException where no type has it, or it has no order."""
    for columns in several:
        found = column_of(columns, path)
        if found is not None:
            return _shape(*found)
    raise InvalidValueException(detail=f"{path[:80]} cannot be sorted by.")


def column_of(columns: Columns, path: str) -> tuple[Column | Several, str] | None:
    """The column of an attribute, and the part of it that is compared; None if this type does not have it."""
    name = path.rpartition(":")[2].lower()
    head, _dot, part = name.partition(".")
    found = columns.get(name) or columns.get(head)
    if found is None or (isinstance(found, Several) and (part or "value") not in found.parts):
        return None
    return found, part or "value"


def _shape(column: Column | Several, part: str) -> Field[Any, Any]:
    inner = column.parts[part] if isinstance(column, Several) else column
    if isinstance(inner, Text):
        return TextField()
    if isinstance(inner, Moment):
        return DateTimeField()
    return UUIDField() if isinstance(inner, Identifier) else BooleanField()


def _value(column: Column | Several, part: str) -> Expression | Combinable:
    if not isinstance(column, Several):
        return _plain(column)
    rows = column.model._default_manager.filter(**column.only, **{column.owner: OuterRef("pk")})
    has_first = "primary" in column.parts
    order = [F("is_primary").desc(nulls_last=True)] if has_first else []
    ordered = rows.order_by(*order, "created_at", "id").annotate(**{KEY: _plain(column.parts[part])})
    return Subquery(ordered.values(KEY)[:1])


def _plain(column: Column) -> Expression | Combinable:
    match column:
        case Text(folded=True):
            # As it stands, so that an index serves.
            return F(column.column)
        case Text():
            kept = NullIf(F(column.column), Value(""))
            return Cast(Collate(kept if column.exact else Lower(kept), "C"), TextField())
        case Standing():
            return Case(
                When(**{column.column: column.yes}, then=True), default=False, output_field=BooleanField()
            )
        case Truth() | Moment() | Identifier():
            return F(column.column)


def page_across(
    rows: list[tuple[int, QuerySet[Any], Columns]], sorting: Sorting, first: int, most: int
) -> list[tuple[int, Any]]:
    """(which type, id) of a page over several types at once, in one statement. Without an order the types follow each
    other."""
    shape = (
        shape_of(sorting.path, *(columns for _number, _rows, columns in rows))
        if sorting.path
        else CharField()
    )
    parts = [
        (sorting.annotated(found, columns, shape) if sorting.path else found)
        .order_by()
        .annotate(which=Value(number))
        .values_list("which", "id", "created_at", *([KEY, MISSING] if sorting.path else []))
        for number, found, columns in rows
    ]
    together = parts[0].union(*parts[1:], all=True)
    ordered = together.order_by(*sorting.order(), "which", "created_at", "id")
    return [(row[0], row[1]) for row in ordered[first : first + most]]
