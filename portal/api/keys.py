"""How a key is written: `rdm_`, twelve characters that name it, thirty-two that are secret, seven that check the rest.

Protects an organisation from keys that end up in a repository: the fixed beginning and the check (CRC-32 of what stands
before it) let a scanner tell a key from other words, and let us refuse a made-up one without asking the database. What
it does not do: prove anything; only the keyed digest of the whole key, compared in constant time, does.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass

from portal.kit.codes import keyed_digest
from portal.kit.ids import encode_base32, random_base32

BEGINNING = "rdm_"
NAME, SECRET, CHECK = 12, 32, 7  # characters of five bits: 60, 160 and the 32 of the CRC
LENGTH = len(BEGINNING) + NAME + SECRET + CHECK
# Crockford's alphabet in lower case: no i, l, o, u.
PATTERN = re.compile(rf"rdm_[0-9a-hjkmnp-tv-z]{{{NAME + SECRET + CHECK}}}")


@dataclass(frozen=True, slots=True)
class WrittenKey:
    """A key as its holder has it. `name` is no secret."""

    text: str

    @property
    def name(self) -> str:
        return self.text[len(BEGINNING) : len(BEGINNING) + NAME]

    @property
    def digest(self) -> bytes:
        return keyed_digest(self.text, context="api_key")


def _check(body: str) -> str:
    return encode_base32(zlib.crc32(body.encode()), CHECK).lower()


def new_key() -> WrittenKey:
    body = BEGINNING + random_base32(NAME + SECRET).lower()
    return WrittenKey(body + _check(body))


def read_key(unverified: str) -> WrittenKey | None:
    """None for what cannot be a key of ours."""
    if not PATTERN.fullmatch(unverified):
        return None
    body, check = unverified[:-CHECK], unverified[-CHECK:]
    return WrittenKey(unverified) if check == _check(body) else None
