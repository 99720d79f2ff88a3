"""Rules that write one spelling of a word into what it shares with others: patterns, tried one after another."""

from __future__ import annotations

import re
from collections.abc import Callable
from operator import itemgetter

Sign = str | Callable[[re.Match[str]], str]
# (needles, substitute, sign): a rule is tried only where one of its needles stands in the word, as most stand in few.
Rules = tuple[tuple[tuple[str, ...], Callable[[Sign, str], str], Sign], ...]
# What the first group holds: quicker than a template, which is read anew for each word.
FIRST: Sign = itemgetter(1)


def rules(*rows: tuple[str, str, Sign]) -> Rules:
    """From (needles with gaps between them, pattern, sign). Every text that a pattern finds holds one of its needles; no
    needle: always tried."""
    return tuple(
        (tuple(needles.split()) or ("",), re.compile(pattern).sub, sign) for needles, pattern, sign in rows
    )


def fold(text: str, by: Rules) -> str:
    for needles, substitute, sign in by:
        for needle in needles:
            if needle in text:
                text = substitute(sign, text)
                break
    return text
