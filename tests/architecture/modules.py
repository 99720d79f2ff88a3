"""Our modules and what each imports, read from the source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.architecture.rooms import APART, ORDER

ROOT = Path(__file__).resolve().parents[2]
TOPS = ("portal", "tenants", "vendors", "recovery")
ROW = {room: number for number, row in enumerate(ORDER) for room in row}
ROOMS = (*ROW, *APART)


@dataclass(frozen=True)
class Module:
    name: str
    path: Path
    tree: ast.Module


@dataclass(frozen=True)
class Import:
    """`names` holds the module and, for `from a import b`, also a.b: b may be a module."""

    line: int
    names: tuple[str, ...]
    in_function: bool


def _name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@cache
def modules() -> tuple[Module, ...]:
    paths = sorted(path for top in TOPS for path in (ROOT / top).rglob("*.py"))
    return tuple(Module(_name(path), path, ast.parse(path.read_text(), str(path))) for path in paths)


def _base(node: ast.ImportFrom, module: str, is_package: bool) -> str:
    """The absolute name behind `from . import x` and its like."""
    if not node.level:
        return node.module or ""
    parts = module.split(".")
    around = parts[: len(parts) - node.level + is_package]
    return ".".join([*around, *([node.module] if node.module else [])])


def _names(node: ast.Import | ast.ImportFrom, module: str, is_package: bool) -> tuple[str, ...]:
    if isinstance(node, ast.Import):
        return tuple(alias.name for alias in node.names)
    base = _base(node, module, is_package)
    return (base, *(f"{base}.{alias.name}" for alias in node.names))


def _walk(node: ast.AST, module: Module, in_function: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            names = _names(child, module.name, module.path.name == "__init__.py")
            yield Import(child.lineno, names, in_function)
        inside = in_function or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        yield from _walk(child, module, inside)


@cache
def imports_of(module: Module) -> tuple[Import, ...]:
    return tuple(_walk(module.tree, module, False))


def begins(name: str, room: str) -> bool:
    return name == room or name.startswith(f"{room}.")


@cache
def room_of(name: str) -> str:
    """The longest room the name begins with; empty if none does."""
    return max((room for room in ROOMS if begins(name, room)), key=len, default="")


@cache
def row_of(room: str) -> int:
    """A room apart stands in the row of the room around it."""
    around = max((known for known in ROW if begins(room, known)), key=len, default="")
    return ROW.get(around, -1)


def is_ours(name: str) -> bool:
    return name.split(".")[0] in TOPS
