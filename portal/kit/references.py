"""Finding rows by the reference that people read out: the last forty bits of an id (portal.kit.ids.short_reference)."""

from __future__ import annotations

from typing import TypeVar, cast

from django.db.models import CharField, Model, QuerySet
from django.db.models.functions import Cast, Collate, Right

from portal.kit.ids import decode_base32

Row = TypeVar("Row", bound=Model)
LENGTH = 8  # base32 characters, five bits each


def typed_reference(text: str) -> str:
    """What was typed, without spaces and hyphens; at most a whole reference."""
    return "".join(filter(str.isalnum, text))[:LENGTH]


def with_reference(found: QuerySet[Row], field: str, typed: str) -> QuerySet[Row]:
    """Rows whose id in `field` has a reference that begins with `typed`. Nothing for what is no reference."""
    try:
        number = decode_base32(typed)
    except ValueError:
        return found.none()
    shift = 5 * (LENGTH - len(typed))
    first = number << shift
    last = first | (1 << shift) - 1
    tail = Collate(Right(Cast(field, CharField()), 10), "C")
    tailed = cast("QuerySet[Row]", found.alias(tail=tail))  # the stubs forget the model here
    return tailed.filter(tail__gte=f"{first:010x}", tail__lte=f"{last:010x}")
