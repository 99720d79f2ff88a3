"""Who may say that evidence about a person was held: a case in which it was proven, at once; a file, three days later."""

from __future__ import annotations

import ast

from tests.architecture.modules import modules

READS = {"filter", "values_list", "exclude", "get", "delete"}


def _writers() -> dict[str, set[str]]:
    """Modules by what in them makes a row of held evidence, or has one made."""
    found: dict[str, set[str]] = {}
    for module in modules():
        if ".migrations" in module.name:
            continue
        for node in ast.walk(module.tree):
            if not isinstance(node, ast.Call):
                continue
            call = ast.unparse(node.func)
            given = {ast.unparse(argument) for argument in node.args}
            makes = call == "HeldEvidence" or "HeldEvidence" in given
            asks = call.removeprefix("HeldEvidence.objects.").partition("(")[0].partition(".")[0]
            makes |= call.startswith("HeldEvidence.objects.") and asks not in READS
            if makes or call.rpartition(".")[2] == "hold_evidence":
                found.setdefault(module.name, set()).add(call)
    return found


def test_nobody_else_says_which_number_or_card_was_held_before() -> None:
    """Such a number is a second kind of evidence. It counts from the moment it is written where the person proved it in a
    case; what a file brings is marked as that, and waits."""
    assert _writers() == {
        "tenants.directory.evidence": {"HeldEvidence.objects.bulk_create", "HeldEvidence", "insert_many"},
        "tenants.directory.services": {"HeldEvidence.objects.bulk_create", "HeldEvidence"},
        "recovery.completion": {"hold_evidence"},
    }
