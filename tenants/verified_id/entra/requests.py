"""One issuance or presentation request: written down, sent by the worker, answered by callbacks.

Protects against a result for another request, one that comes twice, in another order or after the end. A callback is
believed once, by its key, and then held against what this request asked for; what it says of a card counts only when
Microsoft's own record of the card agrees (`cards`). What it does not do: decide a case.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from portal.kit import clock
from portal.kit.codes import new_token, numeric_code
from portal.kit.errors import Unavailable
from portal.kit.outbox import enqueue
from portal.kit.remote import Busy
from portal.kit.scope import current_tenant_id, require_no_transaction, tenant_scope
from portal.kit.sealed import Context, seal, unseal
from tenants.verified_id.entra import addresses, client, reading
from tenants.verified_id.entra.asking import Asker, Callback, issuance_body, presentation_body
from tenants.verified_id.entra.models import MOVES, EntraCallback, EntraRequest
from tenants.verified_id.entra.receiving import body_context, key_digest_of, state_digest_of
from tenants.verified_id.entra.showing import keep_shown
from tenants.verified_id.entra.tokens import Held, with_token

# A request that was never answered is over by itself.
LIFE = timedelta(minutes=5)
KEPT = timedelta(days=1)
# A service that is busy is asked again, by default after so many seconds, as long as a minute is left to answer.
PAUSE, SHORTEST_PAUSE, ANSWERABLE = 10, 2, timedelta(minutes=1)
BUSY = "service_busy"
THRESHOLD = 70
PIN_DIGITS = 6
State = EntraRequest.State


def _sealed(row: EntraRequest, name: str) -> Context:
    return Context("entra_entrarequest", name, row.id)


def write_down(credential_type: str, kind: EntraRequest.Kind, **fields: Any) -> EntraRequest:
    """A request that is not sent yet, and that no key opens before it is."""
    row = EntraRequest(
        kind=kind,
        credential_type=credential_type,
        key_digest=b"",
        state_digest=b"",
        expires_at=clock.now() + LIFE,
        **fields,
    )
    row.save(force_insert=True)
    return row


# Sending -----------------------------------------------------------------------------------------------------------


def request_card(held: Held, *, purpose: str, threshold: int = THRESHOLD) -> EntraRequest:
    """Ask for a card with a Face Check, to try it. EntraRefused and Unavailable as the client has them; the row says so
    too."""
    require_no_transaction()
    with tenant_scope(held.tenant.id):
        row = write_down(
            held.row.credential_type,
            EntraRequest.Kind.PRESENTATION,
            threshold=threshold,
            accepted_issuers=held.row.accepted_issuers,
            photo_claim=held.row.photo_claim,
            purpose=purpose,
        )
    return send(held, row)


def offer_card(held: Held, *, claims: Mapping[str, str]) -> EntraRequest:
    """Offer a card under a pin, to try it."""
    require_no_transaction()
    with tenant_scope(held.tenant.id):
        row = write_down(held.row.credential_type, EntraRequest.Kind.ISSUANCE)
    return send(held, row, claims=claims)


def send(
    held: Held, row: EntraRequest, *, claims: Mapping[str, str] | None = None, marks: tuple[str, ...] = ()
) -> EntraRequest:
    """Make the request that was written down. Its callbacks may come before our own answer does, so that its key and state
    are written down first. One that has moved on meanwhile is left alone."""
    require_no_transaction()
    key, state = new_token(), new_token(192)
    pin = numeric_code(PIN_DIGITS) if row.kind == EntraRequest.Kind.ISSUANCE else ""
    with tenant_scope(held.tenant.id):
        row = EntraRequest.objects.select_for_update().get(id=row.id)
        if row.state != State.ASKING:
            return row
        row.key_digest, row.state_digest = key_digest_of(row.id, key), state_digest_of(row.id, state)
        row.pin_sealed = seal(pin.encode(), _sealed(row, "pin_sealed")) if pin else None
        row.save(update_fields=["key_digest", "state_digest", "pin_sealed"])
    callback = Callback(addresses.callback_url(held.tenant.slug, row.id), state, key)
    asker = Asker(held.row.authority, held.tenant.name)
    if pin:
        url = addresses.issuance_url()
        body = issuance_body(
            asker,
            callback,
            credential_type=row.credential_type,
            manifest_url=held.row.manifest_url,
            claims=claims or {},
            pin=pin,
        )
    else:
        url = addresses.presentation_url()
        body = presentation_body(
            asker,
            callback,
            purpose=row.purpose,
            credential_type=row.credential_type,
            accepted_issuers=row.accepted_issuers,
            photo_claim=row.photo_claim,
            threshold=row.threshold,
            marks=(row.mark_claim, marks),
        )
    return _send(held, row.id, url, body)


def _send(held: Held, request_id: UUID, url: str, body: Mapping[str, Any]) -> EntraRequest:
    try:
        accepted = with_token(held, lambda token: client.create(url, body, token))
    except (client.EntraRefused, Unavailable) as error:
        with tenant_scope(held.tenant.id):
            if not (isinstance(error, Busy) and put_off(request_id, error.pause)):
                move(request_id, State.FAILED, problem=error.code)
        raise
    with tenant_scope(held.tenant.id):
        row = EntraRequest.objects.get(id=request_id)
        moved = move(
            request_id,
            State.WAITING,
            problem="",
            service_id=accepted.service_id,
            link_sealed=seal(accepted.link.encode(), _sealed(row, "link_sealed")),
            expires_at=accepted.expires_at,
        )
        return moved or row


def put_off(request_id: UUID, pause: int | None) -> bool:
    """Make the request of a recovery later: the service said that it has not made it, and when to come back. False when that
    would be too late for anybody to answer it."""
    row = EntraRequest.objects.select_for_update().filter(id=request_id, state=State.ASKING).first()
    if row is None or row.reference is None:
        return False
    again = clock.now() + timedelta(seconds=max(pause or PAUSE, SHORTEST_PAUSE))
    if again + ANSWERABLE > row.expires_at:
        return False
    row.problem = BUSY
    row.save(update_fields=["problem"])
    enqueue("verified_id.entra_ask", tenant_id=current_tenant_id(), available_at=again, request_id=request_id)
    return True


def move(request_id: UUID, target: EntraRequest.State, **fields: Any) -> EntraRequest | None:
    """The one function that moves a request. Quiet when already there, over or destroyed (None). Whoever asked for a card to
    be shown hears of the end."""
    row = EntraRequest.objects.select_for_update().filter(id=request_id).first()
    if row is None:
        return None
    if State(row.state) in MOVES.ends or not MOVES.check(State(row.state), target):
        return row
    row.state = target
    if target in MOVES.ends:
        # Nobody needs the way in any more.
        fields |= {"ended_at": clock.now(), "link_sealed": None, "pin_sealed": None}
    for name, value in fields.items():
        setattr(row, name, value)
    row.save(update_fields=["state", *fields])
    if target in MOVES.ends and row.reference and row.kind == EntraRequest.Kind.PRESENTATION:
        enqueue(
            "verified_id.entra_answered",
            tenant_id=current_tenant_id(),
            reference=row.reference,
            request_id=row.id,
        )
    return row


def link_of(row: EntraRequest) -> str:
    return unseal(row.link_sealed, _sealed(row, "link_sealed")).decode() if row.link_sealed else ""


def pin_of(row: EntraRequest) -> str:
    return unseal(row.pin_sealed, _sealed(row, "pin_sealed")).decode() if row.pin_sealed else ""


# Callbacks ---------------------------------------------------------------------------------------------------------


def handle_callback(callback_id: UUID) -> None:
    """Act on one callback, and destroy what it said. Unavailable while our own answer is not written down yet."""
    callback = EntraCallback.objects.select_for_update().filter(id=callback_id, handled_at=None).first()
    if callback is None or callback.body_sealed is None:
        return
    row = EntraRequest.objects.select_for_update().get(id=callback.request_id)
    if row.state == State.ASKING and row.expires_at > clock.now():
        raise Unavailable("entra_request_unanswered")
    raw = unseal(callback.body_sealed, body_context(callback.id))
    notice = reading.read_notice(raw, expected_kind=row.kind)
    # Shuffled callbacks: what ended stays ended, and an opening that comes late changes nothing.
    if State(row.state) not in MOVES.ends and notice.service_id == row.service_id:
        _act_on(row, notice)
    callback.body_sealed, callback.handled_at = None, clock.now()
    callback.save(update_fields=["body_sealed", "handled_at"])


def _act_on(row: EntraRequest, notice: reading.Notice) -> None:
    match notice.status:
        case reading.RETRIEVED if row.state == State.WAITING:
            move(row.id, State.OPENED)
        case reading.RETRIEVED:
            pass
        case "issuance_successful" if row.reference is None:
            move(row.id, State.DONE)
        case "issuance_successful":
            # A signal: whether there is a card is what the records say.
            move(row.id, State.CHECKING)
            look_at_card(row)
        case "presentation_verified":
            _judge(row, notice)
        case _:
            compared = notice.problem == reading.FACE_TOO_UNLIKE and row.threshold is not None
            move(row.id, State.FAILED, problem=notice.problem, face_was_compared=compared)


def look_at_card(row: EntraRequest) -> None:
    """Ask the records for the card of an issuance, soon."""
    for card_id in row.cards:
        enqueue("verified_id.entra_look", tenant_id=current_tenant_id(), card_id=card_id)


def _judge(row: EntraRequest, notice: reading.Notice) -> None:
    try:
        shown = reading.verify_shown(
            notice,
            expected_type=row.credential_type,
            expected_issuers=row.accepted_issuers,
            expected_threshold=row.threshold,
            now=clock.now(),
        )
    except reading.Unreadable as refused:
        move(row.id, State.FAILED, problem=refused.reason)
        return
    if row.reference is None:
        move(row.id, State.DONE, confidence=shown.confidence)
        return
    # It names a card: which one is found out here, whether it is good the records say.
    problem, kept = keep_shown(row, notice, shown)
    compared = row.threshold is not None
    if kept is None:
        move(
            row.id,
            State.FAILED,
            problem=problem,
            confidence=shown.confidence,
            face_was_compared=compared,
        )
        return
    move(
        row.id,
        State.CHECKING,
        confidence=shown.confidence,
        presentation_id=kept.id,
        face_was_compared=compared,
    )
    enqueue("verified_id.entra_check_shown", tenant_id=current_tenant_id(), request_id=row.id)
