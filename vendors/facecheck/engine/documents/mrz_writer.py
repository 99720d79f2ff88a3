"""Writes machine-readable zones: for specimens, and to test the reader by round trip. ICAO Doc 9303 parts 3 to 6."""

from dataclasses import dataclass
from datetime import date

from .mrz import FILLER, Format, check_digit
from .transliteration import mrz_words


@dataclass(frozen=True, slots=True)
class MrzFields:
    document_code: str
    issuing_state: str
    family_name: str
    given_names: str
    document_number: str
    nationality: str
    birthdate: date | None
    sex: str
    expiry: date
    optional_data: str = ""
    second_optional_data: str = ""


def write_mrz(fields: MrzFields, form: Format) -> tuple[str, ...]:
    write = {Format.TD1: _write_td1, Format.TD2: _write_td2, Format.TD3: _write_td3}[form]
    return write(fields)


def _write_td3(fields: MrzFields) -> tuple[str, ...]:
    upper = _pad(fields.document_code, 2) + _pad(fields.issuing_state, 3) + _names(fields, 39)
    number = _digited(_pad(fields.document_number, 9))
    optional = _digited(_pad(fields.optional_data, 14))
    lower = number + _pad(fields.nationality, 3) + _birth(fields) + _sex(fields) + _expiry(fields) + optional
    return upper, lower + check_digit(lower[:10] + lower[13:20] + lower[21:43])


def _write_td2(fields: MrzFields) -> tuple[str, ...]:
    upper = _pad(fields.document_code, 2) + _pad(fields.issuing_state, 3) + _names(fields, 31)
    number, rest = _number(fields.document_number, fields.optional_data, 7)
    lower = number + _pad(fields.nationality, 3) + _birth(fields) + _sex(fields) + _expiry(fields) + rest
    return upper, lower + check_digit(lower[:10] + lower[13:20] + lower[21:35])


def _write_td1(fields: MrzFields) -> tuple[str, ...]:
    number, rest = _number(fields.document_number, fields.optional_data, 15)
    upper = _pad(fields.document_code, 2) + _pad(fields.issuing_state, 3) + number + rest
    middle = _birth(fields) + _sex(fields) + _expiry(fields) + _pad(fields.nationality, 3)
    middle += _pad(fields.second_optional_data, 11)
    composite = check_digit(upper[5:] + middle[:7] + middle[8:15] + middle[18:29])
    return upper, middle + composite, _names(fields, 30)


def _number(number: str, optional: str, room: int) -> tuple[str, str]:
    """9303-5, 4.2.2.1 note j: a number longer than nine flows over into the optional data, digit last."""
    if len(number) <= 9:
        return _digited(_pad(number, 9)), _pad(optional, room)
    rest = number[9:] + check_digit(number) + FILLER + optional
    return number[:9] + FILLER, _pad(rest, room)


def _names(fields: MrzFields, room: int) -> str:
    """9303-4, 4.2.3: what does not fit is cut; given names keep at least a part by cutting the family name."""
    family, given = mrz_words(fields.family_name), mrz_words(fields.given_names)
    if not given:
        return _pad(family, room)
    whole = f"{family}{FILLER * 2}{given}"
    if len(whole) > room and len(family) > room - 3:
        whole = f"{family[: room - 3]}{FILLER * 2}{given[0]}"
    return _pad(whole, room)


def _birth(fields: MrzFields) -> str:
    return _digited(fields.birthdate.strftime("%y%m%d") if fields.birthdate else FILLER * 6)


def _expiry(fields: MrzFields) -> str:
    return _digited(fields.expiry.strftime("%y%m%d"))


def _sex(fields: MrzFields) -> str:
    return fields.sex if fields.sex in ("M", "F") else FILLER


def _digited(field: str) -> str:
    return field + check_digit(field)


def _pad(text: str, room: int) -> str:
    return text[:room].ljust(room, FILLER)
