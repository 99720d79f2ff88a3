"""Two letters to three (ISO 3166-1): partners write either, everything after them writes three."""

from __future__ import annotations

from portal.kit.countries import COUNTRIES
from vendors.contract import ContractBroken


def three_letters(code: str) -> str:
    """Three letters stay as they are: a document may name an organisation that no country is."""
    if len(code) == 3 and code.isascii() and code.isalpha():
        return code.upper()
    found = COUNTRIES.get(code.upper())
    if found is None:
        raise ContractBroken("country_unknown")
    return found.three_letters
