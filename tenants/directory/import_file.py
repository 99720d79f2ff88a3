"""Reading a file of people. Pure: bytes in, rows and sentences out; nothing is kept and nobody is asked.

Protects the directory from files that are too large, in another encoding, or half right: every row that cannot be
used is named by its line, and one such row keeps the whole file out. What it does not do: know the directory.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from portal.kit.errors import Invalid
from portal.kit.sheets import DANGEROUS, plain_cell

MAX_BYTES = 10_000_000
MAX_ROWS = 50_000
MAX_CELL = 2_000
REQUIRED = ("user_name", "given_names", "family_name", "email")
LENGTHS = {
    "user_name": 120,
    "given_names": 120,
    "family_name": 120,
    "employee_number": 60,
    "department": 120,
}
# Cells that are words: none of them begins with a sign that makes a spreadsheet calculate.
TEXTS = ("user_name", "given_names", "family_name", "email", "employee_number", "department")
# What people call the columns, compared without case, spaces, hyphens and underscores.
ALIASES = {
    "user_name": ("username", "login", "userprincipalname", "upn", "account"),
    "given_names": ("givennames", "givenname", "firstname", "firstnames"),
    "family_name": ("familyname", "lastname", "surname"),
    "email": ("email", "emails", "mail", "emailaddress"),
    "phone": ("phone", "phones", "telephone", "mobile"),
    "employee_number": ("employeenumber", "employeeid", "personnelnumber", "staffnumber"),
    "birthdate": ("birthdate", "dateofbirth", "dob", "birthday"),
    "department": ("department", "unit", "team"),
}
_COLUMN_OF = {alias: column for column, aliases in ALIASES.items() for alias in aliases}
_PHONE = re.compile(r"^\+?[0-9 ()/.-]{5,40}$")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_SEVERAL = re.compile(r"[\s|;,]+")


@dataclass(frozen=True, slots=True)
class ImportedRow:
    """One person as the file has them. Fields whose column is missing are None: they stay as they are."""

    line: int
    user_name: str
    given_names: str
    family_name: str
    emails: tuple[str, ...]
    phones: tuple[str, ...] | None = None
    employee_number: str | None = None
    birthdate: date | None = None
    has_birthdate: bool = False
    department: str | None = None


@dataclass(frozen=True, slots=True)
class RowProblem:
    """One row that cannot be used, and why."""

    line: int
    sentence: str


@dataclass(slots=True)
class ReadFile:
    rows: list[ImportedRow] = field(default_factory=list)
    problems: list[RowProblem] = field(default_factory=list)
    ignored_columns: list[str] = field(default_factory=list)


class _BadCell(Exception):
    """The sentence for one cell."""


def read_people(unverified: bytes) -> ReadFile:
    """Every row, or Invalid when the file as a whole cannot be used."""
    text = _decode(unverified)
    records = _records(text)
    header = next(records, (1, []))[1]
    columns, ignored = _columns(header)
    found = ReadFile(ignored_columns=ignored)
    seen: dict[str, int] = {}
    for count, (line, cells) in enumerate(records, start=1):
        if count > MAX_ROWS:
            raise Invalid(
                "too_many_rows",
                _("This file has more than %(most)s people. Split it and import the parts one after another.")
                % {"most": f"{MAX_ROWS:,}"},
                field="file",
            )
        try:
            row = _row(line, _named(cells, columns, len(header)))
            _only_once(row, seen)
        except _BadCell as problem:
            found.problems.append(RowProblem(line, str(problem)))
        else:
            found.rows.append(row)
    if not found.rows and not found.problems:
        raise Invalid("file_empty", _("This file has a heading and no people."), field="file")
    return found


def _decode(unverified: bytes) -> str:
    if len(unverified) > MAX_BYTES:
        raise Invalid(
            "file_too_large",
            _("This file is larger than 10 MB. Split it and import the parts."),
            field="file",
        )
    if not unverified.strip():
        raise Invalid("file_empty", _("This file is empty."), field="file")
    try:
        text = unverified.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = unverified.count(b"\n", 0, error.start) + 1
        raise Invalid(
            "file_not_utf8",
            _("This file is not in UTF-8 (line %(line)s). In a spreadsheet, save it as “CSV UTF-8”.")
            % {"line": line},
            field="file",
        ) from error
    if "\x00" in text:
        raise Invalid(
            "file_not_text",
            _("This is not a CSV file in UTF-8. In a spreadsheet, save it as “CSV UTF-8”."),
            field="file",
        )
    return text


def _delimiter(text: str) -> str:
    """Of comma, semicolon and tab the one that finds the most columns we know in the heading."""
    heading = text.lstrip("\r\n").split("\n", 1)[0]

    def known(delimiter: str) -> int:
        return sum(
            _plain(name) in _COLUMN_OF for name in next(csv.reader([heading], delimiter=delimiter), [])
        )

    return max((",", ";", "\t"), key=known)


def _records(text: str) -> Iterator[tuple[int, list[str]]]:
    """(line it begins on, cells) of every record that is not blank."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
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


def _plain(name: str) -> str:
    return "".join(character for character in name.casefold() if character.isalnum())


def _columns(header: list[str]) -> tuple[Mapping[int, str], list[str]]:
    columns: dict[int, str] = {}
    ignored = []
    for place, name in enumerate(header):
        column = _COLUMN_OF.get(_plain(name))
        if column in columns.values():
            raise Invalid(
                "column_twice",
                _("The column “%(name)s” is there twice. Keep one of them.") % {"name": name.strip()[:60]},
                field="file",
            )
        if column:
            columns[place] = column
        elif name.strip():
            ignored.append(name.strip()[:60])
    missing = [column for column in REQUIRED if column not in columns.values()]
    if missing:
        raise Invalid(
            "columns_missing",
            _("The first line must name the columns. Missing: %(missing)s.")
            % {"missing": ", ".join(missing)},
            field="file",
        )
    return columns, ignored


def _named(cells: list[str], columns: Mapping[int, str], width: int) -> dict[str, str]:
    if len(cells) > width:
        raise _BadCell(
            _("This line has %(found)s cells, the heading %(expected)s.")
            % {"found": len(cells), "expected": width}
        )
    named = dict.fromkeys(columns.values(), "")
    for place, column in columns.items():
        if place < len(cells):
            named[column] = _cell(cells[place])
    return named


def _cell(text: str) -> str:
    cleaned = plain_cell(text.strip())
    if len(cleaned) > MAX_CELL:
        raise _BadCell(_("A cell is longer than %(most)s characters.") % {"most": MAX_CELL})
    if _CONTROL.search(cleaned):
        raise _BadCell(_("A cell holds a line break or a control character."))
    return cleaned


def _row(line: int, cells: dict[str, str]) -> ImportedRow:
    for column, longest in LENGTHS.items():
        if len(cells.get(column, "")) > longest:
            raise _BadCell(
                _("“%(column)s” is longer than %(most)s characters.") % {"column": column, "most": longest}
            )
    for column in TEXTS:
        if _is_formula(cells.get(column, "")):
            raise _BadCell(
                _("“%(value)s” begins like a formula of a spreadsheet. Take the first character away.")
                % {"value": cells[column][:40]}
            )
    for column in ("user_name", "given_names", "family_name"):
        if not cells[column]:
            raise _BadCell(_("“%(column)s” is empty.") % {"column": column})
    return ImportedRow(
        line=line,
        user_name=cells["user_name"],
        given_names=cells["given_names"],
        family_name=cells["family_name"],
        emails=_emails(cells["email"]),
        phones=_phones(cells["phone"]) if "phone" in cells else None,
        employee_number=cells.get("employee_number"),
        birthdate=_birthdate(cells.get("birthdate", "")),
        has_birthdate="birthdate" in cells,
        department=cells.get("department"),
    )


def _is_formula(text: str) -> bool:
    """What a spreadsheet would calculate when the list is opened there. A dash alone stands for "none" in many files."""
    return len(text) > 1 and text.startswith(DANGEROUS)


def _emails(text: str) -> tuple[str, ...]:
    found = [part for part in _SEVERAL.split(text) if part]
    for address in found:
        try:
            validate_email(address)
        except ValidationError as error:
            raise _BadCell(_("“%(value)s” is not an e-mail address.") % {"value": address[:80]}) from error
        if len(address) > 254:
            raise _BadCell(_("An e-mail address is longer than 254 characters."))
    return tuple({address.casefold(): address for address in found}.values())


def _phones(text: str) -> tuple[str, ...]:
    found = [plain_cell(part.strip()) for part in re.split(r"[|;,]", text) if part.strip()]
    for number in found:
        if not _PHONE.match(number):
            raise _BadCell(_("“%(value)s” is not a telephone number.") % {"value": number[:40]})
    return tuple(dict.fromkeys(found))


def _birthdate(text: str) -> date | None:
    if not text:
        return None
    try:
        found = date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        found = None
    if found is None:
        raise _BadCell(
            _("“%(value)s” is not a date. Write dates as 1990-04-12: year, month, day.")
            % {"value": text[:30]}
        )
    if not date(1900, 1, 1) <= found <= date(2100, 1, 1):
        raise _BadCell(_("“%(value)s” is not a date of birth.") % {"value": text})
    return found


def keys_of(row: ImportedRow) -> dict[str, str]:
    """The ways to name this person (normalised) and what each is called."""
    named = {row.user_name: "user_name", **dict.fromkeys(row.emails, "email")}
    if row.employee_number:
        named[row.employee_number] = "employee_number"
    return {value.strip().casefold(): kind for value, kind in named.items()}


def _only_once(row: ImportedRow, seen: dict[str, int]) -> None:
    """User names, e-mails and employee numbers name one person each, across all three."""
    keys = keys_of(row)
    for key, kind in keys.items():
        if key in seen:
            raise _BadCell(
                _("“%(value)s” (%(column)s) is also on line %(line)s.")
                % {"value": key[:80], "column": kind, "line": seen[key]}
            )
    seen.update(dict.fromkeys(keys, row.line))
