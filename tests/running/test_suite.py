"""What the suite owes itself."""

from __future__ import annotations

import re
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace

import pytest

from portal.embedded.suite import _with_workers
from tests import turns
from tests.turns import FAMILIES, in_turn, turn_of

TESTS = Path(__file__).resolve().parents[1]
DRIVER = "sync_" + "playwright()"


def test_only_the_shared_fixture_starts_a_browser() -> None:
    """A second driver cannot start beside the one of the worker, and each start costs seconds."""
    starting = [str(path.relative_to(TESTS)) for path in TESTS.rglob("*.py") if DRIVER in path.read_text()]
    assert starting == []


def test_what_shares_a_worker_is_there() -> None:
    """A file that was renamed would silently leave its family, and start everything a second time."""
    places = [place for family in FAMILIES.values() for place in family]
    assert [place for place in places if not (TESTS.parent / place).exists()] == []


def test_the_whole_product_is_started_by_one_family_alone() -> None:
    taking = re.compile(
        r"^(?:async )?def test_\w+\((?:[^)]*\b)?(?:stand|product|walked|survived)\b", re.MULTILINE
    )
    families = {
        turn_of(str(path.relative_to(TESTS.parent)))
        for path in TESTS.rglob("test_*.py")
        if taking.search(path.read_text())
    }
    assert families == {"the whole product"}


def test_tests_begin_in_the_order_of_their_families() -> None:
    walk, other, tls = (
        "tests/browser/test_walk.py::test_a",
        "tests/kit/test_a.py::test_b",
        "tests/tls/test_a.py::c",
    )
    assert in_turn([other, tls, walk]) == [walk, tls, other]


def test_what_a_family_shares_ends_with_its_last_test(monkeypatch: pytest.MonkeyPatch) -> None:
    """Servers that nobody asks any more take a tenth of a core until the run is over."""
    ended: list[str] = []
    first, last, after = (
        "tests/house/test_walk.py::a",
        "tests/vendors/test_house_partner.py::b",
        "tests/kit::c",
    )
    monkeypatch.setattr(turns, "_shared", ExitStack())
    turns._shared.callback(ended.append, "the house partner")
    for test, following in ((first, last), (last, after)):
        assert ended == []
        tearing_down = turns.pytest_runtest_teardown(
            *(SimpleNamespace(nodeid=name) for name in (test, following))
        )
        next(tearing_down)
        with pytest.raises(StopIteration):
            tearing_down.send(None)
    assert ended == ["the house partner"]


@pytest.mark.parametrize(
    ("asked", "added"),
    [
        ([], ["-n", "2", "--dist", "loadfile"]),
        (["-n", "3", "tests/kit"], ["--dist", "loadfile"]),
        (["-n3", "--dist=load"], []),
        (["--pdb"], []),
        (["-p", "no:xdist"], []),
    ],
)
def test_workers_keep_files_together_however_many_there_are(asked: list[str], added: list[str]) -> None:
    assert _with_workers(asked) == added
