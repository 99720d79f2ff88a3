"""What different spellings of one name have in common. Two kinds: `relaxed` undoes what states and registers do to one and
the same name; `sound` brings together names that sound alike, and is fuzzy.
"""

from __future__ import annotations

import re
from functools import lru_cache

from tenants.directory.matching import east_asian

Rules = tuple[tuple[re.Pattern[str], str], ...]


def _rules(*pairs: tuple[str, str]) -> Rules:
    return tuple((re.compile(pattern), sign) for pattern, sign in pairs)


# Capitals are signs for sounds that several spellings share; a plain word never holds one.
_RELAXED = _rules(
    ("uxx", "u"),
    ("nxx", "n"),
    # A letter written out where a register has lost its mark: Mueller, Muller. Not Michael and Manuel, not Chloe and
    # Sue, not Enrique and Guerra, where the second vowel is one of its own.
    ("(?<=.)([ao])e(?!l(?:[ae]|le)?$|$|s$)", r"\1"),
    ("(?<=[^qg])ue(?!l(?:[ae]|le)?$|$|s$|n$)", "u"),
    ("(?<=.{4})ae$", "a"),
    ("(?<=.{4})oe$", "o"),
    ("^oe(?=[^l])", "o"),
    ("^ue(?=[^l])", "u"),
    ("aa", "a"),
    # Vowels that Cyrillic writes with one letter.
    ("(?<=[aeiou])(?:y|j|i)(?=e)", ""),
    ("^[yi]e", "e"),
    ("(?:[iyj]?[oe])v(?=a?$)", "ev"),
    ("i?[iyj]u", "U"),
    ("i?[iyj]a", "A"),
    ("(?:iy|yy|yi|ij|ii|y|j)$", "i"),
    ("(?<=[aeou])[yj]", "i"),
    ("i+", "i"),
    ("ij", "y"),
    ("x", "ks"),
    ("kh", "h"),
    ("tc(?!h)", "ts"),
    ("ou", "u"),
)
_SOUND = _rules(
    ("uxx", "u"),
    ("nxx", "n"),
    # Gaelic "son of", which lists file as if it were written out (ALA filing rules).
    ("^mc(?=[a-z]{3})", "mac"),
    # Basque and Catalan beside Spanish: Etxeberria, Echeberria.
    ("tch|tsch|cz|tx", "C"),
    ("sch|sh|sz", "S"),
    ("ch(?=[aeiouy])", "C"),
    ("ph", "f"),
    ("ck|cq|q", "k"),
    ("kh|gh", "h"),
    ("th", "t"),
    ("dh", "d"),
    ("dj|dzh|zh", "j"),
    ("x", "ks"),
    ("ts|tz", "z"),
    ("c(?=[eiy])", "s"),
    ("c", "k"),
    ("w", "v"),
    ("ou|oo", "u"),
    ("ee|ea", "i"),
    ("ae(?!l)|ai|ay|ei|ey", "e"),
    ("oe(?!l)", "o"),
    ("ue(?!l)", "u"),
    ("[yj](?=[aeiou])", "y"),
    ("y(?![aeiou])", "i"),
    ("z$", "s"),
    (r"(.)\1+", r"\1"),
    # Not the nh of Vietnamese, which is a letter of its own: Anh is not An.
    ("(?<=[a-z]{2})(?:e|(?<!n)h)$", ""),
    ("h(?=[bcdfgklmnprstvz])", ""),
)
# Endings that say whether the bearer is a man or a woman; some states write one form for all of a family.
_GENDERED = _rules(
    ("(ov|ev|in)a$", r"\1"),
    ("(?:skaya|skaia|skaja|ska|sky|skiy|skii|skij|skyi|skiy|skyy)$", "ski"),
    ("(?:cka|cky|ckiy)$", "cki"),
    ("ovai?te$|oviene$|iene$|aite$|yte$|ute$", "as"),
    ("(?:ous|ou|os)$", "os"),
    ("(?:poulou|poulos)$", "poulos"),
    ("(?:ienne|iene)$", "ien"),
)


def _fold(text: str, rules: Rules) -> str:
    for pattern, sign in rules:
        text = pattern.sub(sign, text)
    return text


@lru_cache(maxsize=16_384)
def relaxed(form: str) -> tuple[str, ...]:
    """The keys of one spelling; two spellings of one name share a key."""
    found = [_fold(form, _RELAXED)]
    long_vowels = east_asian.japanese_sound(form)
    if long_vowels:
        found.append(long_vowels)
    return tuple(dict.fromkeys(found))


@lru_cache(maxsize=16_384)
def sound(form: str) -> str:
    return _fold(form, _SOUND)


@lru_cache(maxsize=16_384)
def ungendered(form: str) -> tuple[str, ...]:
    """A family name in the forms that both sexes share, marked so that they are no spelling of their own."""
    if len(form) < 4:
        return ()
    found = {form, _fold(form, _GENDERED)}
    if form.endswith("ova") and len(form) > 6:
        found.add(form.removesuffix("ova"))
    return tuple(f"*{one}" for one in sorted(found))
