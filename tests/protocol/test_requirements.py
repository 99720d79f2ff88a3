"""The page of requirements names code and tests that are there, and reasons that both know."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CODE, TESTS = ROOT / "tenants" / "verified_id", ROOT / "tests"
PAGE = CODE / "protocol" / "REQUIREMENTS.md"
Places = dict[str, list[str]]


@dataclass(frozen=True)
class Requirement:
    clause: str
    demand: str
    code: Places
    tests: Places
    reason: str


def places(cell: str) -> Places:
    """`file: name, name; file: name` as a mapping."""
    found = (part.partition(": ") for part in cell.split("; "))
    return {file: names.split(", ") for file, _, names in found}


def read_page() -> list[Requirement]:
    rows = [line for line in PAGE.read_text().splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    wanted = [row for row in cells if row[0] != "clause"]
    return [Requirement(row[0], row[1], places(row[2]), places(row[3]), row[4]) for row in wanted]


@cache
def named_in(path: Path) -> frozenset[str]:
    """Functions, classes and module-level names of a file."""
    tree = ast.parse(path.read_text())
    made = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else ()
        made |= {target.id for target in targets if isinstance(target, ast.Name)}
    return frozenset(made)


REQUIREMENTS = read_page()


@pytest.mark.parametrize("wanted", REQUIREMENTS, ids=lambda one: f"{one.clause} {one.demand[:40]}")
def test_what_meets_a_requirement_and_what_holds_it_is_there(wanted: Requirement) -> None:
    for folder, named in ((CODE, wanted.code), (TESTS, wanted.tests)):
        for file, names in named.items():
            assert set(names) <= named_in(folder / file), f"{file}: {set(names) - named_in(folder / file)}"
    assert all(name.startswith("test_") for names in wanted.tests.values() for name in names)
    if wanted.reason:
        quoted = f'"{wanted.reason}"'
        assert any(quoted in path.read_text() for path in (CODE / "protocol").glob("*.py"))
        assert any(quoted in (TESTS / file).read_text() for file in wanted.tests)


def test_every_line_of_both_lists_is_on_the_page() -> None:
    """A line that is taken away is taken away here too, and somebody sees it."""
    page = PAGE.read_text()
    issuer, verifier = (part.count("\n| ") - 1 for part in page.split("## The verifier"))
    assert (issuer, verifier) == (61, 43)
    assert len({(one.clause, one.demand) for one in REQUIREMENTS}) == len(REQUIREMENTS) == issuer + verifier
