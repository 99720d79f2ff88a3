"""How a key for a program is written: a fixed beginning, twelve characters that name it, thirty-two that are secret, seven
that check the rest.

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

NAME, SECRET, CHECK = 12, 32, 7  # characters of five bits: 60, 160 and the 32 of the CRC
# Crockford's alphabet in lower case: no i, l, o, u.
_BODY = rf"[0-9a-hjkmnp-tv-z]{{{NAME + SECRET + CHECK}}}"


@dataclass(frozen=True, slots=True)
class KeyForm:
    """One kind of key. `beginning` ends in an underscore; `context` keeps digests of two kinds apart."""

    beginning: str
    context: str

    @property
    def pattern(self) -> re.Pattern[str]:
        """What a key of this kind looks like, in any text."""
        return re.compile(re.escape(self.beginning) + _BODY)

    def new(self) -> WrittenKey:
        body = self.beginning + random_base32(NAME + SECRET).lower()
        return WrittenKey(body + _check(body), self)

    def read(self, unverified: str) -> WrittenKey | None:
        """None for what cannot be a key of this kind."""
        if not self.pattern.fullmatch(unverified):
            return None
        body, check = unverified[:-CHECK], unverified[-CHECK:]
        return WrittenKey(unverified, self) if check == _check(body) else None


@dataclass(frozen=True, slots=True)
class WrittenKey:
    """A key as its holder has it. `name` is no secret."""

    text: str
    form: KeyForm

    @property
    def name(self) -> str:
        begins = len(self.form.beginning)
        return self.text[begins : begins + NAME]

    @property
    def digest(self) -> bytes:
        return keyed_digest(self.text, context=self.form.context)


def _check(body: str) -> str:
    return encode_base32(zlib.crc32(body.encode()), CHECK).lower()
