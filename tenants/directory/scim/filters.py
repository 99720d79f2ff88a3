"""A SCIM filter as a question to the database (RFC 7644, 3.4.2.2).

Everything that is announced can be asked for; a filter is one WHERE, whatever its depth, and never a walk over people in
memory. Strings compare without case unless the attribute says otherwise, in the order of their code points.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Exists, F, Model, OuterRef, Q
from django.db.models.expressions import Combinable
from django.db.models.functions import Collate, Lower
from django.db.models.lookups import GreaterThan, GreaterThanOrEqual, LessThan, LessThanOrEqual
from scim2_models import AttributeBinding, InvalidFilterException, ScimFilter
from scim2_models.path import (
    AttrPath,
    Comparison,
    FilterNode,
    FilterVisitor,
    LogicalExpr,
    LogicalOperator,
    Not,
    Present,
    ValuePath,
    coerce_value,
)

from portal.kit.ids import parse_public_id

MOST_TERMS = 60
NOTHING = Q(pk__in=[])
_ORDERING = {"gt": "gt", "ge": "gte", "lt": "lt", "le": "lte"}
_LOOKUPS: dict[str, Callable[..., Any]] = {
    "gt": GreaterThan,
    "ge": GreaterThanOrEqual,
    "lt": LessThan,
    "le": LessThanOrEqual,
}
_WITHIN = {"co": "contains", "sw": "startswith", "ew": "endswith"}


@dataclass(frozen=True, slots=True)
class Text:
    """A column of words; empty is absent. `exact` compares with case; `folded` is kept in small letters already."""

    column: str
    exact: bool = False
    folded: bool = False

    def asked(self, op: str, value: Any) -> Q:
        if value is None:
            return self._of_nothing(op)
        if not isinstance(value, str):
            return NOTHING if op != "ne" else Q()
        word = value.casefold() if self.folded else value
        case = "" if self.exact or self.folded else "i"
        if op in ("eq", "ne"):
            found = Q(**{f"{self.column}__{case}exact": word}) & ~Q(**{self.column: ""})
            return found if op == "eq" else ~found
        if op in _WITHIN:
            return Q(**{f"{self.column}__{case}{_WITHIN[op]}": word}) & ~Q(**{self.column: ""})
        ordered: Combinable = F(self.column) if self.exact else Lower(self.column)
        compared = word if self.exact else word.lower()
        return _ordered(Collate(ordered, "C"), op, compared) & ~Q(**{self.column: ""})

    def _of_nothing(self, op: str) -> Q:
        absent = Q(**{self.column: ""})
        return {"eq": absent, "ne": ~absent}.get(op, NOTHING)

    def present(self) -> Q:
        return ~Q(**{self.column: ""})


@dataclass(frozen=True, slots=True)
class Truth:
    """A yes or no that a column holds, or that nobody gave."""

    column: str

    def asked(self, op: str, value: Any) -> Q:
        if value is None:
            found = Q(**{f"{self.column}__isnull": True})
        elif isinstance(value, bool):
            found = Q(**{self.column: value})
        else:
            raise InvalidFilterException(detail="This is true or false.")
        return found if op == "eq" else ~found

    def present(self) -> Q:
        return Q(**{f"{self.column}__isnull": False})


@dataclass(frozen=True, slots=True)
class Standing:
    """A yes where the column has one value, a no where it has another."""

    column: str
    yes: str | bool

    def asked(self, op: str, value: Any) -> Q:
        found = NOTHING if value is None else Q(**{self.column: self.yes})
        return found if (op == "eq") == (value is not False) else ~found

    def present(self) -> Q:
        return Q()


@dataclass(frozen=True, slots=True)
class Moment:
    column: str

    def asked(self, op: str, value: Any) -> Q:
        if not isinstance(value, datetime):
            return {"ne": Q()}.get(op, NOTHING)
        if op in _WITHIN:
            raise InvalidFilterException(detail="A moment has no parts that can be looked for.")
        found = Q(**{f"{self.column}__{_ORDERING.get(op, 'exact')}": value})
        return ~found if op == "ne" else found

    def present(self) -> Q:
        return Q()


@dataclass(frozen=True, slots=True)
class Identifier:
    """A public id: equal or not, nothing else means anything."""

    column: str
    prefix: str

    def asked(self, op: str, value: Any) -> Q:
        if op not in ("eq", "ne"):
            raise InvalidFilterException(detail="An identifier is equal to another or not.")
        identifier = identifier_in(self.prefix, value)
        found = NOTHING if identifier is None else Q(**{self.column: identifier})
        return found if op == "eq" else ~found

    def present(self) -> Q:
        return Q()


@dataclass(frozen=True, slots=True)
class Several:
    """Rows that belong to the resource: `owner` is their column for it, `only` which of them are meant."""

    model: type[Model]
    owner: str
    parts: Mapping[str, Text | Truth | Identifier]
    only: Mapping[str, str] = field(default_factory=dict)

    def any(self, inner: Q) -> Q:
        rows = self.model._default_manager.filter(inner, **self.only, **{self.owner: OuterRef("pk")})
        return Q(Exists(rows))


Column = Text | Truth | Standing | Moment | Identifier
Columns = Mapping[str, Column | Several]


def identifier_in(prefix: str, text: Any) -> UUID | None:
    try:
        return parse_public_id(prefix, text)
    except (ValueError, AttributeError):
        return None


def _ordered(expression: Combinable, op: str, value: Any) -> Q:
    return Q(_LOOKUPS[op](expression, value))


class _Logic(FilterVisitor[Q]):
    def visit_not(self, node: Not) -> Q:
        return ~self.visit(node.expr)

    def visit_logical_expr(self, node: LogicalExpr) -> Q:
        found = self.visit(node.terms[0])
        for term in node.terms[1:]:
            found = found & self.visit(term) if node.op == LogicalOperator.and_ else found | self.visit(term)
        return found


class Asking(_Logic):
    """Walks a filter that is bound to one model. `columns` has each attribute by its SCIM name, in small letters."""

    def __init__(self, scim_filter: ScimFilter[Any], columns: Columns) -> None:
        self.filter, self.columns, self.terms = scim_filter, columns, 0

    def question(self) -> Q:
        return self.visit(self.filter.ast)

    def count(self) -> None:
        """One part more, in brackets or not."""
        self.terms += 1
        if self.terms > MOST_TERMS:
            raise InvalidFilterException(detail="The filter has too many parts.")

    def visit(self, node: FilterNode) -> Q:
        self.count()
        return super().visit(node)

    def visit_comparison(self, node: Comparison) -> Q:
        binding = self.filter.resolve_comparison(node.attr_path, strict=False)
        if binding is None:
            return NOTHING
        column, part = self._column(binding)
        value = coerce_value(binding, node.value, node.op)
        op = node.op.value
        if not isinstance(column, Several):
            return column.asked(op, value)
        if op == "ne":  # of several values: none is equal
            return ~column.any(column.parts[part].asked("eq", value))
        if op == "eq" and value is None:
            return ~column.any(column.parts[part].present())
        return column.any(column.parts[part].asked(op, value))

    def visit_present(self, node: Present) -> Q:
        binding = self.filter.resolve(node.attr_path, strict=False)
        if binding is None:
            return NOTHING
        if binding.urn.lower().endswith(":name"):
            return self._named("name.givenname").present() | self._named("name.familyname").present()
        if binding.urn.lower().endswith(":meta"):
            return Q()
        column, part = self._column(binding)
        if not isinstance(column, Several):
            return column.present()
        return column.any(column.parts[part].present())

    def visit_value_path(self, node: ValuePath) -> Q:
        binding = self.filter.resolve(node.attr_path, strict=False)
        if binding is None:
            return NOTHING
        column, _part = self._column(binding)
        if not isinstance(column, Several):
            raise InvalidFilterException(detail="Only an attribute of several values can be chosen from.")
        return column.any(_Within(column, self).visit(node.val_filter))

    def _named(self, name: str) -> Column:
        column = self.columns[name]
        assert not isinstance(column, Several)
        return column

    def _column(self, binding: AttributeBinding) -> tuple[Column | Several, str]:
        """The column of an attribute, and the part of it that is compared."""
        name = binding.urn.rpartition(":")[2].lower()
        head, _dot, part = name.partition(".")
        found = self.columns.get(name) or self.columns.get(head)
        if found is None or (isinstance(found, Several) and (part or "value") not in found.parts):
            raise InvalidFilterException(detail=f"{binding.urn} cannot be filtered by.")
        return found, part or "value"


class _Within(_Logic):
    """The part of a filter in brackets, about one of several values."""

    def __init__(self, several: Several, around: Asking) -> None:
        self.several, self.around = several, around

    def visit(self, node: FilterNode) -> Q:
        self.around.count()
        return super().visit(node)

    def visit_comparison(self, node: Comparison) -> Q:
        return self._part(node.attr_path).asked(node.op.value, node.value)

    def visit_present(self, node: Present) -> Q:
        return self._part(node.attr_path).present()

    def visit_value_path(self, node: ValuePath) -> Q:
        raise InvalidFilterException(detail="Brackets do not stand in brackets.")

    def _part(self, path: AttrPath) -> Text | Truth | Identifier:
        found = self.several.parts.get(path.attr.lower())
        if found is None or path.sub_attr:
            raise InvalidFilterException(detail=f"{path} cannot be filtered by.")
        return found
