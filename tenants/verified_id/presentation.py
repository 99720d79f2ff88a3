"""Asking a wallet for a Verified ID, and taking what it showed (OpenID4VP 1.0).

On the same device the `response_code` is worth something only in the browser that began. Across devices there is no
such bond (section 14.2); what stands in for it is decision 0013. What was shown rests sealed under a key of its own for
at most half an hour and is destroyed when it is taken. What it does not do: compare faces or names.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from portal.kit import clock
from portal.kit.actors import Actor, ActorKind
from portal.kit.codes import digest, new_token
from portal.kit.errors import NotHere, Refused
from portal.kit.origins import wallet_url
from portal.kit.sealed import Context, make_data_key, seal, seal_under, unseal, unseal_under
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.verified_id.asking import PORTRAIT, query_of
from tenants.verified_id.clients import ClientPrefix, client_id_for
from tenants.verified_id.models import Presentation, Trial, TrustedIssuer
from tenants.verified_id.portraits import portrait_bytes
from tenants.verified_id.protocol.dcql import DcqlQuery
from tenants.verified_id.protocol.encryption import generate_encryption_key
from tenants.verified_id.protocol.presentation_request import ResponseMode, request_link
from tenants.verified_id.selectors import get_authority
from tenants.verified_id.trial.marking import mark

LIFE = timedelta(minutes=5)
KEPT = timedelta(minutes=30)
# Answers to one request that are looked at: with the last of them it is over.
MAX_TRIES = 5
CLAIMANT = Actor(ActorKind.CLAIMANT)


@dataclass(frozen=True, slots=True)
class Links:
    wallet_link: str = field(repr=False)
    deep_link: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Shown:
    """What was shown and verified, whoever issued it; as it rests, sealed."""

    query: str
    issuer: str
    type: str
    format: str
    claims: Mapping[str, Any] = field(repr=False)
    status_uri: str = ""
    status_index: int = 0


@dataclass(frozen=True, slots=True)
class Presented:
    """What was shown of the tenant's own Verified ID, verified."""

    credential_id: UUID
    claims: Mapping[str, str] = field(repr=False)
    portrait: bytes | None = field(repr=False)  # None where none was asked for
    holder_thumbprint: str


def context_of(row_id: UUID, name: str) -> Context:
    return Context("verified_id_presentation", name, row_id)


def begin_presentation(
    *,
    reference: UUID | None,
    browser_digest: bytes,
    purpose: str,
    return_path: str,
    is_cross_device: bool = False,
    actor: Actor = CLAIMANT,
    client: ClientPrefix = ClientPrefix.DID,
    response_mode: ResponseMode = ResponseMode.DIRECT_POST_JWT,
    others: Sequence[TrustedIssuer] = (),
    own: bool = True,
    portrait: bool = True,
    trial: Trial | None = None,
    query: DcqlQuery | None = None,
) -> Presentation:
    """A request that lives five minutes, for one browser; without a `reference` it stands for itself. Across devices the
    wallet sends nobody back. The tenant's `own` Verified ID is asked for, or one that `others` issued; with its
    `portrait` unless no face is compared with it; or what `query` says, of trusted issuers by their public ids."""
    authority, address = get_authority(), new_token()
    row = Presentation(
        browser_digest=browser_digest,
        return_path=return_path,
        purpose=purpose[:300],
        address_digest=digest(address),
        nonce=new_token(192),
        state_value=new_token(192),
        client_id=client_id_for(client, authority),
        query=(query or query_of(authority, others=others, own=own, portrait=portrait)).to_object(),
        response_mode=response_mode.value,
        is_cross_device=is_cross_device,
        trial=trial,
        expires_at=clock.now() + LIFE,
    )
    row.reference = reference or row.id
    row.address_sealed = seal(address.encode(), context_of(row.id, "address_sealed"))
    if response_mode is ResponseMode.DIRECT_POST_JWT:
        _make_encryption_key(row)
    row.save(force_insert=True)
    record_event(
        EventName.PRESENTATION_REQUESTED,
        actor=actor,
        subject=row.public_id,
        case_id=row.case_id,
        data={"cross_device": is_cross_device},
    )
    return row


def _make_encryption_key(row: Presentation) -> None:
    """For this one transaction: sealed with it, and gone with it."""
    key = generate_encryption_key(secrets.token_bytes)
    row.encryption_public_jwk = dict(key.public_jwk)
    private = json.dumps(dict(key.private_jwk)).encode()
    row.encryption_private_sealed = seal(private, context_of(row.id, "encryption_private_sealed"))


def keep_shown_elsewhere(
    *,
    reference: UUID,
    browser_digest: bytes,
    purpose: str,
    credential_id: UUID,
    holder: str,
    shown: Shown,
) -> Presentation:
    """What was shown by way of another service, sealed as everything else; `release_shown` lets it count once that service's
    record of the card was read."""
    row = Presentation(
        reference=reference,
        browser_digest=browser_digest,
        purpose=purpose[:300],
        address_digest=digest(new_token()),
        address_sealed=b"",
        state=Presentation.State.CHECKING,
        is_cross_device=True,
        credential_id=credential_id,
        holder_thumbprint=holder,
        expires_at=clock.now(),
        kept_until=clock.now() + KEPT,
    )
    row.data_key, row.sealed = seal_shown(shown, row.id)
    row.save(force_insert=True)
    return row


def release_shown(presentation_id: UUID, *, is_good: bool) -> None:
    """What was shown by way of another service counts, or is destroyed. Quiet once it was."""
    row = Presentation.objects.filter(id=presentation_id, state=Presentation.State.CHECKING)
    if is_good:
        row.update(state=Presentation.State.RETURNED)
    else:
        row.update(state=Presentation.State.REFUSED, data_key=None, sealed=None)


def get_presentation(presentation_id: UUID) -> Presentation:
    row = Presentation.objects.filter(id=presentation_id).first()
    if row is None:
        raise NotHere("presentation_unknown")
    return row


def links_of(row: Presentation) -> Links:
    address = unseal(row.address_sealed, context_of(row.id, "address_sealed")).decode()
    uri = f"{get_authority().issuer}/openid4vp/requests/{address}"
    return Links(
        wallet_link=request_link(
            client_id=row.client_id, request_uri=uri, by_post=True, wallet=wallet_url("/present")
        ),
        deep_link=request_link(client_id=row.client_id, request_uri=uri, by_post=True),
    )


def state_of(presentation_id: UUID) -> str:
    row = Presentation.objects.filter(id=presentation_id).first()
    if row is None:
        return "expired"
    if row.state == Presentation.State.WAITING and row.tries >= MAX_TRIES:
        return "refused"
    if row.state == Presentation.State.WAITING and row.expires_at <= clock.now():
        return "expired"
    if row.state in (Presentation.State.RECEIVED, Presentation.State.RETURNED) and row.sealed is None:
        return "expired"
    return str(row.state)


def is_declined(presentation_id: UUID) -> bool:
    """Whether the person, or their wallet without a fitting card, said no (section 8.5)."""
    return get_presentation(presentation_id).refusal == "wallet_access_denied"


def find_by_address(address: str) -> Presentation:
    row = Presentation.objects.filter(address_digest=digest(address)).first()
    if row is None:
        raise NotHere("presentation_unknown")
    mark(row)
    return row


def complete_presentation(*, response_code: str, browser_digest: bytes) -> Presentation:
    """Consume the `response_code` in the browser that began (section 14.2). Refused for every other."""
    found = Presentation.objects.filter(
        response_code_digest=digest(response_code), browser_digest=browser_digest
    )
    if not found.filter(state=Presentation.State.RECEIVED).update(state=Presentation.State.RETURNED):
        raise Refused("response_code_refused", _("This belongs to another browser, or was used before."))
    return found.get()


def complete_across_devices(presentation_id: UUID, *, browser_digest: bytes) -> Presentation | None:
    """Take what a wallet on another device showed, into the browser that began; None while there is nothing. Only for a
    request that was made for another device: no other is completed without its `response_code`."""
    found = Presentation.objects.filter(
        id=presentation_id, browser_digest=browser_digest, is_cross_device=True
    )
    if not found.filter(state=Presentation.State.RECEIVED).update(state=Presentation.State.RETURNED):
        return None
    return found.get()


def waiting(presentation_id: UUID, *, is_cross_device: bool) -> Presentation | None:
    """The request, if it is of this kind and a wallet may still answer it."""
    return Presentation.objects.filter(
        id=presentation_id,
        is_cross_device=is_cross_device,
        state=Presentation.State.WAITING,
        tries__lt=MAX_TRIES,
        expires_at__gt=clock.now(),
    ).first()


def seal_shown(shown: Shown, row_id: UUID) -> tuple[bytes, bytes]:
    """A key for this row alone, and what was shown under it."""
    key = make_data_key(context_of(row_id, "sealed"))
    return key, seal_under(key, json.dumps(asdict(shown)).encode(), context_of(row_id, "sealed"))


def read_shown(row: Presentation) -> Shown:
    """What was shown. NotHere once it was taken or is too old."""
    if row.sealed is None or row.data_key is None:
        raise NotHere("presentation_over")
    return Shown(
        **json.loads(unseal_under(bytes(row.data_key), bytes(row.sealed), context_of(row.id, "sealed")))
    )


def peek(row: Presentation) -> Presented:
    """What was shown, without letting go of it. NotHere once taken or old."""
    if row.credential_id is None:
        raise NotHere("presentation_over")
    claims = dict(read_shown(row).claims)
    text = claims.pop(PORTRAIT, None)
    portrait = portrait_bytes(text) if text is not None else None
    return Presented(row.credential_id, claims, portrait, row.holder_thumbprint)


def peek_presented(presentation_id: UUID) -> Presented:
    """The same, by its id."""
    return peek(get_presentation(presentation_id))


def take_presented(presentation_id: UUID) -> Presented:
    """What was shown; the sealed copy and its key are destroyed."""
    row = Presentation.objects.select_for_update().filter(id=presentation_id).first()
    if row is None:
        raise NotHere("presentation_unknown")
    shown = peek(row)
    Presentation.objects.filter(id=row.id).update(state=Presentation.State.TAKEN, data_key=None, sealed=None)
    return shown


def destroy_of_reference(reference: UUID) -> None:
    """The case ended: what was shown is destroyed, and open requests answer nobody."""
    Presentation.objects.filter(reference=reference).exclude(state=Presentation.State.TAKEN).update(
        state=Presentation.State.TAKEN, data_key=None, sealed=None, encryption_private_sealed=None
    )


def destroy_old_presentations() -> None:
    Presentation.objects.filter(kept_until__lt=clock.now(), sealed__isnull=False).update(
        data_key=None, sealed=None
    )
