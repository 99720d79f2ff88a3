"""The wallet's answer: opened, verified and kept (OpenID4VP 1.0, section 8).

Protects against answers for another transaction, by another key, from another issuer or of a revoked credential. A try
counts before anything is compared, and one conditional update decides which of several answers is the one. Issuer keys
come from our own store alone, status fails closed. What it does not do: say in which browser the answer counts; that is
the `response_code`'s task (presentation.py).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import F

from portal.kit import clock
from portal.kit.actors import Actor, ActorKind
from portal.kit.codes import digest, new_token
from portal.kit.ids import parse_public_id
from portal.kit.outbox import enqueue
from portal.kit.scope import require_no_transaction, tenant_scope
from portal.kit.sealed import unseal
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.verified_id.asking import PORTRAIT, QUERY_ID, asked_of_own, stored_query
from tenants.verified_id.credentials import status_of
from tenants.verified_id.models import Credential, Presentation, TrustedIssuer
from tenants.verified_id.places import card_at
from tenants.verified_id.portraits import portrait_bytes
from tenants.verified_id.presentation import (
    KEPT,
    MAX_TRIES,
    Shown,
    context_of,
    get_presentation,
    read_shown,
    seal_shown,
)
from tenants.verified_id.protocol.dcql import SD_JWT
from tenants.verified_id.protocol.errors import ProtocolError
from tenants.verified_id.protocol.keys import thumbprint
from tenants.verified_id.protocol.presentation import (
    PresentationTransaction,
    UnverifiedResponse,
    Verified,
    WalletError,
    direct_post_response,
    read_authorization_response,
    verify_vp_token,
)
from tenants.verified_id.protocol.presentation_request import ResponseMode
from tenants.verified_id.protocol.sd_jwt_vc import NEVER_DISCLOSABLE, VerifiedPresentation
from tenants.verified_id.protocol.trust import Trust
from tenants.verified_id.selectors import get_authority
from tenants.verified_id.trial.marking import mark
from tenants.verified_id.trusting import (
    get_trusted_issuer,
    is_its_status_list,
    own_trust,
    trust_of,
    trusted_issuers,
)


def _take_try(tenant_id: UUID, presentation_id: UUID) -> tuple[Presentation, PresentationTransaction]:
    """Count a try and commit, then say what the answer must match."""
    require_no_transaction()
    with tenant_scope(tenant_id):
        waiting = Presentation.objects.filter(
            id=presentation_id, state=Presentation.State.WAITING, tries__lt=MAX_TRIES
        )
        counted = waiting.update(tries=F("tries") + 1)
        row = get_presentation(presentation_id)
        mark(row)
        sealed = row.encryption_private_sealed
        keys: dict[str, Mapping[str, str]] = {}
        if sealed is not None:
            jwk = json.loads(unseal(sealed, context_of(row.id, "encryption_private_sealed")))
            keys = {jwk["kid"]: jwk}
        return row, PresentationTransaction(
            client_id=row.client_id,
            nonce=row.nonce,
            state=row.state_value,
            query=stored_query(row),
            response_mode=ResponseMode(row.response_mode),
            expires_at=int(row.expires_at.timestamp()),
            used=not counted,
            transaction_data=(row.transaction_data,) if row.transaction_data else (),
            encryption_keys=keys,
        )


def receive_response(
    tenant_id: UUID, presentation_id: UUID, body: bytes, content_type: str
) -> dict[str, str]:
    """Read, verify and keep a wallet's answer. ProtocolError for every doubt; the body for the wallet otherwise."""
    row, expected = _take_try(tenant_id, presentation_id)
    try:
        answer = read_authorization_response(
            body, content_type, expected=expected, now=int(clock.now().timestamp())
        )
        if isinstance(answer, WalletError):
            return _declined(tenant_id, row, answer.error)
        return _accepted(tenant_id, row, expected, answer)
    except ProtocolError as error:
        _note_refusal(tenant_id, row, error.reason)
        raise


def _trust(expected: PresentationTransaction) -> dict[str, Trust]:
    """Whom each query is believed from, now: an issuer that was removed since it was asked for answers nothing."""
    trust = {QUERY_ID: own_trust(get_authority())}
    asked = [query.id for query in expected.query.credentials if query.id != QUERY_ID]
    if asked:
        trust |= {row.public_id: trust_of(row) for row in trusted_issuers() if row.public_id in asked}
    return trust


def _accepted(
    tenant_id: UUID, row: Presentation, expected: PresentationTransaction, answer: UnverifiedResponse
) -> dict[str, str]:
    with tenant_scope(tenant_id):
        verified = verify_vp_token(
            answer, expected=expected, trust=_trust(expected), now=int(clock.now().timestamp())
        )
        # The preferred comes first in what was asked; whatever else was shown is verified, and let go.
        name, shown = next(iter(verified.presentations.items()))
        if name == QUERY_ID:
            return _keep(row, _own(row, shown), Presentation.State.RECEIVED)
        return _keep(row, _of_another(name, shown), Presentation.State.CHECKING)


@dataclass(frozen=True, slots=True)
class _Kept:
    shown: Shown
    holder: str
    credential: Credential | None = None


def _keep(row: Presentation, kept: _Kept, state: str) -> dict[str, str]:
    """One conditional update decides which answer is the one; its claims are sealed, the transaction's key is gone."""
    code = new_token()
    key, sealed = seal_shown(kept.shown, row.id)
    won = Presentation.objects.filter(id=row.id, state=Presentation.State.WAITING).update(
        state=state,
        response_code_digest=None if row.is_cross_device else digest(code),
        credential_id=kept.credential.id if kept.credential else None,
        holder_thumbprint=kept.holder,
        data_key=key,
        sealed=sealed,
        encryption_private_sealed=None,
        kept_until=clock.now() + KEPT,
    )
    if not won:
        raise _refuse("transaction_used")
    if kept.credential is None:
        enqueue("verified_id.check_shown", tenant_id=row.tenant_id, presentation_id=row.id)
    else:
        note_verified(row, {"credential": kept.credential.public_id})
    return direct_post_response(None if row.is_cross_device else _return_url(row, response_code=code))


def note_verified(row: Presentation, data: Mapping[str, str]) -> None:
    record_event(
        EventName.PRESENTATION_VERIFIED,
        actor=Actor(ActorKind.WALLET),
        subject=row.public_id,
        case_id=row.case_id,
        data=data,
    )


def _own(row: Presentation, shown: Verified) -> _Kept:
    """The tenant's own Verified ID: its row says whether it is valid, and which key holds it. A specimen answers its own
    trial and nothing else, and a trial takes nobody's card."""
    if not isinstance(shown, VerifiedPresentation):
        raise _refuse("format")
    credential, expected_holder = _own_credential(shown)
    if credential.issuance.trial_id != row.trial_id:
        raise _refuse("card_of_a_trial" if row.trial_id is None else "not_of_this_trial")
    holder = thumbprint(shown.holder_key)
    if holder != expected_holder:
        raise _refuse("holder_of_another_credential")
    # What was asked for, whatever else was disclosed: a portrait nobody asked for is not kept.
    claims = {name: shown.claims[name] for name in asked_of_own(row)}
    if PORTRAIT in claims:
        portrait_bytes(str(claims[PORTRAIT]))
    found = Shown(QUERY_ID, shown.credential.issuer, shown.credential.vct, SD_JWT, claims)
    return _Kept(found, holder, credential)


def _of_another(name: str, shown: Verified) -> _Kept:
    """A trusted issuer's credential. Its status is looked up by the worker, where that issuer's lists lie and nowhere
    else; one without a status cannot be taken back, and is refused."""
    issuer = get_trusted_issuer(parse_public_id(TrustedIssuer.prefix, name))
    reference = shown.credential.status
    if reference is None:
        raise _refuse("status_missing")
    if not is_its_status_list(issuer, reference.uri):
        raise _refuse("status_elsewhere")
    if isinstance(shown, VerifiedPresentation):
        kind, claims = shown.credential.vct, shown_claims(shown)
    else:
        kind, claims = " ".join(shown.credential.types), dict(shown.claims["credentialSubject"])
    found = Shown(name, shown.credential.issuer, kind, issuer.format, claims, reference.uri, reference.index)
    return _Kept(found, thumbprint(shown.holder_key))


def shown_claims(shown: VerifiedPresentation) -> dict[str, Any]:
    """What the holder chose to show, without what only the protocol needs."""
    return {name: value for name, value in shown.claims.items() if name not in NEVER_DISCLOSABLE | {"iat"}}


def _return_url(row: Presentation, **query: str) -> str:
    found = "&".join(f"{name}={value}" for name, value in query.items())
    joined = "&" if "?" in row.return_path else "?"
    return f"{get_authority().issuer}{row.return_path}{joined}{found}"


def _refuse(reason: str) -> ProtocolError:
    return ProtocolError("invalid_request", reason, clause="OpenID4VP 1.0 section 8.6")


def _own_credential(shown: VerifiedPresentation) -> tuple[Credential, str]:
    """The row behind a credential of ours and whose key holds it, by its place in the status list. Not valid any more is
    refused."""
    reference: Any = shown.credential.status
    if reference is None:
        raise _refuse("status_missing")
    found = card_at(reference.uri, reference.index)
    if found is None:
        raise _refuse("credential_unknown")
    row, holder = found
    status = status_of(row.id)
    if status != "valid":
        raise _refuse(f"credential_{status}")
    return row, holder


# The other issuer's status -----------------------------------------------------------------------------------------


def complete_status_check(presentation_id: UUID, problem: str) -> None:
    """The worker has asked: shown and valid, or refused with its reason and what was shown destroyed. Quiet when it was noted
    before."""
    row = get_presentation(presentation_id)
    waiting = Presentation.objects.filter(id=row.id, state=Presentation.State.CHECKING)
    if not problem:
        if waiting.update(state=Presentation.State.RECEIVED):
            note_verified(row, {"issuer": read_shown(row).query})
        return
    refused = {"state": Presentation.State.REFUSED, "refusal": problem[:60]}
    if waiting.update(**refused, data_key=None, sealed=None, response_code_digest=None):
        record_event(
            EventName.PRESENTATION_REFUSED,
            actor=Actor(ActorKind.WALLET),
            subject=row.public_id,
            case_id=row.case_id,
            data={"reason": problem},
        )


def _declined(tenant_id: UUID, row: Presentation, error: str) -> dict[str, str]:
    with tenant_scope(tenant_id):
        Presentation.objects.filter(id=row.id, state=Presentation.State.WAITING).update(
            state=Presentation.State.REFUSED, refusal=f"wallet_{error}"[:60], encryption_private_sealed=None
        )
        return direct_post_response(None if row.is_cross_device else _return_url(row, declined="1"))


def _note_refusal(tenant_id: UUID, row: Presentation, reason: str) -> None:
    """Each reason is counted on the row and written down once, however often the same answer is sent."""
    with tenant_scope(tenant_id):
        now = Presentation.objects.select_for_update().only("state", "refusals").get(id=row.id)
        before = dict(now.refusals)
        waits = now.state == Presentation.State.WAITING
        changes = {"refusal": reason[:60]} if waits else {}
        counted = {**before, reason: before.get(reason, 0) + 1}
        Presentation.objects.filter(id=row.id).update(refusals=counted, **changes)
        if reason in before:
            return
        record_event(
            EventName.PRESENTATION_REFUSED,
            actor=Actor(ActorKind.WALLET),
            subject=row.public_id,
            case_id=row.case_id,
            data={"reason": reason},
        )
