"""From the letters people use to the letters a machine-readable zone has: ICAO Doc 9303 part 3, section 6.

Table A (Latin) and table B (Cyrillic). Where the table leaves states a choice, every choice is admissible when two
zones are compared, and the first is the one we write. Table C (Arabic) is not here: the reader knows no Arabic.
"""

import unicodedata
from itertools import product

# Table A: letters whose admissible forms are not just the letter without its mark.
_LATIN: dict[str, tuple[str, ...]] = {
    "Ä": ("AE", "A"),
    "Å": ("AA", "A"),
    "Æ": ("AE",),
    "Ð": ("D",),
    "Đ": ("D",),
    "Ħ": ("H",),
    "I": ("I",),
    "ı": ("I",),
    "Ĳ": ("IJ",),
    "ĸ": ("Q",),
    "Ł": ("L",),
    "Ñ": ("N", "NXX"),
    "Ŋ": ("N",),
    "Ö": ("OE", "O"),
    "Ø": ("OE", "O"),
    "Œ": ("OE",),
    "ß": ("SS",),
    "ẞ": ("SS",),
    "Þ": ("TH",),
    "Ŧ": ("T",),
    "Ü": ("UE", "UXX", "U"),
}
# Table B. Ukrainian, Belarusian, Serbian, Macedonian and Bulgarian choices follow the general one.
_CYRILLIC: dict[str, tuple[str, ...]] = {
    "А": ("A",),
    "Б": ("B",),
    "В": ("V",),
    "Г": ("G", "H"),
    "Ґ": ("G",),
    "Д": ("D",),
    "Ѓ": ("G", "GJ"),
    "Ђ": ("D",),
    "Е": ("E",),
    "Ё": ("E", "IO"),
    "Є": ("IE", "YE"),
    "Ж": ("ZH", "Z"),
    "З": ("Z",),
    "Ѕ": ("DZ",),
    "И": ("I", "Y"),
    "І": ("I",),
    "Ї": ("I", "YI"),
    "Й": ("I", "Y"),
    "Ј": ("J",),
    "К": ("K",),
    "Ќ": ("K", "KJ"),
    "Л": ("L",),
    "Љ": ("LJ",),
    "М": ("M",),
    "Н": ("N",),
    "Њ": ("NJ",),
    "О": ("O",),
    "П": ("P",),
    "Р": ("R",),
    "С": ("S",),
    "Т": ("T",),
    "Ћ": ("C",),
    "У": ("U",),
    "Ў": ("U",),
    "Ф": ("F",),
    "Х": ("KH", "H"),
    "Ц": ("TS", "C"),
    "Ч": ("CH", "C"),
    "Џ": ("DZ",),
    "Ш": ("SH", "S"),
    "Щ": ("SHCH", "SHT"),
    "Ъ": ("IE", ""),
    "Ы": ("Y",),
    "Ь": ("", "I"),
    "Э": ("E",),
    "Ю": ("IU", "YU"),
    "Я": ("IA", "YA"),
}
_SILENT = frozenset("'’‘`´ʼ.,")
_GAPS = frozenset(" -‐‑–/")
MOST_FORMS = 64


def forms_of(character: str) -> tuple[str, ...]:
    """Every admissible form of one letter, best first; a gap is a space; what has no form is left out."""
    if character in _GAPS or character.isspace():
        return (" ",)
    if character in _SILENT:
        return ("",)
    upper = character if character in "ßı" else character.upper()
    table = _LATIN.get(upper) or _CYRILLIC.get(upper)
    if table:
        return table
    plain = "".join(char for char in unicodedata.normalize("NFKD", upper) if "A" <= char <= "Z")
    return (plain,)


def transliterate(name: str) -> str:
    """The recommended form: capital letters A to Z and single spaces."""
    written = "".join(forms_of(char)[0] for char in unicodedata.normalize("NFC", name))
    return " ".join(written.split())


def admissible_forms(name: str) -> frozenset[str]:
    """All forms a zone may lawfully carry. Bounded: a name with very many choices keeps only uniform ones."""
    choices = [forms_of(char) for char in unicodedata.normalize("NFC", name)]
    total = 1
    for choice in choices:
        total *= len(choice)
    if total > MOST_FORMS:
        most = max(len(choice) for choice in choices)
        rows = [tuple(choice[min(rank, len(choice) - 1)] for choice in choices) for rank in range(most)]
    else:
        rows = list(product(*choices))
    return frozenset(" ".join("".join(row).split()) for row in rows)


def mrz_words(name: str) -> str:
    return transliterate(name).replace(" ", "<")
