"""What different spellings of one name have in common. Two kinds: `relaxed` undoes what states and registers do to one and
the same name; `sound` brings together names that sound alike, and is fuzzy.
"""

from __future__ import annotations

import re
from functools import lru_cache

from tenants.directory.matching import east_asian
from tenants.directory.matching.rules import FIRST, fold, rules

# Capitals are signs for sounds that several spellings share; a plain word never holds one.
_RELAXED = rules(
    ("uxx", "uxx", "u"),
    ("nxx", "nxx", "n"),
    # A letter written out where a register has lost its mark: Mueller, Muller. Not Michael and Manuel, not Chloe and
    # Sue, not Enrique and Guerra, where the second vowel is one of its own.
    ("ae oe", "(?<=.)([ao])e(?!l(?:[ae]|le)?$|$|s$)", FIRST),
    ("ue", "(?<=[^qg])ue(?!l(?:[ae]|le)?$|$|s$|n$)", "u"),
    ("ae", "(?<=.{4})ae$", "a"),
    ("oe", "(?<=.{4})oe$", "o"),
    ("oe", "^oe(?=[^l])", "o"),
    ("ue", "^ue(?=[^l])", "u"),
    ("aa", "aa", "a"),
    # Vowels that Cyrillic writes with one letter.
    ("ye je ie", "(?<=[aeiou])(?:y|j|i)(?=e)", ""),
    ("ye ie", "^[yi]e", "e"),
    ("ov ev", "(?:[iyj]?[oe])v(?=a?$)", "ev"),
    ("iu yu ju", "i?[iyj]u", "U"),
    ("ia ya ja", "i?[iyj]a", "A"),
    ("y j ii", "(?:iy|yy|yi|ij|ii|y|j)$", "i"),
    ("y j", "(?<=[aeou])[yj]", "i"),
    ("ii", "i+", "i"),
    ("ij", "ij", "y"),
    ("x", "x", "ks"),
    ("kh", "kh", "h"),
    ("tc", "tc(?!h)", "ts"),
    ("ou", "ou", "u"),
)
_SOUND = rules(
    ("uxx", "uxx", "u"),
    ("nxx", "nxx", "n"),
    # Gaelic "son of", which lists file as if it were written out (ALA filing rules).
    ("mc", "^mc(?=[a-z]{3})", "mac"),
    # Basque and Catalan beside Spanish: Etxeberria, Echeberria.
    ("tch tsch cz tx", "tch|tsch|cz|tx", "C"),
    ("sch sh sz", "sch|sh|sz", "S"),
    ("ch", "ch(?=[aeiouy])", "C"),
    ("ph", "ph", "f"),
    ("ck cq q", "ck|cq|q", "k"),
    ("kh gh", "kh|gh", "h"),
    ("th", "th", "t"),
    ("dh", "dh", "d"),
    ("dj zh", "dj|dzh|zh", "j"),
    ("x", "x", "ks"),
    ("ts tz", "ts|tz", "z"),
    ("c", "c(?=[eiy])", "s"),
    ("c", "c", "k"),
    ("w", "w", "v"),
    ("ou oo", "ou|oo", "u"),
    ("ee ea", "ee|ea", "i"),
    ("ae ai ay ei ey", "ae(?!l)|ai|ay|ei|ey", "e"),
    ("oe", "oe(?!l)", "o"),
    ("ue", "ue(?!l)", "u"),
    ("y j", "[yj](?=[aeiou])", "y"),
    ("y", "y(?![aeiou])", "i"),
    ("z", "z$", "s"),
    # Armenian: Petrossian, Petrosyan.
    ("ian", "ian$", "yan"),
    ("", r"(.)\1+", FIRST),
    # Not the nh of Vietnamese, which is a letter of its own: Anh is not An.
    ("e h", "(?<=[a-z]{2})(?:e|(?<!n)h)$", ""),
    ("h", "h(?=[bcdfgklmnprstvz])", ""),
)
# Endings that say whether the bearer is a man or a woman; some states write one form for all of a family.
_GENDERED = rules(
    ("ova eva ina", "(ov|ev|in)a$", FIRST),
    ("sk", "(?:skaya|skaia|skaja|ska|sky|skiy|skii|skij|skyi|skiy|skyy)$", "ski"),
    ("ck", "(?:cka|cky|ckiy)$", "cki"),
    ("ou os", "(?:ous|ou|os)$", "os"),
    ("poul", "(?:poulou|poulos)$", "poulos"),
    ("ien", "(?:ienne|iene)$", "ien"),
)


@lru_cache(maxsize=16_384)
def relaxed(form: str) -> tuple[str, ...]:
    """The keys of one spelling; two spellings of one name share a key."""
    found = [fold(form, _RELAXED)]
    long_vowels = east_asian.japanese_sound(form)
    if long_vowels:
        found.append(long_vowels)
    return tuple(dict.fromkeys(found))


@lru_cache(maxsize=16_384)
def sound(form: str) -> str:
    return fold(form, _SOUND)


# Lithuanian: a man's name, his wife's and his daughter's. Wife and daughter are two people.
_OF_A_WIFE = re.compile("(?:ov)?iene$")
_OF_A_DAUGHTER = re.compile("(?:ovai?te|aite|yte|ute)$")


@lru_cache(maxsize=16_384)
def ungendered(form: str) -> tuple[str, ...]:
    """A family name in the forms that both sexes share, marked so that they are no spelling of their own."""
    if len(form) < 4:
        return ()
    found = {form, fold(form, _GENDERED)}
    if form.endswith("ova") and len(form) > 6:
        found.add(form.removesuffix("ova"))
    for ending, sign in ((_OF_A_WIFE, "w"), (_OF_A_DAUGHTER, "d")):
        if form.endswith("as"):
            found.add(f"{form}|{sign}")
        elif ending.search(form):
            found.add(f"{ending.sub('as', form)}|{sign}")
    return tuple(f"*{one}" for one in sorted(found))
