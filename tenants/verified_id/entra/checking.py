"""What Microsoft's records say: whether a card was issued, whether it is valid when it is shown, and that a void one is gone.

Nothing counts because a callback said so. A card exists once its record does, also when the callback was lost; a card that
was shown is asked for once more; and a card that nobody may show any more is taken away there, again and again until the
records say so. What it does not do: decide whose a card is.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from portal.kit import clock
from portal.kit.actors import SYSTEM, Actor, ActorKind
from portal.kit.codes import digest, new_token
from portal.kit.errors import Misconfigured, Unavailable
from portal.kit.ids import public_id
from portal.kit.outbox import Apply, Job, effect, enqueue
from portal.kit.scope import current_tenant_id, tenant_scope
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.verified_id import credentials, presentation
from tenants.verified_id.entra import client, records
from tenants.verified_id.entra.models import EntraCard, EntraRequest
from tenants.verified_id.entra.records import Place, Record
from tenants.verified_id.entra.requests import move
from tenants.verified_id.entra.tokens import Held, hold, with_records_token
from tenants.verified_id.models import Credential, Issuance

# A card is looked for this long after its offer ended: the records may lag behind.
LATE = timedelta(minutes=10)
SLOWEST = timedelta(hours=1)
# Without a callback.
FIRST_LOOK = timedelta(seconds=25)
# Until somebody presents it nobody knows until when a card is good; the service says so then.
ASSUMED_LIFE = timedelta(days=180)


def _pause(looks: int) -> timedelta:
    """Two seconds at first, then twice as long each time, an hour at most."""
    return min(timedelta(seconds=2 ** min(looks + 1, 12)), SLOWEST)


def look_soon(card: EntraCard, moment: datetime) -> None:
    """Sets the column; the caller saves."""
    card.next_look_at = moment
    enqueue("verified_id.entra_look", tenant_id=current_tenant_id(), available_at=moment, card_id=card.id)


@effect
def look(job: Job) -> Apply | None:
    """Ask for one card, and take it away if it is void."""
    if job.tenant_id is None:
        return None
    held, card_id = hold(job.tenant_id), job.uuid("card_id")
    with tenant_scope(job.tenant_id):
        card = EntraCard.objects.filter(id=card_id, gone_at=None).first()
    if card is None:
        return None
    try:
        found = _asked(held, card)
    except (client.EntraRefused, Unavailable, Misconfigured):
        return partial(_look_again, card_id)
    return partial(_note_looked, card_id, found)


def _asked(held: Held | None, card: EntraCard) -> list[Record]:
    """The records of the card; a void one is revoked, and read again."""
    if held is None:
        raise Unavailable("no_entra_connection")
    place = Place(card.authority_id, card.contract_id)
    found = with_records_token(held, lambda token: records.find(place, card.mark, token))
    valid = [one for one in found if one.is_valid]
    if card.void_at is None or not valid:
        return found
    for one in valid:
        with_records_token(held, partial(_revoke, place, one.service_id))
    return with_records_token(held, lambda token: records.find(place, card.mark, token))


def _revoke(place: Place, service_id: str, token: client.Token) -> None:
    records.revoke(place, service_id, token)


def _look_again(card_id: UUID) -> None:
    card = EntraCard.objects.select_for_update().filter(id=card_id, gone_at=None).first()
    if card is not None:
        _plan(card)


def _plan(card: EntraCard) -> None:
    card.looks += 1
    look_soon(card, clock.now() + _pause(card.looks))
    card.save(update_fields=["looks", "next_look_at"])


def _note_looked(card_id: UUID, found: Sequence[Record]) -> None:
    # Requests are locked before their cards, here as everywhere.
    known = EntraCard.objects.filter(id=card_id).values("request_id")
    list(EntraRequest.objects.select_for_update().filter(id__in=known).values_list("id"))
    card = EntraCard.objects.select_for_update().filter(id=card_id, gone_at=None).first()
    if card is None:
        return
    valid = [one for one in found if one.is_valid]
    if card.void_at is not None:
        _note_void(card, found, valid)
    elif card.issued_at is not None:
        card.next_look_at = None
        card.save(update_fields=["next_look_at"])
    elif len(found) == 1 and valid:
        _note_issued(card, valid[0])
    elif found:
        # Two of one mark, or one that was taken away before anybody heard of it.
        _give_up(card, "issuance_failed")
    elif clock.now() >= card.look_until:
        _give_up(card, "not_taken")
    else:
        _plan(card)


def _note_void(card: EntraCard, found: Sequence[Record], valid: Sequence[Record]) -> None:
    never_issued = not found and clock.now() >= card.look_until
    if valid or not (found or never_issued):
        _plan(card)
        return
    card.gone_at, card.next_look_at = clock.now(), None
    card.save(update_fields=["gone_at", "next_look_at"])


def _give_up(card: EntraCard, problem: str) -> None:
    void(card)
    move(card.request_id, EntraRequest.State.FAILED, problem=problem)


def _note_issued(card: EntraCard, record: Record) -> None:
    """There is a card. One of a case that went on without it is void."""
    row = Issuance.objects.filter(id=card.issuance_id).first()
    if row is None:
        void(card)
        return
    card.service_id, card.issued_at, card.next_look_at = record.service_id, clock.now(), None
    card.save(update_fields=["service_id", "issued_at", "next_look_at"])
    Credential.objects.create(
        id=card.id,
        issuance=row,
        reference=card.reference,
        holder_thumbprint="",
        notification_digest=digest(new_token(128)),
        expires_at=clock.now() + ASSUMED_LIFE,
        accepted_at=clock.now(),
    )
    Issuance.objects.filter(id=row.id).update(issued_at=clock.now())
    record_event(
        EventName.CREDENTIAL_ISSUED,
        actor=Actor(ActorKind.WALLET),
        subject=public_id(Credential.prefix, card.id),
        case_id=card.reference,
        data={"issued_by": "entra"},
    )
    move(card.request_id, EntraRequest.State.DONE)
    enqueue(
        "verified_id.credential_issued",
        tenant_id=current_tenant_id(),
        reference=card.reference,
        issuance_id=row.id,
        credential_id=card.id,
    )


# Void cards --------------------------------------------------------------------------------------------------------


def void(card: EntraCard) -> None:
    """Nobody may show it any more; the worker takes it away at Microsoft, also one that is issued only now."""
    if card.void_at is not None:
        return
    card.void_at, card.looks = clock.now(), 0
    look_soon(card, clock.now())
    card.save(update_fields=["void_at", "looks", "next_look_at"])


def on_revoked(job: Job) -> None:
    """One of its credentials was revoked here."""
    card = EntraCard.objects.select_for_update().filter(id=job.uuid("credential_id")).first()
    if card is not None:
        void(card)


# What was shown ----------------------------------------------------------------------------------------------------


@effect
def check_shown(job: Job) -> Apply | None:
    """Ask for the card that was shown. Unavailable is tried again: what was shown waits, and counts for nothing so far."""
    if job.tenant_id is None:
        return None
    held, request_id = hold(job.tenant_id), job.uuid("request_id")
    with tenant_scope(job.tenant_id):
        row = EntraRequest.objects.filter(id=request_id, state=EntraRequest.State.CHECKING).first()
        shown = presentation.get_presentation(row.presentation_id) if row and row.presentation_id else None
        card = EntraCard.objects.filter(id=shown.credential_id or request_id).first() if shown else None
    if row is None or card is None:
        return None
    if held is None:
        return partial(_note_checked, request_id, card.id, (), "no_entra_connection")
    place = Place(card.authority_id, card.contract_id)
    try:
        found = with_records_token(held, lambda token: records.find(place, card.mark, token))
    except client.EntraRefused as refused:
        return partial(_note_checked, request_id, card.id, (), refused.code)
    return partial(_note_checked, request_id, card.id, tuple(found), "")


def _note_checked(request_id: UUID, card_id: UUID, found: Sequence[Record], problem: str) -> None:
    row = EntraRequest.objects.select_for_update().get(id=request_id)
    card = EntraCard.objects.select_for_update().get(id=card_id)
    if row.state != EntraRequest.State.CHECKING or row.presentation_id is None:
        return
    is_good = [one.service_id for one in found if one.is_valid] == [card.service_id] and card.void_at is None
    presentation.release_shown(row.presentation_id, is_good=is_good)
    if is_good:
        move(request_id, EntraRequest.State.DONE)
        return
    if found and not problem:
        # Somebody took it away there: it is void here as well.
        credentials.revoke_credential(card_id, reason="revoked_at_microsoft", actor=SYSTEM)
    move(request_id, EntraRequest.State.FAILED, problem=problem or "card_refused")
