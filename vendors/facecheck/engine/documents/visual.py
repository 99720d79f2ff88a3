"""Reads the visual zone: the print that people read, field by field, by its labels.

Labels are small and in the issuer's languages, so a field whose label cannot be read is looked for by its value (the
zone says what to expect). A value found under its own label always counts before one found elsewhere on the page.
"""

import re
import unicodedata
from dataclasses import dataclass
from enum import Enum

import cv2
import numpy as np

from ..images import Pixels as Picture
from .crosscheck import edit_distance
from .mrz import Format
from .ocr import Alphabet, Quad, crop_line, find_text, read_lines

SEARCH_WIDTH = 940
MRZ_SHARE = {Format.TD1: 0.66, Format.TD2: 0.72, Format.TD3: 0.76}

# By the first words of a label in the languages of larger issuers, without marks, spaces and digits.
_LABELS: dict[str, tuple[str, ...]] = {
    "family_name": (
        "surname", "nom", "name", "nachname", "familienname", "apellidos", "apellido", "primerapellido", "cognome",
        "apelido", "apelidos", "nazwisko", "prijmeni", "priezvisko", "naam", "achternaam", "efternamn", "efternavn",
        "etternavn", "sukunimi", "csaladinev", "nume", "numedefamilie", "prezime", "priimek", "soyadi", "perekonnanimi",
        "uzvards", "pavarde", "lastname", "familyname", "primaryidentifier",
        "identifiantprimaire",
    ),
    "given_names": (
        "givennames", "givenname", "prenoms", "prenom", "vornamen", "vorname", "nombres", "nombre", "nome",
        "nomi", "nomesproprios", "nomeproprio", "imiona", "imie", "jmeno", "meno", "voornamen", "fornamn", "fornavn",
        "fornavne", "etunimet", "utonev", "prenume", "ime", "adi", "eesnimi", "vards", "vardas", "forenames",
        "firstname", "firstnames", "secondaryidentifier", "identifiantsecondaire",
    ),
    "document_number": (
        "documentno", "passportno", "nodudocument", "ndudocument", "numerodedocument",
        "numerodudocument", "numerodepasseport", "numerodupasseport", "nodupasseport", "ndupasseport", "passeportn",
        "documentnumber", "passportnumber", "cardno", "cardnumber", "idno", "idnumber", "dokumentennr",
        "dokumentennummer", "passnr", "passnummer", "reisepassnr", "ausweisnr", "ausweisnummer", "numerodocumento",
        "numdocumento", "ndocumento", "nrodocumento", "numdoc", "numsoporte", "passeportno", "pasaporten", "pasaporteno",
        "passaporton", "numeropassaporto", "nrdokumentu", "nrpaszportu", "numerpaszportu", "cislopasu", "cislodokladu",
        "documentnummer", "paspoortnummer", "passinumero",
    ),
    "nationality": (
        "nationality", "nationalite", "staatsangehorigkeit", "nacionalidad", "nacionalidade", "cittadinanza",
        "obywatelstwo", "nationaliteit", "statniobcanstvi", "medborgarskap", "statsborgerskab", "kansalaisuus",
    ),
    "birthdate": (
        "dateofbirth", "datedenaissance", "neele", "geburtsdatum", "geburtstag", "fechadenacimiento", "fechanacimiento",
        "datadenascimento", "datanascimento", "datadinascita", "dataurodzenia", "datumnarozeni", "geboortedatum",
        "fodelsedatum", "fodselsdato", "syntymaaika", "szuletesiido", "datanasterii", "datumrodenja", "dogumtarihi",
        "birthdate", "dob",
    ),
    "sex": (
        "sex", "sexe", "geschlecht", "sexo", "sesso", "plec", "gender", "pohlavi", "geslacht", "kon", "kjonn",
        "sukupuoli", "nem", "spol", "cinsiyet",
    ),
    "expiry": (
        "dateofexpiry", "datedexpiration", "validejusquau", "valablejusquau", "gultigbis", "validuntil", "validto", "fechadecaducidad", "caducidad",
        "validez", "validohasta", "datadevalidade", "datavalidade", "validade", "datadiscadenza", "scadenza",
        "datawaznosci", "terminwaznosci", "platnostdo", "datumplatnosti", "geldigtot", "giltigttom", "giltigtom",
        "gyldigtil", "gyldigtilog", "viimeinenvoimassaolopaiva", "voimassa", "ervenyessegiido", "dataexpirarii",
        "datumisteka", "gecerliliktarihi", "expirydate", "dateofexpiration", "expires", "expirationdate", "dateexp",
    ),
    "issued": (
        "dateofissue", "datededelivrance", "ausstellungsdatum", "ausgestelltam", "fechadeexpedicion", "expedicion",
        "emision", "fechadeemision", "datadeemissao", "datadirilascio", "datadiemissione", "emissione", "datawydania",
        "datumvydani", "datumvanafgifte", "utfardandedatum", "udstedelsesdato", "utstedelsesdato", "myontamispaiva",
        "kiallitasdatuma", "issuedate", "issued", "dateissued",
    ),
    "other": (
        "type", "code", "placeofbirth", "lieudenaissance", "lieu", "geburtsort", "luogodinascita", "lugardenacimiento",
        "miejsceurodzenia", "authority", "autorite", "behorde", "autoridad", "organ", "signature", "unterschrift",
        "passport", "passeport", "reisepass", "identitycard", "personalausweis", "personalno", "nameatbirth", "geburtsname",
    ),
}  # fmt: skip
_EXACT = {name: field for field, names in _LABELS.items() for name in names}
_MARKED = tuple((name, field) for name, field in _EXACT.items() if len(name) >= 6)
_FORGIVING = 9  # letters from which a label may be misread by one


class Place(Enum):
    """Where a layout prints the value of a label."""

    BELOW = "below"
    BESIDE = "beside"
    ABOVE = "above"


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


Fields = dict[str, VisualField]


@dataclass(frozen=True, slots=True)
class VisualZone:
    """`labelled` are the fields whose label was read; `prints` is everything, for a search by value. `layouts` are the
    fields as each layout would have them; which one the document has, `checks.choose_layout` finds out."""

    labelled: Fields
    prints: tuple[Print, ...]
    layouts: tuple[Fields, ...] = ()


def read_visual_zone(page: Picture, form: Format, *, has_mrz: bool) -> VisualZone:
    """Reads all print above the machine-readable zone of a flat page."""
    height = page.shape[0]
    bottom = round(height * MRZ_SHARE[form]) if has_mrz else height
    part = np.ascontiguousarray(page[:bottom])
    quads = [quad for quad in _find(part) if _is_upright(quad)]
    lines = read_lines([crop_line(part, quad, grow=0.05) for quad in quads], Alphabet.LATIN)
    prints = tuple(
        Print(line.text.strip(), line.mean, *_extent(quad))
        for quad, line in zip(quads, lines, strict=True)
        if line.text.strip()
    )
    return visual_zone(prints)


def visual_zone(prints: tuple[Print, ...]) -> VisualZone:
    """The zone that these prints make."""
    layouts = tuple(_labelled(prints, place) for place in Place)
    return VisualZone(layouts[0], prints, layouts)


def label_of(text: str) -> str | None:
    """The field that a label names, if the text is one: "Surname/Nom" is family_name."""
    for part in (text, *re.split(r"[/|]", text)):
        plain = _plain(part)
        field = _EXACT.get(plain) or _nearly(plain)
        if field:
            return field
    whole = _plain(text)
    return next((field for name, field in _MARKED if name in whole), None)


def split_label(text: str) -> tuple[str, str] | None:
    """(field, value) of a line that holds both: "Surname: ERIKSSON", "Passport No. L898902C3"."""
    words = text.replace(":", ": ").split()
    for count in range(min(len(words) - 1, 6), 0, -1):
        field = _EXACT.get(_plain(" ".join(words[:count])))
        if field and _plain(words[count - 1]):
            return field, " ".join(words[count:])
    return None


def _nearly(plain: str) -> str | None:
    """A long label with one letter misread."""
    if len(plain) < _FORGIVING:
        return None
    near = [name for name in _EXACT if abs(len(name) - len(plain)) < 2 and len(name) >= _FORGIVING]
    alike = [name for name in near if name[:3] == plain[:3] or name[-3:] == plain[-3:]]
    return next((_EXACT[name] for name in alike if edit_distance(name, plain) <= 1), None)


def _labelled(prints: tuple[Print, ...], place: Place) -> Fields:
    labels = [(label_of(item.text), item) for item in prints]
    values = [item for name, item in labels if name is None or not _small(item, prints)]
    found: Fields = {}
    for name, label in labels:
        both = split_label(label.text) if place is Place.BESIDE else None
        if both and both[0] != "other" and both[0] not in found:
            found[both[0]] = VisualField(both[1], label.sureness)
            continue
        if name is None or name in found or name == "other":
            continue
        value = _value_of(label, [item for item in values if item is not label], place)
        if value is None or label_of(value.text) not in (None, "other"):
            continue
        if any(_between(other, label, value) for _, other in labels if other not in (label, value)):
            continue  # the value that belongs here was not read: this one is the next field's
        found[name] = VisualField(value.text, value.sureness)
    return found


def _between(other: Print, label: Print, value: Print) -> bool:
    """Another label stands between a label and a value: the value is that one's."""
    low, high = sorted((label.middle, value.middle))
    beside = abs(other.left - label.left) < 2.2 * label.height
    return beside and label_of(other.text) is not None and low < other.middle < high


def _small(item: Print, prints: tuple[Print, ...]) -> bool:
    """Labels are set smaller than values."""
    return item.height < 0.85 * float(
        np.median([other.height for other in prints if other.text.isupper()] or [0])
    )


def _value_of(label: Print, values: list[Print], place: Place) -> Print | None:
    """The nearest line under (over) the label that begins where it begins, or the next one in its row."""
    near = []
    for value in values:
        tall = max(label.height, value.height)
        drop = value.middle - label.middle
        if place is Place.BESIDE:
            gap = value.left - label.right
            if abs(drop) < 0.6 * tall and -0.5 * tall < gap < 12 * tall:
                near.append((gap, value))
            continue
        drop = -drop if place is Place.ABOVE else drop
        shift = abs(value.left - label.left)
        if 0.4 * label.height < drop < 2.3 * tall and shift < 2.2 * tall:
            near.append((drop + 0.3 * shift, value))
    return min(near, key=lambda item: item[0])[1] if near else None


def _find(part: Picture) -> list[Quad]:
    """Boxes of the lines of print; they are found on a smaller copy, which costs half as much."""
    scale = min(1.0, SEARCH_WIDTH / part.shape[1])
    small = cv2.resize(part, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return [
        np.asarray(quad / scale, dtype=np.float32) for quad in find_text(np.asarray(small, dtype=np.uint8))
    ]


def _is_upright(quad: Quad) -> bool:
    along = quad[1] - quad[0]
    return bool(abs(along[1]) < 0.3 * abs(along[0]) + 2)


def _extent(quad: Quad) -> tuple[float, float, float, float]:
    return float(quad[:, 0].min()), float(quad[:, 1].min()), float(quad[:, 0].max()), float(quad[:, 1].max())


def _plain(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.lower())
    return "".join(char for char in plain if char.isascii() and char.isalpha())
