"""Countries that listings name, with what gives a hint where people are: the ending of their addresses and the beginning of
their numbers. A hint is no fact about a person and is only ever counted."""

from __future__ import annotations

from collections.abc import Mapping

# By two letters, how their numbers begin; empty where that tells nothing.
DIALLED: Mapping[str, str] = {
    "AT": "+43",
    "AU": "+61",
    "BE": "+32",
    "BG": "+359",
    "CA": "",
    "CH": "+41",
    "CY": "+357",
    "CZ": "+420",
    "DE": "+49",
    "DK": "+45",
    "EE": "+372",
    "ES": "+34",
    "FI": "+358",
    "FR": "+33",
    "GB": "+44",
    "GR": "+30",
    "HR": "+385",
    "HU": "+36",
    "IE": "+353",
    "IS": "+354",
    "IT": "+39",
    "LI": "+423",
    "LT": "+370",
    "LU": "+352",
    "LV": "+371",
    "MT": "+356",
    "NL": "+31",
    "NO": "+47",
    "NZ": "+64",
    "PL": "+48",
    "PT": "+351",
    "RO": "+40",
    "SE": "+46",
    "SI": "+386",
    "SK": "+421",
    "UA": "+380",
    "US": "",
}
_BY_NUMBER = sorted(
    ((begins, code) for code, begins in DIALLED.items() if begins), key=lambda pair: -len(pair[0])
)


def ending_of(code: str) -> str:
    """Of addresses there."""
    return ".uk" if code == "GB" else f".{code.lower()}"


_BY_ENDING = {ending_of(code): code for code in DIALLED}


def hinted_by(address: str) -> str:
    """The country that an e-mail address or a number in international form hints at; empty when it hints at none."""
    if "@" in address:
        return _BY_ENDING.get("." + address.rpartition("@")[2].lower().rpartition(".")[2], "")
    number = "".join(mark for mark in address if mark.isdigit() or mark == "+")
    return next((code for begins, code in _BY_NUMBER if number.startswith(begins)), "")
