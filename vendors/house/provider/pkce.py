"""PKCE (RFC 7636), S256 only: `plain` would show the verifier to whoever sees the request."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re

from vendors.house.provider import errors
from vendors.house.provider.errors import ProtocolError

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")


def require_challenge(challenge: str, method: str) -> str:
    """RFC 7636, 4.2 and 4.4.1. An absent method would mean `plain` (4.3)."""
    if method != "S256" or not _CHALLENGE.fullmatch(challenge):
        raise ProtocolError(errors.INVALID_REQUEST, "code_challenge_s256_required", clause="RFC 7636, 4.4.1")
    return challenge


def verify_verifier(unverified_verifier: str, *, expected_challenge: str) -> None:
    """RFC 7636, 4.6. Raises invalid_grant."""
    digest = hashlib.sha256(unverified_verifier.encode()).digest()
    answer = base64.urlsafe_b64encode(digest).rstrip(b"=")
    fits = hmac.compare_digest(answer, expected_challenge.encode())
    if not _VERIFIER.fullmatch(unverified_verifier) or not fits:
        raise ProtocolError(errors.INVALID_GRANT, "code_verifier_wrong", clause="RFC 7636, 4.6")
