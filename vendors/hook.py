"""`/hooks/partners/<organisation>/<connection>`: what a partner tells a tenant, taken in and nothing more.

Protects attempts from everybody who does not hold the secret of this very connection, from old and altered deliveries and
from floods of bytes. What holds is one row under its event's digest and at most one question in the plan, however often and
in whatever order it comes. Who does not hold the secret reads the same whether organisation, connection or secret exist.
What it does not do: believe what a delivery says; the worker asks the partner for the record.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator

from django.core.exceptions import RequestDataTooBig
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
from tenants.selectors import tenant_of_slug
from vendors.context import former_keys, open_context
from vendors.contract import AdapterError, HandlesWebhook, InboundHook, Signal
from vendors.leases import lock_attempt
from vendors.models import Connection, PartnerKeys, PartnerSignal, ProofingAttempt
from vendors.planning import SPACING, plan_fetch
from vendors.registry import adapter_of

log = logging.getLogger("readmit.vendors.hook")
# An event carries one session and what was read from one document, never a picture.
MAX_BYTES = 500_000
MAX_REF = 200
# Only what is refused is counted: nobody guesses a signature, but everybody may try.
STRANGERS = Limit("partner_hook_refused", 200, 600)


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
    headers = {name.lower(): value for name, value in request.headers.items()}
    if not _is_kept(slug, connection, InboundHook(headers, body)):
        return _refuse(request)
    return _answer(200, "kept")


def _refuse(request: HttpRequest) -> HttpResponse:
    try:
        take(STRANGERS, network_of(client_address(request)))
    except TooMany as error:
        return _answer(error.status, "too many")
    return _answer(400, "refused")


def _is_kept(slug: str, connection: str, inbound: InboundHook) -> bool:
    """False unless there is such a connection, its partner signs what it sends, the secret for it is here, and it signed
    this."""
    tenant = tenant_of_slug(slug)
    try:
        wanted = parse_public_id(Connection.prefix, connection)
    except ValueError:
        return False
    if tenant is None:
        return False
    with tenant_scope(tenant.id):
        row = Connection.objects.filter(id=wanted).exclude(status=Connection.Status.REMOVED).first()
        signal = _signal(row, inbound) if row is not None else None
        if row is None or signal is None:
            return False
        if signal.partner_ref and len(signal.partner_ref) <= MAX_REF:
            _keep(row, signal)
        return True


def _signal(connection: Connection, inbound: InboundHook) -> Signal | None:
    adapter: object = adapter_of(connection.vendor)
    if not isinstance(adapter, HandlesWebhook):
        return None
    for keys in _sets(connection):
        ctx = open_context(connection, keys)
        if not ctx.secrets.get(adapter.webhook_secret):
            continue
        try:
            return adapter.receive(ctx, inbound)
        except AdapterError as error:
            log.warning("vendors.hook_refused %s %s", error.fault.value, error.code)
    return None


def _sets(connection: Connection) -> Iterator[PartnerKeys | None]:
    """While keys are changed the partner may sign with either. The former ones are looked for only where the first does not
    verify: most deliveries are of the set in use."""
    yield None
    yield from former_keys(connection)


def _keep(connection: Connection, signal: Signal) -> None:
    """Nothing is locked for a question that waits to be asked: whoever asks it asks after what this tells of."""
    told = PartnerSignal(
        connection=connection, event_digest=digest(signal.event_id), partner_ref=signal.partner_ref
    )
    if PartnerSignal.objects.filter(connection=connection, event_digest=told.event_digest).exists():
        return
    attempts = ProofingAttempt.objects.filter(connection=connection, partner_ref=signal.partner_ref)
    about = attempts.values_list("id", "fetch_due_at").first()
    PartnerSignal.objects.bulk_create([told], ignore_conflicts=True)
    moment = clock.now()
    if about is not None and (about[1] is None or about[1] > moment + SPACING):
        plan_fetch(lock_attempt(about[0]), moment)
