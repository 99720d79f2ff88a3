"""A language nobody speaks: every sentence that passes through gettext comes out in ⟦brackets⟧, the rest does not.

It stands in for the catalogue of English in memory; no file is compiled and the product knows nothing of it.
"""

from __future__ import annotations

import gettext
import re
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser

from django.conf import settings
from django.utils.translation import trans_real

OPEN, CLOSE = "⟦", "⟧"
LANGUAGE = "en"
SPOKEN = ("aria-label", "alt", "title", "placeholder", "aria-description")
SILENT = {"script", "style", "noscript", "template", "svg"}
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
# What has no translation: names, addresses, codes, and words of one language that name it.
NO_WORD = re.compile(r"^[\W\d_]*$|^\S+@\S+$|^(https?:|did:|/)\S*$|^\w+[.-]\w+[.\w-]*(:\d+)?$")


class Pseudo(gettext.NullTranslations):
    """What Django asks of a catalogue."""

    domain = "django"

    def language(self) -> str:
        return LANGUAGE

    def to_language(self) -> str:
        return LANGUAGE

    def gettext(self, message: str) -> str:
        return f"{OPEN}{message.rpartition(trans_real.CONTEXT_SEPARATOR)[2]}{CLOSE}"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return self.gettext(msgid1 if n == 1 else msgid2)


@contextmanager
def spoken(*, right_to_left: bool = False) -> Iterator[None]:
    """Pages come in the pseudo-language for as long as the block runs."""
    earlier = trans_real._translations.get(LANGUAGE)
    default, bidi = trans_real._default, settings.LANGUAGES_BIDI
    trans_real._translations[LANGUAGE] = trans_real._default = Pseudo()
    if right_to_left:
        settings.LANGUAGES_BIDI = [LANGUAGE]
    try:
        yield
    finally:
        settings.LANGUAGES_BIDI = bidi
        trans_real._default = default
        trans_real._translations.pop(LANGUAGE)
        if earlier is not None:
            trans_real._translations[LANGUAGE] = earlier


class Reader(HTMLParser):
    """Collects what people see or hear of a page and did not come through gettext."""

    def __init__(self, known: set[str]) -> None:
        super().__init__()
        self._known = known
        self._silent: list[str] = []
        self._depth = 0
        self.bare: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if not self._silent:
            spoken = [named.get(name) for name in SPOKEN]
            spoken += [value for name, value in attrs if name.startswith("data-text-")]
            if tag == "input" and named.get("type") in ("submit", "button"):
                spoken.append(named.get("value"))
            for value in spoken:
                self._judge(value or "", 0)
        if tag not in VOID and (
            self._silent or tag in SILENT or "translate" in named or ("lang" in named and tag != "html")
        ):
            self._silent.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in SILENT:
            self.handle_starttag(tag, attrs)
            if self._silent and self._silent[-1] == tag:
                self._silent.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag in self._silent:
            while self._silent.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self._depth = self._judge(data, self._depth)

    def _judge(self, text: str, depth: int) -> int:
        outside = ""
        for mark in text:
            depth += {OPEN: 1, CLOSE: -1}.get(mark, 0)
            outside += mark if depth == 0 and mark != CLOSE else "\n"
        for piece in re.split(r"\n+", outside):
            word = piece.strip()
            if word and word not in self._known and not NO_WORD.match(word):
                self.bare.append(word)
        return depth


def bare_words(page: str, *, known: set[str]) -> list[str]:
    """Texts on a page that were not passed through gettext."""
    reader = Reader(known)
    reader.feed(page)
    return reader.bare
