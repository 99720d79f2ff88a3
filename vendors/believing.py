"""What partners hand over as credentials, judged by the issuers a tenant trusts.

Protects a case from a credential of anybody the tenant did not name, of another session or person, that ran out or was taken
back. The verifier is the one that judges wallets (`tenants.verified_id.protocol`); keys and linked domains are what the worker
read of each issuer within the last day. What it does not do: read a claim, or fetch an address that only a message names.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tenants.verified_id.models import TrustedIssuer
from tenants.verified_id.protocol.dcql import SD_JWT, ClaimQuery, CredentialQuery, DcqlQuery
from tenants.verified_id.protocol.errors import ProtocolError
from tenants.verified_id.protocol.presentation import (
    PresentationTransaction,
    UnverifiedResponse,
    verify_vp_token,
)
from tenants.verified_id.protocol.presentation_request import ResponseMode
from tenants.verified_id.protocol.sd_jwt_vc import VerifiedPresentation
from tenants.verified_id.protocol.trust import Trust
from tenants.verified_id.statuses import status_problem
from tenants.verified_id.trusting import is_believed, trust_of, trusted_issuers
from vendors.contract import (
    AdapterError,
    BadConfig,
    ContractBroken,
    IssuerUntrusted,
    PartnerDown,
    ShownCredential,
    SignatureInvalid,
    Stale,
    StateMismatch,
)

QUERY_ID = "identity"
LIFE_SECONDS = 60
_MEANS: Mapping[str, type[AdapterError]] = {
    **dict.fromkeys(
        ("issuer", "issuer_of_key", "issuer_not_trusted", "key_not_trusted", "x5c", "x5c_not_trusted"),
        IssuerUntrusted,
    ),
    **dict.fromkeys(("status_elsewhere",), IssuerUntrusted),
    **dict.fromkeys(("signature", "kb_sd_hash"), SignatureInvalid),
    **dict.fromkeys(("kb_nonce", "kb_aud"), StateMismatch),
    **dict.fromkeys(("expired", "not_yet_valid", "issued_in_future", "kb_iat", "kb_exp"), Stale),
    "status_not_valid": Stale,
    "status_unavailable": PartnerDown,
}


def fault_of(reason: str) -> AdapterError:
    """The rule of the standard that was broken, as an error of the contract."""
    return _MEANS.get(reason, ContractBroken)(f"credential_{reason}"[:60])


@dataclass(frozen=True, slots=True)
class Believed:
    """One entry of a tenant's list, as it was when a worker began. `problem` says why it is not believed now."""

    trust: Trust
    types: tuple[str, ...]
    status_origin: str
    problem: str = ""


@dataclass(frozen=True, slots=True)
class TrustedCredentials:
    """`vendors.contract.Credentials` over the entries that are known by a DID."""

    issuers: Mapping[str, Believed]

    def problem_with(self, issuer: str) -> str:
        known = self.issuers.get(issuer)
        return "issuer_not_trusted" if known is None else known.problem

    def _known(self, issuer: str) -> Believed:
        problem = self.problem_with(issuer)
        if problem:
            raise BadConfig(problem, setting="issuer_did")
        return self.issuers[issuer]

    def query(self, issuer: str, *, needed: Sequence[str], wanted: Sequence[str]) -> Mapping[str, Any]:
        return _query(self._known(issuer), needed, wanted).to_object()

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
        """What must hold: 1. the issuer is believed now; 2. it signed this, for this session, shown by its holder; 3. it did
        not take it back since."""
        known = self._known(issuer)  # 1
        seconds = int(now.timestamp())
        try:
            verified = verify_vp_token(  # 2
                UnverifiedResponse(vp_token),
                expected=PresentationTransaction(
                    client_id=audience,
                    nonce=nonce,
                    state="",
                    query=_query(known, needed, wanted),
                    response_mode=ResponseMode.DIRECT_POST,
                    expires_at=seconds + LIFE_SECONDS,
                    used=False,
                ),
                trust={QUERY_ID: known.trust},
                now=seconds,
            )
        except ProtocolError as error:
            raise fault_of(error.reason) from error
        shown = verified.presentations[QUERY_ID]
        if not isinstance(shown, VerifiedPresentation):
            raise ContractBroken("credential_format")
        credential = shown.credential
        problem = status_problem(credential.status, trust=known.trust, origin=known.status_origin)  # 3
        if problem:
            raise fault_of(problem)
        issued_at = credential.issued_at
        signed = str(vp_token[QUERY_ID][0]).partition("~")[0]
        return ShownCredential(
            issuer=credential.issuer,
            claims=credential.claims,
            issued_at=datetime.fromtimestamp(issued_at, UTC) if issued_at is not None else None,
            digest=hashlib.sha256(signed.encode()).hexdigest(),
        )


def _query(known: Believed, needed: Sequence[str], wanted: Sequence[str]) -> DcqlQuery:
    """Everything first, and what is needed alone where the issuer has no more (section 6.4.1)."""
    every = (*needed, *wanted)
    claims = tuple(ClaimQuery((name,), id=name) for name in every)
    asked = CredentialQuery(
        id=QUERY_ID, vct_values=known.types, claims=claims, claim_sets=(every, tuple(needed))
    )
    return DcqlQuery((asked,))


def believed_identities() -> TrustedCredentials:
    """Who is trusted for a proven identity, by DID. Inside the tenant's scope; what it returns may be used outside."""
    rows = trusted_issuers().filter(purpose=TrustedIssuer.Purpose.IDENTITY).exclude(did="")
    # One that signs in several formats has an entry for each: the one that can be read here counts.
    ordered = sorted(rows, key=lambda row: row.format == SD_JWT)
    return TrustedCredentials({row.did: _believed(row) for row in ordered})


def _believed(row: TrustedIssuer) -> Believed:
    problem = "" if is_believed(row) else "issuer_not_checked"
    if row.format != SD_JWT:
        problem = "issuer_of_another_format"
    return Believed(trust_of(row), tuple(row.types), row.status_origin, problem)
