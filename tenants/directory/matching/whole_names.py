"""The whole name of a document and that of an account: both fields, and what becomes of names between them.

A name is divided into fields in more than one way, and a field may be empty, filled twice or cut short. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass

from tenants.directory.matching.agreement import (
    DIFFERS,
    SAME,
    Found,
    Level,
    are_exchanged,
    begins_like,
    compare_family,
    compare_given,
    cover,
    parents_differ,
    word_level,
)
from tenants.directory.matching.agreement import is_cut as may_be_cut
from tenants.directory.matching.names import Name, name_of

# Given names and family name, as they are written.
Written = tuple[str, str]


@dataclass(frozen=True, slots=True)
class NamesFound:
    """How far both names agree, and by which rules."""

    given: Found
    family: Found
    # Agreement of the whole name that needs a birth date beside it.
    is_weak: bool = False
    trouble: str = ""
    # Which kind of another name of the account agreed; None for its own.
    by: str | None = None

    @property
    def agree(self) -> bool:
        return not self.trouble and self.given.level < Level.DIFFERS and self.family.level < Level.DIFFERS


_BOTH_DIFFER = NamesFound(DIFFERS, DIFFERS)
_SAME_NAMES = NamesFound(SAME, SAME)


def compare_whole(
    document: Written, account: Written, limits: tuple[Level, Level], *, is_cut: bool
) -> NamesFound:
    """`limits` are how far given names and family name may differ; `is_cut`: the document's zone was filled to its end."""
    shown = name_of(document[0]), name_of(document[1])
    held = name_of(account[0]), name_of(account[1])
    trouble = shown[0].trouble or shown[1].trouble or held[0].trouble or held[1].trouble
    if trouble:
        return NamesFound(DIFFERS, DIFFERS, trouble=trouble.value)
    given_limit, family_limit = limits
    limit = min(family_limit, given_limit)
    if not (shown[0].words and shown[1].words and held[0].words and held[1].words):
        return _with_a_missing_name(shown, held, limit)
    family = compare_family(shown[1], held[1], family_limit)
    given = compare_given(shown[0], held[0], given_limit)
    if _generations_differ(shown, held):
        return NamesFound(given, Found(Level.DIFFERS, "generation_differs"))
    if family is SAME and given is SAME:
        return _SAME_NAMES
    if family.level is Level.WEAK and given.level is Level.WEAK and _are_initials(shown, held):
        return _BOTH_DIFFER
    if family.level is not Level.DIFFERS and given.level is not Level.DIFFERS:
        return NamesFound(given, family, is_weak=Level.WEAK in (given.level, family.level))
    if limit < Level.RELAXED:
        return _differ(given, family)
    whole = _as_a_whole(shown, held, given, family, limit, is_cut)
    return whole or _differ(given, family)


def _differ(given: Found, family: Found) -> NamesFound:
    return _BOTH_DIFFER if given is family is DIFFERS else NamesFound(given, family)


def _are_initials(shown: tuple[Name, Name], held: tuple[Name, Name]) -> bool:
    """An initial in both fields, on whichever side: too little of a name."""
    return all(one.has_initial or other.has_initial for one, other in zip(shown, held, strict=True))


def _generations_differ(shown: tuple[Name, Name], held: tuple[Name, Name]) -> bool:
    """Father and son often share all else."""
    one = shown[1].generation or shown[0].generation
    other = held[1].generation or held[0].generation
    return bool(one and other and one != other)


def _both(level: Level, rule: str, *, is_weak: bool = False) -> NamesFound:
    return NamesFound(Found(level, rule), Found(level, rule), is_weak=is_weak)


def _with_a_missing_name(shown: tuple[Name, Name], held: tuple[Name, Name], limit: Level) -> NamesFound:
    """People with one name; and documents that carry the whole name in one field."""
    document = [name for name in shown if not name.is_missing]
    account = [name for name in held if not name.is_missing]
    if limit < Level.RELAXED or not document or not account:
        return _BOTH_DIFFER
    if len(document) == len(account) == 1:
        found = compare_family(document[0], account[0], Level.RELAXED)
        rule = "one_name_only"
        exact_or_joined = found.rule in ("same", "spelling", "written_as_one")
        return _both(Level.RELAXED, rule) if exact_or_joined else _BOTH_DIFFER
    if len(document) == 1:
        return _in_one_field(document[0], held, limit)
    # The account has one field and the document two: for those who repeat their one name in both, or whose directory writes
    # the whole name into one.
    same = compare_family(shown[0], shown[1], Level.EXACT).level is Level.EXACT
    if not same:
        return _held_in_one_field(shown, account[0])
    return (
        _both(Level.RELAXED, "one_name_only")
        if same and compare_family(shown[1], account[0], Level.RELAXED).rule in ("same", "spelling")
        else _BOTH_DIFFER
    )


def _held_in_one_field(shown: tuple[Name, Name], account: Name) -> NamesFound:
    """Every word of the account's one field stands in the document, and no other. Which of them is the family name the account
    does not say, so that another order is told as weak."""
    theirs = shown[0].named + shown[1].named
    if len(account.named) < 2 or len(account.named) != len(theirs):
        return _BOTH_DIFFER
    level, places = cover(account.named, theirs, is_given=False, limit=Level.RELAXED)
    if level is Level.DIFFERS or len(places) != len(theirs):
        return _BOTH_DIFFER
    in_order = all(
        cover((mine,), (other,), is_given=False, limit=Level.RELAXED)[0] is not Level.DIFFERS
        for mine, other in zip(account.named, theirs, strict=True)
    )
    return _both(Level.RELAXED, "names_in_one_field", is_weak=not in_order)


def _in_one_field(document: Name, held: tuple[Name, Name], limit: Level) -> NamesFound:
    """Every name of the account stands in the document's one field, each at a place of its own."""
    if held[0].words == held[1].words:
        found = compare_family(document, held[1], Level.RELAXED)
        if document.words == held[0].words + held[1].words:
            return _both(Level.RELAXED, "names_in_one_field")
        return _both(Level.RELAXED, "one_name_only") if found.rule in ("same", "spelling") else _BOTH_DIFFER
    family, places = cover(held[1].core, document.named, is_given=False, limit=limit)
    rest = tuple(word for at, word in enumerate(document.named) if at not in places)
    given, _places = cover(held[0].core[:1], rest, is_given=True, limit=limit)
    worst = max(family, given, Level.RELAXED)
    return _BOTH_DIFFER if worst is Level.DIFFERS else _both(worst, "names_in_one_field")


def _as_a_whole(
    shown: tuple[Name, Name],
    held: tuple[Name, Name],
    given: Found,
    family: Found,
    limit: Level,
    is_cut: bool,
) -> NamesFound | None:
    """The same words, divided between the fields in another way; fields exchanged; a name cut by its zone."""
    number = len(held[0].named) + len(held[1].named)
    if number == len(shown[0].named) + len(shown[1].named) and not _share_nothing(held[0], shown):
        ours, theirs = held[0].named + held[1].named, shown[0].named + shown[1].named
        level, places = cover(ours, theirs, is_given=False, limit=min(limit, Level.RELAXED))
        is_same = level is not Level.DIFFERS and len(places) == len(theirs)
        if is_same and not parents_differ(held[0].words + held[1].words, shown[0].words + shown[1].words):
            swapped = _are_swapped(shown, held)
            if not swapped and _are_divided_apart(shown, held):
                return None
            rule = "fields_exchanged" if swapped else "divided_otherwise"
            return _both(Level.RELAXED, rule, is_weak=swapped)
    if is_cut or may_be_cut(*shown):
        return _when_cut(shown, held, given, family)
    return None


def _share_nothing(name: Name, shown: tuple[Name, Name]) -> bool:
    return not name.shapes & (shown[0].shapes | shown[1].shapes)


def _are_swapped(shown: tuple[Name, Name], held: tuple[Name, Name]) -> bool:
    """No given name of the account stands among the document's given names."""
    level, _places = cover(held[0].core[:1], shown[0].core, is_given=True, limit=Level.RELAXED)
    return level is Level.DIFFERS


def _are_divided_apart(shown: tuple[Name, Name], held: tuple[Name, Name]) -> bool:
    """Names that only look like one: no word of both family names (Juan Santos Reyes, Juan Reyes Santos), or all given names
    in another order."""
    if are_exchanged(shown[0].core, held[0].core):
        return True
    ours, theirs = held[1].named, shown[1].named
    return all(
        word_level(one, other, is_given=False, limit=Level.RELAXED) is Level.DIFFERS
        for one in ours
        for other in theirs
    )


def _when_cut(
    shown: tuple[Name, Name], held: tuple[Name, Name], given: Found, family: Found
) -> NamesFound | None:
    if given.level is Level.DIFFERS and begins_like(shown[0].named, held[0].named):
        given = Found(Level.RELAXED, "cut_short")
    if family.level is Level.DIFFERS and begins_like(shown[1].named, held[1].named):
        family = Found(Level.RELAXED, "cut_short")
    found = NamesFound(given, family)
    return found if found.agree else None
