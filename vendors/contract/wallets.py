"""Wallets that are asked for a credential: what the core does for an adapter that has no partner to send anybody to.

Whom a tenant believes, by which certificate its requests are signed and who holds the keys of an answer is the core's; an
adapter says what it asks for and reads claims.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Protocol
from uuid import UUID

from vendors.contract.credentials import ShownCredential


class WalletState(Enum):
    WAITING = "waiting"  # nobody opened it yet
    OPENED = "opened"  # a wallet fetched the request
    CHECKING = "checking"  # shown and verified, but for whether it was revoked, or in which browser it counts
    SHOWN = "shown"
    DECLINED = "declined"  # `problem` is the wallet's own code (OpenID4VP 1.0, section 8.5)
    TAKEN_BACK = "taken_back"  # its issuer says that it is not valid
    UNKNOWN = "unknown"  # nobody says whether it is: it is not believed
    OVER = "over"


@dataclass(frozen=True, slots=True)
class AskedWallet:
    """A request that waits. `link` opens a wallet: on this device, or from a code on another."""

    reference: str
    link: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class WalletAnswer:
    """What became of one request. `is_here`: whoever issued it lives on this machine, and proves nothing about anybody."""

    state: WalletState
    problem: str = ""
    credential: ShownCredential | None = field(default=None, repr=False)
    is_here: bool = False


class Wallets(Protocol):
    """Asked by the worker, with no transaction open."""

    def problem_with(self, client: str) -> str:
        """A code for why nobody can be asked now; empty when somebody can. `client`: the prefix of the client identifier
        (OpenID4VP 1.0, section 5.9.3)."""

    def ask(
        self,
        attempt_id: UUID,
        *,
        client: str,
        options: Sequence[Sequence[str]],
        purpose: str,
        back: str,
        across_devices: bool,
    ) -> AskedWallet:
        """A signed request for a PID of an issuer the tenant believes. `options`: sets of claims, the preferred first.
        Across devices the wallet sends nobody back; on the same device the browser comes to `back` with a `response_code`.
        BadConfig for what `problem_with` tells."""

    def answer(self, attempt_id: UUID, reference: str) -> WalletAnswer:
        """What became of it. The same state gives an equal answer. Raises StateMismatch for a request of another
        attempt, and what `Credentials.verify` raises once it was answered wrongly as often as is counted."""

    def complete(self, attempt_id: UUID, reference: str, response_code: str) -> WalletAnswer:
        """The browser that began is back with the code. StateMismatch when it is not this request's."""

    def drop(self, attempt_id: UUID, reference: str) -> None:
        """Nobody shall answer this request any more, and what was shown is destroyed. Idempotent."""
