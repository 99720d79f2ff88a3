"""Draws specimen documents of Utopia, the state that ICAO keeps for specimens (UTO).

Nothing here can be mistaken for a document of a real state: the issuing state is Utopia, the word SPECIMEN crosses
the page, and no security feature is imitated. They exist for demonstrations and tests.
"""

import io
from dataclasses import dataclass
from datetime import date
from random import Random
from typing import Literal

from PIL import Image, ImageOps

from vendors.facecheck.engine.documents.mrz import Format
from vendors.facecheck.engine.documents.mrz_writer import MrzFields, write_mrz
from vendors.facecheck.engine.documents.states import UTOPIA

from .artwork import background
from .lettering import draw_mrz_line, draw_text

Kind = Literal["passport", "id_card", "id_card_td2", "id_card_front", "id_card_back"]
SCALE = 12  # pixels a millimetre: 300 dpi
INK, GREY, BLUE = (28, 28, 34), (92, 96, 110), (38, 62, 112)
NUMBER_LETTERS = "ACDEFGHKLMNPRTUVWXYZ"  # without those that are taken for digits
MRZ_PITCH, MRZ_HEIGHT = 2.54, 2.5
SIZES = {Format.TD1: (85.6, 54.0), Format.TD2: (105.0, 74.0), Format.TD3: (125.0, 88.0)}


@dataclass(frozen=True, slots=True)
class Specimen:
    """What is printed. The visual zone is apart from the MRZ, so that forgeries can let them differ."""

    kind: Kind
    family_name: str
    given_names: str
    document_number: str
    birthdate: date
    issued: date
    expiry: date
    sex: str
    place_of_birth: str
    mrz_lines: tuple[str, ...]
    portrait: bytes

    @property
    def form(self) -> Format:
        return FORMATS[self.kind]


FORMATS: dict[Kind, Format] = {
    "passport": Format.TD3,
    "id_card": Format.TD1,
    "id_card_front": Format.TD1,
    "id_card_back": Format.TD1,
    "id_card_td2": Format.TD2,
}


@dataclass(frozen=True, slots=True)
class _Layout:
    """Places in millimetres: portrait (left, top, width, height), fields (left, top, row), and the zone's lines."""

    portrait: tuple[float, float, float, float]
    fields: tuple[float, float, float]
    label: float
    value: float
    title: float
    mrz_left: float
    mrz_tops: tuple[float, ...]


LAYOUTS = {
    Format.TD3: _Layout((6, 17, 33, 42.5), (44, 16, 7.0), 1.7, 3.3, 4.6, 6.6, (70.2, 77.6)),
    Format.TD2: _Layout((5, 12, 28, 36), (37, 11, 6.4), 1.6, 2.9, 3.6, 6.8, (56.8, 64.2)),
    Format.TD1: _Layout((4, 8.0, 21.5, 27), (28.5, 6.6, 4.75), 1.3, 2.4, 2.8, 4.7, (37.4, 42.8, 48.2)),
}


def specimen(
    *,
    given_names: str,
    family_name: str,
    birthdate: date,
    portrait: bytes,
    random: Random,
    document_number: str | None = None,
    expiry: date | None = None,
    sex: str = "X",
    kind: Kind = "passport",
) -> Specimen:
    """The data of a valid specimen; what is not given is drawn from `random`."""
    number = document_number or random.choice(NUMBER_LETTERS) + "".join(
        str(random.randrange(10)) for _ in range(8)
    )
    until = expiry or date(2034, random.randrange(1, 13), random.randrange(1, 29))
    form = FORMATS[kind]
    fields = MrzFields(
        document_code="P" if form is Format.TD3 else "I",
        issuing_state=UTOPIA,
        family_name=family_name,
        given_names=given_names,
        document_number=number,
        nationality=UTOPIA,
        birthdate=birthdate,
        sex=sex,
        expiry=until,
    )
    issued = replace_year(until, until.year - 10)
    place = random.choice(("Zenith", "Amaurot", "Abraxa", "Anyder"))
    lines = write_mrz(fields, form)
    return Specimen(
        kind, family_name, given_names, number, birthdate, issued, until, sex, place, lines, portrait
    )


def replace_year(day: date, year: int) -> date:
    return day.replace(year=year, day=min(day.day, 28))


def render_specimen(
    *,
    given_names: str,
    family_name: str,
    birthdate: date,
    portrait: bytes,
    document_number: str | None = None,
    expiry: date | None = None,
    sex: str = "X",
    kind: Kind = "passport",
    random: Random,
) -> bytes:
    """A picture (PNG) of a valid specimen document with the given portrait."""
    data = specimen(
        given_names=given_names,
        family_name=family_name,
        birthdate=birthdate,
        portrait=portrait,
        random=random,
        document_number=document_number,
        expiry=expiry,
        sex=sex,
        kind=kind,
    )
    return render(data, random=random)


def render(data: Specimen, *, random: Random, built_in_letters: bool = False) -> bytes:
    """Draws the data as it is. `built_in_letters` leaves an installed OCR-B aside."""
    width, height = (round(side * SCALE) for side in SIZES[data.form])
    page = background(width, height, random)
    layout = LAYOUTS[data.form]
    if data.kind != "id_card_back":
        _title(page, data, layout)
        _portrait(page, data, layout)
        _fields(page, data, layout)
        _specimen_word(page)
    if data.kind != "id_card_front":
        lines = data.mrz_lines
        for line, top in zip(lines, layout.mrz_tops, strict=True):
            _mrz_line(page, line, layout, top, built_in_letters)
    out = io.BytesIO()
    page.save(out, "PNG", compress_level=1)
    return out.getvalue()


def _mrz_line(page: Image.Image, line: str, layout: _Layout, top: float, built_in: bool) -> None:
    draw_mrz_line(
        page,
        line,
        left=layout.mrz_left * SCALE,
        top=top * SCALE,
        pitch=MRZ_PITCH * SCALE,
        height=MRZ_HEIGHT * SCALE,
        built_in=built_in,
    )


def _title(page: Image.Image, data: Specimen, layout: _Layout) -> None:
    left = layout.portrait[0] * SCALE
    size = round(layout.title * SCALE)
    end = draw_text(page, "UTOPIA", at=(left, layout.title * SCALE * 0.5), size=size, fill=BLUE, bold=True)
    words = "PASSPORT  PASSEPORT" if data.form is Format.TD3 else "IDENTITY CARD  CARTE D'IDENTITÉ"
    draw_text(
        page, words, at=(end + 3 * SCALE, layout.title * SCALE * 0.75), size=round(size * 0.6), fill=BLUE
    )


def _portrait(page: Image.Image, data: Specimen, layout: _Layout) -> None:
    left, top, width, height = (round(place * SCALE) for place in layout.portrait)
    with Image.open(io.BytesIO(data.portrait)) as picture:
        photo = ImageOps.fit(picture.convert("RGB"), (width, height), centering=(0.5, 0.35))
    under = page.crop((left, top, left + width, top + height))
    page.paste(Image.blend(photo, under, 0.06), (left, top))


def _fields(page: Image.Image, data: Specimen, layout: _Layout) -> None:
    left, top, row = layout.fields
    right = left + (SIZES[data.form][0] - left) * 0.55
    code = "P" if data.form is Format.TD3 else "I"
    rows: tuple[tuple[tuple[float, str, str], ...], ...] = (
        (
            (left, "Type", code),
            (left + 14, "Code", UTOPIA),
            (right, "Document No./No du document", data.document_number),
        ),
        ((left, "Surname/Nom", data.family_name.upper()),),
        ((left, "Given names/Prénoms", data.given_names.upper()),),
        ((left, "Nationality/Nationalité", "UTOPIAN"), (right, "Sex/Sexe", data.sex)),
        (
            (left, "Date of birth/Date de naissance", _day(data.birthdate)),
            (right, "Place of birth/Lieu", data.place_of_birth.upper()),
        ),
        (
            (left, "Date of expiry/Date d'expiration", _day(data.expiry)),
            (right, "Date of issue/Date de délivrance", _day(data.issued)),
        ),
    )
    for index, cells in enumerate(rows):
        for x, label, value in cells:
            y = (top + index * row) * SCALE
            draw_text(page, label, at=(x * SCALE, y), size=round(layout.label * SCALE), fill=GREY)
            draw_text(
                page,
                value,
                at=(x * SCALE, y + layout.label * SCALE * 1.15),
                size=round(layout.value * SCALE),
                fill=INK,
            )


_MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]


def _day(day: date) -> str:
    return f"{day.day:02} {_MONTHS[day.month - 1]} {day.year}"


def _specimen_word(page: Image.Image) -> None:
    """Large and pale across the page: visible to people, without hiding what is printed."""
    layer = Image.new("L", page.size, 0)
    ink = Image.new("RGB", page.size, 0)
    size = page.width // 9
    draw_text(
        ink,
        "SPECIMEN",
        at=(page.width * 0.30, page.height * 0.26),
        size=size,
        fill=(255, 255, 255),
        bold=True,
    )
    layer = (
        ink.convert("L")
        .rotate(18, center=(page.width // 2, page.height // 2))
        .point(lambda value: value // 9)
    )
    page.paste(Image.new("RGB", page.size, (180, 30, 60)), (0, 0), layer)
