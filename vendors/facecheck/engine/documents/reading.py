"""Reads a photographed travel document and judges what can be judged on a photograph.

Protects: an account from whoever shows a misread, edited, expired or specimen document. From whom: strangers and
careless forgers. It cannot see holograms, microprint or ultraviolet ink, so a self-made document whose zones agree
passes here; the profile asks for a second kind of evidence for that reason. Nothing is written or logged.

What must hold, in this order (ICAO Doc 9303 parts 3 to 6):
1. the bytes are one bounded JPEG, PNG or WebP picture;
2. a machine-readable zone is found and laid out;
3. its check digits are right, its places hold what they may hold, it is set in OCR-B on a fixed pitch, and the page
   around it is not plainly one of another format;
4. the issuer is known and, unless specimens are accepted, not Utopia;
5. the person's birth date is plausible and the document has not expired;
6. names, number and dates in print agree with the zone;
7. the page is whole, sharp and lit, shows a portrait large enough to compare, and is no visa.
"""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np

from ..images import Pixels as Picture
from ..images import decode_image
from .bands import Strip
from .checks import LEAST_LIKENESS, Judged, choose_layout, judge_print, judge_size, judge_typeface, judge_zone
from .limits import DOCUMENT_LIMITS
from .locate import Page, Retake, front_faults, lay_out, lay_out_front, page_faults, photo_faults, turned
from .lookalikes import settle_by_shape
from .mrz import VISA, Format, Mrz
from .outcome import Check, CheckOutcome, Outcome
from .page_size import page_of_other_format
from .portrait import FoundPortrait, PortraitReading, find_portrait, read_closeup
from .several import shows_another
from .states import UTOPIA
from .typeface import Lettering, Typeface, typeface_of
from .visual import VisualZone, read_visual_zone
from .zones import ZoneReading, find_zone

REQUIRED = frozenset(
    {"family_name_match", "given_names_match", "document_number_match", "birthdate_match", "expiry_match"}
)
CARDS = frozenset({Format.TD1, Format.TD2})


@dataclass(frozen=True, slots=True)
class DocumentFields:
    """As the machine-readable zone gives them: capital letters A to Z."""

    given_names: str
    family_name: str
    document_number: str
    issuing_state: str
    nationality: str
    birthdate: date | None
    expiry: date | None
    sex: str


@dataclass(frozen=True, slots=True)
class DocumentReading:
    """`portrait_jpeg` is kept whenever a face was found, also when it is too small to pass."""

    outcome: Outcome
    document_type: str | None
    format: str | None
    mrz_lines: tuple[str, ...] = field(repr=False)
    fields: DocumentFields | None = field(repr=False)
    visual_fields: dict[str, str] = field(repr=False)
    checks: tuple[Check, ...]
    retake_reasons: tuple[str, ...]
    is_specimen: bool
    portrait_jpeg: bytes = field(repr=False, default=b"")

    def to_json(self) -> dict[str, Any]:
        """Everything but the picture."""
        return {
            "outcome": self.outcome.value,
            "document_type": self.document_type,
            "format": self.format,
            "mrz_lines": list(self.mrz_lines),
            "fields": _fields_json(self.fields),
            "visual_fields": dict(self.visual_fields),
            "checks": [{"name": c.name, "outcome": c.outcome.value, "reason": c.reason} for c in self.checks],
            "retake_reasons": list(self.retake_reasons),
            "is_specimen": self.is_specimen,
        }


def read_document(
    image: bytes, *, today: date, accept_specimens: bool, other_side: bytes | None = None
) -> DocumentReading:
    """Reads one photograph, or both sides of a card. Raises ImageRefused (with a code) for bytes that are no picture.

    `image` shows the side with the machine-readable zone; `other_side` the front of a card that has its portrait
    there. Without it such a card is asked for again with `other_side_missing`."""
    photo = decode_image(image, limits=DOCUMENT_LIMITS)
    front = decode_image(other_side, limits=DOCUMENT_LIMITS) if other_side is not None else None
    zone = find_zone(photo, today=today)
    if zone is None and front is not None:  # the sides may come in either order
        photo, front = front, photo
        zone = find_zone(photo, today=today)
    if zone is None:
        return _without_zone(photo)
    zone = settle_by_shape(photo, zone, today=today)
    page = lay_out(photo, zone.band, zone.mrz.format)
    faults = page_faults(photo, page, zone.band)
    if shows_another(photo, zone, page, today=today):
        faults.append(Retake.SEVERAL_DOCUMENTS)
    if zone.mrz.document_code.startswith(VISA):
        faults.append(Retake.VISA)
    portrait, visual, more_faults = _picture_side(page, zone, front)
    visual = choose_layout(zone, visual, today=today)
    printed = judge_print(zone, visual, today=today)
    judged = judge_zone(zone, printed, today=today, accept_specimens=accept_specimens)
    judged += [judge_typeface(zone.evenness, _typeface(photo, page, zone))]
    judged += [
        judge_size(page_of_other_format(photo, zone.band, page), zone.mrz),
        *printed,
        _judge_portrait(portrait),
    ]
    return _conclude(zone.mrz, visual, judged, [*faults, *more_faults], portrait)


def read_portrait_closeup(image: bytes, *, expected: DocumentReading) -> PortraitReading:
    """A close-up of a card's portrait, tied to the reading by the small portrait found there."""
    return read_closeup(image, small_portrait=expected.portrait_jpeg)


def _picture_side(
    page: Page, zone: ZoneReading, front: Picture | None
) -> tuple[FoundPortrait | None, VisualZone, list[Retake]]:
    """Portrait and print: beside the zone, or on the other side of a card."""
    portrait = find_portrait(page)
    if portrait is not None or zone.mrz.format not in CARDS:
        faults = [] if portrait else [Retake.PORTRAIT_MISSING]
        return portrait, read_visual_zone(page.picture, page.form, has_mrz=True), faults
    if front is None:
        return None, VisualZone({}, ()), [Retake.OTHER_SIDE_MISSING]
    found = lay_out_front(front)
    if found is None:
        return None, VisualZone({}, ()), [Retake.NO_DOCUMENT]
    views = [(view, find_portrait(view)) for view in (found, turned(found))]
    view, portrait = max(views, key=lambda item: item[1].score if item[1] else 0.0)
    visual = read_visual_zone(view.picture, view.form, has_mrz=False)
    faults = page_faults(front, view, None)
    return portrait, visual, faults if portrait else [*faults, Retake.PORTRAIT_MISSING]


def _typeface(photo: Picture, page: Page, zone: ZoneReading) -> Typeface:
    """Seen at a slant letters lean and shrink: where the outline tells the perspective, they are looked at laid flat too."""
    seen = typeface_of(photo, zone.lettering)
    if seen.likeness >= LEAST_LIKENESS or not page.outlined:
        return seen
    laid_flat = typeface_of(page.picture, [_laid_flat(page, line) for line in zone.lettering])
    return max(seen, laid_flat, key=lambda face: face.likeness)


def _laid_flat(page: Page, line: Lettering) -> Lettering:
    strip, text, places = line
    along = np.array([strip.begin + (strip.end - strip.begin) * place for place in (0.0, 1.0, *places)])
    begin, end, *letters = page.flat(along)
    length = max(float(np.linalg.norm(end - begin)), 1.0)
    flat = Strip(begin, end, strip.thickness / page.scale)
    return flat, text, tuple(float((letter - begin) @ flat.direction) / length for letter in letters)


def _judge_portrait(portrait: FoundPortrait | None) -> Judged:
    if portrait is None:
        return Judged(Check("portrait_found", CheckOutcome.NOT_DONE, "not_found"))
    if not portrait.large_enough:
        return Judged(Check("portrait_found", CheckOutcome.NOT_DONE, Retake.PORTRAIT_TOO_SMALL.value))
    return Judged(Check("portrait_found", CheckOutcome.PASSED, ""))


def _conclude(
    mrz: Mrz, visual: VisualZone, judged: list[Judged], faults: list[Retake], portrait: FoundPortrait | None
) -> DocumentReading:
    """Refused when a check failed for sure; passed when nothing failed, was missed or stands in the way."""
    reasons = list(faults)
    if portrait is not None and not portrait.large_enough:
        reasons.append(Retake.PORTRAIT_TOO_SMALL)
    sharp = not set(faults) & {
        Retake.TOO_BLURRED,
        Retake.GLARE,
        Retake.TOO_SMALL,
        Retake.TOO_DARK,
        Retake.CUT_OFF,
    }
    # Of two documents the other may be meant: neither is held against anybody, and nothing else has to be put right.
    # A visa has a zone of its own (9303-7) and lies in the same booklet: whoever turned to the wrong page forged nothing.
    other = next((f for f in (Retake.SEVERAL_DOCUMENTS, Retake.VISA) if f in faults), None)
    refused = other is None and any(
        item.failed and item.sure and (sharp or item.check.name in _DECIDED_BY_DIGITS) for item in judged
    )
    open_zone = [item for item in judged if item.failed and item.check.name in _OF_THE_ZONE]
    open_print = [item for item in judged if item.failed and item not in open_zone]
    missed = [i for i in judged if i.check.name in REQUIRED and i.check.outcome is CheckOutcome.NOT_DONE]
    if open_zone:
        reasons.append(Retake.ZONE_UNREADABLE)
    if (open_print or missed) and Retake.OTHER_SIDE_MISSING not in reasons:
        reasons.append(Retake.PRINT_UNREADABLE)
    reasons = [other] if other else reasons
    outcome = Outcome.REFUSED if refused else Outcome.RETAKE if reasons else Outcome.PASSED
    return DocumentReading(
        outcome=outcome,
        document_type=document_type(mrz),
        format=mrz.format.value,
        mrz_lines=mrz.lines,
        fields=_fields(mrz),
        visual_fields={name: value.text for name, value in visual.labelled.items()},
        checks=tuple(item.check for item in judged),
        retake_reasons=() if refused else tuple(dict.fromkeys(reason.value for reason in reasons)),
        is_specimen=mrz.issuing_state == UTOPIA,
        portrait_jpeg=portrait.jpeg if portrait else b"",
    )


# Their right check digits vouch for what these rest on, however poor the rest of the photograph is.
_DECIDED_BY_DIGITS = frozenset({"genuine_issuer", "not_expired", "birthdate_plausible"})
_OF_THE_ZONE = frozenset(
    {
        "check_digits",
        "zone_layout",
        "zone_typeface",
        "page_size",
        "genuine_issuer",
        "birthdate_plausible",
        "not_expired",
    }
)


def document_type(mrz: Mrz) -> str:
    """By the document code (9303-4 to 9303-6, 4.2.2); an R in second place is what issuers use for residence permits."""
    if mrz.format is Format.TD3:
        return "passport" if mrz.document_code.startswith("P") else "other"
    if mrz.document_code[:1] in ("I", "A", "C"):
        return "residence_permit" if mrz.document_code[1:] == "R" else "id_card"
    return "other"


def _without_zone(photo: Picture) -> DocumentReading:
    """Says why, as far as the photograph tells."""
    faults = photo_faults(photo)
    page = lay_out_front(photo)
    if not faults and page is not None:
        faults = front_faults(photo, page)
    if not faults and page is not None and (find_portrait(page) or find_portrait(turned(page))):
        faults = [Retake.OTHER_SIDE_MISSING, Retake.ZONE_UNREADABLE]
    elif not faults:
        faults = [Retake.ZONE_UNREADABLE if page is not None else Retake.NO_DOCUMENT]
    checks = (Check("zone_found", CheckOutcome.NOT_DONE, faults[0].value),)
    reasons = tuple(fault.value for fault in faults)
    return DocumentReading(Outcome.RETAKE, None, None, (), None, {}, checks, reasons, is_specimen=False)


def _fields(mrz: Mrz) -> DocumentFields:
    return DocumentFields(
        given_names=mrz.names.given_names,
        family_name=mrz.names.family_name,
        document_number=mrz.document_number,
        issuing_state=mrz.issuing_state,
        nationality=mrz.nationality,
        birthdate=mrz.birthdate,
        expiry=mrz.expiry,
        sex=mrz.sex,
    )


def _fields_json(fields: DocumentFields | None) -> dict[str, str | None] | None:
    if fields is None:
        return None
    return {
        "given_names": fields.given_names,
        "family_name": fields.family_name,
        "document_number": fields.document_number,
        "issuing_state": fields.issuing_state,
        "nationality": fields.nationality,
        "birthdate": fields.birthdate.isoformat() if fields.birthdate else None,
        "expiry": fields.expiry.isoformat() if fields.expiry else None,
        "sex": fields.sex,
    }
