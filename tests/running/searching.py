"""Looks for what must not lie anywhere, in every file of the data folder: database, WAL, broker, logs, queues."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

PIECE = 48
OVERLAP = 4096
BLOCK = 1 << 24


@dataclass(frozen=True)
class Needle:
    """Found where one of the literals stands, and its neighbours are as `whole` wants them."""

    literals: tuple[bytes, ...]
    whole: re.Pattern[bytes] | None = None

    def is_in(self, block: bytes) -> bool:
        there = any(literal in block for literal in self.literals)
        return there and (self.whole is None or self.whole.search(block) is not None)


def shapes_of(value: bytes) -> dict[str, Needle]:
    """As it is, in hex, and in base64 at each of the three places a piece may begin in it."""
    shapes = {
        "raw": Needle((value,)),
        "hex": Needle((value.hex().encode(), value.hex().upper().encode())),
    }
    for shift in range(3):
        # The first and last characters depend on the neighbours.
        padded = b"\0" * shift + value
        both = (base64.b64encode(padded)[4:-4], base64.urlsafe_b64encode(padded)[4:-4])
        shapes[f"base64 {shift}"] = Needle(both)
    return shapes


def piece_of(picture: bytes) -> bytes:
    """From the middle, where no two pictures are alike."""
    middle = len(picture) // 2
    return picture[middle : middle + PIECE]


def word(text: str) -> Needle:
    """Not inside a longer word or number."""
    literal = text.encode()
    return Needle((literal,), re.compile(rb"(?<![0-9A-Za-z.])" + re.escape(literal) + rb"(?![0-9A-Za-z])"))


def found_in(place: Path, needles: Mapping[str, Needle]) -> list[str]:
    """`what: file` for each needle that is anywhere below the place."""
    hits = []
    for path in sorted(place.rglob("*")):
        if path.is_file() and not path.is_symlink():
            found = {
                what for block in _blocks(path) for what, needle in needles.items() if needle.is_in(block)
            }
            hits += [f"{what}: {path.relative_to(place)}" for what in sorted(found)]
    return hits


def _blocks(path: Path) -> Iterator[bytes]:
    """Pieces that overlap, so that nothing hides on the border of two. Files may go while we look."""
    try:
        with path.open("rb") as source:
            before = b""
            while block := source.read(BLOCK):
                yield before + block
                before = block[-OVERLAP:]
    except FileNotFoundError:
        return
