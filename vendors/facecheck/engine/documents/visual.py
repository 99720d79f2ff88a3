"""Reads the visual zone: the print that people read, field by field, by its labels.

Labels are small and in the issuer's languages, so a field whose label cannot be read is looked for by its value (the
zone says what to expect). A value found under its own label always counts before one found elsewhere on the page.
"""

import unicodedata
from dataclasses import dataclass

import numpy as np

from ..images import Pixels as Picture
from .mrz import Format
from .ocr import Alphabet, Quad, crop_line, find_text, read_lines

MRZ_SHARE = {Format.TD1: 0.66, Format.TD2: 0.72, Format.TD3: 0.76}

_LABELS: dict[str, tuple[str, ...]] = {
    "family_name": ("surname", "nom", "name", "nachname", "familienname", "apellidos", "cognome", "apelido", "nazwisko", "prijmeni", "primer apellido", "naam"),
    "given_names": ("givennames", "givenname", "prenoms", "prenom", "vornamen", "vorname", "nombres", "nombre", "nome", "imiona", "jmeno", "voornamen", "forenames", "firstname"),
    "document_number": ("documentno", "passportno", "nodudocument", "nodupasseport", "documentnumber", "passportnumber", "cardno", "idno", "dokumentennr", "passnr", "ausweisnr", "numerodocumento", "passeportno", "reisepassnr"),
    "nationality": ("nationality", "nationalite", "staatsangehorigkeit", "nacionalidad", "cittadinanza", "obywatelstwo", "nationaliteit"),
    "birthdate": ("dateofbirth", "datedenaissance", "geburtsdatum", "geburtstag", "fechadenacimiento", "datadinascita", "dataurodzenia", "geboortedatum", "birthdate"),
    "sex": ("sex", "sexe", "geschlecht", "sexo", "sesso", "plec", "gender"),
    "expiry": ("dateofexpiry", "datedexpiration", "gultigbis", "validuntil", "fechadecaducidad", "datadiscadenza", "datawaznosci", "expirydate", "dateofexpiration", "expires"),
    "issued": ("dateofissue", "datededelivrance", "ausstellungsdatum", "fechadeexpedicion", "datadirilascio", "datawydania", "issuedate", "issued"),
    "other": ("type", "code", "placeofbirth", "lieudenaissance", "lieu", "authority", "autorite", "signature", "passport", "passeport", "identitycard", "personalno"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Print:
    """A line of print with its place on the flat page, in pixels."""

    text: str
    sureness: float
    left: float
    top: float
    right: float
    bottom: float

    @property
    def height(self) -> float:
        return self.bottom - self.top

    @property
    def middle(self) -> float:
        return (self.top + self.bottom) / 2


@dataclass(frozen=True, slots=True)
class VisualField:
    text: str
    sureness: float


@dataclass(frozen=True, slots=True)
class VisualZone:
    """`labelled` are the fields whose label was read; `prints` is everything, for a search by value."""

    labelled: dict[str, VisualField]
    prints: tuple[Print, ...]


def read_visual_zone(page: Picture, form: Format, *, has_mrz: bool) -> VisualZone:
    """Reads all print above the machine-readable zone of a flat page."""
    height = page.shape[0]
    bottom = round(height * MRZ_SHARE[form]) if has_mrz else height
    part = np.ascontiguousarray(page[:bottom])
    quads = [quad for quad in find_text(part) if _is_upright(quad)]
    lines = read_lines([crop_line(part, quad, grow=0.05) for quad in quads], Alphabet.LATIN)
    prints = tuple(
        Print(line.text.strip(), line.mean, *_extent(quad))
        for quad, line in zip(quads, lines, strict=True)
        if line.text.strip()
    )
    return VisualZone(_labelled(prints), prints)


def label_of(text: str) -> str | None:
    """The field that a label names, if the text is one: "Surname/Nom" is family_name."""
    for part in (text, *text.replace("|", "/").split("/")):
        plain = _plain(part)
        for field, names in _LABELS.items():
            if plain in names:
                return field
    whole = _plain(text)
    for field, names in _LABELS.items():
        if any(len(name) >= 6 and name in whole for name in names):
            return field
    return None


def _labelled(prints: tuple[Print, ...]) -> dict[str, VisualField]:
    labels = [(label_of(item.text), item) for item in prints]
    values = [item for name, item in labels if name is None or not _small(item, prints)]
    found: dict[str, VisualField] = {}
    for name, label in labels:
        if name is None or name in found or name == "other":
            continue
        value = _below(label, [item for item in values if item is not label])
        if value is None or label_of(value.text) not in (None, "other"):
            continue
        if any(_between(other, label, value) for _, other in labels if other not in (label, value)):
            continue  # the value that belongs here was not read: this one is the next field's
        found[name] = VisualField(value.text, value.sureness)
    return found


def _between(other: Print, label: Print, value: Print) -> bool:
    """Another label stands between a label and a value: the value is that one's."""
    beside = abs(other.left - label.left) < 2.2 * label.height
    return beside and label_of(other.text) is not None and label.middle < other.middle < value.middle


def _small(item: Print, prints: tuple[Print, ...]) -> bool:
    """Labels are set smaller than values."""
    return item.height < 0.85 * float(
        np.median([other.height for other in prints if other.text.isupper()] or [0])
    )


def _below(label: Print, values: list[Print]) -> Print | None:
    """The nearest line under the label that begins where it begins."""
    near = []
    for value in values:
        drop = value.middle - label.middle
        shift = abs(value.left - label.left)
        tall = max(label.height, value.height)
        if 0.4 * label.height < drop < 2.3 * tall and shift < 2.2 * tall:
            near.append((drop + 0.3 * shift, value))
    return min(near, key=lambda item: item[0])[1] if near else None


def _is_upright(quad: Quad) -> bool:
    along = quad[1] - quad[0]
    return bool(abs(along[1]) < 0.3 * abs(along[0]) + 2)


def _extent(quad: Quad) -> tuple[float, float, float, float]:
    return float(quad[:, 0].min()), float(quad[:, 1].min()), float(quad[:, 0].max()), float(quad[:, 1].max())


def _plain(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.lower())
    return "".join(char for char in plain if char.isascii() and char.isalpha())
