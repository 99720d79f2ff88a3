"""Countries that listings name, with what gives a hint where people are: the ending of their addresses and the beginning of
their numbers. A hint is no fact about a person and is only ever counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop


@dataclass(frozen=True, slots=True)
class Country:
    name: str
    dialled: str

    def ending(self, code: str) -> str:
        return ".uk" if code == "GB" else f".{code.lower()}"


COUNTRIES: Mapping[str, Country] = {
    "AT": Country(gettext_noop("Austria"), "+43"),
    "AU": Country(gettext_noop("Australia"), "+61"),
    "BE": Country(gettext_noop("Belgium"), "+32"),
    "BG": Country(gettext_noop("Bulgaria"), "+359"),
    "CA": Country(gettext_noop("Canada"), ""),
    "CH": Country(gettext_noop("Switzerland"), "+41"),
    "CY": Country(gettext_noop("Cyprus"), "+357"),
    "CZ": Country(gettext_noop("Czechia"), "+420"),
    "DE": Country(gettext_noop("Germany"), "+49"),
    "DK": Country(gettext_noop("Denmark"), "+45"),
    "EE": Country(gettext_noop("Estonia"), "+372"),
    "ES": Country(gettext_noop("Spain"), "+34"),
    "FI": Country(gettext_noop("Finland"), "+358"),
    "FR": Country(gettext_noop("France"), "+33"),
    "GB": Country(gettext_noop("United Kingdom"), "+44"),
    "GR": Country(gettext_noop("Greece"), "+30"),
    "HR": Country(gettext_noop("Croatia"), "+385"),
    "HU": Country(gettext_noop("Hungary"), "+36"),
    "IE": Country(gettext_noop("Ireland"), "+353"),
    "IS": Country(gettext_noop("Iceland"), "+354"),
    "IT": Country(gettext_noop("Italy"), "+39"),
    "LI": Country(gettext_noop("Liechtenstein"), "+423"),
    "LT": Country(gettext_noop("Lithuania"), "+370"),
    "LU": Country(gettext_noop("Luxembourg"), "+352"),
    "LV": Country(gettext_noop("Latvia"), "+371"),
    "MT": Country(gettext_noop("Malta"), "+356"),
    "NL": Country(gettext_noop("Netherlands"), "+31"),
    "NO": Country(gettext_noop("Norway"), "+47"),
    "NZ": Country(gettext_noop("New Zealand"), "+64"),
    "PL": Country(gettext_noop("Poland"), "+48"),
    "PT": Country(gettext_noop("Portugal"), "+351"),
    "RO": Country(gettext_noop("Romania"), "+40"),
    "SE": Country(gettext_noop("Sweden"), "+46"),
    "SI": Country(gettext_noop("Slovenia"), "+386"),
    "SK": Country(gettext_noop("Slovakia"), "+421"),
    "UA": Country(gettext_noop("Ukraine"), "+380"),
    "US": Country(gettext_noop("United States"), ""),
}
_BY_ENDING = {country.ending(code): code for code, country in COUNTRIES.items()}
_BY_NUMBER = sorted(
    ((country.dialled, code) for code, country in COUNTRIES.items() if country.dialled),
    key=lambda pair: -len(pair[0]),
)


def country_name(code: str) -> str:
    return _(COUNTRIES[code].name) if code in COUNTRIES else code


def hinted_by(address: str) -> str:
    """The country that an e-mail address or a number in international form hints at; empty when it hints at none."""
    if "@" in address:
        return _BY_ENDING.get("." + address.rpartition("@")[2].lower().rpartition(".")[2], "")
    number = "".join(mark for mark in address if mark.isdigit() or mark == "+")
    return next((code for dialled, code in _BY_NUMBER if number.startswith(dialled)), "")
