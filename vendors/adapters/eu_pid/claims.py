"""What a PID says, in neutral words (PID Rulebook, annex 3.01 of the Architecture and Reference Framework, section 4.1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from vendors.adapters.rest.countries import three_letters
from vendors.adapters.values import plain_date, plain_text
from vendors.contract import Claim, ClaimState, ContractBroken

# Without these nobody can be matched; the country tells whose a number is.
NEEDED = ("family_name", "given_name", "birthdate", "issuing_country")
NUMBER, DOCUMENT = "personal_administrative_number", "document_number"
# The most that is asked for, the preferred first (OpenID4VP 1.0, section 6.4.1): one number tells the same person again, and
# a wallet whose PID has none answers with the rest.
OPTIONS = ((*NEEDED, NUMBER), (*NEEDED, DOCUMENT), NEEDED)


def neutral_claims(claims: Mapping[str, Any]) -> Iterator[Claim]:
    """ContractBroken for a value that cannot be one. One number, in the order it was asked for."""
    for foreign, neutral in (("given_name", "given_names"), ("family_name", "family_name")):
        if text := plain_text(claims.get(foreign)):
            yield _value(neutral, text)
    yield _value("birthdate", plain_date(plain_text(claims.get("birthdate"))))
    country = plain_text(claims.get("issuing_country"))
    if len(country) != 2:
        raise ContractBroken("country_unknown")
    if number := plain_text(claims.get(NUMBER, "")):
        yield _value("national_id", number)
        yield _value("national_id_country", three_letters(country))
    elif document := plain_text(claims.get(DOCUMENT, "")):
        yield _value("document_number", document)
        yield _value("document_country", three_letters(country))


def _value(name: str, text: str) -> Claim:
    return Claim(name, ClaimState.VALUE, text)
