"""What a key service is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from tenants.verified_id.protocol.keys import Signer


@dataclass(frozen=True, slots=True)
class MadeKey:
    """A new P-256 key. `name` finds it again at its service; `sealed` is the private half where it rests with us."""

    public_jwk: Mapping[str, str]
    name: str = ""
    sealed: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class KeptKey:
    """What our table knows of a key."""

    id: UUID
    kid: str
    public_jwk: Mapping[str, str]
    name: str
    sealed: bytes | None = field(repr=False)


class KeyService(Protocol):
    """Makes keys and signs with them. Nothing behind it hands out a private key.

    Every method raises Unavailable (ask again), Refused (it will not) or Misconfigured (tell the operator), and no error
    of its own kind.
    """

    def make(self, key_id: UUID) -> MadeKey:
        """Called once for each key, inside the transaction that writes its row."""
        ...

    def signer(self, key: KeptKey) -> Signer:
        """Called before each signature. `sign` answers within `SIGN_SECONDS` or raises."""
        ...
