"""A typed word before a move that cannot be undone.

Protects people from a press that was meant for another button or another page: the server does nothing until the word
came with the form. What it does not do: decide who may make the move, or whether it was really them (portal.recent).
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _

LONGEST = 20


def typed_word_field() -> forms.CharField:
    """A field that neither the browser nor the keyboard of a phone fills or changes."""
    attrs = {
        "autocomplete": "off",
        "autocapitalize": "off",
        "spellcheck": "false",
        "data-width": "medium",
    }
    return forms.CharField(max_length=LONGEST, widget=forms.TextInput(attrs=attrs))


def is_typed(word: str, expected: str) -> bool:
    """Case and spaces around it do not count."""
    return word.strip().casefold() == expected.casefold()


class TypedWordForm(forms.Form):
    """`word` in the reader's language is what has to be typed; case and spaces around it do not count."""

    word = typed_word_field()

    def __init__(self, *args: Any, word: str, **kwargs: Any) -> None:
        if not word:
            raise ValueError("a move without a word to type is not guarded")
        super().__init__(*args, **kwargs)
        self.expected = word
        self.fields["word"].label = _("Type “%(word)s” to confirm") % {"word": word}
        self.fields["word"].error_messages["required"] = self._sentence()

    def _sentence(self) -> str:
        return _("Type the word “%(word)s”.") % {"word": self.expected}

    def clean_word(self) -> str:
        word = str(self.cleaned_data["word"])
        if not is_typed(word, self.expected):
            raise forms.ValidationError(self._sentence())
        return word
