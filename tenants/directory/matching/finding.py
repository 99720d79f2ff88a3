"""The keys by which a directory finds everybody whose name may agree with a proven one.

Protects an account from a namesake who was not looked for: two names that agree, exactly or relaxed, share a key in each
field, or the account's key begins with what a zone has left (`tests/matching` holds that on every pair it knows). What it
does not do: fuzzy names, which are compared with accounts that are named.
"""

from __future__ import annotations

from dataclasses import dataclass

from tenants.directory.matching.agreement import is_cut
from tenants.directory.matching.comparison import ProvenIdentity
from tenants.directory.matching.names import Name, name_of


@dataclass(frozen=True, slots=True)
class Keys:
    """`words` is what an account must have one of; `cut` is what one of its words may begin with, if not empty."""

    words: tuple[str, ...]
    cut: str = ""


def index_words(given_names: str, family_name: str) -> list[str]:
    """Every key of an account's name, to be kept beside it."""
    return list(dict.fromkeys([*_keys(name_of(given_names)), *_keys(name_of(family_name))]))


def document_keys(proven: ProvenIdentity) -> tuple[Keys, Keys]:
    """What to look for: an account has to have a key of the given names and one of the family name. A document with one
    field filled holds both there."""
    given, family = name_of(proven.given_names), name_of(proven.family_name)
    if given.trouble or family.trouble:
        return Keys(()), Keys(())
    if given.is_missing or family.is_missing:
        both = Keys((*_keys(given), *_keys(family)))
        return both, both
    ends = proven.is_cut or is_cut(given, family)
    return Keys(_keys(given), _end(given, ends)), Keys(_keys(family), _end(family, ends))


def _end(name: Name, is_cut_there: bool) -> str:
    return min(name.words[-1].forms) if is_cut_there else ""


def _keys(name: Name) -> tuple[str, ...]:
    return tuple(sorted(name.keys))
