"""Pushed requests and the check that begins when a browser brings one back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from django.conf import settings
from django.db import transaction

from portal.kit import clock
from portal.kit.codes import digest, new_token
from vendors.house.models import SESSION_LIFETIME, Check, Client, PushedRequest
from vendors.house.provider.authorization_request import AuthorizationRequest
from vendors.house.provider.responses import error_response

PREFIX = "urn:ietf:params:oauth:request_uri:"
REQUEST_LIFETIME = timedelta(seconds=60)


class DeadEnd(StrEnum):
    UNKNOWN = "unknown"
    USED = "used"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Arrival:
    """A check to go on with, or why there is none; `way_back` leads to the relying party where it is known."""

    check: Check | None
    dead_end: DeadEnd | None = None
    way_back: str = ""


def push_request(client: Client, request: AuthorizationRequest) -> tuple[str, int]:
    """RFC 9126, 2.2: the reference, which is bound to the client, and its seconds."""
    reference = new_token()
    PushedRequest.objects.create(
        client=client,
        reference_digest=digest(reference),
        parameters=request.to_json(),
        expires_at=clock.now() + REQUEST_LIFETIME,
    )
    return PREFIX + reference, int(REQUEST_LIFETIME.total_seconds())


def begin_check(*, client_id: str, request_uri: str, browser_digest: bytes) -> Arrival:
    """1. the reference is ours and this client's (RFC 9126, 2.2);  2. used once (4): the same browser may reload, another
    is refused;  3. not expired;  4. consumed by one conditional update, with which the check begins."""
    # 1
    reference = request_uri.removeprefix(PREFIX) if request_uri.startswith(PREFIX) else ""
    pushed = (
        PushedRequest.objects.select_related("client")
        .filter(reference_digest=digest(reference), client__disabled_at=None)
        .first()
    )
    if not reference or pushed is None or pushed.client.public_id != client_id:
        return Arrival(None, DeadEnd.UNKNOWN)
    # 2
    if pushed.used_at is not None:
        return _come_back(pushed, browser_digest)
    # 3
    if pushed.expires_at <= clock.now():
        return Arrival(None, DeadEnd.EXPIRED, _way_back(pushed))
    # 4
    with transaction.atomic():
        taken = PushedRequest.objects.filter(id=pushed.id, used_at=None, expires_at__gt=clock.now()).update(
            used_at=clock.now(), parameters={}
        )
        if not taken:
            return Arrival(None, DeadEnd.USED)
        check = Check.objects.create(
            client=pushed.client,
            pushed_request=pushed,
            parameters=pushed.parameters,
            browser_digest=browser_digest,
            expires_at=clock.now() + SESSION_LIFETIME,
        )
    return Arrival(check)


def _come_back(pushed: PushedRequest, browser_digest: bytes) -> Arrival:
    check = Check.objects.filter(pushed_request=pushed, browser_digest=browser_digest).first()
    return Arrival(check) if check else Arrival(None, DeadEnd.USED)


def _way_back(pushed: PushedRequest) -> str:
    request = AuthorizationRequest.from_json(pushed.parameters)
    return error_response(
        request.redirect_uri,
        error="invalid_request_uri",
        description="The request has expired.",
        state=request.state,
        issuer=settings.HOUSE_ORIGIN,
    )
