"""What stands in a partner's VerifiedIdentity credential, in neutral words; and its portrait."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from typing import Any

from vendors.adapters.pictures import MAX_PORTRAIT, require_jpeg
from vendors.adapters.rest.countries import three_letters
from vendors.adapters.values import plain_date, plain_text
from vendors.contract import Claim, ClaimState, ContractBroken

# Without these nobody can be matched.
NEEDED = ("family_name", "birthdate")
WANTED = (
    "given_name",
    "document_number",
    "document_type",
    "document_country",
    "document_expiry",
    "portrait",
)
NAMES = {"given_name": "given_names", "family_name": "family_name", "document_number": "document_number"}
DATES = {"birthdate": "birthdate", "document_expiry": "document_expiry"}
KINDS = frozenset({"passport", "idcard", "driving_licence", "residence_permit", "visa", "other"})
PORTRAIT = "data:image/jpeg;base64,"


def neutral_claims(claims: Mapping[str, Any]) -> Iterator[Claim]:
    """ContractBroken for a value that cannot be one. Empty text is no value."""
    for foreign, neutral in NAMES.items():
        if foreign in claims and (text := plain_text(claims[foreign])):
            yield Claim(neutral, ClaimState.VALUE, text)
    for foreign, neutral in DATES.items():
        if foreign in claims:
            yield Claim(neutral, ClaimState.VALUE, plain_date(plain_text(claims[foreign])))
    if "document_type" in claims:
        kind = plain_text(claims["document_type"])
        if kind not in KINDS:
            raise ContractBroken("document_type_unknown")
        yield Claim("document_type", ClaimState.VALUE, kind)
    if "document_country" in claims:
        yield Claim(
            "document_country", ClaimState.VALUE, three_letters(plain_text(claims["document_country"]))
        )


def portrait_key(claims: Mapping[str, Any]) -> str | None:
    """The portrait as it stands in the credential; it is decoded when it is asked for."""
    value = claims.get("portrait")
    if value is None:
        return None
    if not isinstance(value, str) or not value.startswith(PORTRAIT) or len(value) > MAX_PORTRAIT * 2:
        raise ContractBroken("portrait_unusable")
    return value


def portrait_of(key: str) -> bytes:
    try:
        data = base64.b64decode(key.removeprefix(PORTRAIT), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ContractBroken("portrait_unusable") from error
    if len(data) > MAX_PORTRAIT:
        raise ContractBroken("portrait_unusable")
    require_jpeg(data)
    return data
