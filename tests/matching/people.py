"""People to compare, in as few words as a test needs."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from tenants.directory.matching import Candidate, Comparison, MatchPolicy, OtherName, ProvenIdentity, compare

BORN = date(1985, 12, 10)
SOMEBODY = UUID(int=7)
MODES = ("exact", "relaxed", "fuzzy")


def split(name: str) -> tuple[str, str]:
    """`given / family`."""
    given, _slash, family = name.partition("/")
    return given.strip(), family.strip()


def account(
    name: str, born: date | None = BORN, *, others: tuple[str, ...] = (), digests: str = ""
) -> Candidate:
    known = tuple(OtherName(*split(other)) for other in others)
    return Candidate(SOMEBODY, *split(name), born, frozenset(digests.split()), known)


def document(name: str, born: date | None = BORN, digest: str = "", **fields: bool) -> ProvenIdentity:
    return ProvenIdentity(*split(name), born, digest, **fields)


def compared(shown: str, held: str, mode: str, born: date | None = BORN) -> Comparison:
    return compare(document(shown, born), account(held, born), MatchPolicy.in_mode(mode))


def first_mode(shown: str, held: str) -> str:
    """The strictest mode in which the two names agree, with the same birth date; `none` if there is none."""
    return next((mode for mode in MODES if compared(shown, held, mode).decision.value == "match"), "none")
