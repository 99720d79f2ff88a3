"""Familiar forms of given names, and spellings of one name, by language. Data, in `data/`: one name a line, then its forms.

A form may belong to several names (Sasha is Alexander and Alexandra): two words agree by a line in which both stand, so that
Alexander and Alexandra do not agree with each other.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from tenants.directory.matching.spelling import forms_of

FOLDER = Path(__file__).with_name("data")
# Spellings of one name, which family names have as well; everything else is about given names.
SPELLINGS = frozenset(["arabic", "east_asian"])
# Lines without familiar forms: behind the colon stand names as well.
NAMES_ALONE = frozenset([*SPELLINGS, "east_slavic", "indic"])


@lru_cache(maxsize=1)
def _groups() -> dict[str, frozenset[str]]:
    """{spelling: what it shares with others}. Two names before the colon of a line share the line; a form behind it shares
    itself with those before it, and its beginning with forms that begin alike: Kate and Katie agree, Alex and Sandra do not,
    although either may be an Alexandra."""
    found: dict[str, set[str]] = {}
    for path in sorted(FOLDER.glob("*.txt")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            text = line.partition("#")[0]
            if path.stem in NAMES_ALONE:
                text = text.replace(":", " ")
            _read_line(text, f"{path.stem}:{number}", found)
    return {form: frozenset(keys) for form, keys in found.items()}


def _read_line(line: str, label: str, found: dict[str, set[str]]) -> None:
    before, _colon, behind = line.partition(":")
    names, forms = ([forms_of(word.casefold()) for word in part.split()] for part in (before, behind))
    shared = {label, *(f"{label}:{spelt[0]}" for spelt in forms)}
    for spelt in (one for word in names for one in word):
        found.setdefault(spelt, set()).update(shared)
    for word in forms:
        for spelt in word:
            beginning = f"{label}^{spelt[:2]}"
            found.setdefault(spelt, set()).update({f"{label}:{word[0]}", beginning})


@lru_cache(maxsize=1)
def _family_groups() -> dict[str, frozenset[str]]:
    """Of those the lines that family names have as well."""
    of_families = {
        form: frozenset(line for line in lines if line.partition(":")[0] in SPELLINGS)
        for form, lines in _groups().items()
    }
    return {form: lines for form, lines in of_families.items() if lines}


_NONE: frozenset[str] = frozenset()


def given_name_groups(form: str) -> frozenset[str]:
    return _groups().get(form, _NONE)


def family_name_groups(form: str) -> frozenset[str]:
    return _family_groups().get(form, _NONE)


def listed_forms() -> Iterable[str]:
    return _groups().keys()
