"""Who it was, as brokers say it: as plain claims of the token, or as verified claims under the Czech framework."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from vendors.adapters.rest.countries import three_letters
from vendors.adapters.values import mapping, plain_date, plain_text
from vendors.contract import Claim, ClaimState, ContractBroken

NAMES = {"given_name": "given_names", "family_name": "family_name"}
CZ_AML = "cz_aml"
MAX_CARDS = 10


def plain_claims(claims: Mapping[str, Any]) -> Iterator[Claim]:
    """The token's own. ContractBroken for one that is missing: an eID without a name is not what was agreed."""
    for foreign, neutral in NAMES.items():
        text = plain_text(claims.get(foreign))
        if not text:
            raise ContractBroken(f"{foreign}_missing")
        yield Claim(neutral, ClaimState.VALUE, text)
    yield Claim("birthdate", ClaimState.VALUE, plain_date(plain_text(claims.get("birthdate"))))


def aml_claims(claims: Mapping[str, Any]) -> Iterator[Claim]:
    """Inside `verified_claims`, one object. The same names outside are not verified and are not read."""
    verified = mapping(claims.get("verified_claims"), "verified_claims_missing")
    verification = mapping(verified.get("verification"), "verification_unusable")
    if verification.get("trust_framework") != CZ_AML:
        raise ContractBroken("trust_framework_not_asked_for")
    found = mapping(verified.get("claims"), "claims_unusable")
    yield from plain_claims(found)
    cards = found.get("idcards") or []
    if not isinstance(cards, list) or len(cards) > MAX_CARDS:
        raise ContractBroken("documents_unusable")
    if len(cards) == 1:  # of several nobody knows which was looked at
        yield from _card(mapping(cards[0], "documents_unusable"))


def _card(card: Mapping[str, Any]) -> Iterator[Claim]:
    yield Claim("document_type", ClaimState.VALUE, "idcard" if card.get("type") == "ID" else "other")
    yield Claim("document_number", ClaimState.VALUE, plain_text(card.get("number")))
    yield Claim("document_country", ClaimState.VALUE, three_letters(plain_text(card.get("country"))))
    if card.get("valid_to") is not None:
        yield Claim("document_expiry", ClaimState.VALUE, plain_date(plain_text(card["valid_to"])))
