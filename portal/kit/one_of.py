"""Asking for many rows at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from django.db.models import BooleanField, F, Func, Value


class OneOf(Func):
    """`name = ANY(values)`, for `filter`. The values are one parameter: `__in` writes a placeholder for each, and reading
    those takes longer than the question when a file asks for thousands."""

    template = "%(expressions)s)"
    arg_joiner = " = ANY("
    output_field: ClassVar[Any] = BooleanField()

    def __init__(self, name: str, values: Iterable[object]) -> None:
        super().__init__(F(name), Value(list(values)))
