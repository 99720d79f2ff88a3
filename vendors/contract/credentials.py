"""Credentials that partners issue themselves: what the core says of one that was shown. Adapters read claims, and judge nothing.

Whom a tenant believes is the tenant's own list; an adapter names one of it and can add nobody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class ShownCredential:
    """A credential that was verified: signed by its issuer, shown by its holder for this very session, and not revoked."""

    issuer: str
    claims: Mapping[str, Any] = field(repr=False)
    issued_at: datetime | None
    digest: str  # SHA-256 of what the issuer signed


class Credentials(Protocol):
    """The one judge of what is shown. Asked by the worker, with no transaction open: a status list is fetched."""

    def problem_with(self, issuer: str) -> str:
        """A code for why this issuer (a DID) is not believed now; empty when it is."""

    def query(self, issuer: str, *, needed: Sequence[str], wanted: Sequence[str]) -> Mapping[str, Any]:
        """What a session is asked to show, as DCQL (OpenID4VP 1.0, section 6). BadConfig when the issuer is not believed."""

    def verify(
        self,
        vp_token: Mapping[str, Any],
        *,
        issuer: str,
        needed: Sequence[str],
        wanted: Sequence[str],
        nonce: str,
        audience: str,
        now: datetime,
    ) -> ShownCredential:
        """OpenID4VP 1.0, section 8.6, against the query above. Raises IssuerUntrusted, SignatureInvalid, StateMismatch (shown for
        another session), Stale (expired or revoked), PartnerDown (nobody says whether it is revoked) or ContractBroken."""
