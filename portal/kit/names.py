"""What organisations and their members are called, in mail to people who never heard of them.

Protects readers from a name that is a message ("Your account is closed, go to http://…"), and from one that turns the
words around it. What it does not do: tell whether somebody is called that.
"""

from __future__ import annotations

import re
import unicodedata

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

# Marks that names of some languages are written with: the zero-width non-joiner and joiner.
_WRITTEN = {"\u200c", "\u200d"}
_UNSEEN = {"Cc", "Cf", "Zl", "Zp", "Co", "Cs"}
_ADDRESS = re.compile(r"://|\bwww\.", re.IGNORECASE)


def has_unseen(text: str) -> bool:
    """Whether a letter of a line cannot be seen, or turns those around it. Ends of lines are such letters."""
    return any(unicodedata.category(letter) in _UNSEEN and letter not in _WRITTEN for letter in text)


def validate_name(text: str) -> None:
    """A validator for a form's field."""
    if has_unseen(text):
        raise ValidationError(_("Write the name in one line, with letters that can be seen."))
    if _ADDRESS.search(text):
        raise ValidationError(_("Write a name, without a web address in it."))
    if not any(letter.isalnum() for letter in text):
        raise ValidationError(_("Write a name with at least one letter or digit."))
