"""The search itself: what it must find, and what it must leave alone."""

from __future__ import annotations

import base64
import os
from pathlib import Path

import pytest

from tests.running import searching
from tests.running.searching import found_in, shapes_of, word

SECRET = os.urandom(24)


@pytest.mark.parametrize("before", [b"", b"a", b"ab"])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_base64_is_found_wherever_the_value_begins(tmp_path: Path, before: bytes, encode: type) -> None:
    (tmp_path / "file").write_bytes(encode(before + SECRET + b"after"))
    assert found_in(tmp_path, shapes_of(SECRET)) == [f"base64 {len(before)}: file"]


def test_a_value_on_the_border_of_two_blocks_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "BLOCK", 100)
    monkeypatch.setattr(searching, "OVERLAP", 50)
    (tmp_path / "file").write_bytes(b"x" * 90 + SECRET + b"x" * 300)
    assert found_in(tmp_path, shapes_of(SECRET)) == ["raw: file"]


def test_a_code_inside_a_longer_number_is_none(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("12:00:00.482913 and 4829130")
    assert found_in(tmp_path, {"code": word("482913")}) == []
