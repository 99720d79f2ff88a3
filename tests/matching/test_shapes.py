"""Shapes say no quickly: they may be too coarse, and never say no to names that agree."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice, pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tenants.directory.matching import Comparison, MatchPolicy, compare, folding, names, shapes, wording
from tenants.directory.matching.east_asian import japanese_sound
from tenants.directory.matching.wording import Word
from tests.matching.by_hand import by_hand
from tests.matching.crowd import odd_pairs, pairs
from tests.matching.labelled import labelled
from tests.matching.people import MODES, account, document

Form = st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=9)
# Letters that rules are about, in a row.
Tricky = st.text("aeiouyjhkszcxtdgvwnmpf", min_size=1, max_size=7)
ENDINGS = st.sampled_from(
    ["", "ova", "eva", "ska", "skaya", "ovaite", "oviene", "iene", "aite", "ute", "ienne", "poulou"]
)
CACHES = (wording.word_of, names._of_one_word, names._name_of)


def sounds(text: str) -> set[str]:
    whole = shapes.shape_of_form(text)
    return {shapes.sound_shape(one) for one in (whole, *shapes.without_ending(text, whole))}


@settings(max_examples=400, deadline=None)
@given(Form | Tricky, ENDINGS)
@example("kkha", "")
@example("dzh", "ova")
@example("muxxnxxo", "")
def test_no_rule_takes_a_shape_away(stem: str, ending: str):
    form = stem + ending
    for key in (*folding.relaxed(form), japanese_sound(form) or form):
        assert shapes.shape_of_form(key) == shapes.shape_of_form(form)
    assert shapes.sound_shape_of_form(folding.sound(form)) == shapes.sound_shape_of_form(form)
    assert shapes.sound_shape(shapes.shape_of_form(form)) == shapes.sound_shape_of_form(form)
    for key in folding.ungendered(form):
        assert shapes.sound_shape_of_form(key.strip("*").partition("|")[0]) in sounds(form)


def words_of(texts: Iterable[str]) -> Iterator[Word]:
    for text in texts:
        parts = names.name_of(text).parts
        yield from map(Word, parts)
        yield from (Word(one + other) for one, other in pairwise(parts))


def test_every_spelling_of_a_word_in_any_script_has_the_words_shape():
    texts = {text for pair in labelled() for text in (*pair.shown, *pair.held)}
    mixed = ["Иван Müller", "محمد Ali", "李 Anna", "გია Σωκράτης", "Ђорђе Ғani", "김 Lee", "דוד Ñuño"]
    for word in words_of([*texts, *mixed]):
        written = shapes.shape_of(word.text)
        if written is not None:
            assert {shapes.shape_of_form(key) for key in word.relaxed} == {written}, word.text


def told(found: Comparison) -> tuple[object, ...]:
    return found.decision, found.reasons, found.confidence, found.names, found.birth


@pytest.fixture
def without_shapes(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """Called, it makes every shape that of every word, so that everything is looked at closely."""

    def forget() -> None:
        for cache in CACHES:
            cache.cache_clear()

    def switch_off() -> None:
        monkeypatch.setattr(shapes, "bit", lambda _shape: -1)
        monkeypatch.setattr(shapes, "bits", lambda _shapes: -1)
        forget()

    yield switch_off
    forget()


def test_whatever_shapes_refuse_the_closer_look_refuses_too(without_shapes: Callable[[], None]):
    asked = [(pair.shown, pair.held) for pair in (*labelled()[::4], *by_hand())]
    asked += [*islice(pairs(2_000, 5), 400), *islice(odd_pairs(2_000, 6), 1_600)]
    people = [(document(" / ".join(shown)), account(" / ".join(held))) for shown, held in asked]
    policies = [MatchPolicy.in_mode(mode) for mode in MODES]

    def answers() -> list[tuple[object, ...]]:
        return [told(compare(*both, policy)) for policy in policies for both in people]

    quick = answers()
    without_shapes()
    assert answers() == quick
