"""What a recovery asks of Microsoft's service: a card for what was proven, and that card shown with a live face.

Each request belongs to one case and one browser, and its link and pin are read there alone. Nothing goes out from here: the
worker sends what was written down. What it does not do: decide.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from functools import partial
from uuid import UUID

from portal.kit import clock
from portal.kit.errors import Misconfigured, Refused, Unavailable
from portal.kit.outbox import Apply, Job, effect, enqueue
from portal.kit.remote import Busy
from portal.kit.scope import current_tenant_id, read_once, tenant_scope
from tenants.verified_id import issuance
from tenants.verified_id.entra import addresses, checking, client, requests
from tenants.verified_id.entra.models import EntraCard, EntraConnection, EntraRequest
from tenants.verified_id.entra.photo import as_photo
from tenants.verified_id.entra.tokens import Held, hold
from tenants.verified_id.portraits import portrait_bytes
from tenants.verified_id.selectors import authority
from tenants.verified_id.w3c_card import W3C_NAMES

Kind, State = EntraRequest.Kind, EntraRequest.State


def is_used() -> bool:
    """Whether whoever recovers an account now gets a card from Microsoft's service. Asked once a scope."""
    used: bool = read_once("entra is used", EntraConnection.objects.exclude(used_since=None).exists)
    return used


def _connection() -> EntraConnection:
    row = EntraConnection.objects.first()
    if row is None or not row.authority_id or not row.mark_claim:
        raise Refused("no_entra_connection")
    return row


def request_of(reference: UUID, kind: EntraRequest.Kind, *, browser_digest: bytes) -> EntraRequest | None:
    """The newest of the case, if this very browser asked for it."""
    row = EntraRequest.objects.filter(reference=reference, kind=kind).order_by("-created_at", "-id").first()
    return row if row is not None and bytes(row.browser_digest or b"") == browser_digest else None


def get_request(request_id: UUID) -> EntraRequest:
    return EntraRequest.objects.get(id=request_id)


def requests_of(reference: UUID, kind: EntraRequest.Kind) -> int:
    return EntraRequest.objects.filter(reference=reference, kind=kind).count()


def _is_under_way(row: EntraRequest | None) -> bool:
    return row is not None and (row.state == State.CHECKING or row.is_live)


def ask_to_issue(*, reference: UUID, browser_digest: bytes, issuance_id: UUID) -> EntraRequest:
    """An offer of a card of what was proven, for this browser; the one under way while it lives. An earlier one's card is void,
    also if somebody takes it only now. Refused without a connection. With the case locked."""
    under_way = request_of(reference, Kind.ISSUANCE, browser_digest=browser_digest)
    if under_way is not None and _is_under_way(under_way):
        return under_way
    connection = _connection()
    end_of_reference(reference)
    row = requests.write_down(
        connection.credential_type,
        Kind.ISSUANCE,
        reference=reference,
        browser_digest=browser_digest,
        mark_claim=connection.mark_claim,
        photo_claim=connection.photo_claim,
    )
    card = EntraCard(
        reference=reference,
        issuance_id=issuance_id,
        request_id=row.id,
        mark=secrets.token_hex(16),
        authority=connection.authority,
        authority_id=connection.authority_id,
        contract_id=addresses.contract_id(connection.manifest_url),
        look_until=row.expires_at + checking.LATE,
    )
    # Without a callback the records are asked all the same.
    checking.look_soon(card, clock.now() + checking.FIRST_LOOK)
    card.save(force_insert=True)
    row.cards = [str(card.id)]
    row.save(update_fields=["cards"])
    enqueue("verified_id.entra_ask", tenant_id=current_tenant_id(), request_id=row.id)
    return row


def ask_to_show(
    *,
    reference: UUID,
    browser_digest: bytes,
    cards: Collection[UUID],
    purpose: str,
    threshold: int | None,
    request_id: UUID,
) -> EntraRequest:
    """A request for one of these cards, with a live face unless `threshold` is None, for this browser. Refused without a
    connection or a card that it could be. With the case locked, and nothing under way."""
    connection = _connection()
    usable = usable_cards(cards)
    if not usable:
        raise Refused("card_gone")
    row = requests.write_down(
        connection.credential_type,
        Kind.PRESENTATION,
        id=request_id,
        reference=reference,
        browser_digest=browser_digest,
        threshold=threshold,
        # Whatever else the connection accepts: only its own authority made the mark.
        accepted_issuers=[connection.authority],
        cards=[str(one) for one in usable],
        purpose=purpose[:300],
        photo_claim=connection.photo_claim,
        mark_claim=connection.mark_claim,
    )
    enqueue("verified_id.entra_ask", tenant_id=current_tenant_id(), request_id=row.id)
    return row


def usable_cards(cards: Collection[UUID]) -> list[UUID]:
    """Of these cards those that the authority in use issued and nobody took away."""
    connection = EntraConnection.objects.first()
    if connection is None:
        return []
    found = EntraCard.objects.filter(id__in=cards, void_at=None, authority=connection.authority)
    return list(found.exclude(issued_at=None).order_by("id").values_list("id", flat=True))


def end_of_reference(reference: UUID, *, keep: UUID | None = None) -> None:
    """The case is over, or begins anew: what waits for the app answers nobody, and every card but the one to `keep` is void,
    also one that is being taken in this moment."""
    live = EntraRequest.objects.filter(reference=reference).exclude(state__in=[State.DONE, State.FAILED])
    for request_id in live.order_by("id").values_list("id", flat=True):
        requests.move(request_id, State.FAILED, problem="case_moved_on")
    others = EntraCard.objects.select_for_update().filter(reference=reference, void_at=None)
    others = others.exclude(id=keep) if keep else others
    for card in others.order_by("id"):
        checking.void(card)


# Sending ---------------------------------------------------------------------------------------------------------------


@effect
def send(job: Job) -> Apply | None:
    """Make the request that was written down. What the service refuses stands on the row; nothing is tried twice but what it
    was too busy to do."""
    if job.tenant_id is None:
        return None
    held, request_id = hold(job.tenant_id), job.uuid("request_id")
    with tenant_scope(job.tenant_id):
        row = EntraRequest.objects.filter(id=request_id, state=State.ASKING).first()
        cards = list(EntraCard.objects.filter(id__in=row.cards)) if row else []
    if row is None:
        return None
    try:
        if held is None:
            raise Unavailable("no_entra_connection")
        marks = tuple(card.mark for card in cards)
        if row.kind == Kind.ISSUANCE:
            with tenant_scope(job.tenant_id):
                claims = _claims(held, row, cards[0])
            requests.send(held, row, claims=claims)
        else:
            requests.send(held, row, marks=marks)
    except Busy as error:
        return partial(_note_busy, request_id, error.code)
    except (client.EntraRefused, Unavailable, Misconfigured, Refused) as error:
        return partial(_note_failed, request_id, error.code)
    return None


def _note_busy(request_id: UUID, code: str) -> None:
    """What is still to be asked was put off; else nobody could answer it any more."""
    if not EntraRequest.objects.filter(id=request_id, state=State.ASKING).exists():
        _note_failed(request_id, code)


def _note_failed(request_id: UUID, code: str) -> None:
    requests.move(request_id, State.FAILED, problem=code)
    for card in EntraCard.objects.select_for_update().filter(request_id=request_id):
        checking.void(card)


def _claims(held: Held, row: EntraRequest, card: EntraCard) -> Mapping[str, str]:
    """What was proven, in the names of Microsoft's VerifiedIdentity, with the mark of this card. Refused once it is gone."""
    proven = issuance.claims_of(issuance.open_issuance(card.issuance_id))
    own = authority()
    left_out = {"portrait", *(own.left_out if own else ())}
    claims = {W3C_NAMES[name]: value for name, value in proven.items() if name not in left_out and value}
    if "portrait" in proven:
        claims[row.photo_claim] = as_photo(portrait_bytes(proven["portrait"]))
    return claims | {row.mark_claim: card.mark}
