"""What the suite owes itself."""

from __future__ import annotations

from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
DRIVER = "sync_" + "playwright()"


def test_only_the_shared_fixture_starts_a_browser() -> None:
    """A second driver cannot start beside the one of the worker, and each start costs seconds."""
    starting = [str(path.relative_to(TESTS)) for path in TESTS.rglob("*.py") if DRIVER in path.read_text()]
    assert starting == []
