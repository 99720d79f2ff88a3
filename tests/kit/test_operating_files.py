"""What is named to an operator's command is read to an agreed end, whatever it is."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from portal.kit.errors import Unavailable
from tenants.management import files
from tenants.management.files import bytes_of, content_of, lines_of

ENDLESS = Path("/dev/zero")


def test_a_device_without_an_end_is_read_no_further_than_agreed() -> None:
    with pytest.raises(Unavailable) as refused:
        bytes_of(ENDLESS, most=1000)
    assert (refused.value.code, refused.value.sentence) == (
        "file_too_large",
        "/dev/zero is larger than 1,000 bytes.",
    )


def test_a_line_without_an_end_ends_the_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_NEVER_ENDS", 100_000)
    with ENDLESS.open(encoding="utf-8") as text, pytest.raises(Unavailable) as refused:
        list(lines_of(text, longest=10))
    assert refused.value.sentence == "Line 1 does not end. Nothing after it was read."


def test_of_a_long_line_its_beginning_is_kept_and_the_lines_after_it_are_whole() -> None:
    text = io.StringIO("a\n" + "b" * 200_000 + "\n\nlast")
    assert list(lines_of(text, longest=5)) == ["a\n", "bbbbbb", "\n", "last"]
    assert list(lines_of(io.StringIO("12345\n123456"), longest=5)) == ["12345\n", "123456"]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("nowhere.json", "could not be read: No such file or directory"),
        (".", "could not be read: Is a directory"),
        ("zero\0byte", "could not be read: its name cannot be one"),
        ("latin.txt", "is no text in UTF-8"),
    ],
)
def test_what_cannot_be_read_is_said_in_a_sentence(
    name: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("latin.txt").write_bytes("Nováková".encode("latin-1", "replace") + b"\xff")
    with pytest.raises(Unavailable) as refused:
        content_of(name, most=100)
    assert told in refused.value.sentence


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    (tmp_path / "marked").write_bytes(b"\xef\xbb\xbf{}")
    assert content_of(tmp_path / "marked", most=5) == "{}"
