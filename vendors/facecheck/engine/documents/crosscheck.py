"""Compares what people read on a document with what machines read.

Protects: the names above all, which no check digit covers. From whom: a forger who changes one zone and not the
other. It does not see a forger who changes both. A comparison has three ends: the same, different, and unclear
(the difference is one a camera could have made), because only the second may refuse anybody.
"""

from collections.abc import Iterable
from datetime import date
from enum import StrEnum

from .transliteration import admissible_forms

_LOOKALIKE = str.maketrans("01258", "OIZSB")
_PARTICLES = """
VAN VON DER DEN DE DI DA DO DOS DAS DU DEL DELLA LA LE LOS
EL AL BIN BINT TEN TER ZU ZUR VOM AF AV
"""
PARTICLES = frozenset(_PARTICLES.split())
_SPELT = (("UXX", "U"), ("NXX", "N"), ("UE", "U"), ("OE", "O"), ("AE", "A"), ("AA", "A"))
SURE = 0.90
SHORTEST_CUT = 3


class Agreement(StrEnum):
    SAME = "same"
    DIFFERENT = "different"
    UNCLEAR = "unclear"


def compare_names(
    visual: str, zone: str, *, truncated: bool, sureness: float, shortest: int = SHORTEST_CUT
) -> Agreement:
    """`visual` as printed with its marks, `zone` as in the zone; every form the tables admit counts as the same.

    A name that is `truncated` agrees by its beginning, if that has `shortest` letters."""
    forms = admissible_forms(visual.translate(_LOOKALIKE))
    wanted = _plain(zone)
    if not wanted or not any(_plain(form) for form in forms):
        return Agreement.UNCLEAR
    if any(_same_name(form, zone, shortest if truncated else 0) for form in forms):
        return Agreement.SAME
    distance = min(edit_distance(_plain(form), wanted) for form in forms)
    if distance <= 1 + len(wanted) // 8 and sureness < SURE:
        return Agreement.UNCLEAR
    return Agreement.DIFFERENT


def compare_numbers(visual: str, zone: str, *, sureness: float) -> Agreement:
    """Look-alikes count as the same: the check digit has settled which one it is. G and 6 it cannot tell apart (they
    are ten apart), so that there the two zones must read alike."""
    printed, wanted = _fold(visual), _fold(zone)
    if printed == wanted:
        return Agreement.SAME
    if printed.replace("G", "6") == wanted.replace("G", "6"):
        return Agreement.UNCLEAR
    if edit_distance(printed, wanted) <= 1 and sureness < SURE:
        return Agreement.UNCLEAR
    return Agreement.DIFFERENT


def compare_dates(printed: Iterable[date], wanted: date, *, sureness: float) -> Agreement:
    """`printed` holds every date the print may mean (12/08 is two)."""
    candidates = set(printed)
    if not candidates:
        return Agreement.UNCLEAR
    if wanted in candidates:
        return Agreement.SAME
    near = min(edit_distance(day.strftime("%Y%m%d"), wanted.strftime("%Y%m%d")) for day in candidates)
    return Agreement.UNCLEAR if near <= 1 and sureness < SURE else Agreement.DIFFERENT


def edit_distance(one: str, other: str) -> int:
    row = list(range(len(other) + 1))
    for place, char in enumerate(one, 1):
        before, row[0] = row[0], place
        for at, against in enumerate(other, 1):
            before, row[at] = row[at], min(row[at] + 1, row[at - 1] + 1, before + (char != against))
    return row[-1]


def _same_name(form: str, zone: str, beginning: int) -> bool:
    """`beginning` letters of it are enough where it is more than none."""
    plain, wanted = _plain(form), _plain(zone)
    if _unmarked(plain) == _unmarked(wanted):
        return True
    if beginning and len(wanted) >= beginning and plain.startswith(wanted):
        return True
    return _particles_moved(form.split(), zone.split())


def _particles_moved(words: list[str], other: list[str]) -> bool:
    """Some states print particles behind or before the name: the same words, only particles elsewhere."""
    core = [word for word in words if word not in PARTICLES]
    return sorted(words) == sorted(other) and core == [word for word in other if word not in PARTICLES]


def _unmarked(plain: str) -> str:
    """A camera loses the marks of letters: MULLER in print is Müller, which the zone spells MUELLER or MUXXLLER."""
    for spelt, letter in _SPELT:
        plain = plain.replace(spelt, letter)
    return plain


def _plain(text: str) -> str:
    return "".join(char for char in text.upper() if char.isalnum())


def _fold(text: str) -> str:
    return _plain(text).translate(str.maketrans("OIZSBQ", "012580"))
