"""Entering a connection, testing and removing it; making a request and writing down what became of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from portal.kit import clock
from portal.kit.actors import SYSTEM, Actor
from portal.kit.codes import new_token, numeric_code
from portal.kit.errors import Invalid, NotHere, Unavailable
from portal.kit.outbox import enqueue
from portal.kit.remote import use_token
from portal.kit.scope import current_tenant_id, require_no_transaction, tenant_scope
from portal.kit.sealed import Context, seal, unseal
from portal.kit.seen import require_unchanged
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.models import Tenant
from tenants.verified_id.entra import addresses, client, reading
from tenants.verified_id.entra.asking import Asker, Callback, issuance_body, presentation_body
from tenants.verified_id.entra.certificate import KeyPair, make_key_pair
from tenants.verified_id.entra.models import MOVES, EntraCallback, EntraConnection, EntraRequest
from tenants.verified_id.entra.receiving import body_context, key_digest_of, state_digest_of

SETTINGS = (
    *("directory", "client_id", "authority", "manifest_url", "credential_type"),
    *("accepted_issuers", "photo_claim"),
)
# A request that was never answered is over by itself.
LIFE = timedelta(minutes=5)
KEPT = timedelta(days=1)
THRESHOLD = 70
PIN_DIGITS = 6


def _secret_context(row: EntraConnection) -> Context:
    return Context("entra_entraconnection", "secret_sealed", row.id)


def _key_context(row: EntraConnection) -> Context:
    return Context("entra_entraconnection", "key_sealed", row.id)


def _token_context(row: EntraConnection) -> Context:
    return Context("entra_entraconnection", "token_sealed", row.id)


def _request_context(row: EntraRequest, name: str) -> Context:
    return Context("entra_entrarequest", name, row.id)


def connection() -> EntraConnection | None:
    return EntraConnection.objects.first()


def settings_of(row: EntraConnection | None) -> dict[str, Any]:
    """What a form is filled from."""
    return {name: getattr(row, name) for name in SETTINGS} if row else {}


# The connection ----------------------------------------------------------------------------------------------------


@transaction.atomic
def connect(
    *, given: Mapping[str, Any], secret: str, actor: Actor, seen: str | None = None
) -> EntraConnection:
    """Enter or change the settings and try them at once. A secret left empty stays as it was; where there is none the
    connection signs in with a certificate that is made here. A secret that is given replaces the certificate.
    ChangedMeanwhile when the settings are not what the page had `seen`."""
    row = EntraConnection.objects.select_for_update().first()
    require_unchanged(seen if row else None, settings_of(row))
    if not given["accepted_issuers"]:
        raise Invalid("issuers_missing", _("Name at least one issuer."), field="accepted_issuers")
    made = row or EntraConnection()
    changed = [name for name in SETTINGS if getattr(made, name, None) != given[name]]
    for name in SETTINGS:
        setattr(made, name, given[name])
    if secret:
        made.secret_sealed = seal(secret.encode(), _secret_context(made))
        made.key_sealed, made.certificate = None, ""
    elif made.secret_sealed is None and made.key_sealed is None:
        _make_certificate(made)
    made.token_sealed, made.token_expires_at, made.found, made.tested_at = None, None, [], None
    made.test_asked_at = clock.now()
    made.save(force_insert=row is None)
    record_event(
        EventName.ENTRA_CHANGED,
        actor=actor,
        subject=made.public_id,
        data={"changed": [*changed, *(["client_secret"] if secret else [])]},
    )
    _enqueue_test()
    return made


def _make_certificate(row: EntraConnection) -> None:
    """Sets the columns; the caller saves."""
    name = Tenant.objects.values_list("slug", flat=True).get(id=current_tenant_id())
    pair = make_key_pair(f"Readmit {name}", now=clock.now())
    row.secret_sealed, row.certificate = None, pair.certificate
    row.key_sealed = seal(pair.key, _key_context(row))


@transaction.atomic
def use_certificate(*, actor: Actor) -> EntraConnection:
    """Sign in with a new certificate from now on. The secret, or the earlier key, is destroyed."""
    row = EntraConnection.objects.select_for_update().first()
    if row is None:
        raise NotHere("no_entra_connection")
    _make_certificate(row)
    row.token_sealed, row.token_expires_at, row.found, row.tested_at = None, None, [], None
    row.save()
    record_event(
        EventName.ENTRA_CHANGED, actor=actor, subject=row.public_id, data={"changed": ["certificate"]}
    )
    return row


@transaction.atomic
def ask_for_test(*, actor: Actor) -> EntraConnection:
    row = EntraConnection.objects.select_for_update().first()
    if row is None:
        raise NotHere("no_entra_connection")
    row.test_asked_at = clock.now()
    row.save(update_fields=["test_asked_at"])
    _enqueue_test()
    return row


def _enqueue_test() -> None:
    enqueue("verified_id.entra_test", tenant_id=current_tenant_id())


@transaction.atomic
def disconnect(*, actor: Actor) -> None:
    """Destroy settings, secret and token, and end every request. Quiet when there is none."""
    row = EntraConnection.objects.select_for_update().first()
    if row is None:
        return
    EntraRequest.objects.all().delete()
    subject = row.public_id
    row.delete()
    record_event(EventName.ENTRA_REMOVED, actor=actor, subject=subject)


def note_test(held: Held, found: Sequence[Finding], token: client.Token | None) -> None:
    """What a test found. Quiet when the connection was removed or changed meanwhile: another test is under way."""
    row = EntraConnection.objects.select_for_update().filter(id=held.row.id).first()
    if row is None or _proof_of(row) != _proof_of(held.row) or settings_of(row) != settings_of(held.row):
        return
    row.found = [asdict(one) for one in found]
    row.tested_at = clock.now()
    if token is not None:
        row.token_sealed = seal(token.value.encode(), _token_context(row))
        row.token_expires_at = token.expires_at
    row.save(update_fields=["found", "tested_at", "token_sealed", "token_expires_at"])
    problems = [f"{one.step}:{one.problem}" for one in found if not one.ok]
    record_event(EventName.ENTRA_TESTED, actor=SYSTEM, subject=row.public_id, data={"problems": problems})


@dataclass(frozen=True, slots=True)
class Finding:
    """One step of a test. `setting` is what to change, where that is known."""

    step: str
    ok: bool
    problem: str = ""
    setting: str = ""


# Tokens ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Held:
    """A connection as a worker holds it while no transaction is open."""

    row: EntraConnection
    tenant: Tenant
    credentials: client.Credentials
    cached: client.Token | None = field(repr=False)


def hold(tenant_id: UUID) -> Held | None:
    with tenant_scope(tenant_id):
        row = connection()
        if row is None:
            return None
        cached = None
        if row.token_sealed is not None and row.token_expires_at is not None:
            value = unseal(row.token_sealed, _token_context(row)).decode()
            cached = client.Token(value, row.token_expires_at)
        return Held(
            row,
            Tenant.objects.get(id=tenant_id),
            _credentials(row),
            cached,
        )


def _credentials(row: EntraConnection) -> client.Credentials:
    if row.secret_sealed is not None:
        secret = unseal(row.secret_sealed, _secret_context(row)).decode()
        return client.Credentials(row.directory, row.client_id, secret)
    pair = KeyPair(row.certificate, unseal(row.key_sealed or b"", _key_context(row)))
    return client.Credentials(row.directory, row.client_id, "", pair)


def with_token(held: Held, call: Callable[[client.Token], client.Accepted]) -> client.Accepted:
    """With the token at hand while it lives, else with a new one."""
    return use_token(
        held.cached,
        call,
        fetch=partial(client.fetch_token, held.credentials),
        keep=partial(keep_token, held),
    )


def keep_token(held: Held, token: client.Token) -> None:
    """Only for the settings it was made with."""
    with tenant_scope(held.tenant.id):
        row = EntraConnection.objects.select_for_update().filter(id=held.row.id).first()
        if row is not None and _proof_of(row) == _proof_of(held.row):
            row.token_sealed = seal(token.value.encode(), _token_context(row))
            row.token_expires_at = token.expires_at
            row.save(update_fields=["token_sealed", "token_expires_at"])


def _proof_of(row: EntraConnection) -> tuple[str, str, bytes]:
    return row.directory, row.client_id, bytes(row.secret_sealed or row.key_sealed or b"")


# Requests ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Prepared:
    """A request that is written down and not sent yet: its callbacks may come before our own answer does."""

    row: EntraRequest
    callback: Callback
    pin: str = field(default="", repr=False)


def prepare(held: Held, kind: EntraRequest.Kind, *, threshold: int | None = None) -> Prepared:
    require_no_transaction()
    key, state = new_token(), new_token(192)
    pin = numeric_code(PIN_DIGITS) if kind is EntraRequest.Kind.ISSUANCE else ""
    with tenant_scope(held.tenant.id):
        row = EntraRequest(
            kind=kind,
            threshold=threshold,
            accepted_issuers=held.row.accepted_issuers,
            credential_type=held.row.credential_type,
            expires_at=clock.now() + LIFE,
        )
        row.key_digest = key_digest_of(row.id, key)
        row.state_digest = state_digest_of(row.id, state)
        row.pin_sealed = seal(pin.encode(), _request_context(row, "pin_sealed")) if pin else None
        row.save(force_insert=True)
    return Prepared(row, Callback(addresses.callback_url(held.tenant.slug, row.id), state, key), pin)


def request_card(held: Held, *, purpose: str, threshold: int = THRESHOLD) -> EntraRequest:
    """Ask for a card with a Face Check. EntraRefused and Unavailable as the client has them; the row says so too."""
    prepared = prepare(held, EntraRequest.Kind.PRESENTATION, threshold=threshold)
    body = presentation_body(
        Asker(held.row.authority, held.tenant.name),
        prepared.callback,
        purpose=purpose,
        credential_type=held.row.credential_type,
        accepted_issuers=held.row.accepted_issuers,
        photo_claim=held.row.photo_claim,
        threshold=threshold,
    )
    return _send(held, prepared, addresses.presentation_url(), body)


def offer_card(held: Held, *, claims: Mapping[str, str]) -> EntraRequest:
    """Offer a card under a pin."""
    prepared = prepare(held, EntraRequest.Kind.ISSUANCE)
    body = issuance_body(
        Asker(held.row.authority, held.tenant.name),
        prepared.callback,
        credential_type=held.row.credential_type,
        manifest_url=held.row.manifest_url,
        claims=claims,
        pin=prepared.pin,
    )
    return _send(held, prepared, addresses.issuance_url(), body)


def _send(held: Held, prepared: Prepared, url: str, body: Mapping[str, Any]) -> EntraRequest:
    try:
        accepted = with_token(held, lambda token: client.create(url, body, token))
    except (client.EntraRefused, Unavailable) as error:
        with tenant_scope(held.tenant.id):
            move(prepared.row.id, EntraRequest.State.FAILED, problem=error.code)
        raise
    with tenant_scope(held.tenant.id):
        link = seal(accepted.link.encode(), _request_context(prepared.row, "link_sealed"))
        return move(
            prepared.row.id,
            EntraRequest.State.WAITING,
            service_id=accepted.service_id,
            link_sealed=link,
            expires_at=accepted.expires_at,
        )


def move(request_id: UUID, target: EntraRequest.State, **fields: Any) -> EntraRequest:
    """The one function that moves a request. Quiet when already there."""
    row = EntraRequest.objects.select_for_update().get(id=request_id)
    if not MOVES.check(EntraRequest.State(row.state), target):
        return row
    row.state = target
    if target in MOVES.ends:
        # Nobody needs the way in any more.
        fields |= {"ended_at": clock.now(), "link_sealed": None, "pin_sealed": None}
    for name, value in fields.items():
        setattr(row, name, value)
    row.save(update_fields=["state", *fields])
    return row


def link_of(row: EntraRequest) -> str:
    return unseal(row.link_sealed, _request_context(row, "link_sealed")).decode() if row.link_sealed else ""


def pin_of(row: EntraRequest) -> str:
    return unseal(row.pin_sealed, _request_context(row, "pin_sealed")).decode() if row.pin_sealed else ""


def handle_callback(callback_id: UUID) -> None:
    """Act on one callback, and destroy what it said. Unavailable while our own answer is not written down yet."""
    callback = EntraCallback.objects.select_for_update().filter(id=callback_id, handled_at=None).first()
    if callback is None or callback.body_sealed is None:
        return
    row = EntraRequest.objects.select_for_update().get(id=callback.request_id)
    if row.state == EntraRequest.State.ASKING and row.expires_at > clock.now():
        raise Unavailable("entra_request_unanswered")
    raw = unseal(callback.body_sealed, body_context(callback.id))
    notice = reading.read_notice(raw, expected_kind=row.kind)
    # Shuffled callbacks: what ended stays ended, and an opening that comes late changes nothing.
    if EntraRequest.State(row.state) not in MOVES.ends and notice.service_id == row.service_id:
        _act_on(row, notice)
    callback.body_sealed, callback.handled_at = None, clock.now()
    callback.save(update_fields=["body_sealed", "handled_at"])


def _act_on(row: EntraRequest, notice: reading.Notice) -> None:
    state = EntraRequest.State
    match notice.status:
        case reading.RETRIEVED:
            move(row.id, state.OPENED)
        case "issuance_successful":
            move(row.id, state.DONE)
        case "presentation_verified":
            _judge(row, notice)
        case _:
            move(row.id, state.FAILED, problem=notice.problem)


def _judge(row: EntraRequest, notice: reading.Notice) -> None:
    try:
        shown = reading.verify_shown(
            notice,
            expected_type=row.credential_type,
            expected_issuers=row.accepted_issuers,
            expected_threshold=row.threshold or 100,
            now=clock.now(),
        )
    except reading.Unreadable as refused:
        move(row.id, EntraRequest.State.FAILED, problem=refused.reason)
        return
    move(row.id, EntraRequest.State.DONE, confidence=shown.confidence)


def destroy_old_requests() -> None:
    """Requests of yesterday, with what came back for them."""
    EntraRequest.objects.filter(created_at__lt=clock.now() - KEPT).delete()
    EntraCallback.objects.filter(created_at__lt=clock.now() - timedelta(hours=1)).update(body_sealed=None)


def recent_requests() -> list[EntraRequest]:
    """The newest of each kind, for the page."""
    found: dict[str, EntraRequest] = {}
    for row in EntraRequest.objects.order_by("-created_at")[:10]:
        found.setdefault(row.kind, row)
    return sorted(found.values(), key=lambda row: row.kind)
