"""Specimens with a fault, for tests: each shows one thing that a reader must refuse."""

from dataclasses import replace
from random import Random

from vendors.facecheck.engine.documents.mrz import Format

from .rendering import Specimen, replace_year


def wrong_check_digit(data: Specimen) -> Specimen:
    """The last digit of the birth date's check digit is one too high; everything else is right."""
    row, place = (1, 6) if data.form is Format.TD1 else (1, 19)
    line = data.mrz_lines[row]
    changed = line[:place] + str((int(line[place]) + 1) % 10) + line[place + 1 :]
    return replace(data, mrz_lines=(*data.mrz_lines[:row], changed, *data.mrz_lines[row + 1 :]))


def other_visual_name(data: Specimen, family_name: str) -> Specimen:
    """The name people read was changed, the machine-readable zone was not."""
    return replace(data, family_name=family_name)


def other_visual_birthdate(data: Specimen) -> Specimen:
    return replace(data, birthdate=replace_year(data.birthdate, data.birthdate.year - 3))


def other_visual_number(data: Specimen, random: Random) -> Specimen:
    digits = "".join(str(random.randrange(10)) for _ in range(len(data.document_number) - 1))
    return replace(data, document_number=data.document_number[0] + digits)
