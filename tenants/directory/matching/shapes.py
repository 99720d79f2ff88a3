"""What is left of a word when everything is taken away that another spelling of it may lack: a quick way to say no.

Protects nothing by itself. Two words that can agree have a shape in common, so that names without one differ and need no
closer look; `tests/matching` holds the rules of `folding` and the tables of every script against that. Shapes say nothing
about words that have one in common.

`shape` is for words that agree exactly or relaxed: vowels and the letters that a rule drops, adds or writes for one another
(h, k, q, g, s, z, c, x, t, j) are gone, digits too, m is n. `sound_shape` of it is for words that sound alike as well: d is gone too, f is
p, w is v, and what is doubled stands once.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterable
from operator import itemgetter

from tenants.directory.matching import cyrillic
from tenants.directory.matching.letters import Table, script_of
from tenants.directory.matching.spelling import LATIN, plain, unmarked

_SEVERAL = "\0"
_DROPPED = "".join(set(string.printable) - set("bdflmnprvw"))
_KEPT = str.maketrans("m", "n", _DROPPED)
_SOUNDS = str.maketrans("fw", "pv", "d")
_KEPT_SOUNDS = str.maketrans("mfw", "npv", f"{_DROPPED}d")
_DOUBLED = re.compile(r"(.)\1+")
_ONCE = itemgetter(1)
# What of these words is read depends on the letters beside one another, or on more than one table.
_READ_WHOLE = frozenset(["ARABIC", "GREEK", "HEBREW", "HANGUL", ""])
# Behind these letters no ending of a family name is taken away.
_NO_ENDING = frozenset("bcdfghklmnpqrstvwxz")


def bit(shape: str) -> int:
    """A set of one shape. Two sets without a bit in common have no shape in common; the other way round only mostly."""
    return 1 << (hash(shape) & 255)


def bits(found: Iterable[str]) -> int:
    united = 0
    for shape in found:
        united |= 1 << (hash(shape) & 255)
    return united


def shape_of_form(form: str) -> str:
    """Of a spelling in the letters a to z, or of what `folding.relaxed` makes of it."""
    return form.translate(_KEPT)


def _of_letter(letter: str) -> str:
    if letter.isascii():
        return shape_of_form(letter)
    script = script_of(letter)
    if script in _READ_WHOLE:
        return _SEVERAL
    found = {shape_of_form(spelt) for spelt in _spelt(letter, script)}
    return found.pop() if len(found) == 1 else _SEVERAL


def _spelt(letter: str, script: str) -> Iterable[str]:
    """In every table that a word with this letter may be read by; `plain` among letters of another script."""
    if script == "LATIN":
        return [plain(letter), *(LATIN.get(letter) or (unmarked(letter),))]
    if script == "CYRILLIC":
        return [plain(letter), *(plain(table.get(letter, letter)) for table in cyrillic.SYSTEMS)]
    return [plain(letter)]


_LETTERS = Table(_of_letter)


def shape_of(text: str) -> str | None:
    """Of a lower-case word in any script; None where its spellings have to be looked at one by one."""
    found = text.translate(_KEPT) if text.isascii() else text.translate(_LETTERS)
    return None if _SEVERAL in found else found


def sound_shape(shape: str) -> str:
    return _DOUBLED.sub(_ONCE, shape.translate(_SOUNDS))


def sound_shape_of_form(form: str) -> str:
    """Likewise, of a spelling in the letters a to z or of what `folding.sound` makes of it."""
    return _DOUBLED.sub(_ONCE, form.translate(_KEPT_SOUNDS))


def without_ending(text: str, shape: str) -> tuple[str, ...]:
    """Shapes of a family name with what an ending for men or women takes away: -ova, -ovaitė, -ienė."""
    if shape[-1:] not in ("v", "n") or text[-1:] in _NO_ENDING:
        return ()
    return shape[:-1], shape.removesuffix("n").removesuffix("v")
