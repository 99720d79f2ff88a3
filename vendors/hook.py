"""`/hooks/partners/<organisation>/<connection>`: what a partner tells a tenant, taken in and nothing more.

Protects attempts from everybody who does not hold the secret of this very connection, from old and altered deliveries and
from floods of bytes. What holds is one row under its event's digest and at most one question in the plan, however often and
in whatever order it comes. Who does not hold the secret reads the same whether organisation, connection or secret exist.
What it does not do: believe what a delivery says; the worker asks the partner for the record.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from django.core.exceptions import RequestDataTooBig
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from portal.kit import clock
from portal.kit.codes import digest
from portal.kit.errors import TooMany
from portal.kit.ids import parse_public_id
from portal.kit.limits import Limit, take
from portal.kit.origins import client_address, network_of
from portal.kit.scope import tenant_scope
from portal.middleware.scope import own_scope
from tenants.models import Tenant
from tenants.selectors import tenant_of_slug
from vendors.context import open_context
from vendors.contract import AdapterError, Ctx, HandlesWebhook, InboundHook, Signal
from vendors.models import Connection, PartnerSignal, ProofingAttempt
from vendors.planning import plan_fetch
from vendors.registry import adapter_of

log = logging.getLogger("readmit.vendors.hook")
# An event carries one session and what was read from one document, never a picture.
MAX_BYTES = 500_000
MAX_REF = 200
# Only what is refused is counted: nobody guesses a signature, but everybody may try.
STRANGERS = Limit("partner_hook_refused", 200, 600)


@dataclass(frozen=True, slots=True)
class Door:
    """A connection that listens."""

    tenant: Tenant
    connection: Connection
    adapter: HandlesWebhook
    ctx: Ctx


def _answer(status: int, word: str) -> HttpResponse:
    return HttpResponse(f"{word}\n", status=status, content_type="text/plain")


@csrf_exempt
@own_scope
@require_POST
def receive(request: HttpRequest, slug: str, connection: str) -> HttpResponse:
    """200 for an event that is kept now or was kept before; 4xx for anything the partner would not send."""
    if request.content_type != "application/json":
        return _answer(415, "not json")
    length = request.headers.get("Content-Length", "")
    if not length.isascii() or not length.isdigit() or int(length) > MAX_BYTES:
        return _answer(413, "too large")
    try:
        body = request.body
    except (RequestDataTooBig, UnreadablePostError):
        return _answer(413, "too large")
    door = _find(slug, connection)
    headers = {name.lower(): value for name, value in request.headers.items()}
    try:
        signal = door.adapter.receive(door.ctx, InboundHook(headers, body)) if door else None
    except AdapterError as error:
        log.warning("vendors.hook_refused %s %s", error.fault.value, error.code)
        signal = None
    if door is None or signal is None:
        return _refuse(request)
    if signal.partner_ref and len(signal.partner_ref) <= MAX_REF:
        with tenant_scope(door.tenant.id):
            _keep(door.connection, signal)
    return _answer(200, "kept")


def _refuse(request: HttpRequest) -> HttpResponse:
    try:
        take(STRANGERS, network_of(client_address(request)))
    except TooMany as error:
        return _answer(error.status, "too many")
    return _answer(400, "refused")


def _find(slug: str, connection: str) -> Door | None:
    """None unless there is such a connection, its partner signs what it sends, and the secret for it is here."""
    tenant = tenant_of_slug(slug)
    try:
        wanted = parse_public_id(Connection.prefix, connection)
    except ValueError:
        return None
    if tenant is None:
        return None
    with tenant_scope(tenant.id):
        row = Connection.objects.filter(id=wanted).exclude(status=Connection.Status.REMOVED).first()
        if row is None:
            return None
        adapter: object = adapter_of(row.vendor)
        if not isinstance(adapter, HandlesWebhook):
            return None
        ctx = open_context(row)
    return Door(tenant, row, adapter, ctx) if ctx.secrets.get(adapter.webhook_secret) else None


def _keep(connection: Connection, signal: Signal) -> None:
    attempts = ProofingAttempt.objects.select_for_update()
    attempt = attempts.filter(connection=connection, partner_ref=signal.partner_ref).first()
    row = PartnerSignal(
        connection=connection,
        event_digest=digest(signal.event_id),
        partner_ref=signal.partner_ref,
    )
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:  # a copy
        return
    if attempt is not None:
        plan_fetch(attempt, clock.now())
