"""Tells letters and digits of the zone's document number apart by their shapes.

G and 6 are ten apart, so that no check digit tells them apart (9303-3, 4.9). Of the others a check digit notices one that is
misread, and may miss two: in O0I1B8S5Z read as 00I188S52 the errors cancel each other. The zone is set in OCR-B, in which
they are little alike. Only these are exchanged, only where the shape speaks clearly, and but for G and 6 only where the check
digits are right afterwards. O and 0 have nearly one shape: they follow when everything else is settled.
"""

from dataclasses import replace
from datetime import date
from itertools import chain, combinations

from ..images import Pixels as Picture
from .mrz import Format, Mrz, parse_mrz
from .typeface import likeness_of
from .zones import EITHER, ZoneReading

_TEN_APART = {"G": "6", "6": "G"}
_OTHER = _TEN_APART | {"I": "1", "1": "I", "B": "8", "8": "B", "S": "5", "5": "S", "Z": "2", "2": "Z"}
_ROUND = {"O": "0", "0": "O"}
_LEAST = 0.7
# Of 150 letters and digits on fourteen documents of twelve states none but a blurred S was less than 0.02 more like itself.
_BETTER, _MUCH_BETTER = 0.04, 0.2


def settle_by_shape(photo: Picture, zone: ZoneReading, *, today: date) -> ZoneReading:
    """The reading with each of these in the number as it looks."""
    row, begin = (0, 5) if zone.mrz.format is Format.TD1 else (1, 0)
    line = zone.mrz.lines[row]
    doubtful = [place for place in range(begin, begin + 9) if line[place] in _OTHER]
    seen = {}
    for place in doubtful:
        read, other = line[place], _OTHER[line[place]]
        (found,) = likeness_of(photo, zone.lettering[row], [place], read + other)
        margin = _MUCH_BETTER if read in _TEN_APART else _BETTER
        if found[other] >= max(_LEAST, found[read] + margin):
            seen[place] = other
    sure = {place: letter for place, letter in seen.items() if letter in _TEN_APART}
    changed = _with(zone.mrz, row, seen, today)
    if not changed.check_digits_right and zone.mrz.check_digits_right and sure != seen:
        changed = _with_round(changed, row, begin, today) or changed
    if not changed.check_digits_right:
        changed = _with(zone.mrz, row, sure, today)
    return zone if changed.lines == zone.mrz.lines else replace(zone, mrz=changed)


def may_be_misread(mrz: Mrz, *, today: date) -> bool:
    """Whether one or two letters of the number, taken for what looks like them, would make every check digit right."""
    row, begin = (0, 5) if mrz.format is Format.TD1 else (1, 0)
    line = mrz.lines[row]
    places = [place for place in range(begin, begin + 9) if line[place] in EITHER]
    return any(
        _with(mrz, row, {place: EITHER[line[place]] for place in chosen}, today).check_digits_right
        for size in (1, 2)
        for chosen in combinations(places, size)
    )


def _with_round(mrz: Mrz, row: int, begin: int, today: date) -> Mrz | None:
    """With O for 0 or the other way round, in one place or in two, where exactly one of the fewest makes the digits right."""
    line = mrz.lines[row]
    places = [place for place in range(begin, begin + 9) if line[place] in _ROUND]
    for size in (1, 2):
        tried = (
            _with(mrz, row, {place: _ROUND[line[place]] for place in chosen}, today)
            for chosen in combinations(places, size)
        )
        right = [candidate for candidate in tried if candidate.check_digits_right]
        if right:
            return right[0] if len(right) == 1 else None
    return None


def _with(mrz: Mrz, row: int, letters: dict[int, str], today: date) -> Mrz:
    line = "".join(letters.get(place, char) for place, char in enumerate(mrz.lines[row]))
    return parse_mrz(tuple(chain(mrz.lines[:row], [line], mrz.lines[row + 1 :])), today=today)
