"""Imports run downhill, rooms of one row leave each other alone, rooms apart stay apart."""

from __future__ import annotations

import ast

import pytest

from tests.architecture.modules import (
    ROW,
    Module,
    begins,
    imports_of,
    is_ours,
    modules,
    room_of,
    row_of,
)
from tests.architecture.rooms import APART, NO_DJANGO, ORDER, REACHED_BY_ADDRESS

PACKAGES = {"portal"}  # the roof itself holds no code


def complaint(module: Module, line: int, target: str) -> str:
    return f"{module.path}:{line} imports {target}"


def may_import(room: str, target: str) -> bool:
    target_room = room_of(target)
    if room in APART:
        return any(begins(target, allowed) or begins(allowed, target) for allowed in APART[room])
    if any(begins(target, closed) for closed in REACHED_BY_ADDRESS):
        return False
    if target_room in APART:  # an engine belongs to the room around it and to whoever may import that
        return row_of(target_room) <= row_of(room)
    return row_of(target_room) < row_of(room)


def test_every_module_has_a_room() -> None:
    assert [
        module.name for module in modules() if not room_of(module.name) and module.name not in PACKAGES
    ] == []


def test_imports_run_downhill() -> None:
    wrong = [
        complaint(module, found.line, target)
        for module in modules()
        for found in imports_of(module)
        for target in found.names
        if is_ours(target) and room_of(target) and room_of(target) != room_of(module.name)
        if not may_import(room_of(module.name), target)
    ]
    assert wrong == []


def test_the_product_imports_no_test() -> None:
    wrong = [
        complaint(module, found.line, found.names[0])
        for module in modules()
        for found in imports_of(module)
        if any(begins(name, "tests") for name in found.names)
    ]
    assert wrong == []


def test_nothing_is_imported_inside_a_function() -> None:
    wrong = [
        complaint(module, found.line, ", ".join(found.names))
        for module in modules()
        for found in imports_of(module)
        if found.in_function
    ]
    assert wrong == []


@pytest.mark.parametrize("room", NO_DJANGO)
def test_protocol_and_engine_code_knows_no_framework(room: str) -> None:
    wrong = [
        complaint(module, found.line, name)
        for module in modules()
        if begins(module.name, room)
        for found in imports_of(module)
        for name in found.names
        if begins(name, "django") or begins(name, "celery") or begins(name, "allauth")
    ]
    assert wrong == []


def _dependencies(module: Module) -> list[str]:
    """The apps that a migration waits for."""
    for node in ast.walk(module.tree):
        targets = node.targets if isinstance(node, ast.Assign) else []
        if any(isinstance(target, ast.Name) and target.id == "dependencies" for target in targets):
            return [
                str(pair.elts[0].value)
                for pair in ast.walk(node)
                if isinstance(pair, ast.Tuple) and isinstance(pair.elts[0], ast.Constant)
            ]
    return []


LABELS = {room.rsplit(".", 1)[-1]: room for room in (*ROW, "vendors.house")}


def test_migrations_obey_the_same_order() -> None:
    wrong = [
        f"{module.path} depends on {label}"
        for module in modules()
        if ".migrations." in module.name
        for label in _dependencies(module)
        if label in LABELS and LABELS[label] != room_of(module.name)
        if not may_import(room_of(module.name), LABELS[label])
    ]
    assert wrong == []


def test_the_order_names_each_room_once() -> None:
    rooms = [room for row in ORDER for room in row]
    assert len(rooms) == len(set(rooms)) and not set(rooms) & set(APART)


def test_an_import_uphill_would_be_seen() -> None:
    """The check itself can fail."""
    assert not may_import("tenants", "recovery.models")
    assert not may_import("tenants.privacy", "tenants.notices.services")
    assert not may_import("tenants.audit", "tenants.models")
    assert not may_import("vendors", "vendors.house.models")
    assert not may_import("vendors.house", "tenants.models")
    assert not may_import("vendors.facecheck.engine", "portal.kit.clock")
    assert may_import("recovery", "vendors.selectors")
    assert may_import("tenants.directory", "tenants.directory.matching")
