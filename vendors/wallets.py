"""Wallets asked for a person's PID, by the tenant's own verifier and of the issuers it trusts (OpenID4VP 1.0).

Protects an attempt from an answer that somebody else gave: a request for this device counts only with the `response_code` its
browser brought back, one across devices was made to be scanned and sends nobody back (decision 0051). Requests, keys and
verification are `tenants.verified_id`'s; adapters get neutral answers. What it does not do: read what a claim means.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit
from uuid import UUID

from portal.kit import clock
from portal.kit.codes import digest, same
from portal.kit.errors import NotHere, Refused
from portal.kit.ids import parse_public_id
from portal.kit.scope import require_no_transaction, tenant_scope
from tenants.verified_id import presentation
from tenants.verified_id.answering import complete_status_check
from tenants.verified_id.asking import query_of_issuer, stored_query
from tenants.verified_id.clients import ClientPrefix, client_id_for
from tenants.verified_id.models import Authority, Presentation, TrustedIssuer
from tenants.verified_id.protocol.dcql import SD_JWT, ClaimQuery, CredentialSetQuery, DcqlQuery
from tenants.verified_id.protocol.presentation_request import ResponseMode
from tenants.verified_id.statuses import problem_of_shown
from tenants.verified_id.trusting import believed_for, trusted_issuers
from vendors.believing import fault_of
from vendors.contract import (
    AskedWallet,
    BadConfig,
    ShownCredential,
    StateMismatch,
    WalletAnswer,
    WalletState,
)
from vendors.models import ProofingAttempt

DECLINED = "wallet_"
ENDS = {"status_not_valid": WalletState.TAKEN_BACK, "status_unavailable": WalletState.UNKNOWN}
PREFIXES = (ClientPrefix.HASH, ClientPrefix.SAN_DNS)
# What each problem is about, as the form of a connection names it.
SETTING = "client"


@dataclass(frozen=True, slots=True)
class TenantWallets:
    """`vendors.contract.Wallets` of one tenant."""

    tenant_id: UUID

    def problem_with(self, client: str) -> str:
        with tenant_scope(self.tenant_id):
            return _problem(client)

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
        require_no_transaction()
        parts = urlsplit(back)
        with tenant_scope(self.tenant_id):
            problem = _problem(client)
            if problem:
                raise BadConfig(problem, setting=SETTING)
            attempt = ProofingAttempt.objects.get(id=attempt_id)
            row = presentation.begin_presentation(
                reference=attempt.reference,
                browser_digest=bytes(attempt.browser_digest),
                purpose=purpose,
                return_path=f"{parts.path}?{parts.query}" if parts.query else parts.path,
                is_cross_device=across_devices,
                client=ClientPrefix(client),
                response_mode=ResponseMode.DIRECT_POST_JWT,
                query=_query(_believed(), options),
            )
            return AskedWallet(row.id.hex, presentation.links_of(row).deep_link, row.expires_at)

    def answer(self, attempt_id: UUID, reference: str) -> WalletAnswer:
        with tenant_scope(self.tenant_id):
            return _answer(_row(attempt_id, reference))

    def complete(self, attempt_id: UUID, reference: str, response_code: str) -> WalletAnswer:
        """What must hold: 1. the code is this request's; 2. the status was asked for; 3. it counts in the browser that
        began, once or again after a worker died."""
        require_no_transaction()
        with tenant_scope(self.tenant_id):
            row = _row(attempt_id, reference)
            expected = row.response_code_digest
            is_own = expected is not None and same(bytes(expected), digest(response_code))
            if not is_own and row.state != Presentation.State.REFUSED:  # 1
                raise StateMismatch("response_code_wrong")
        problem = problem_of_shown(self.tenant_id, row.id)  # 2
        with tenant_scope(self.tenant_id):
            if problem is not None:
                complete_status_check(row.id, problem)
            row = _row(attempt_id, reference)
            if row.state == Presentation.State.RECEIVED:  # 3
                try:
                    row = presentation.complete_presentation(
                        response_code=response_code, browser_digest=bytes(row.browser_digest)
                    )
                except Refused as error:
                    raise StateMismatch("response_code_wrong") from error
            return _answer(row)

    def drop(self, attempt_id: UUID, reference: str) -> None:
        with tenant_scope(self.tenant_id):
            row = _row(attempt_id, reference)
            Presentation.objects.filter(id=row.id).update(
                state=Presentation.State.TAKEN, data_key=None, sealed=None, encryption_private_sealed=None
            )


def _problem(client: str) -> str:
    """Why nobody can be asked: no authority, a client identifier that needs no certificate, none, or nobody to believe."""
    if client not in PREFIXES:
        return "client_unusable"
    authority = Authority.objects.first()
    if authority is None:
        return "authority_missing"
    try:
        client_id_for(ClientPrefix(client), authority)
    except Refused as error:
        return error.code
    return "" if _believed() else "pid_issuers_missing"


def _believed() -> list[TrustedIssuer]:
    return [row for row in believed_for([TrustedIssuer.Purpose.PID]) if row.format == SD_JWT]


def _query(issuers: Sequence[TrustedIssuer], options: Sequence[Sequence[str]]) -> DcqlQuery:
    """The same claims of each issuer, by its own types and anchors; one of them will do (sections 6.1 and 6.2)."""
    names = list(dict.fromkeys(name for option in options for name in option))
    claims = tuple(ClaimQuery((name,), id=name) for name in names)
    sets = tuple(tuple(option) for option in options)
    asked = tuple(replace(query_of_issuer(row), claims=claims, claim_sets=sets) for row in issuers)
    chosen = (CredentialSetQuery(tuple((query.id,) for query in asked)),) if len(asked) > 1 else ()
    return DcqlQuery(asked, chosen)


def _row(attempt_id: UUID, reference: str) -> Presentation:
    attempt = ProofingAttempt.objects.only("reference").get(id=attempt_id)
    try:
        row = Presentation.objects.filter(id=UUID(hex=reference), reference=attempt.reference).first()
    except ValueError:
        row = None
    if row is None:
        raise StateMismatch("request_of_another_attempt")
    return row


def _answer(row: Presentation) -> WalletAnswer:
    states = Presentation.State
    if row.state == states.REFUSED and row.refusal.startswith(DECLINED):
        return WalletAnswer(WalletState.DECLINED, row.refusal.removeprefix(DECLINED))
    if row.state == states.REFUSED and row.refusal in ENDS:
        return WalletAnswer(ENDS[row.refusal], row.refusal)
    if row.state == states.REFUSED or (row.state == states.WAITING and row.tries >= presentation.MAX_TRIES):
        raise fault_of(row.refusal)
    if row.state == states.WAITING:
        if row.expires_at <= clock.now():
            return WalletAnswer(WalletState.OVER)
        return WalletAnswer(WalletState.WAITING if row.fetched_at is None else WalletState.OPENED)
    is_complete = row.state == states.RETURNED or (row.state == states.RECEIVED and row.is_cross_device)
    if row.state in (states.CHECKING, states.RECEIVED) and not is_complete:
        return WalletAnswer(WalletState.CHECKING)
    return _shown(row) if is_complete and row.sealed is not None else WalletAnswer(WalletState.OVER)


def _shown(row: Presentation) -> WalletAnswer:
    """What was asked for, whatever else was disclosed. The digest names the card by its place in its issuer's list, and no
    person."""
    try:
        shown = presentation.read_shown(row)
    except NotHere:
        return WalletAnswer(WalletState.OVER)
    asked = {
        str(claim.path[0])
        for query in stored_query(row).credentials
        if query.id == shown.query
        for claim in query.claims
    }
    issuer_id = parse_public_id(TrustedIssuer.prefix, shown.query)
    issuer = trusted_issuers().filter(id=issuer_id).first()
    if issuer is None:
        raise fault_of("issuer")
    named = f"{shown.issuer}|{shown.type}|{shown.status_uri}|{shown.status_index}|{row.holder_thumbprint}"
    credential = ShownCredential(
        issuer=shown.issuer,
        claims={name: value for name, value in shown.claims.items() if name in asked},
        issued_at=None,
        digest=hashlib.sha256(named.encode()).hexdigest(),
    )
    return WalletAnswer(WalletState.SHOWN, credential=credential, is_here=_is_here(issuer.status_origin))


def _is_here(origin: str) -> bool:
    host = urlsplit(origin).hostname or ""
    return host == "localhost" or host.endswith(".localhost")
