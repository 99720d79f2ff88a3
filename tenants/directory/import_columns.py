"""What the columns of a file mean. Pure: a heading and the first rows in, a layout out.

Protects the directory from a file whose columns are called something else than ours, or whose dates can be read two ways:
nothing is guessed that is not shown, and a date that has two readings is read as somebody said. What it does not do: read
people (`import_file`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from itertools import islice
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from portal.kit.errors import Invalid
from portal.kit.sheet_file import Columns, decode, key_of_heading, records

REQUIRED = ("user_name", "given_names", "family_name", "email")
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
    "former_names": ("formernames", "formername", "previousname", "previousnames", "maidenname", "birthname"),
    "preferred_name": ("preferredname", "knownas", "nickname", "callname"),
    "name_in_other_script": ("nameinotherscript", "nativename", "localname"),
    "manager": ("manager", "supervisor", "reportsto"),
    "country": ("country", "countrycode", "location", "usagelocation"),
    "privileged": ("privileged", "isprivileged", "privilegedaccount"),
    "guest": ("guest", "isguest", "external", "externalguest"),
    "document_number": ("documentnumber", "passportnumber", "idcardnumber", "passport"),
    "document_country": ("documentcountry", "issuingcountry", "passportcountry", "documentissuer"),
    "national_number": ("nationalnumber", "nationalid", "personalnumber", "nationalidnumber"),
    "national_country": ("nationalcountry", "nationalidcountry", "nationalnumbercountry"),
}
LISTS = ("email", "phone")
COLUMNS = Columns(ALIASES, REQUIRED, LISTS)
LABELS = {
    "user_name": gettext_noop("User name"),
    "given_names": gettext_noop("Given names"),
    "family_name": gettext_noop("Family name"),
    "email": gettext_noop("E-mail"),
    "phone": gettext_noop("Telephone"),
    "employee_number": gettext_noop("Employee number"),
    "birthdate": gettext_noop("Date of birth"),
    "department": gettext_noop("Department"),
    "former_names": gettext_noop("Former names"),
    "preferred_name": gettext_noop("Called"),
    "name_in_other_script": gettext_noop("Name in another script"),
    "manager": gettext_noop("Manager"),
    "country": gettext_noop("Country"),
    "privileged": gettext_noop("Privileged account"),
    "guest": gettext_noop("Guest"),
    "document_number": gettext_noop("Document number"),
    "document_country": gettext_noop("Country of the document"),
    "national_number": gettext_noop("National number"),
    "national_country": gettext_noop("Country of the national number"),
}
# Never shown, not even to whoever sent them.
UNSEEN = ("document_number", "national_number")
# The orders in which a file may write dates, each with the example that the page shows.
DATE_ORDERS = {"ymd": "1990-04-12", "dmy": "12.04.1990", "mdy": "04/12/1990"}
MAX_COLUMNS = 100
LONGEST_HEADING = 120
SAMPLES = 3
_LOOKED_AT = 200
_WRITTEN = {
    "ymd": re.compile(r"(?P<y>\d{4})[-./](?P<m>\d{1,2})[-./](?P<d>\d{1,2})", re.ASCII),
    "dmy": re.compile(r"(?P<d>\d{1,2})[-./](?P<m>\d{1,2})[-./](?P<y>\d{4})", re.ASCII),
    "mdy": re.compile(r"(?P<m>\d{1,2})[-./](?P<d>\d{1,2})[-./](?P<y>\d{4})", re.ASCII),
}


@dataclass(frozen=True, slots=True)
class Layout:
    """How a file is read: the column that each heading means (by `key_of_heading`; an empty one: nothing) where somebody
    said so, and the order of its dates."""

    columns: Mapping[str, str] = field(default_factory=dict)
    dates: str = "ymd"

    def packed(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of(cls, packed: Mapping[str, Any]) -> Layout:
        """What `packed` gave; nothing said for anything else."""
        dates = str(packed.get("dates", "ymd"))
        columns = {str(key): str(column) for key, column in dict(packed.get("columns", {})).items()}
        known = {key: column for key, column in columns.items() if column in ALIASES or not column}
        return cls(known, dates if dates in DATE_ORDERS else "ymd")


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the file as somebody is shown it. `means` is what it is taken for, empty for nothing."""

    place: int
    heading: str
    key: str
    samples: tuple[str, ...]
    means: str
    # Proposed because of what it holds; nobody is spared the question.
    is_guess: bool = False


@dataclass(frozen=True, slots=True)
class Outline:
    """The columns of a file with the first rows below them. `is_sure`: it can be read without asking anybody."""

    columns: tuple[Column, ...]
    dates: str
    is_sure: bool

    def layout(self) -> Layout:
        return Layout({column.key: column.means for column in self.columns}, self.dates)


def outline_of(unverified: bytes, remembered: Layout | None = None) -> Outline:
    """What a file seems to hold. `remembered` is how the organisation's last file was read. Invalid for what is no CSV file
    with a heading."""
    layout = remembered or Layout()
    lines = records(decode(unverified), COLUMNS)
    header = next(lines, (1, []))[1]
    heading_in(header)
    rows = [cells for _line, cells in islice(lines, _LOOKED_AT)]
    columns: list[Column] = []
    doubted = False
    for place, name in enumerate(header):
        key = key_of_heading(name)
        said = layout.columns.get(key)
        means = (COLUMNS.named(name) or "") if said is None else said
        if not key or key in {column.key for column in columns}:
            doubted = doubted or bool(means)
            continue
        if means in {column.means for column in columns if column.means} and not (said and means in LISTS):
            means, doubted = "", True
        samples = () if means in UNSEEN else _samples(rows, place)
        columns.append(Column(place, name.strip(), key, samples, means))
    columns = _with_addresses(columns)
    dates, are_sure = _dates(rows, columns, layout.dates)
    has_all = set(REQUIRED) <= {column.means for column in columns if not column.is_guess}
    return Outline(tuple(columns), dates, are_sure and has_all and not doubted)


def _with_addresses(columns: list[Column]) -> list[Column]:
    """Where no heading says which column has the addresses, those that hold nothing else are proposed."""
    if any(column.means == "email" for column in columns):
        return columns
    return [
        replace(column, means="email", is_guess=True)
        if not column.means and column.samples and all("@" in sample for sample in column.samples)
        else column
        for column in columns
    ]


def checked(layout: Layout) -> Layout:
    """The layout somebody chose; Invalid where one that is no list is chosen twice, or one that is needed not at all."""
    chosen = [column for column in layout.columns.values() if column]
    for column in dict.fromkeys(chosen):
        if chosen.count(column) > 1 and column not in LISTS:
            raise Invalid(
                "column_twice",
                _("“%(name)s” is chosen for two columns. Choose one of them.") % {"name": _(LABELS[column])},
            )
    missing = [_(LABELS[column]) for column in REQUIRED if column not in chosen]
    if missing:
        raise Invalid(
            "columns_missing",
            _("Choose the column for: %(missing)s.") % {"missing": ", ".join(missing)},
        )
    return layout


def date_in(text: str, order: str) -> date | None:
    """The day that is written in this order, or as 1990-04-12, which nobody reads two ways."""
    for each in dict.fromkeys(("ymd", order)):
        found = _WRITTEN[each].fullmatch(text)
        if found:
            try:
                return date(int(found["y"]), int(found["m"]), int(found["d"]))
            except ValueError:
                return None
    return None


def heading_in(header: Sequence[str]) -> Sequence[str]:
    """The heading itself. Invalid for what is none: a file whose first line is a person would lose that person without a
    word."""
    if len(header) > MAX_COLUMNS:
        raise Invalid(
            "too_many_columns",
            _("This file has more than %(most)s columns. Take away those that are not needed.")
            % {"most": MAX_COLUMNS},
            field="file",
        )
    is_person = any("@" in name for name in header)
    if is_person or len(header) < len(REQUIRED) or any(len(name) > LONGEST_HEADING for name in header):
        raise Invalid(
            "heading_missing",
            _(
                "The first line must name the columns: at least user name, given names, family name and e-mail. Take the "
                "example file to see how."
            ),
            field="file",
        )
    return header


def _samples(rows: Sequence[Sequence[str]], place: int) -> tuple[str, ...]:
    cells = (row[place].strip()[:40] for row in rows if place < len(row) and row[place].strip())
    return tuple(islice(dict.fromkeys(cells), SAMPLES))


def _dates(rows: Sequence[Sequence[str]], columns: Sequence[Column], remembered: str) -> tuple[str, bool]:
    """The order in which most of the first dates can be read, and whether nobody has to be asked: only where all of them
    are written year first, or as the last file was."""
    place = next((column.place for column in columns if column.means == "birthdate"), None)
    texts = [row[place].strip() for row in rows if place is not None and place < len(row)]
    texts = [text for text in texts if text]
    readable = {
        order: sum(date_in(text, order) is not None for text in texts)
        for order in dict.fromkeys((remembered, *DATE_ORDERS))
    }
    best = max(readable, key=lambda order: readable[order])
    return best, best in ("ymd", remembered) or not texts
