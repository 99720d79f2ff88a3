"""Is the zone set in OCR-B? Lines drawn where they are known to lie, and one whole page set in another typeface."""

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw

from portal.demo.specimens import rendering
from portal.demo.specimens.lettering import OCR_B, draw_mrz_line, face
from vendors.facecheck.engine.documents.bands import Band, Strip
from vendors.facecheck.engine.documents.checks import LEAST_LETTERS, LEAST_LIKENESS, judge_typeface
from vendors.facecheck.engine.documents.lookalikes import settle_by_shape
from vendors.facecheck.engine.documents.mrz import check_digit, parse_mrz
from vendors.facecheck.engine.documents.typeface import Typeface, typeface_of
from vendors.facecheck.engine.documents.zones import ZoneReading

from .conftest import TODAY, failed, photographed, read, specimen_of

LINES = ("P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159ZE184226B<<<<<10")
PITCH, LEFT, HEIGHT = 30.0, 40.0, 29.0


def in_ocr_b(page, text, **place):
    draw_mrz_line(page, text, **place)


def in_strokes(page, text, **place):
    draw_mrz_line(page, text, **(place | {"built_in": True}))


def in_the_built_in_face(page, text, *, left, top, pitch, height, built_in=False):
    """A typeface for texts, put on the fixed pitch letter by letter."""
    font = face(round(height / 0.7))
    above = font.getbbox("H")[1]
    for place, letter in enumerate(text):
        middle = left + place * pitch + (pitch - font.getlength(letter)) / 2
        ImageDraw.Draw(page).text((middle, top - above), letter, font=font, fill=(20, 20, 24))


def page_of(draw, texts, *, off=0.0):
    page = Image.new("RGB", (1400, 200), (214, 218, 210))
    lines = []
    for top, text in zip((40, 120), texts, strict=True):
        draw(page, text, left=LEFT, top=top, pitch=PITCH, height=HEIGHT)
        ends = np.array([(LEFT, top + HEIGHT / 2), (LEFT + len(text) * PITCH, top + HEIGHT / 2)])
        places = [(at + 0.5 + off * at / len(text)) / len(text) for at in range(len(text))]
        lines.append((Strip(ends[0], ends[1], 40.0), text, tuple(places)))
    return np.asarray(page)[:, :, ::-1].copy(), lines


def likeness(draw, *, blur=1.0, off=0.0):
    """`off` pitches is how far the reader errs about where a letter stands, more and more to the right."""
    photo, lines = page_of(draw, LINES, off=off)
    return typeface_of(cv2.GaussianBlur(photo, (0, 0), blur), lines)


@pytest.mark.parametrize("draw", [in_strokes, *([in_ocr_b] if OCR_B.exists() else [])])
@pytest.mark.parametrize(("blur", "off"), [(0.8, 0.0), (2.5, 0.0), (1.0, 0.3)])
def test_letters_of_ocr_b_are_known_sharp_or_soft(draw, blur, off):
    found = likeness(draw, blur=blur, off=off)
    assert found.letters > 20 and found.likeness > LEAST_LIKENESS + 0.03, found


def test_letters_of_another_typeface_are_not_taken_for_them():
    assert likeness(in_the_built_in_face).likeness < LEAST_LIKENESS - 0.03


def test_a_soft_photograph_accuses_nobody_and_few_letters_say_nothing():
    judged = judge_typeface(0.95, Typeface(0.3, 20))
    assert judged.failed and not judged.sure
    assert judge_typeface(0.95, Typeface(0.3, LEAST_LETTERS - 1)).check.outcome == "not_done"


def zone_reading(lines, band_lines):
    mrz = parse_mrz(lines, today=TODAY)
    strips = tuple(strip for strip, _, _ in band_lines)
    return ZoneReading(mrz, Band(strips), 0.9, 0.9, 0.95, False, 0, 1, tuple(at for _, _, at in band_lines))


@pytest.mark.parametrize("draw", [in_strokes, *([in_ocr_b] if OCR_B.exists() else [])])
@pytest.mark.parametrize("misread", ["G", "6"])
def test_g_and_6_are_told_apart_by_their_shapes(draw, misread):
    """G and 6 have the same check digit, so that a reader's guess stands uncontradicted."""
    printed = LINES[1].replace("L898902C36", f"L8{'6' if misread == 'G' else 'G'}8902C30")
    printed = printed[:9] + check_digit(printed[:9]) + printed[10:]
    photo, lettering = page_of(draw, (LINES[0], printed), off=0.2)
    photo = cv2.GaussianBlur(photo, (0, 0), 1.2)
    read_as = (LINES[0], printed[:2] + misread + printed[3:])
    settled = settle_by_shape(photo, zone_reading(read_as, lettering), today=TODAY)
    assert settled.mrz.lines == (LINES[0], printed)
    again = settle_by_shape(photo, settled, today=TODAY)
    assert again is settled


@pytest.mark.parametrize("draw", [in_strokes, *([in_ocr_b] if OCR_B.exists() else [])])
def test_misread_letters_whose_errors_cancel_are_settled_by_their_shapes(draw):
    """The check digits of both are right: 0 for O and 8 for B are ten apart together."""
    upper, lower = LINES
    printed, misread = (upper, "O0I1B8S5Z0" + lower[10:]), (upper, "00I188S520" + lower[10:])
    photo, lettering = page_of(draw, _composed(printed), off=0.2)
    read_as = _composed(misread)
    assert parse_mrz(read_as, today=TODAY).check_digits_right
    blurred = cv2.GaussianBlur(photo, (0, 0), 1.2)
    lines = [(strip, text, at) for (strip, _, at), text in zip(lettering, read_as, strict=True)]
    settled = settle_by_shape(blurred, zone_reading(read_as, lines), today=TODAY)
    assert settled.mrz.lines == _composed(printed)
    assert settle_by_shape(blurred, settled, today=TODAY) is settled


def _composed(lines):
    upper, lower = lines
    return upper, lower[:43] + check_digit(lower[:10] + lower[13:20] + lower[21:43])


@pytest.mark.vision
def test_a_zone_set_in_another_typeface_never_passes(monkeypatch):
    monkeypatch.setattr(rendering, "draw_mrz_line", in_the_built_in_face)
    reading = read(photographed.__wrapped__(specimen_of()))
    assert (reading.outcome, failed(reading)) == ("retake", {"zone_typeface"})
