"""Familiar forms of given names, and spellings of one name, by language. Data, in `data/`: one name a line, then its forms.

A form may belong to several names (Sasha is Alexander and Alexandra): two words agree when they stand in one line, so that
Alexander and Alexandra do not agree with each other.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from tenants.directory.matching.spelling import forms_of

FOLDER = Path(__file__).with_name("data")
# Spellings of one name, which family names have as well; everything else is about given names.
SPELLINGS = frozenset(["arabic", "east_asian"])


@lru_cache(maxsize=1)
def _groups() -> dict[str, frozenset[str]]:
    """{spelling: the lines it stands in}, each line as its file and number: `en:12`."""
    found: dict[str, set[str]] = {}
    for path in sorted(FOLDER.glob("*.txt")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            for word in line.partition("#")[0].replace(":", " ").split():
                for form in forms_of(word.casefold()):
                    found.setdefault(form, set()).add(f"{path.stem}:{number}")
    return {form: frozenset(lines) for form, lines in found.items()}


def given_name_groups(form: str) -> frozenset[str]:
    return _groups().get(form, frozenset())


def family_name_groups(form: str) -> frozenset[str]:
    return frozenset(line for line in given_name_groups(form) if line.partition(":")[0] in SPELLINGS)
