"""Signatures of the form `t=<seconds>,v1=<hex>`: HMAC-SHA256 over the seconds, a full stop and the raw body.

Protects a hook from everybody who does not hold the secret, and from old deliveries played again. While a secret is being
changed a sender signs with both; one that holds is enough. What it does not do: tell a copy within the tolerance from the
first; whoever calls it does, by the event's id.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import datetime, timedelta

from vendors.contract import SignatureInvalid, Stale

TOLERANCE = timedelta(seconds=300)
MAX_HEADER = 2_000
MAX_SIGNATURES = 10
_SECONDS = re.compile(r"[0-9]{1,12}\Z")
_HEX = re.compile(r"[0-9a-f]{64}\Z")


def verify_timestamped(header: str, body: bytes, *, secret: str, now: datetime) -> None:
    """What must hold: 1. there is a secret; 2. the header has the form; 3. a signature is the secret's, over the body as
    it came; 4. the time that was signed is close to ours. SignatureInvalid for 1 to 3, Stale for 4."""
    if not secret:  # 1
        raise SignatureInvalid("secret_missing")
    pairs = _read(header)  # 2
    signed_at = [seconds for seconds, found in pairs if _is_signed(seconds, found, body, secret)]  # 3
    if not signed_at:
        raise SignatureInvalid("signature_wrong")
    age = min(abs(int(now.timestamp()) - int(seconds)) for seconds in signed_at)
    if age > TOLERANCE.total_seconds():  # 4
        raise Stale("signature_old")


def _read(header: str) -> list[tuple[str, str]]:
    """(seconds, signature) for each signature; a group of its own, after a space, has a time of its own."""
    found: list[tuple[str, str]] = []
    if len(header) > MAX_HEADER:
        raise SignatureInvalid("signature_unreadable")
    for group in header.split():
        named = [part.partition("=") for part in group.split(",")]
        times = [value for name, _, value in named if name == "t"]
        if len(times) != 1 or not _SECONDS.match(times[0]):
            raise SignatureInvalid("signature_unreadable")
        found += [(times[0], value) for name, _, value in named if name == "v1" and _HEX.match(value)]
    if not 0 < len(found) <= MAX_SIGNATURES:
        raise SignatureInvalid("signature_missing")
    return found


def _is_signed(seconds: str, signature: str, body: bytes, secret: str) -> bool:
    wanted = hmac.new(secret.encode(), seconds.encode() + b"." + body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(wanted, signature)
