"""Who else would match: everybody of an organisation, found by the keys of their names. Pure.

Protects a prediction from being kinder than a recovery: it finds whom `tenants.directory.selectors.near` finds, by the same
keys of the same matching, and asks the database nothing. A search for each of a hundred thousand people would ask it as
often. It takes about three hundred bytes a person. What it does not do: decide.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from tenants.directory.matching import Candidate, OtherName, ProvenIdentity, document_keys, index_words
from tenants.directory.matching.finding import Keys

Places = NDArray[np.int32]
NOBODY: Places = np.empty(0, dtype=np.int32)
# So few are compared at once; more are first looked for by their names.
FEW = 64
ID = 16


@dataclass(frozen=True, slots=True)
class Held:
    """One account as the directory has it."""

    person_id: UUID
    given_names: str = field(repr=False)
    family_name: str = field(repr=False)
    birthdate: date | None = field(repr=False)
    other_names: tuple[OtherName, ...] = field(default=(), repr=False)


class Accounts:
    """Everybody, added one by one; then asked for whoever comes near a proven name."""

    def __init__(self) -> None:
        self._ids = bytearray()
        self._given: list[str] = []
        self._family: list[str] = []
        self._born = array("i")
        self._by_key: dict[str, array[int]] = {}
        self._by_date: dict[int, array[int]] = {}
        self._undated = array("i")
        self._others: dict[int, tuple[OtherName, ...]] = {}
        self._digests: dict[int, set[str]] = {}
        self._showed: dict[str, list[int]] = {}
        self._keys: dict[str, list[str]] = {}
        self._texts: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self._born)

    def add(self, held: Held) -> None:
        place = len(self._born)
        self._ids += held.person_id.bytes
        self._given.append(self._texts.setdefault(held.given_names, held.given_names))
        self._family.append(self._texts.setdefault(held.family_name, held.family_name))
        born = held.birthdate.toordinal() if held.birthdate else 0
        self._born.append(born)
        if born:
            self._by_date.setdefault(born, array("i")).append(place)
        else:
            self._undated.append(place)
        if held.other_names:
            self._others[place] = held.other_names
        spelt = [held.given_names, held.family_name]
        spelt += [name for one in held.other_names for name in (one.given_names, one.family_name)]
        for key in {key for name in spelt for key in self._keys_of(name)}:
            self._by_key.setdefault(key, array("i")).append(place)

    def _keys_of(self, text: str) -> list[str]:
        found = self._keys.get(text)
        if found is None:
            found = self._keys[text] = index_words(text, "")
        return found

    def settle(self, digests: Iterable[tuple[UUID, str]] = ()) -> None:
        """Everybody is in. `digests`: the documents held for them."""
        self._keys.clear()
        showed: dict[bytes, list[str]] = {}
        for person_id, digest in digests:
            showed.setdefault(person_id.bytes, []).append(digest)
        for place in range(len(self._born) if showed else 0):
            for digest in showed.get(bytes(self._ids[place * ID : (place + 1) * ID]), ()):
                self._digests.setdefault(place, set()).add(digest)
                self._showed.setdefault(digest, []).append(place)

    def near(self, proven: ProvenIdentity) -> list[Candidate]:
        """Everybody whose names may agree with the proven ones, or who showed this document before."""
        given, family = document_keys(proven)
        found: set[int] = set()
        if given.words and family.words:
            found.update(self._namesakes(given, family, proven.birthdate))
        if proven.document_digest:
            found.update(self._showed.get(proven.document_digest, ()))
        return [self._candidate(place) for place in sorted(found)]

    def _namesakes(self, given: Keys, family: Keys, born: date | None) -> Iterable[int]:
        if born is None:
            return self._by_names(given, family).tolist()  # type: ignore[no-any-return]
        same_day = self._by_date.get(born.toordinal(), ())
        if len(same_day) + len(self._undated) <= FEW:
            return self._sharing((*same_day, *self._undated), given, family)
        places = self._by_names(given, family)
        dates = np.frombuffer(self._born, dtype=np.int32)[places]
        return places[(dates == born.toordinal()) | (dates == 0)].tolist()  # type: ignore[no-any-return]

    def _sharing(self, places: Sequence[int], given: Keys, family: Keys) -> Iterable[int]:
        for place in places:
            words = {*index_words(self._given[place], self._family[place])}
            for one in self._others.get(place, ()):
                words.update(index_words(one.given_names, one.family_name))
            if _shares(words, given) and _shares(words, family):
                yield place

    def _by_names(self, given: Keys, family: Keys) -> Places:
        by_family = self._having(family)
        if not by_family.size:
            return NOBODY
        by_given = self._having(given)
        small, large = sorted((by_given, by_family), key=len)
        if not small.size:
            return NOBODY
        at = np.searchsorted(large, small)
        at[at == large.size] = 0
        found: Places = small[large[at] == small]
        return found

    def _having(self, keys: Keys) -> Places:
        words = [*keys.words, *self._beginning(keys.cut)]
        found = [np.frombuffer(self._by_key[word], dtype=np.int32) for word in words if word in self._by_key]
        if len(found) < 2:
            return found[0] if found else NOBODY
        return np.unique(np.concatenate(found))

    def _beginning(self, cut: str) -> Sequence[str]:
        if not cut:
            return ()
        words = self._sorted_keys
        return words[bisect_left(words, cut) : bisect_left(words, cut + "\uffff")]

    @cached_property
    def _sorted_keys(self) -> list[str]:
        return sorted(self._by_key)

    def _id_at(self, place: int) -> UUID:
        return UUID(bytes=bytes(self._ids[place * ID : (place + 1) * ID]))

    def _candidate(self, place: int) -> Candidate:
        born = self._born[place]
        return Candidate(
            self._id_at(place),
            self._given[place],
            self._family[place],
            date.fromordinal(born) if born else None,
            frozenset(self._digests.get(place, ())),
            self._others.get(place, ()),
        )


def _shares(words: set[str], keys: Keys) -> bool:
    if not words.isdisjoint(keys.words):
        return True
    return bool(keys.cut) and any(word.startswith(keys.cut) for word in words)


Near = Callable[[ProvenIdentity], Sequence[Candidate]]
