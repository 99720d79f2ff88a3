"""Who may say that evidence about a person was held: only a case in which it was proven."""

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


def test_no_file_no_directory_and_no_colleague_says_which_number_or_card_was_held_before() -> None:
    """Such a number is a second kind of evidence. It counts from the moment it is written, because only what the person
    proved in a case writes it. A door for anybody else needs three days of waiting, as addresses and names have."""
    assert _writers() == {
        "tenants.directory.services": {"HeldEvidence.objects.bulk_create", "HeldEvidence"},
        "recovery.completion": {"hold_evidence"},
    }
