"""Reading a CSV file that somebody sends. Pure: bytes in, named cells out.

Protects every import from files that are too large, in another encoding, half right, or that hide a formula: what is wrong
with a line is told by its number. What it does not do: know what the columns mean.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import BinaryIO

from django.utils.translation import gettext as _

from portal.kit.errors import Invalid
from portal.kit.sheets import plain_cell

MAX_BYTES = 10_000_000
MAX_CELL = 2_000
_PIECE = 100_000
_READ = 1_000_000
# How a spreadsheet's own file begins, and a text that its maker wrote in UTF-16.
_ZIP = b"PK\x03\x04"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


class BadCell(Exception):
    """The sentence for one cell."""


@dataclass(frozen=True, slots=True)
class Columns:
    """What people call each column, compared without case, spaces, hyphens and underscores; and which must be there."""

    aliases: Mapping[str, Sequence[str]]
    required: Sequence[str] = ()
    # Those whose cells hold lists: several columns of a file may be one of them, where somebody says so.
    lists: Sequence[str] = ()

    def named(self, heading: str) -> str | None:
        plain = "".join(character for character in heading.casefold() if character.isalnum())
        return next((name for name, known in self.aliases.items() if plain in known), None)


def decode(unverified: bytes, letters: str = "") -> str:
    """The text of a file. `letters` is the code page that somebody said it is in, where it is neither UTF-8 nor UTF-16 with its
    mark. Invalid for what is too large, empty, or cannot be read so."""
    if len(unverified) > MAX_BYTES:
        raise Invalid(
            "file_too_large",
            _("This file is larger than 10 MB. Split it and import the parts."),
            field="file",
        )
    if not unverified.strip():
        raise Invalid("file_empty", _("This file is empty."), field="file")
    _refuse_spreadsheet(unverified)
    try:
        text = unverified.decode(_encoding(unverified, letters))
    except UnicodeDecodeError as error:
        raise _unreadable(
            _encoding(unverified, letters), unverified.count(b"\n", 0, error.start) + 1
        ) from error
    if "\x00" in text:
        raise Invalid(
            "file_not_text",
            _("This is not a CSV file in UTF-8. In a spreadsheet, save it as “CSV UTF-8”."),
            field="file",
        )
    return text


def is_of_another_encoding(unverified: bytes) -> bool:
    """Whether somebody has to say in which letters a file is written: no mark, and no UTF-8."""
    try:
        unverified.decode(_encoding(unverified, ""))
    except UnicodeDecodeError:
        return not unverified.startswith(_UTF_16)
    return False


def _unreadable(encoding: str, line: int) -> Invalid:
    """Of a file that names its letters, or of which somebody did, there is nothing else to be tried."""
    if encoding == "utf-8-sig":
        sentence = _("This file is not in UTF-8 (line %(line)s). In a spreadsheet, save it as “CSV UTF-8”.")
        return Invalid("file_not_utf8", sentence % {"line": line}, field="file")
    sentence = _(
        "This file cannot be read in the letters it is said to be in (%(letters)s, line %(line)s). In a spreadsheet, save it "
        "as “CSV UTF-8”."
    )
    shown = {"letters": encoding.upper(), "line": line}
    return Invalid("file_not_in_its_letters", sentence % shown, field="file")


def is_unicode(file: BinaryIO) -> bool:
    """Whether a seekable file of any size, read to its end, is UTF-8 or says that it is UTF-16."""
    file.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while piece := file.read(_READ):
            if piece.startswith(_UTF_16) and file.tell() == len(piece):
                return True
            decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _refuse_spreadsheet(unverified: bytes) -> None:
    if unverified.startswith(_ZIP):
        raise Invalid(
            "file_is_spreadsheet",
            _("This is a spreadsheet file, not CSV. In the spreadsheet, save it as “CSV UTF-8”."),
            field="file",
        )


def _encoding(unverified: bytes, letters: str) -> str:
    if unverified.startswith(_UTF_16):
        return "utf-16"
    return letters or "utf-8-sig"


def _delimiter(text: str, columns: Columns) -> str:
    """Of comma, semicolon and tab the one that finds the most columns we know in the heading, or else the most columns."""
    heading = text.lstrip("\r\n").split("\n", 1)[0]

    def known(delimiter: str) -> tuple[int, int]:
        names = next(csv.reader([heading], delimiter=delimiter), [])
        return sum(columns.named(name) is not None for name in names), len(names)

    return max((",", ";", "\t"), key=known)


def records(text: str, columns: Columns) -> Iterator[tuple[int, list[str]]]:
    """(line it begins on, cells) of every record that is not blank; the first is the heading."""
    return _records(io.StringIO(text, newline=""), _delimiter(text, columns))


def streamed(file: BinaryIO, columns: Columns, letters: str = "") -> Iterator[tuple[int, list[str]]]:
    """The same of a file that is too large to be held: read as it is asked for, once, in the letters that `decode` would read
    it in. `file` can be looked into before it is read (`io.BufferedReader.peek`), and the heading stands in the part that is
    seen so."""
    seen: bytes = file.peek(1)  # type: ignore[attr-defined]
    _refuse_spreadsheet(seen)
    encoding = _encoding(seen, letters)
    text = io.TextIOWrapper(file, encoding=encoding, newline="")
    # A line is read in pieces: one without an end would be held whole, and the reader refuses a cell that is too long.
    pieces = iter(lambda: text.readline(_PIECE), "")
    try:
        yield from _records(pieces, _delimiter(seen.decode(encoding, errors="ignore"), columns))
    except UnicodeError as error:
        raise _unreadable(encoding, _first_unreadable(text.detach(), encoding)) from error
    finally:
        if not file.closed:
            with suppress(ValueError):
                text.detach()  # it stays open for whoever opened it


def _first_unreadable(file: BinaryIO, encoding: str) -> int:
    """The line of a seekable file that cannot be read so."""
    file.seek(0)
    decoder = codecs.getincrementaldecoder(encoding)()
    line = 1
    try:
        while piece := file.read(_READ):
            line += decoder.decode(piece).count("\n")
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        line += error.object[: error.start].decode(encoding, errors="ignore").count("\n")
    return line


def _records(lines: Iterable[str], delimiter: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    line = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        raise Invalid(
            "file_broken",
            _("Line %(line)s cannot be read as CSV: a quotation mark is missing or one is too many.")
            % {"line": line},
            field="file",
        ) from error


def key_of_heading(name: str) -> str:
    """A heading as it is compared: without case and without doubled spaces."""
    return " ".join(name.casefold().split())


def read_heading(
    header: Sequence[str], columns: Columns, chosen: Mapping[str, str] | None = None
) -> tuple[dict[int, str], list[str]]:
    """{place: column} and the headings that mean nothing to us. `chosen` says what a heading means (by `key_of_heading`; an
    empty column: nothing), where somebody said so, and of a heading that is there twice the first; the others are known by
    their usual names. Invalid for a column that is there twice or missing."""
    places: dict[int, str] = {}
    ignored = []
    shown: set[str] = set()
    for place, name in enumerate(header):
        key = key_of_heading(name)
        said = (chosen or {}).get(key)
        if said and key in shown and said not in columns.lists:
            said = ""
        shown.add(key)
        column = columns.named(name) if said is None else said
        if column and column in places.values() and not (said and column in columns.lists):
            raise Invalid(
                "column_twice",
                _("The column “%(name)s” is there twice. Keep one of them.") % {"name": name.strip()[:60]},
                field="file",
            )
        if column:
            places[place] = column
        elif name.strip():
            ignored.append(name.strip()[:60])
    missing = [column for column in columns.required if column not in places.values()]
    if missing:
        raise Invalid(
            "columns_missing",
            _("The first line must name the columns. Missing: %(missing)s.")
            % {"missing": ", ".join(missing)},
            field="file",
        )
    return places, ignored


def named_cells(cells: Sequence[str], places: Mapping[int, str], width: int) -> dict[str, str]:
    """The cells of a record by column, without the mark that our own exports set before a formula; those of several columns
    that are one list parted by semicolons."""
    if len(cells) > width:
        raise BadCell(
            _("This line has %(found)s cells, the heading %(expected)s.")
            % {"found": len(cells), "expected": width}
        )
    named = dict.fromkeys(places.values(), "")
    for place, column in places.items():
        if place < len(cells):
            cell = _cell(cells[place])
            named[column] = f"{named[column]}; {cell}" if named[column] and cell else named[column] or cell
    return named


def _cell(text: str) -> str:
    cleaned = plain_cell(text.strip())
    if len(cleaned) > MAX_CELL:
        raise BadCell(_("A cell is longer than %(most)s characters.") % {"most": MAX_CELL})
    # Nothing that can be printed is a control character; asking that is far quicker than looking for one.
    if not cleaned.isprintable() and _CONTROL.search(cleaned):
        raise BadCell(_("A cell holds a line break or a control character."))
    return cleaned
