"""One way into a tenant's rows, and one way around it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.architecture.modules import Module, modules

# Who may say `unscoped("why")`, and why. Nobody does.
UNSCOPED: dict[str, str] = {}
# Who may name a database connection: the kit, which makes scopes, and the checks, which ask who we are.
CONNECTIONS = {
    "portal.kit.scope",
    "portal.kit.models",
    "portal.kit.http",
    "portal.checks",
    "vendors.house.checks",
}
# Who may write `app.tenant`: the one place that announces a scope.
ANNOUNCERS = {"portal.kit.scope"}


def _calls(module: Module, name: str) -> Iterator[ast.Call]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call):
            called = node.func
            if (isinstance(called, ast.Name) and called.id == name) or (
                isinstance(called, ast.Attribute) and called.attr == name
            ):
                yield node


def test_nobody_steps_around_the_scope_without_being_listed() -> None:
    found = {module.name for module in modules() if list(_calls(module, "unscoped"))}
    assert found == set(UNSCOPED)


def test_the_tenant_is_announced_in_one_place() -> None:
    found = {
        module.name
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        if "app.tenant =" in node.value and "current_setting" not in node.value
    }
    assert found <= ANNOUNCERS and found


def test_connections_are_named_by_the_kit_alone() -> None:
    found = {
        module.name
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Subscript)
        and isinstance(node.value, ast.Name)
        and node.value.id == "connections"
    }
    assert found <= CONNECTIONS


def test_no_query_chooses_the_strong_role_by_name() -> None:
    wrong = [
        f"{module.path}:{call.lineno}"
        for module in modules()
        for call in _calls(module, "using")
        if module.name != "portal.kit.models" and ".migrations." not in module.name
    ]
    assert wrong == []
