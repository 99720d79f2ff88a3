"""Reading the values partners send: bounded text, plain dates, objects where objects were promised."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from datetime import date
from typing import Any

from vendors.contract import ContractBroken

MAX_VALUE = 200


def plain_text(value: object, *, longest: int = MAX_VALUE) -> str:
    """Bounded text without control characters, in composed form. ContractBroken for anything else."""
    if not isinstance(value, str) or len(value) > longest:
        raise ContractBroken("value_unusable")
    if any(unicodedata.category(character) in ("Cc", "Cs", "Co", "Cn") for character in value):
        raise ContractBroken("value_unusable")
    return unicodedata.normalize("NFC", value).strip()


def plain_date(text: str) -> str:
    """YYYY-MM-DD and nothing else: Python also reads weeks, which no partner means."""
    try:
        is_plain = date.fromisoformat(text).isoformat() == text
    except ValueError as error:
        raise ContractBroken("date_unusable") from error
    if not is_plain:
        raise ContractBroken("date_unusable")
    return text


def mapping(value: object, code: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ContractBroken(code)
    return value
