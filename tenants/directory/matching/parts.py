"""Words of a name that are not the name: particles, titles, generations, stand-ins for a missing name.

Sources: IATA Resolution 722f and ICAO Doc 9303 part 3, section 4.6 (titles and prefixes in zones); the naming chapters of
the Library of Congress' descriptive cataloguing manual; the notes of U.S. visa practice on FNU and of Malaysian passports
on a/l and a/p.
"""

from __future__ import annotations

import re

PARTICLES = frozenset(
    [
        "af",
        "al",
        "auf",
        "av",
        "d",
        "da",
        "das",
        "de",
        "del",
        "della",
        "dela",
        "delas",
        "delos",
        "den",
        "der",
        "des",
        "di",
        "do",
        "dos",
        "du",
        "e",
        "el",
        "het",
        "i",
        "in",
        "l",
        "la",
        "las",
        "le",
        "lo",
        "los",
        "op",
        "of",
        "s",
        "t",
        "te",
        "ten",
        "ter",
        "und",
        "van",
        "vande",
        "vanden",
        "vander",
        "vom",
        "von",
        "vd",
        "y",
        "zu",
        "zum",
        "zur",
        "a",
        "ap",
        "bin",
        "ibn",
        "bint",
        "binti",
        "bte",
        "ben",
        "bar",
        "bat",
        "abu",
        "abou",
        "ould",
        "wuld",
        "mac",
        "mc",
        "nic",
        "ni",
        "ui",
        "og",
        "und",
        "och",
        "ve",
        "o",
        "so",
    ]
) - {"so", "mac", "mc", "nic", "ni", "ui", "ve", "ben", "bar", "bat", "abu", "abou", "ap"}
# Bound to the name behind them: Ben David is not David, Mac Donald not Donald, Abu Bakr not Bakr.
BOUND = frozenset({"ben", "bar", "bat", "abu", "abou", "mac", "mc", "nic", "ni", "ui"})
# Whose child somebody is stands behind these.
CHILD = frozenset(
    {"bin", "ibn", "bint", "binti", "bte", "ben", "bar", "bat", "ap", "ab", "ferch", "ould", "wuld"}
)
# Before a name and no part of it. Left out on purpose: words that are names as well (Don, Earl, Prince, Syed, Eng).
TITLES = frozenset(
    [
        "dr",
        "prof",
        "professor",
        "mr",
        "mrs",
        "ms",
        "miss",
        "mx",
        "sir",
        "dame",
        "herr",
        "frau",
        "hr",
        "fr",
        "mme",
        "mlle",
        "sr",
        "sra",
        "srta",
        "dipl",
        "ing",
        "mgr",
        "bc",
        "judr",
        "mudr",
        "rndr",
        "phdr",
        "paeddr",
        "haji",
        "hajji",
        "datuk",
        "datin",
        "dato",
        "tun",
        "pan",
        "pani",
        "shri",
        "smt",
        "kumari",
        "rev",
        "hon",
    ]
)
HONOURS = frozenset(
    [
        "phd",
        "md",
        "msc",
        "mba",
        "bsc",
        "ba",
        "ma",
        "csc",
        "drsc",
        "esq",
        "obe",
        "mbe",
        "cbe",
        "dds",
        "llm",
        "llb",
        "cpa",
        "pe",
        "rn",
        "dphil",
        "frcs",
        "mp",
        "qc",
        "kc",
    ]
)
GENERATIONS = {
    "jr": "2",
    "junior": "2",
    "jnr": "2",
    "filho": "2",
    "sr": "1",
    "snr": "1",
    "senior": "1",
    "ii": "2",
    "iii": "3",
    "iv": "4",
    "neto": "3",
    "sobrinho": "nephew",
}
# What stands in a field for a name that is not there.
STAND_INS = frozenset(
    [
        "fnu",
        "lnu",
        "nfn",
        "nln",
        "nmn",
        "xxx",
        "xx",
        "noname",
        "nofirstname",
        "nolastname",
        "nosurname",
        "nogivenname",
        "unknown",
    ]
)
# "Born": what stands behind is the name before a wedding, which counts where former names do.
BORN_AS = frozenset(["geb", "geborene", "geboren", "nee", "born", "rozena", "fodt"])
# Honours of two words, as they are left of Ph.D. and M.Sc.
PARTED_HONOURS = frozenset({("ph", "d"), ("m", "sc"), ("b", "sc"), ("ll", "m"), ("ll", "b"), ("dr", "sc")})
# A name without any of these is a name as it stands.
NO_NAMES = PARTICLES | TITLES | HONOURS | frozenset(GENERATIONS) | BORN_AS | {"ph", "m", "b", "ll"}
# "Son of" and "daughter of" on documents of Malaysia and Singapore.
CHILD_OF = re.compile(r"(?<!\w)[ads]/[lpo](?!\w)", re.IGNORECASE)
BRACKETED = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|“[^”]*”|\"[^\"]*\"")


def core_of(words: tuple[str, ...]) -> tuple[str, ...]:
    """The words without particles, or all of them when there is nothing else."""
    return tuple(word for word in words if word not in PARTICLES) or words


def generation_of(words: tuple[str, ...]) -> str:
    """Which of several bearers of the same name this is, if the name says so; the first word is always a name."""
    return next((GENERATIONS[word] for word in reversed(words[1:]) if word in GENERATIONS), "")


def without_titles(words: tuple[str, ...]) -> tuple[str, ...]:
    """The words without titles before, honours and generations behind, and what somebody was born as; never empty for a name
    that is not."""
    kept = words
    while len(kept) > 1 and kept[0] in TITLES:
        kept = kept[1:]
    born = next((at for at in range(1, len(kept) - 1) if kept[at] in BORN_AS), len(kept))
    kept = kept[:born]
    while len(kept) > 1 and (kept[-1] in HONOURS or kept[-1] in GENERATIONS):
        kept = kept[:-1]
    return kept[:-2] if len(kept) > 2 and kept[-2:] in PARTED_HONOURS else kept
