"""Reads a machine-readable zone that is already text.

Protects: whoever relies on the fields of a travel document, from misread and carelessly forged zones.
From whom: readers that confuse characters, and forgers who cannot count. It does not protect the names, which
no check digit covers (`crosscheck` does), nor from a forger who computes the digits.

Sources: ICAO Doc 9303, 8th edition, part 3 (dates 4.8, check digits 4.9, names 4.6), part 4 (TD3), part 5 (TD1),
part 6 (TD2). A wrong digit or an unknown code is a `Problem` in the result, for the caller to judge; what cannot
be laid out as a zone at all raises `MrzUnusable`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from .states import is_known_state

FILLER = "<"
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ<"
WEIGHTS = (7, 3, 1)
EXPIRY_HORIZON_YEARS = 30
# What the document code begins with: 9303-4, 4.2.2 and 9303-5 and 9303-6, 4.2.2. A passport card is coded IP; S stands
# on seafarers' cards.
_PASSPORT_CODES, _CARD_CODES = "P", "ACIS"
VISA = "V"  # 9303-7, 4.2.2.1; the lines are as long as a passport's or a card's, and two check digits are missing


class MrzUnusable(Exception):
    """The text has not the shape of a TD1, TD2 or TD3 zone. `code` is stable."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Format(StrEnum):
    TD1 = "TD1"
    TD2 = "TD2"
    TD3 = "TD3"


LINES = {Format.TD1: (3, 30), Format.TD2: (2, 36), Format.TD3: (2, 44)}


class ProblemCode(StrEnum):
    CHECK_DIGIT_WRONG = "check_digit_wrong"
    DATE_IMPOSSIBLE = "date_impossible"
    STATE_UNKNOWN = "state_unknown"
    SEX_UNKNOWN = "sex_unknown"
    NAME_MISSING = "name_missing"
    NAME_HAS_DIGITS = "name_has_digits"
    DOCUMENT_CODE_UNKNOWN = "document_code_unknown"


@dataclass(frozen=True, slots=True)
class Problem:
    code: ProblemCode
    field: str


@dataclass(frozen=True, slots=True)
class Names:
    """`truncated` says that the field was filled to its last position, so that names may be cut or missing."""

    family_name: str
    given_names: str
    truncated: bool


@dataclass(frozen=True, slots=True)
class Mrz:
    """A zone, laid out. Dates are None when unknown (filler) or impossible; a problem tells the two apart."""

    format: Format
    lines: tuple[str, ...]
    document_code: str
    issuing_state: str
    names: Names
    document_number: str
    nationality: str
    birthdate: date | None
    sex: str
    expiry: date | None
    optional_data: str
    second_optional_data: str
    problems: tuple[Problem, ...]

    @property
    def check_digits_right(self) -> bool:
        return not any(problem.code is ProblemCode.CHECK_DIGIT_WRONG for problem in self.problems)


def character_value(character: str) -> int:
    """9303-3, 4.9: digits count themselves, A is 10, Z is 35, the filler is 0."""
    if character == FILLER:
        return 0
    return int(character, 36)


def check_digit(field: str) -> str:
    """9303-3, 4.9: weights 7, 3, 1 from the left, modulo 10."""
    total = sum(character_value(char) * WEIGHTS[place % 3] for place, char in enumerate(field))
    return str(total % 10)


def parse_mrz(lines: Sequence[str], *, today: date) -> Mrz:
    """Lays the lines out as the format their number and length name; `today` resolves two-digit years."""
    found = format_of(lines)
    parse = {Format.TD1: _parse_td1, Format.TD2: _parse_td2, Format.TD3: _parse_td3}[found]
    return parse(tuple(lines), today)


def format_of(lines: Sequence[str]) -> Format:
    for candidate, (count, length) in LINES.items():
        if len(lines) == count and all(len(line) == length for line in lines):
            if any(char not in ALPHABET for line in lines for char in line):
                raise MrzUnusable("foreign_character")
            return candidate
    raise MrzUnusable("wrong_shape")


def _parse_td3(lines: tuple[str, ...], today: date) -> Mrz:
    upper, lower = lines
    problems = _Problems()
    problems.document_code(upper[:2], _PASSPORT_CODES)
    problems.digit("document_number", lower[:9], lower[9])
    if not (lower[28:42].strip(FILLER) == "" and lower[42] == FILLER):  # 9303-4, 4.2.2.2: may stay filler
        problems.digit("optional_data", lower[28:42], lower[42])
    problems.digit("composite", lower[:10] + lower[13:20] + lower[21:43], lower[43])
    return _assemble(
        Format.TD3,
        lines,
        problems,
        today,
        code=upper[:2],
        state=upper[2:5],
        name=upper[5:],
        number=lower[:9],
        personal=lower[10:28],
        optional=lower[28:42],
    )


def _parse_td2(lines: tuple[str, ...], today: date) -> Mrz:
    upper, lower = lines
    problems = _Problems()
    problems.document_code(upper[:2], _CARD_CODES)
    number, optional = _long_number(lower[:9], lower[9], lower[28:35], problems)
    problems.digit("composite", lower[:10] + lower[13:20] + lower[21:35], lower[35])
    return _assemble(
        Format.TD2,
        lines,
        problems,
        today,
        code=upper[:2],
        state=upper[2:5],
        name=upper[5:],
        number=number,
        personal=lower[10:28],
        optional=optional,
    )


def _parse_td1(lines: tuple[str, ...], today: date) -> Mrz:
    upper, middle, lower = lines
    problems = _Problems()
    problems.document_code(upper[:2], _CARD_CODES)
    number, optional = _long_number(upper[5:14], upper[14], upper[15:], problems)
    problems.digit("composite", upper[5:] + middle[:7] + middle[8:15] + middle[18:29], middle[29])
    personal = middle[15:18] + middle[:7] + middle[7:15]
    return _assemble(
        Format.TD1,
        lines,
        problems,
        today,
        code=upper[:2],
        state=upper[2:5],
        name=lower,
        number=number,
        personal=personal,
        optional=optional,
        second=middle[18:29],
    )


def _assemble(
    found: Format,
    lines: tuple[str, ...],
    problems: "_Problems",
    today: date,
    *,
    code: str,
    state: str,
    name: str,
    number: str,
    personal: str,
    optional: str,
    second: str = "",
) -> Mrz:
    """`personal` is nationality, birth date with digit, sex, expiry with digit: the order of TD2 and TD3."""
    problems.digit("birthdate", personal[3:9], personal[9])
    problems.digit("expiry", personal[11:17], personal[17])
    problems.state("issuing_state", state)
    problems.state("nationality", personal[:3])
    sex = {"M": "M", "F": "F", FILLER: "X", "X": "X"}.get(personal[10])
    if sex is None:
        problems.add(ProblemCode.SEX_UNKNOWN, "sex")
    return Mrz(
        format=found,
        lines=lines,
        document_code=code.rstrip(FILLER),
        issuing_state=state.rstrip(FILLER),
        names=problems.names(name),
        document_number=number.rstrip(FILLER),
        nationality=personal[:3].rstrip(FILLER),
        birthdate=problems.date("birthdate", personal[3:9], birth_century(personal[3:9], today)),
        sex=sex or "X",
        expiry=problems.date("expiry", personal[11:17], expiry_century(personal[11:17], today)),
        optional_data=optional.strip(FILLER),
        second_optional_data=second.strip(FILLER),
        problems=tuple(problems.found),
    )


def _long_number(number: str, digit: str, optional: str, problems: "_Problems") -> tuple[str, str]:
    """9303-5, 4.2.2.1 note j: a filler in the digit's place moves the rest and the digit to the optional data."""
    tail = optional.split(FILLER, 1)[0]
    if digit != FILLER or len(tail) < 2:
        problems.digit("document_number", number, digit)
        return number, optional
    whole = number + tail[:-1]
    problems.digit("document_number", whole, tail[-1])
    return whole, optional[len(tail) :]


def birth_century(digits: str, today: date) -> int:
    """The latest century in which the date has already come."""
    if digits.isdigit() and int(digits) > int(today.strftime("%y%m%d")):
        return today.year // 100 * 100 - 100
    return today.year // 100 * 100


def expiry_century(digits: str, today: date) -> int:
    """The century that puts the date at most thirty years ahead; an older one has expired."""
    century = today.year // 100 * 100
    if not digits.isdigit():
        return century
    year = century + int(digits[:2])
    if year > today.year + EXPIRY_HORIZON_YEARS:
        return century - 100
    if year <= today.year + EXPIRY_HORIZON_YEARS - 100:
        return century + 100
    return century


class _Problems:
    """Gathers what is wrong while the zone is laid out."""

    def __init__(self) -> None:
        self.found: list[Problem] = []

    def add(self, code: ProblemCode, field: str) -> None:
        self.found.append(Problem(code, field))

    def digit(self, field: str, covered: str, digit: str) -> None:
        if check_digit(covered) != digit:
            self.add(ProblemCode.CHECK_DIGIT_WRONG, field)

    def document_code(self, code: str, first: str) -> None:
        if code[0] not in first or code[1].isdigit():
            self.add(ProblemCode.DOCUMENT_CODE_UNKNOWN, "document_code")

    def state(self, field: str, code: str) -> None:
        if not is_known_state(code.rstrip(FILLER)):
            self.add(ProblemCode.STATE_UNKNOWN, field)

    def names(self, field: str) -> Names:
        """9303-3, 4.6: two fillers part family from given names, one parts words; no second part is lawful."""
        family, _, given = field.rstrip(FILLER).partition(FILLER * 2)
        if not family.strip(FILLER):
            self.add(ProblemCode.NAME_MISSING, "names")
        if any(char.isdigit() for char in field):
            self.add(ProblemCode.NAME_HAS_DIGITS, "names")
        return Names(_words(family), _words(given), truncated=field[-1] != FILLER)

    def date(self, field: str, digits: str, century: int) -> date | None:
        """9303-3, 4.8: unknown parts are fillers; such a date is None without a problem."""
        if FILLER in digits and digits.replace(FILLER, "0").isdigit():
            return None
        try:
            return date(century + int(digits[:2]), int(digits[2:4]), int(digits[4:]))
        except ValueError:
            self.add(ProblemCode.DATE_IMPOSSIBLE, field)
            return None


def _words(text: str) -> str:
    return " ".join(word for word in text.split(FILLER) if word)
