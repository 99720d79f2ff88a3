"""A typed word before a move that cannot be undone.

Protects people from a press that was meant for another button or another page: the server does nothing until the word
came with the form. What it does not do: decide who may make the move, or whether it was really them (portal.recent).
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _

LONGEST = 20


class TypedWordForm(forms.Form):
    """`word` in the reader's language is what has to be typed; case and spaces around it do not count."""

    word = forms.CharField(
        max_length=LONGEST,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "off",
                "autocapitalize": "off",
                "spellcheck": "false",
                "data-width": "medium",
            }
        ),
    )

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
        word = str(self.cleaned_data["word"]).strip().casefold()
        if word != self.expected.casefold():
            raise forms.ValidationError(self._sentence())
        return word
