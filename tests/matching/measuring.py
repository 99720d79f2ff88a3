"""What each rule says of the labelled set, beside Microsoft's two documented rules on the same pairs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256
from uuid import UUID

from tenants.directory.matching import (
    Candidate,
    Decision,
    HeldDocument,
    MatchPolicy,
    ProvenIdentity,
    compare,
)
from tests.matching.labelled import NamedPair, Pair
from tests.matching.people import BORN, SOMEBODY

Rule = Callable[[Pair], bool]


def ours(mode: str) -> Rule:
    """Accepted with the same birth date on both sides."""
    policy = MatchPolicy.in_mode(mode)

    def accepts(pair: Pair) -> bool:
        found = compare(ProvenIdentity(*pair.shown, BORN), Candidate(SOMEBODY, *pair.held, BORN), policy)
        return found.decision is Decision.MATCH

    return accepts


def named_rates(pairs: Iterable[NamedPair], mode: str, *, former_names: bool) -> Rates:
    """The same for accounts that have another name, with a policy that accepts former ones or does not."""
    policy = MatchPolicy.in_mode(mode, former_names=former_names)
    others = {id(one.pair): one.other for one in pairs}

    def accepts(pair: Pair) -> bool:
        account = Candidate(SOMEBODY, *pair.held, BORN, other_names=(others[id(pair)],))
        return compare(ProvenIdentity(*pair.shown, BORN), account, policy).decision is Decision.MATCH

    return rates([one.pair for one in pairs], accepts)


def microsoft_exact(pair: Pair) -> bool:
    """First and last name, each equal; case is taken not to matter."""
    return all(one.casefold() == other.casefold() for one, other in zip(pair.shown, pair.held, strict=True))


def microsoft_relaxed(pair: Pair) -> bool:
    """The account's first name, and its last name, are each one word of all the document's names."""
    words = " ".join(pair.shown).casefold().split()
    return all(name.casefold() in words for name in pair.held)


RULES: dict[str, Rule] = {
    "exact": ours("exact"),
    "relaxed": ours("relaxed"),
    "fuzzy": ours("fuzzy"),
    "MS exact": microsoft_exact,
    "MS relaxed": microsoft_relaxed,
}


@dataclass(frozen=True, slots=True)
class Rates:
    """`refused` of the genuine and `accepted` of the strangers, in percent; `near` are accepted close names."""

    genuine: int
    strangers: int
    refused: float
    accepted: float
    near: float


def rates(pairs: Iterable[Pair], rule: Rule) -> Rates:
    listed = list(pairs)
    same = [rule(pair) for pair in listed if pair.is_same]
    far = [rule(pair) for pair in listed if pair.kind == "stranger"]
    near = [rule(pair) for pair in listed if pair.kind == "near"]
    return Rates(len(same), len(far) + len(near), 100 - _percent(same), _percent(far), _percent(near))


def _percent(answers: list[bool]) -> float:
    return 100 * sum(answers) / max(1, len(answers))


def _born(text: str) -> date:
    """A birth date between 1950 and 2004, always the same for one text."""
    return date(1950, 1, 1) + timedelta(days=int.from_bytes(sha256(text.encode()).digest()[:4]) % 20_000)


def same_name_strangers(pairs: Iterable[Pair], *, held: bool, number: int = 1_000) -> tuple[int, int]:
    """(strangers accepted, genuine people refused): each stranger bears the very name of the account and shows a genuine
    document of their own. `held`: the organisation knew the account's document before."""
    policy = MatchPolicy.in_mode("fuzzy", held_document=HeldDocument.DECIDES)
    genuine = [pair for pair in pairs if pair.kind == "register 0"]
    accepted = refused = 0
    for at in range(number):
        pair = genuine[at % len(genuine)]
        owner, other = f"owner {at}", f"stranger {at}"
        account = Candidate(
            UUID(int=at), *pair.held, _born(owner), frozenset([owner]) if held else frozenset()
        )
        stranger = ProvenIdentity(*pair.shown, _born(other), other)
        # Where evidence is held, even a stranger who was born on the same day is none of the account's.
        if held:
            stranger = ProvenIdentity(*pair.shown, _born(owner), other)
        accepted += compare(stranger, account, policy).decision is Decision.MATCH
        claimant = ProvenIdentity(*pair.shown, _born(owner), owner)
        refused += compare(claimant, account, policy).decision is not Decision.MATCH
    return accepted, refused
