"""A form knows what it was filled from."""

import pytest
from django import forms
from django.http import QueryDict

from portal.kit.seen import ChangedMeanwhile, SeenForm, changed_since, marks_of, require_unchanged

VALUES = {"name": "Acme", "days": 30, "places": ["a", "b"], "open": True}


class Form(SeenForm):
    name = forms.CharField()
    kind = forms.ChoiceField(choices=[("x", "The first kind"), ("y", "The other")])


def test_nothing_differs_from_what_was_seen() -> None:
    assert changed_since(marks_of(VALUES), dict(reversed(VALUES.items()))) == []
    require_unchanged(marks_of(VALUES), VALUES)


@pytest.mark.parametrize("name", list(VALUES))
def test_the_field_that_differs_is_named_with_what_stands_there_now(name: str) -> None:
    now = {**VALUES, name: "other"}
    with pytest.raises(ChangedMeanwhile) as caught:
        require_unchanged(marks_of(VALUES), now)
    assert caught.value.present == {name: "other"} and caught.value.status == 409


@pytest.mark.parametrize("unverified", ["", "x", "name:", "name:0123456789", ",,,", "name"])
def test_marks_that_are_missing_or_made_up_count_as_changed(unverified: str) -> None:
    assert set(changed_since(unverified, VALUES)) == set(VALUES)


def test_who_has_no_page_is_not_asked() -> None:
    require_unchanged(None, VALUES)
    form = Form(QueryDict("name=Mine&kind=x"))
    assert form.is_valid() and form.take_seen() is None


def test_the_other_value_is_told_in_words_and_the_next_save_goes_through() -> None:
    form = Form(QueryDict("name=Mine&kind=x&seen=old"))
    assert form.is_valid() and form.take_seen() == "old"
    now = {"name": "Theirs", "kind": "y"}
    form.show_conflict(ChangedMeanwhile(now, marks_of(now)))
    assert form.errors["name"] == ["It says now: Theirs"] and form.errors["kind"] == [
        "It says now: The other"
    ]
    assert form["name"].value() == "Mine" and changed_since(form["seen"].value(), now) == []
