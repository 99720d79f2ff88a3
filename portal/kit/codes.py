"""Digests, keyed digests and short codes.

Protects codes and tokens from whoever reads the database. Short codes are kept as an HMAC under a key that is not in
the database; tokens of 128 bits and more as a plain digest. What it does not do: count tries (that is `limits`).
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

from django.conf import settings


def new_token(bits: int = 256) -> str:
    """An unguessable URL-safe token."""
    return secrets.token_urlsafe(bits // 8)


def digest(token: str | bytes) -> bytes:
    """SHA-256, enough for tokens of at least 112 bits (NIST SP 800-63B-4, 3.1.2)."""
    return hashlib.sha256(token if isinstance(token, bytes) else token.encode()).digest()


def keyed_digest(value: str | bytes, *, context: str) -> bytes:
    """HMAC-SHA-256 under the platform's digest key, bound to `context` (purpose, tenant, row)."""
    data = value if isinstance(value, bytes) else value.encode()
    return hmac.digest(settings.DIGEST_KEY, context.encode() + b"\x00" + data, "sha256")


def same(left: bytes, right: bytes) -> bool:
    """Compares in constant time."""
    return hmac.compare_digest(left, right)


def numeric_code(digits: int = 6) -> str:
    """A confirmation code of at least six decimal digits (NIST SP 800-63A-4, 3.8)."""
    return f"{secrets.randbelow(10**digits):0{digits}d}"


def clean_code(text: str) -> str:
    """What a person typed, without the spaces and hyphens people add."""
    return "".join(character for character in text if character.isalnum())[:64]
