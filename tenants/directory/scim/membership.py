"""Changes of who is in a group, read as what they say instead of being tried on the list of everybody (RFC 7644, 3.5.2).

Provisioning systems add and remove a few members of groups that have very many. Applied to the whole resource, one more member
of two hundred thousand would be read, checked and compared beside all of them; read as steps, it costs what it changes. What is
not plainly such a step (a filter by something else than `value`, an entry without one) is left to the library, which says what
is wrong with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from scim2_models import PatchOp, PatchOperation, ResponseParameters
from scim2_models.path import CompareOperator, Comparison, FilterNode, LogicalExpr, LogicalOperator

Op = PatchOperation.Op
MEMBERS = "members"


@dataclass(frozen=True, slots=True)
class Join:
    people: frozenset[str]


@dataclass(frozen=True, slots=True)
class Leave:
    people: frozenset[str]


@dataclass(frozen=True, slots=True)
class Be:
    """These and nobody else."""

    people: frozenset[str]


Step = Join | Leave | Be


@dataclass(frozen=True, slots=True)
class Parted:
    """A change of a group: of its members step by step, and of the rest, None where there is none."""

    steps: tuple[Step, ...]
    rest: PatchOp[Any] | None


class _NotPlain(Exception):
    pass


def parted(patch: PatchOp[Any]) -> Parted | None:
    """None for what the library had better apply. Identifiers are as they were sent: of nobody, perhaps."""
    steps: list[Step] = []
    rest: list[PatchOperation[Any]] = []
    try:
        for operation in patch.operations or ():
            found, other = _read(operation)
            steps += found
            rest += other
    except _NotPlain:
        return None
    return Parted(tuple(steps), patch.model_copy(update={"operations": rest}) if rest else None)


def _read(operation: PatchOperation[Any]) -> tuple[list[Step], list[PatchOperation[Any]]]:
    path = operation.path
    if path is None or path.model is not None:
        return _of_the_whole(operation)
    if path.parts[0].lower() != MEMBERS:
        return [], [operation]
    if len(path.parts) > 1:
        raise _NotPlain
    if path.value_filter is None:
        return [_step(operation.op, operation.value)], []
    if operation.op is not Op.remove or operation.value is not None:
        raise _NotPlain
    return [Leave(frozenset(_compared(path.value_filter)))], []


def _of_the_whole(operation: PatchOperation[Any]) -> tuple[list[Step], list[PatchOperation[Any]]]:
    """Okta sends `replace` without a path, and an object of what there shall be."""
    value = operation.value
    if not isinstance(value, dict):
        raise _NotPlain
    named = [key for key in value if key.lower() == MEMBERS]
    if len(named) > 1 or any(":" in key or key.lower().startswith(f"{MEMBERS}.") for key in value):
        raise _NotPlain
    steps = [_step(operation.op, value[key]) for key in named]
    left = {key: one for key, one in value.items() if key not in named}
    return steps, [operation.model_copy(update={"value": left})] if left or not named else []


def _step(op: PatchOperation.Op, value: Any) -> Step:
    match op:
        case Op.add:
            return Join(_people(value))
        case Op.replace_:
            return Be(frozenset() if value is None else _people(value))
        case _:
            # What has no value takes everybody out; Entra lists whom it means.
            return Be(frozenset()) if value is None else Leave(_people(value))


def _people(value: Any) -> frozenset[str]:
    entries: Sequence[Any] = value if isinstance(value, list) else [value]
    found = set()
    for entry in entries:
        one = entry.get("value") if isinstance(entry, dict) else None
        if not isinstance(one, str) or not one:
            raise _NotPlain
        found.add(one)
    return frozenset(found)


def _compared(node: FilterNode) -> Iterable[str]:
    """`value eq "one" or value eq "two"`."""
    if isinstance(node, LogicalExpr) and node.op is LogicalOperator.or_:
        for term in node.terms:
            yield from _compared(term)
    elif (
        isinstance(node, Comparison)
        and node.op is CompareOperator.eq
        and str(node.attr_path).lower() == "value"
        and isinstance(node.value, str)
    ):
        yield node.value
    else:
        raise _NotPlain


def tells_members(wanted: ResponseParameters[Any] | None) -> bool:
    """Whether an answer holds the members of a group (RFC 7644, 3.9). A part of each (`members.value`) is all of them."""
    if wanted is None:
        return True
    named = [str(path).lower() for path in wanted.attributes or ()]
    left_out = {str(path).lower() for path in wanted.excluded_attributes or ()}
    return "members" not in left_out and (not named or any(_is_of_members(path) for path in named))


def _is_of_members(path: str) -> bool:
    return path.rpartition(":")[2].partition(".")[0] == "members"
