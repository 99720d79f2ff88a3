"""Dates as documents print them: 12 AUG/AOUT 74, 12.08.1974, 08/12/1974, 1974-08-12. ICAO Doc 9303-3, 3.3."""

import re
import unicodedata
from datetime import date

# English and French (the languages of 9303), then those of the larger issuers, by their first letters.
_MONTHS: tuple[frozenset[str], ...] = tuple(
    frozenset(row.split())
    for row in (
        "JAN JANV ENE GEN GENN STY LED OCA JANUARI",
        "FEB FEV FEVR FEBB LUT UNO SUB",
        "MAR MARS MRT MRZ MAER MARZ BRE",
        "APR AVR AVRIL ABR KWI DUB NIS",
        "MAY MAI MEI MAG MAJ KVE",
        "JUN JUIN GIU CZE CER HAZ",
        "JUL JUIL LUG LIP CVC TEM",
        "AUG AOUT AGO SIE SRP AGU",
        "SEP SEPT SET WRZ ZAR EYL",
        "OCT OKT OTT PAZ RIJ EKI OUT",
        "NOV LIS KAS",
        "DEC DEZ DIC GRU PRO ARA",
    )
)
_NUMERIC = re.compile(r"(?<!\d)(\d{1,2})[ ./\-]{1,3}(\d{1,2})[ ./\-]{1,3}(\d{4}|\d{2})(?!\d)")
_ISO = re.compile(r"(?<!\d)(\d{4})[ ./\-]{1,3}(\d{1,2})[ ./\-]{1,3}(\d{1,2})(?!\d)")
_NAMED = re.compile(r"(?<!\d)(\d{1,2})[ ./\-]*([A-Z]{3,9})(?:[ ./\-]*[A-Z]{2,9})?[ ./\-]*(\d{4}|\d{2})(?!\d)")
# A camera takes a letter of a month for a digit (21 0CT 2034), and a digit for a letter (2O34, l2.08).
_MONTH_WITH_DIGITS = re.compile(r"(?<=\d\d)([ ./\-]*)([A-Z0158]{3})(?=[A-Z]*[ ./\-]*\d{2})")
_LETTER_AMONG_DIGITS = re.compile(r"(?<![A-Z])(?:(?<=\d)[OILSBZ]|[OILSBZ](?=\d))(?![A-Z])")
_TO_LETTER, _TO_DIGIT = str.maketrans("0158", "OISB"), str.maketrans("OILSBZ", "011582")


def dates_in(text: str) -> frozenset[date]:
    """Every date the text may mean; two-digit years give both centuries."""
    plain = "".join(
        char for char in unicodedata.normalize("NFKD", text.upper()) if not unicodedata.combining(char)
    )
    plain = _MONTH_WITH_DIGITS.sub(_month_in_letters, _LETTER_AMONG_DIGITS.sub(_in_digits, plain))
    found: set[date] = set()
    for day, name, year in _NAMED.findall(plain):
        found.update(_dates(year, _month(name), day))
    for first, second, year in _NUMERIC.findall(plain):
        found.update(_dates(year, int(second), first))
        found.update(_dates(year, int(first), second))
    for year, month, day in _ISO.findall(plain):
        found.update(_dates(year, int(month), day))
    return frozenset(found)


def _month_in_letters(found: re.Match[str]) -> str:
    gap, name = found.groups()
    letters = sum(char.isalpha() for char in name)
    return gap + (name.translate(_TO_LETTER) if letters >= 2 else name)


def _in_digits(found: re.Match[str]) -> str:
    return found.group().translate(_TO_DIGIT)


def _month(name: str) -> int:
    for number, names in enumerate(_MONTHS, 1):
        if any(name.startswith(known) for known in names):
            return number
    return 0


def _dates(year: str, month: int, day: str) -> set[date]:
    years = (int(year),) if len(year) == 4 else (1900 + int(year), 2000 + int(year))
    out = set()
    for each in years:
        try:
            out.add(date(each, month, int(day)))
        except ValueError:
            continue
    return out
