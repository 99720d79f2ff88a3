"""How far two names agree, and by what. Pure, and quick to say no.

Protects an account from somebody whose name is merely alike: nothing here counts letters that differ. Each way to agree is
a rule with a name, and says how strong it is. What it does not do: look at birth dates, or decide.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from tenants.directory.matching import east_asian
from tenants.directory.matching.names import Name
from tenants.directory.matching.parts import BOUND, CHILD
from tenants.directory.matching.wording import Word, joined


class Level(IntEnum):
    """How far: the lower the better. WEAK counts as fuzzy and needs a birth date that agrees."""

    EXACT = 0
    RELAXED = 1
    FUZZY = 2
    WEAK = 3
    DIFFERS = 9


@dataclass(frozen=True, slots=True)
class Found:
    """How far one field agrees, and the rule that found it."""

    level: Level
    rule: str = ""


DIFFERS = Found(Level.DIFFERS)
SAME = Found(Level.EXACT, "same")
Words = tuple[Word, ...]
# Zones cut names at the end of their line (ICAO Doc 9303 parts 4 to 6): the room for names in TD1, TD2 and TD3.
ROOMS = (30, 31, 39)


def word_level(one: Word, other: Word, *, is_given: bool, limit: Level) -> Level:
    """How far two words agree; DIFFERS beyond the limit. Shapes first: words without one in common differ."""
    if one is other:
        return Level.EXACT
    if _are_spelt_the_same(one, other):
        return Level.EXACT
    if limit < Level.RELAXED:
        return Level.DIFFERS
    if one.shapes & other.shapes and not one.relaxed.isdisjoint(other.relaxed):
        return Level.RELAXED
    if limit < Level.FUZZY:
        return Level.DIFFERS
    if _are_alike(one, other, is_given=is_given):
        return Level.FUZZY
    return Level.WEAK if _agree_weakly(one, other) else Level.DIFFERS


def _are_alike(one: Word, other: Word, *, is_given: bool) -> bool:
    if not one.fuzzy_shapes(is_given=is_given) & other.fuzzy_shapes(is_given=is_given):
        return False
    return not one.fuzzy(is_given=is_given).isdisjoint(other.fuzzy(is_given=is_given))


def _agree_weakly(one: Word, other: Word) -> bool:
    """An initial, or a script that leaves the vowels out."""
    if one.is_initial or other.is_initial:
        return any(a[0] == b[0] for a in one.forms for b in other.forms)
    if (one.is_plain and other.is_plain) or one.script == other.script:
        return False
    if "HANGUL" in (one.script, other.script):
        return any(
            east_asian.korean_sound(a) == east_asian.korean_sound(b) for a in one.forms for b in other.forms
        )
    return (one.hides_vowels or other.hides_vowels) and not one.consonants.isdisjoint(other.consonants)


def _are_same(one: Words, other: Words) -> bool:
    """The same words in the same order, in any spelling of documents."""
    if len(one) != len(other) or not one:
        return False
    for left, right in zip(one, other, strict=True):
        if left is not right and not _are_spelt_the_same(left, right):
            return False
    return True


def _are_spelt_the_same(one: Word, other: Word) -> bool:
    if one.is_plain:
        return not other.is_plain and bool(one.shapes & other.shapes) and one.text in other.forms
    if not one.shapes & other.shapes:
        return False
    return other.text in one.forms if other.is_plain else not one.forms.isdisjoint(other.forms)


def in_order(one: Words, other: Words, *, is_given: bool, limit: Level) -> Level:
    """The same number of words, each agreeing with the one in its place."""
    if len(one) != len(other) or not one:
        return Level.DIFFERS
    worst = Level.EXACT
    for left, right in zip(one, other, strict=True):
        found = word_level(left, right, is_given=is_given, limit=limit)
        if found is Level.DIFFERS:
            return found
        worst = max(worst, found)
    return worst


def cover(few: Words, many: Words, *, is_given: bool, limit: Level) -> tuple[Level, frozenset[int]]:
    """Every word of `few` among `many`, each at a place of its own; with the places. Neighbours may be written as one."""
    used: set[int] = set()
    worst = Level.EXACT
    for word in few:
        level, places = _best_place(word, many, used, is_given, limit)
        if level is Level.DIFFERS:
            return level, frozenset()
        used |= places
        worst = max(worst, level)
    return worst, frozenset(used)


def _best_place(
    word: Word, many: Words, used: set[int], is_given: bool, limit: Level
) -> tuple[Level, frozenset[int]]:
    """The first of the best: one word, else two or three written as one."""
    best, place = Level.DIFFERS, 0
    for at, other in enumerate(many):
        found = word_level(word, other, is_given=is_given, limit=limit) if at not in used else best
        if found < best:
            best, place = found, at
            if found is Level.EXACT:
                break
    if best is not Level.DIFFERS:
        return best, frozenset((place,))
    for length in (2, 3):
        for at in range(len(many) - length + 1):
            run = frozenset(range(at, at + length))
            if run & used:
                continue
            found = word_level(word, joined(many[at : at + length]), is_given=is_given, limit=limit)
            if found < best:
                best, place = found, at
        if best is not Level.DIFFERS:
            return best, frozenset(range(place, place + length))
    return best, frozenset()


def _as_one(one: Words, other: Words, *, is_given: bool, limit: Level) -> Level:
    if not one or not other or len(one) == len(other) == 1:
        return Level.DIFFERS
    found = word_level(joined(one), joined(other), is_given=is_given, limit=limit)
    return found if found is Level.DIFFERS else max(found, Level.RELAXED)


def _better(one: Found, level: Level, rule: str) -> Found:
    return Found(level, rule) if level < one.level else one


def _cannot_agree(document: Name, account: Name, limit: Level, *, is_given: bool) -> bool:
    """No shape in common: quick, and true of nearly everybody."""
    if limit < Level.FUZZY:
        return not document.shapes & account.shapes
    if document.fuzzy_shapes(is_given=is_given) & account.fuzzy_shapes(is_given=is_given):
        return False
    if document.is_regular and account.is_regular:
        return True
    has_initial = document.has_initial or account.has_initial
    return not has_initial and _cannot_agree_weakly(document, account)


def _cannot_agree_weakly(document: Name, account: Name) -> bool:
    if (document.hides_vowels or account.hides_vowels) and not document.consonants.isdisjoint(
        account.consonants
    ):
        return False
    return not (document.has_hangul or account.has_hangul) or document.korean_sounds.isdisjoint(
        account.korean_sounds
    )


def compare_family(document: Name, account: Name, limit: Level) -> Found:
    """The family name of the document and of the account."""
    if _are_same(document.words, account.words):
        return SAME
    if limit is Level.EXACT or not document.core or not account.core:
        return DIFFERS
    if _cannot_agree(document, account, limit, is_given=False):
        return DIFFERS
    level = in_order(document.words, account.words, is_given=False, limit=limit)
    found = Found(level, _spelling_rule(level)) if level is not Level.DIFFERS else DIFFERS
    core = in_order(document.core, account.core, is_given=False, limit=limit)
    found = _better(found, max(core, Level.RELAXED), "particles_or_titles")
    found = _better(
        found, _as_one(document.named, account.named, is_given=False, limit=limit), "written_as_one"
    )
    if found.level is Level.DIFFERS:
        found = _better(
            found, _as_one(document.core, account.core, is_given=False, limit=limit), "written_as_one"
        )
    if found.level > Level.RELAXED:
        found = _partly(document, account, limit, found)
    return found


def _partly(document: Name, account: Name, limit: Level, found: Found) -> Found:
    """One of several family names, or the same ones in another order."""
    level, places = cover(account.core, document.core, is_given=False, limit=limit)
    if _leaves_bound(document.core, places):
        return found
    rule = "order" if len(places) == len(document.core) else "document_has_more_family_names"
    found = _better(found, max(level, Level.RELAXED), rule)
    if limit >= Level.FUZZY and found.level is Level.DIFFERS:
        level, places = cover(document.core, account.core, is_given=False, limit=limit)
        if not _leaves_bound(account.core, places):
            found = _better(found, max(level, Level.FUZZY), "account_has_more_family_names")
    return found


def _leaves_bound(words: Words, places: frozenset[int]) -> bool:
    """Whether a word was left out that makes another name of the one behind it."""
    return any(at and at - 1 not in places and words[at - 1].text in BOUND for at in places)


def parents_differ(ours: Words, theirs: Words) -> bool:
    """Both say whose child they are, and it is somebody else's: the same words in another order are then father and son."""
    one, other = _parent(ours), _parent(theirs)
    return (
        one is not None
        and other is not None
        and word_level(one, other, is_given=True, limit=Level.RELAXED) is Level.DIFFERS
    )


def _parent(words: Words) -> Word | None:
    return next((words[at + 1] for at in range(len(words) - 1) if words[at].text in CHILD), None)


def _spelling_rule(level: Level) -> str:
    return {Level.RELAXED: "spelling", Level.FUZZY: "sounds_or_is_called_alike"}.get(
        level, "initial_or_script"
    )


def compare_given(document: Name, account: Name, limit: Level) -> Found:
    """The given names of the document and of the account."""
    if _are_same(document.words, account.words):
        return SAME
    if limit is Level.EXACT or not document.core or not account.core:
        return DIFFERS
    if _cannot_agree(document, account, limit, is_given=True):
        return DIFFERS
    level = in_order(document.words, account.words, is_given=True, limit=limit)
    found = Found(level, _spelling_rule(level)) if level is not Level.DIFFERS else DIFFERS
    found = _better(
        found, _as_one(document.named, account.named, is_given=True, limit=limit), "written_as_one"
    )
    if found.level > Level.RELAXED and not are_exchanged(document.core, account.core):
        found = _some_given(document.core, account.core, limit, found)
    return found


def are_exchanged(one: Words, other: Words) -> bool:
    """All of several given names, in another order: José Maria is a man and Maria José a woman, Chun Kit is not Kit Chun."""
    if len(one) != len(other) or len(one) < 2:
        return False
    level, places = cover(one, other, is_given=True, limit=Level.RELAXED)
    if level is Level.DIFFERS or len(places) != len(other):
        return False
    return in_order(one, other, is_given=True, limit=Level.RELAXED) is Level.DIFFERS


def _some_given(document: Words, account: Words, limit: Level, found: Found) -> Found:
    """The name somebody goes by among all their given names. What is left over on both sides must not differ."""
    first, places = cover(account[:1], document, is_given=True, limit=limit)
    if first is Level.DIFFERS:
        first, places = cover((joined(account),), document, is_given=True, limit=limit)
        account = account[:1]
    if first is Level.DIFFERS:
        return found
    rest = [word for at, word in enumerate(document) if at not in places]
    level, missing = _further(account[1:], rest, limit)
    if missing and rest:
        return found
    if missing:
        rule = "document_has_fewer_given_names"
        if 0 not in places:
            return found
    else:
        rule = "document_has_more_given_names" if 0 in places else "called_by_another_given_name"
    if first > Level.RELAXED:
        rule = _spelling_rule(first)
    return _better(found, max(first, level, Level.RELAXED), rule)


def _further(account: Words, rest: list[Word], limit: Level) -> tuple[Level, int]:
    """Further given names of the account, taken out of `rest` where they stand there; how many do not."""
    worst, missing = Level.EXACT, 0
    for word in account:
        levels = [_further_level(word, other, limit) for other in rest]
        best = min(levels, default=Level.DIFFERS)
        if best is Level.DIFFERS:
            missing += 1
            continue
        rest.pop(levels.index(best))
        worst = max(worst, best)
    return worst, missing


def _further_level(word: Word, other: Word, limit: Level) -> Level:
    """A middle name is often an initial: that much is relaxed."""
    if word.is_initial or other.is_initial:
        same = any(a[0] == b[0] for a in word.forms for b in other.forms)
        return Level.RELAXED if same else Level.DIFFERS
    return word_level(word, other, is_given=True, limit=limit)


def is_cut(given: Name, family: Name) -> bool:
    """Whether a document's names fill a zone's line to its end, so that they may be cut there."""
    return given.width + family.width + 2 in ROOMS


def begins_like(cut: Words, whole: Words) -> bool:
    """The last word of `cut` is the beginning of the word in its place; what came behind it is gone."""
    if not cut or len(cut) > len(whole):
        return False
    last = in_order(cut[:-1], whole[: len(cut) - 1], is_given=True, limit=Level.RELAXED)
    if len(cut) > 1 and last is Level.DIFFERS:
        return False
    return any(b.startswith(a) for a in cut[-1].forms for b in whole[len(cut) - 1].forms)


def one_letter_apart(one: Name, other: Name) -> bool:
    """A slip of a keyboard or a reader: one letter more, fewer, other or two exchanged. Never enough; only told."""
    left, right = joined(one.named).forms, joined(other.named).forms
    return any(_one_apart(a, b) for a in left for b in right)


def _one_apart(a: str, b: str) -> bool:
    if min(len(a), len(b)) < 4 or abs(len(a) - len(b)) > 1 or a == b:
        return False
    start = 0
    while start < min(len(a), len(b)) and a[start] == b[start]:
        start += 1
    x, y = a[start:], b[start:]
    exchanged = len(x) == len(y) > 1 and (x[1], x[0]) == (y[0], y[1]) and x[2:] == y[2:]
    return x[1:] == y[1:] or x[1:] == y or x == y[1:] or exchanged
