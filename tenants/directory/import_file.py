"""Reading a file of people: bytes in, rows and sentences out; nothing is kept and nobody is asked. In the organisation's scope
where the file holds numbers.

Protects the directory from files that are too large, in another encoding, or half right: every row that cannot be
used is named by its line, and one such row keeps the whole file out. A number of a document or of a person leaves this module
as a digest under the organisation's key, and no sentence repeats it. What it does not do: know the directory.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from datetime import date

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from portal.kit.countries import country_of
from portal.kit.errors import Invalid
from portal.kit.sheet_file import BadCell, decode, named_cells, read_heading, records
from portal.kit.sheets import DANGEROUS, plain_cell
from tenants.directory.import_columns import COLUMNS, DATE_ORDERS, Layout, date_in
from tenants.directory.matching import NameKind
from tenants.directory.named import LONGEST_NAME, MOST_NAMES, Named
from tenants.directory.selectors import document_digest, national_id_digest

MAX_ROWS = 50_000
LENGTHS = {
    "user_name": 120,
    "given_names": 120,
    "family_name": 120,
    "employee_number": 60,
    "department": 120,
    "manager": 250,
    "country": 60,
}
# Cells that are words: none of them begins with a sign that makes a spreadsheet calculate.
TEXTS = (
    "user_name",
    "given_names",
    "family_name",
    "email",
    "employee_number",
    "department",
    "former_names",
    "preferred_name",
    "name_in_other_script",
    "manager",
    "country",
)
# Each number with the column of its country; what it is called as evidence is in `ImportedRow.numbers`.
NUMBERS = {"document_number": "document_country", "national_number": "national_country"}
NUMBER_LENGTHS = (4, 40)
_COLUMN_OF = {"document_number": "document_number", "national_id": "national_number"}
YES = frozenset({"yes", "y", "true", "1", "x"})
NO = frozenset({"", "no", "n", "false", "0", "-"})
_PHONE = re.compile(r"^\+?[0-9 ()/.-]{5,40}$")
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
    # Each (given names, family name), an empty one the account's own.
    former_names: tuple[tuple[str, str], ...] | None = None
    preferred_names: tuple[tuple[str, str], ...] | None = None
    script_names: tuple[tuple[str, str], ...] | None = None
    manager: str | None = None
    country: str | None = None
    is_privileged: bool | None = None
    is_guest: bool | None = None
    # Where the source writes it itself; else it is made of the names.
    display_name: str | None = None
    # Digests; empty where the cell is.
    document_digest: str | None = field(default=None, repr=False)
    national_digest: str | None = field(default=None, repr=False)

    def numbers(self) -> dict[str, str]:
        """The digests by kind of evidence; a kind that the source does not tell of is not in it."""
        told = {"document_number": self.document_digest, "national_id": self.national_digest}
        return {kind: digest for kind, digest in told.items() if digest is not None}

    def named(self) -> dict[str, list[Named]]:
        """The other names by kind; a kind that the source does not tell of is not in it."""
        told = {
            NameKind.FORMER.value: self.former_names,
            NameKind.PREFERRED.value: self.preferred_names,
            NameKind.SCRIPT.value: self.script_names,
        }
        return {
            kind: [Named(kind, *one) for one in dict.fromkeys(names)]
            for kind, names in told.items()
            if names is not None
        }


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


def read_people(unverified: bytes, layout: Layout | None = None) -> ReadFile:
    """Every row, or Invalid when the file as a whole cannot be used. `layout` says what the columns mean where their
    headings alone do not."""
    layout = layout or Layout()
    lines = records(decode(unverified, layout.letters), COLUMNS)
    header = next(lines, (1, []))[1]
    places, ignored = read_heading(header, layout.known, layout.columns)
    found = ReadFile(ignored_columns=ignored)
    seen: dict[str, int] = {}
    for count, (line, cells) in enumerate(lines, start=1):
        if count > MAX_ROWS:
            raise Invalid(
                "too_many_rows",
                _("This file has more than %(most)s people. Split it and import the parts one after another.")
                % {"most": f"{MAX_ROWS:,}"},
                field="file",
            )
        try:
            named = layout.with_user_name(named_cells(cells, places, len(header)))
            row = row_of(line, named, layout.dates)
            only_once(row, seen)
        except BadCell as problem:
            found.problems.append(RowProblem(line, str(problem)))
        else:
            found.rows.append(row)
    if not found.rows and not found.problems:
        raise Invalid("file_empty", _("This file has a heading and no people."), field="file")
    return found


def row_of(line: int, cells: dict[str, str], dates: str = "ymd") -> ImportedRow:
    """One person. BadCell with everything that is wrong, so that a file has to be mended once."""
    try:
        return _usable_row(line, cells, dates)
    except BadCell as first:
        raise BadCell(" ".join(_all_that_is_wrong(cells, dates, str(first)))) from first


def _all_that_is_wrong(cells: dict[str, str], dates: str, first: str) -> list[str]:
    told = [first]
    readers: tuple[tuple[str, Callable[[str], object]], ...] = (
        ("email", _emails),
        ("phone", _phones),
        ("birthdate", lambda text: _birthdate(text, dates)),
        ("former_names", names_in),
        ("name_in_other_script", whole_names_in),
        ("privileged", _yes_or_no),
        ("guest", _yes_or_no),
    )
    for column in NUMBERS:
        try:
            _number(column, cells)
        except BadCell as problem:
            told.append(str(problem))
    for column, read in readers:
        try:
            read(cells.get(column, ""))
        except BadCell as problem:
            told.append(str(problem))
    return list(dict.fromkeys(told))


def _usable_row(line: int, cells: dict[str, str], dates: str) -> ImportedRow:
    for column, longest in LENGTHS.items():
        if len(cells.get(column, "")) > longest:
            raise BadCell(
                _("“%(column)s” is longer than %(most)s characters.") % {"column": column, "most": longest}
            )
    for column in TEXTS:
        if _is_formula(cells.get(column, "")):
            raise BadCell(
                _("“%(value)s” begins like a formula of a spreadsheet. Take the first character away.")
                % {"value": cells[column][:40]}
            )
    if not cells["user_name"]:
        raise BadCell(_("“%(column)s” is empty.") % {"column": "user_name"})
    for column, other in (("given_names", "family_name"), ("family_name", "given_names")):
        if cells[column]:
            continue
        if not cells[other]:
            raise BadCell(_("“%(column)s” is empty.") % {"column": column})
        raise BadCell(_("“%(column)s” is empty. Who has one name only has it in both.") % {"column": column})
    return ImportedRow(
        line=line,
        user_name=cells["user_name"],
        given_names=cells["given_names"],
        family_name=cells["family_name"],
        emails=_emails(cells["email"]),
        phones=_phones(cells["phone"]) if "phone" in cells else None,
        employee_number=cells.get("employee_number"),
        birthdate=_birthdate(cells.get("birthdate", ""), dates),
        has_birthdate="birthdate" in cells,
        department=cells.get("department"),
        former_names=names_in(cells["former_names"]) if "former_names" in cells else None,
        preferred_names=called_in(cells["preferred_name"]) if "preferred_name" in cells else None,
        script_names=whole_names_in(cells["name_in_other_script"])
        if "name_in_other_script" in cells
        else None,
        manager=cells.get("manager"),
        country=cells.get("country"),
        is_privileged=_yes_or_no(cells["privileged"]) if "privileged" in cells else None,
        is_guest=_yes_or_no(cells["guest"]) if "guest" in cells else None,
        document_digest=_digest("document_number", cells, document_digest),
        national_digest=_digest("national_number", cells, national_id_digest),
    )


def _number(column: str, cells: dict[str, str]) -> tuple[str, str]:
    """(number, country). Its sentences repeat neither: a column that slipped has the number in the next cell."""
    number, country = cells.get(column, ""), cells.get(NUMBERS[column], "")
    if not number:
        if country:
            raise BadCell(
                _("“%(country)s” is filled in and “%(column)s” is empty.")
                % {"country": NUMBERS[column], "column": column}
            )
        return "", ""
    significant = sum(character.isalnum() for character in number)
    if not NUMBER_LENGTHS[0] <= significant or len(number) > NUMBER_LENGTHS[1]:
        raise BadCell(
            _("“%(column)s” has fewer than %(fewest)s letters and digits, or more than %(most)s characters.")
            % {"column": column, "fewest": NUMBER_LENGTHS[0], "most": NUMBER_LENGTHS[1]}
        )
    if not country_of(country):
        raise BadCell(
            _("“%(country)s” has to name the country that gave out the number, such as CZ or CZE.")
            % {"country": NUMBERS[column]}
        )
    return number, country_of(country)


def _digest(column: str, cells: dict[str, str], digest: Callable[[str, str], str]) -> str | None:
    if column not in cells:
        return None
    number, country = _number(column, cells)
    return digest(number, country) if number else ""


def _is_formula(text: str) -> bool:
    """What a spreadsheet would calculate when the list is opened there. A dash alone stands for "none" in many files."""
    return len(text) > 1 and text.startswith(DANGEROUS)


def _emails(text: str) -> tuple[str, ...]:
    found = [part for part in _SEVERAL.split(text) if part]
    for address in found:
        # A cell without an address in it is told whole, one of several by itself.
        told = address if "@" in text else text
        try:
            validate_email(address)
        except ValidationError as error:
            raise BadCell(_("“%(value)s” is not an e-mail address.") % {"value": told[:80]}) from error
        if len(address) > 254:
            raise BadCell(_("An e-mail address is longer than 254 characters."))
    return tuple({address.casefold(): address for address in found}.values())


def _phones(text: str) -> tuple[str, ...]:
    found = [plain_cell(part.strip()) for part in re.split(r"[|;,]", text) if part.strip()]
    for number in found:
        if not _PHONE.match(number):
            raise BadCell(_("“%(value)s” is not a telephone number.") % {"value": number[:40]})
    return tuple(dict.fromkeys(found))


def _parts(text: str) -> list[str]:
    found = [part.strip() for part in re.split(r"[|;\n]", text) if part.strip()]
    if len(found) > MOST_NAMES:
        raise BadCell(_("Nobody has more than %(most)s names of a kind here.") % {"most": MOST_NAMES})
    return found


def names_in(text: str) -> tuple[tuple[str, str], ...]:
    """ "Novak | Svoboda, Anna Maria": family names, each with given names behind a comma where those were others too."""
    found = []
    for part in _parts(text):
        family, _comma, given = (piece.strip() for piece in part.partition(","))
        if not family:
            raise BadCell(
                _("“%(value)s” has no family name before the comma. Write “Family name, Given names”.")
                % {"value": part[:40]}
            )
        found.append((_short(given), _short(family)))
    return tuple(dict.fromkeys(found))


def whole_names_in(text: str) -> tuple[tuple[str, str], ...]:
    """The same where both have to be there: one field alone in another script is no name."""
    found = names_in(text)
    for given, family in found:
        if not given:
            raise BadCell(
                _("“%(value)s” has no given names. Write “Family name, Given names”.")
                % {"value": family[:40]}
            )
    return found


def called_in(text: str) -> tuple[tuple[str, str], ...]:
    """Given names that somebody is called by, beside their own family name."""
    return tuple(dict.fromkeys((_short(part), "") for part in _parts(text)))


def _short(name: str) -> str:
    if len(name) > LONGEST_NAME:
        raise BadCell(_("A name is longer than %(most)s characters.") % {"most": LONGEST_NAME})
    return name


def _yes_or_no(text: str) -> bool:
    """Empty is no."""
    plain = text.strip().casefold()
    if plain in YES:
        return True
    if plain in NO:
        return False
    raise BadCell(_("“%(value)s” is neither yes nor no.") % {"value": text[:30]})


def _birthdate(text: str, dates: str) -> date | None:
    if not text:
        return None
    found = date_in(text, dates)
    if found is None:
        raise BadCell(
            _("“%(value)s” is not a date. Write dates as %(example)s.")
            % {"value": text[:30], "example": DATE_ORDERS[dates]}
        )
    if not date(1900, 1, 1) <= found <= date(2100, 1, 1):
        raise BadCell(_("“%(value)s” is not a date of birth.") % {"value": text})
    return found


def keys_of(row: ImportedRow) -> dict[str, str]:
    """The ways to name this person (normalised) and what each is called."""
    named = {row.user_name: "user_name", **dict.fromkeys(row.emails, "email")}
    if row.employee_number:
        named[row.employee_number] = "employee_number"
    return {value.strip().casefold(): kind for value, kind in named.items()}


def only_once(row: ImportedRow, seen: dict[str, int], among: Collection[int] | None = None) -> None:
    """User names, e-mails and employee numbers name one person each, across all three; and so does a number of theirs. `seen`
    remembers the line of each; with `among` of those ways to name somebody only whose `hash` is in it."""
    numbers = {f"{kind}|{digest}": kind for kind, digest in row.numbers().items() if digest}
    for key, kind in numbers.items():
        if key in seen:
            raise BadCell(
                _("The number in “%(column)s” is also on line %(line)s.")
                % {"column": _COLUMN_OF[kind], "line": seen[key]}
            )
    keys = {key: kind for key, kind in keys_of(row).items() if among is None or hash(key) in among}
    for key, kind in keys.items():
        if key in seen:
            raise BadCell(
                _("“%(value)s” (%(column)s) is also on line %(line)s.")
                % {"value": key[:80], "column": kind, "line": seen[key]}
            )
    seen.update(dict.fromkeys([*keys, *numbers], row.line))


def keys_in(cells: dict[str, str]) -> Iterator[str]:
    """The same keys of a record that may not be usable, for little work."""
    for column in ("user_name", "employee_number"):
        if cells.get(column):
            yield cells[column].casefold()
    yield from (part.casefold() for part in _SEVERAL.split(cells.get("email", "")) if part)
