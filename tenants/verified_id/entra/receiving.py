"""`/entra/callbacks/<request>`: what Microsoft tells us about one request, taken in and nothing more.

Protects requests from everybody who was not given the key of that very request: each has a key of its own, 256 bits, of
which we keep a keyed digest, and a state that has to come back beside it. The address is on the tenant's host, so that
one tenant's key opens nothing at another. Who does not hold the key reads the same whether or not there is such a
request. A replay adds nothing, an answer after the end is refused. What it does not do: act; the worker does.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from uuid import UUID

from django.core.exceptions import RequestDataTooBig
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.views.decorators.csrf import csrf_exempt

from portal.kit import clock
from portal.kit.codes import keyed_digest, same
from portal.kit.errors import TooMany
from portal.kit.limits import Limit, take
from portal.kit.origins import client_address, network_of
from portal.kit.outbox import enqueue
from portal.kit.scope import current_tenant_id, tenant_scope
from portal.kit.sealed import Context, seal
from portal.middleware.scope import own_scope
from tenants.models import Tenant
from tenants.verified_id.entra.models import MOVES, EntraCallback, EntraRequest
from tenants.verified_id.entra.reading import Notice, Unreadable, read_notice, without_tokens

log = logging.getLogger("readmit.entra")
# With a receipt in it: the card that was shown, its photo of a megabyte at most, each in base64 of base64.
MAX_BYTES = 6_000_000
# A result may arrive a little after the request's own end.
GRACE = timedelta(minutes=5)
# Only what is refused is counted: nobody guesses 256 bits, but everybody may try.
STRANGERS = Limit("entra_callbacks_refused", 100, 600)


def key_digest_of(request_id: UUID, key: str) -> bytes:
    return keyed_digest(key, context=f"entra-key|{current_tenant_id()}|{request_id}")


def state_digest_of(request_id: UUID, state: str) -> bytes:
    return keyed_digest(state, context=f"entra-state|{current_tenant_id()}|{request_id}")


def body_context(row_id: UUID) -> Context:
    return Context("entra_entracallback", "body_sealed", row_id)


def _answer(status: int, word: str) -> HttpResponse:
    return HttpResponse(f"{word}\n", status=status, content_type="text/plain")


@csrf_exempt
@own_scope
def receive(request: HttpRequest, request_id: str) -> HttpResponse:
    """200 for a callback that is kept now or was kept before; 4xx for anything the service would not send."""
    if request.method != "POST":
        answer = _answer(405, "only POST")
        answer.headers["Allow"] = "POST"
        return answer
    tenant: Tenant = request.tenant  # type: ignore[attr-defined]
    with tenant_scope(tenant.id):
        found = _authenticated(request_id, request.headers.get("api-key", ""))
    if found is None:
        try:
            take(STRANGERS, f"{tenant.id}|{network_of(client_address(request))}")
        except TooMany as error:
            return _answer(error.status, "too many")
        return _answer(401, "not authenticated")
    length = request.headers.get("Content-Length", "")
    if not length.isascii() or not length.isdigit() or int(length) > MAX_BYTES:
        return _answer(413, "too large")
    try:
        raw = request.read(MAX_BYTES + 1)
        if len(raw) > MAX_BYTES:
            return _answer(413, "too large")
        notice = read_notice(raw, expected_kind=found.kind)
    except (RequestDataTooBig, UnreadablePostError):
        return _answer(413, "too large")
    except Unreadable as error:
        log.warning("entra.callback_refused", extra={"reason": error.reason})
        return _answer(400, error.reason)
    with tenant_scope(tenant.id):
        return _kept(found, notice, raw)


def _authenticated(request_id: str, key: str) -> EntraRequest | None:
    try:
        wanted = UUID(hex=request_id)
    except ValueError:
        return None
    row = EntraRequest.objects.filter(id=wanted).first()
    given = key_digest_of(wanted, key)
    return row if row is not None and same(bytes(row.key_digest), given) else None


def _kept(row: EntraRequest, notice: Notice, raw: bytes) -> HttpResponse:
    if not same(bytes(row.state_digest), state_digest_of(row.id, notice.state)):
        return _answer(400, "state_of_another_request")
    # Before our own row knows its id the worker compares; after that a stranger's is refused here.
    if row.service_id and row.service_id != notice.service_id:
        return _answer(400, "another_request")
    if EntraCallback.objects.filter(request=row, status=notice.status).exists():
        return _answer(200, "kept")
    is_over = EntraRequest.State(row.state) in MOVES.ends
    if is_over or row.expires_at + GRACE <= clock.now():
        return _answer(409, "over")
    callback = EntraCallback(request=row, status=notice.status)
    callback.body_sealed = seal(without_tokens(raw), body_context(callback.id))
    try:
        with transaction.atomic():
            callback.save(force_insert=True)
    except IntegrityError:  # the same at the same time
        return _answer(200, "kept")
    enqueue("verified_id.entra_callback", tenant_id=current_tenant_id(), callback_id=callback.id)
    return _answer(200, "kept")
