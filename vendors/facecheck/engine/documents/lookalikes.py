"""Tells G from 6 in the zone's document number by their shapes.

They are ten apart, so that no check digit tells them apart (9303-3, 4.9), and the recogniser often guesses. The zone is
set in OCR-B, whose G and 6 are little alike. Only these two are exchanged, and only where the shape speaks clearly.
"""

from dataclasses import replace
from datetime import date

from ..images import Pixels as Picture
from .mrz import Format, parse_mrz
from .typeface import likeness_of
from .zones import ZoneReading

_OTHER = {"G": "6", "6": "G"}
_LEAST, _BETTER = 0.7, 0.2


def settle_by_shape(photo: Picture, zone: ZoneReading, *, today: date) -> ZoneReading:
    """The reading with each G and 6 of the number as it looks."""
    row, begin = (0, 5) if zone.mrz.format is Format.TD1 else (1, 0)
    line = zone.mrz.lines[row]
    doubtful = [place for place in range(begin, begin + 9) if line[place] in _OTHER]
    if not doubtful:
        return zone
    alike = likeness_of(photo, zone.lettering[row], doubtful, "".join(_OTHER))
    letters = list(line)
    for place, found in zip(doubtful, alike, strict=True):
        read, other = line[place], _OTHER[line[place]]
        if found[other] >= max(_LEAST, found[read] + _BETTER):
            letters[place] = other
    settled = "".join(letters)
    if settled == line:
        return zone
    lines = (*zone.mrz.lines[:row], settled, *zone.mrz.lines[row + 1 :])
    return replace(zone, mrz=parse_mrz(lines, today=today))
