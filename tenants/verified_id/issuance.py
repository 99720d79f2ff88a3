"""What was proven, on its way to a wallet.

Protects a proven identity while it waits: claims and portrait rest under a key of their own that is destroyed when the
wallet says it has them or, where the caller still needs them, when the caller says it is over; after 24 hours in any
case. `offers` leads a wallet here, `tokens` lets it in, `issuing` hands the credential out. What it does not do: tie
the credential to an account.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from portal.kit import clock
from portal.kit.actors import Actor
from portal.kit.errors import NotHere, Refused
from portal.kit.sealed import Context, make_data_key, seal_under, unseal_under
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.verified_id.credentials import revoke_credential
from tenants.verified_id.models import Credential, Issuance, IssuanceOffer, Trial
from tenants.verified_id.portraits import portrait_bytes

KEPT = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class IssuanceState:
    state: str
    credential_id: UUID | None


def _context(issuance_id: UUID) -> Context:
    return Context("verified_id_issuance", "sealed", issuance_id)


def begin_issuance(
    *,
    claims: Mapping[str, str],
    portrait: bytes | None,
    actor: Actor,
    reference: UUID | None = None,
    kept_for_reference: bool = False,
    person_id: UUID | None = None,
    review_first: bool = False,
    trial: Trial | None = None,
) -> Issuance:
    """Keep what was proven until a wallet has it, or until the caller's `reference` is over (`destroy_of_reference`); for
    24 hours at most. `portrait` is a plain JPEG, None for a card that has none. `person_id` for a card outside a recovery, which refers to nothing
    but itself; of a `trial` it is a specimen; with `review_first` a wallet that asks waits until `review_issuance`."""
    row = Issuance(
        expires_at=clock.now() + KEPT,
        kept_for_reference=kept_for_reference,
        person_id=person_id,
        trial=trial,
        review=Issuance.Review.WAITING if review_first else Issuance.Review.NONE,
    )
    row.reference = reference or row.id
    body = dict(claims)
    if portrait is not None:
        body["portrait"] = "data:image/jpeg;base64," + base64.b64encode(portrait).decode()
    row.data_key = make_data_key(_context(row.id))
    row.sealed = seal_under(bytes(row.data_key), json.dumps(body).encode(), _context(row.id))
    row.save(force_insert=True)
    record_event(EventName.CREDENTIAL_OFFERED, actor=actor, subject=row.public_id, case_id=case_of(row))
    return row


def case_of(row: Issuance) -> UUID | None:
    """The case it belongs to; none for a card outside a recovery."""
    return row.reference if row.person_id is None and row.trial_id is None else None


def open_issuance(issuance_id: UUID) -> Issuance:
    """What still waits. NotHere for none, Refused("issuance_over") once it is gone."""
    row = Issuance.objects.filter(id=issuance_id).first()
    if row is None:
        raise NotHere("issuance_unknown")
    if row.sealed is None or row.expires_at <= clock.now():
        raise Refused("issuance_over")
    return row


def is_kept(issuance_id: UUID) -> bool:
    """Whether what was proven is still there to be issued."""
    live = Issuance.objects.filter(id=issuance_id, expires_at__gt=clock.now())
    return live.exclude(sealed=None).exists()


def kept_portrait(issuance_id: UUID) -> bytes:
    """The portrait that waits for a wallet, to be compared with a live face. Refused("issuance_over") once it is gone, and
    for a card that has none."""
    claims = claims_of(open_issuance(issuance_id))
    if "portrait" not in claims:
        raise Refused("issuance_over")
    return portrait_bytes(claims["portrait"])


def claims_of(row: Issuance) -> dict[str, str]:
    """What was proven, unsealed. Refused("issuance_over") once the key is destroyed."""
    if row.data_key is None or row.sealed is None:
        raise Refused("issuance_over")
    claims: dict[str, str] = json.loads(
        unseal_under(bytes(row.data_key), bytes(row.sealed), _context(row.id))
    )
    return claims


def reopen_issuance(issuance_id: UUID, *, actor: Actor) -> None:
    """The wallet that has the credential is out of reach: what it holds is revoked, and another may fetch a new one."""
    row = open_issuance(issuance_id)
    for earlier in Credential.objects.filter(issuance=row, state=Credential.State.VALID):
        revoke_credential(earlier.id, reason="issued_again", actor=actor)
    IssuanceOffer.objects.filter(issuance=row, used_at=None).update(used_at=clock.now())
    IssuanceOffer.objects.filter(issuance=row).update(access_token_digest=None)
    Issuance.objects.filter(id=row.id).update(accepted_at=None)


def withdraw_offer(
    issuance_id: UUID, *, actor: Actor, reason: str = "revoked_by_operator", words: str = ""
) -> list[Credential]:
    """No wallet gets anything of it any more, and every card that came of it is revoked: those. Quiet when it is over.

    NotHere for none. What belongs to a case stays with its case: of that only the cards are revoked.
    """
    # As whoever issues: a wallet that is being answered has its card before this, and loses it by this.
    row = Issuance.objects.select_for_update().filter(id=issuance_id).first()
    if row is None:
        raise NotHere("issuance_unknown")
    cards = list(Credential.objects.filter(issuance=row).order_by("created_at"))
    for card in cards:
        revoke_credential(card.id, reason=reason, actor=actor, words=words)
    if row.destroyed_at is None and case_of(row) is None:
        IssuanceOffer.objects.filter(issuance=row, used_at=None).update(used_at=clock.now())
        IssuanceOffer.objects.filter(issuance=row).update(access_token_digest=None)
        destroy_issuance(row.id)
        record_event(
            EventName.CREDENTIAL_OFFER_WITHDRAWN,
            actor=actor,
            subject=row.public_id,
            personal={"reason": words} if words else None,
        )
    return cards


def adopt_issuance(issuance_id: UUID, *, reference: UUID, actor: Actor) -> Issuance:
    """Hand what was proven on to another reference, for as long as it would have been kept; the first loses it, and what
    was issued from it is revoked."""
    reopen_issuance(issuance_id, actor=actor)
    row = Issuance.objects.select_for_update().get(id=issuance_id)
    body = json.dumps(claims_of(row)).encode()
    made = Issuance(reference=reference, expires_at=row.expires_at, kept_for_reference=row.kept_for_reference)
    made.data_key = make_data_key(_context(made.id))
    made.sealed = seal_under(bytes(made.data_key), body, _context(made.id))
    made.save(force_insert=True)
    destroy_issuance(row.id)
    record_event(EventName.CREDENTIAL_OFFERED, actor=actor, subject=made.public_id, case_id=reference)
    return made


def review_issuance(issuance_id: UUID, *, release: bool, actor: Actor, words: str = "") -> Issuance:
    """A member's look at a card that waits: the wallet gets it when it asks next, or is refused and what was proven is
    destroyed. Refused("review_over") when somebody has looked already."""
    row = Issuance.objects.select_for_update().filter(id=issuance_id).first()
    if row is None:
        raise NotHere("issuance_unknown")
    if row.review != Issuance.Review.WAITING:
        raise Refused("review_over")
    row.review = Issuance.Review.RELEASED if release else Issuance.Review.REFUSED
    row.reviewed_at = clock.now()
    row.save(update_fields=["review", "reviewed_at"])
    if not release:
        destroy_issuance(row.id)
    record_event(
        EventName.ISSUANCE_REVIEWED,
        actor=actor,
        subject=row.public_id,
        data={"released": release},
        personal={"reason": words} if words else None,
    )
    return row


def state_of(issuance_id: UUID) -> IssuanceState:
    row = Issuance.objects.filter(id=issuance_id).first()
    if row is None:
        return IssuanceState("expired", None)
    credential = Credential.objects.filter(issuance=row).order_by("-created_at").first()
    if credential is not None:
        return IssuanceState("accepted" if credential.accepted_at else "issued", credential.id)
    live = row.sealed is not None and row.expires_at > clock.now()
    return IssuanceState("waiting" if live else "expired", None)


def destroy_issuance(issuance_id: UUID) -> None:
    """The row's own data key goes, and with it what it sealed, here and in every backup that comes."""
    Issuance.objects.filter(id=issuance_id, destroyed_at=None).update(
        data_key=None, sealed=None, destroyed_at=clock.now()
    )


def destroy_old_issuances() -> None:
    """After 24 hours the claims and the portrait are gone, accepted or not."""
    for issuance_id in Issuance.objects.filter(expires_at__lt=clock.now(), destroyed_at=None).values_list(
        "id", flat=True
    )[:500]:
        destroy_issuance(issuance_id)


def keep_until(issuance_id: UUID, moment: datetime) -> None:
    """Never longer than it would have been kept."""
    Issuance.objects.filter(id=issuance_id, expires_at__gt=moment).update(expires_at=moment)


def destroy_of_reference(reference: UUID) -> None:
    """What waits for a wallet is not wanted any more: the case ended."""
    for issuance_id in Issuance.objects.filter(reference=reference, destroyed_at=None).values_list(
        "id", flat=True
    ):
        destroy_issuance(issuance_id)
