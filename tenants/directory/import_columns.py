"""What the columns of a file mean. Pure: a heading and the first rows in, a layout out.

Protects the directory from a file whose columns are called something else than ours, or whose dates can be read two ways:
nothing is guessed that is not shown, and a date that has two readings is read as somebody said. What it does not do: read
people (`import_file`).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from itertools import islice
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from portal.kit.errors import Invalid
from portal.kit.sheet_file import Columns, decode, is_of_another_encoding, key_of_heading, records

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
# Headings that are proposed and asked about: what other systems and languages call the same columns.
PROPOSED = {
    "user_name": ("benutzername", "anmeldename", "identifiant", "usuario"),
    "given_names": ("vorname", "vornamen", "vorna", "prenom", "prénom", "nombre", "voornaam", "imie", "imię"),
    "family_name": (
        "nachname",
        "familienname",
        "nachn",
        "nom",
        "nomdefamille",
        "apellidos",
        "cognome",
        "achternaam",
        "nazwisko",
    ),
    "email": ("usridlong", "courriel", "correo"),
    "employee_number": ("employee", "personalnummer", "pernr", "matricule", "workerid"),
    "birthdate": (
        "geburtsdatum",
        "gbdat",
        "datedenaissance",
        "fechadenacimiento",
        "datadinascita",
        "geboortedatum",
    ),
    "department": (
        "abteilung",
        "orgeh",
        "departement",
        "département",
        "departamento",
        "afdeling",
        "costcenter",
    ),
    "manager": ("vorgesetzter", "vorgesetzte", "responsable"),
    "phone": ("telefon", "mobilephone", "workphone", "mobil"),
    "country": ("land", "pays"),
    "preferred_name": ("rufname", "preferredfirstname"),
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
# What stands for a user name in files that have no column for it.
USER_NAMES = ("email", "employee_number")
# Code pages in which spreadsheets write where they do not write UTF-8.
LETTERS = {
    "cp1252": gettext_noop("Western Europe (Windows-1252)"),
    "cp1250": gettext_noop("Central Europe (Windows-1250)"),
    "cp1251": gettext_noop("Cyrillic (Windows-1251)"),
    "cp1253": gettext_noop("Greek (Windows-1253)"),
    "cp1254": gettext_noop("Turkish (Windows-1254)"),
}
_OTHER_WORDS = re.compile(rb"[A-Za-z\x80-\xff]*[\x80-\xff][A-Za-z\x80-\xff]*")
_SEVERAL = re.compile(r"[\s|;,]+")
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
    # Which column stands for the user name where none is chosen for it.
    user_name: str = ""
    # The code page, where the file is not in Unicode.
    letters: str = ""

    @property
    def known(self) -> Columns:
        """The columns, of which a user name need not be there where another stands for it."""
        if not self.user_name:
            return COLUMNS
        return replace(COLUMNS, required=[name for name in REQUIRED if name != "user_name"])

    def with_user_name(self, cells: dict[str, str]) -> dict[str, str]:
        """The cells of a record, with a user name if another column stands for it: the first of several addresses."""
        if self.user_name and "user_name" not in cells:
            cells["user_name"] = next(iter(_SEVERAL.split(cells.get(self.user_name, "").strip())), "")
        return cells

    def packed(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of(cls, packed: Mapping[str, Any]) -> Layout:
        """What `packed` gave; nothing said for anything else."""
        dates = str(packed.get("dates", "ymd"))
        columns = {str(key): str(column) for key, column in dict(packed.get("columns", {})).items()}
        known = {key: column for key, column in columns.items() if column in ALIASES or not column}
        user_name, letters = (str(packed.get(key, "")) for key in ("user_name", "letters"))
        return cls(
            known,
            dates if dates in DATE_ORDERS else "ymd",
            user_name if user_name in USER_NAMES else "",
            letters if letters in LETTERS else "",
        )


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
    user_name: str = ""
    letters: str = ""
    # Each code page that can be meant, with how a few words of the file read in it; empty for a file in Unicode.
    readings: Mapping[str, str] = field(default_factory=dict)

    def layout(self) -> Layout:
        meant = {column.key: column.means for column in self.columns}
        return Layout(meant, self.dates, self.user_name, self.letters)


def outline_of(unverified: bytes, remembered: Layout | None = None, letters: str = "") -> Outline:
    """What a file seems to hold. `remembered` is how the organisation's last file was read, `letters` the code page that somebody
    chose. Invalid for what is no CSV file with a heading."""
    layout = remembered or Layout()
    readings = readings_of(unverified) if is_of_another_encoding(unverified) else {}
    was_asked = letters if letters in readings else layout.letters if layout.letters in readings else ""
    letters = was_asked or next(iter(readings), "")
    lines = records(decode(unverified, letters), COLUMNS)
    header = next(lines, (1, []))[1]
    heading_in(header)
    rows = [cells for _line, cells in islice(lines, _LOOKED_AT)]
    columns: list[Column] = []
    doubted = False
    for place, name in enumerate(header):
        key = key_of_heading(name)
        said = layout.columns.get(key)
        means = (COLUMNS.named(name) or "") if said is None else said
        is_guess = not means and said is None
        if is_guess:
            means = _proposed(name, {column.means for column in columns})
        if not key or key in {column.key for column in columns}:
            doubted = doubted or (bool(means) and said is None and not is_guess)
            continue
        if means and means in {column.means for column in columns} and not (said and means in LISTS):
            # A second column of addresses is asked about: it is often the mailbox that outlives the account.
            doubted, means = True, means if means in LISTS else ""
        samples = () if means in UNSEEN else _samples(rows, place)
        columns.append(Column(place, name.strip(), key, samples, means, is_guess and bool(means)))
    columns = _with_addresses(columns)
    dates, are_sure = _dates(rows, columns, layout.dates)
    known = {column.means for column in columns if not column.is_guess}
    stands_in = "" if any(column.means == "user_name" for column in columns) else layout.user_name
    has_all = set(replace(layout, user_name=stands_in).known.required) <= known
    is_read = not readings or bool(was_asked)
    is_sure = are_sure and has_all and is_read and not doubted
    if is_sure:
        # Nobody is asked, so that nothing is only proposed.
        columns = [replace(one, means="", is_guess=False) if one.is_guess else one for one in columns]
    elif not any(column.means == "user_name" for column in columns):
        stands_in = stands_in or USER_NAMES[0]
    return Outline(tuple(columns), dates, is_sure, stands_in, letters, readings)


def _proposed(heading: str, taken: Collection[str]) -> str:
    """What a heading may mean by its last part (`Legal Name - First Name`) or in another language; nothing that is taken."""
    last = re.split(r" - |[:/(]", heading)[-1] if " - " in heading else re.split(r"[(/]", heading)[0]
    plain = "".join(character for character in last.casefold() if character.isalnum())
    found = COLUMNS.named(last) or next((name for name, known in PROPOSED.items() if plain in known), "")
    if found == "given_names" and heading.casefold().startswith(("preferred", "called")):
        found = "preferred_name"
    return "" if found in taken and found not in LISTS else found


def readings_of(unverified: bytes) -> dict[str, str]:
    """The code pages that have all of a file's letters, each with how its first other words read."""
    words = list(islice(dict.fromkeys(_OTHER_WORDS.findall(unverified)), SAMPLES))
    readable = {}
    for letters in LETTERS:
        try:
            unverified.decode(letters)
        except UnicodeDecodeError:
            continue
        readable[letters] = ", ".join(word.decode(letters)[:30] for word in words)
    return readable


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
    missing = [_(LABELS[column]) for column in layout.known.required if column not in chosen]
    if layout.user_name and "user_name" not in chosen and layout.user_name not in chosen:
        missing.append(_(LABELS[layout.user_name]))
    missing = list(dict.fromkeys(missing))
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
