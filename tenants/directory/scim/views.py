"""`/scim/<organisation>/v2/…` on the site's host: the way a system provisions people and groups (RFC 7644).

Protects the directory from whoever has no token of this organisation, from requests that are too many, too large or too
deep, and from being told anything about another organisation: an unknown one, a dead token and a token of somebody else
read the same. A request is counted before its token is looked at. No cookie opens this, no other origin may read it.
"""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from scim2_models import (
    Error,
    InvalidSyntaxException,
    PayloadTooLargeException,
    SCIMException,
)
from scim2_server.requests import ScimRequest
from scim2_server.responses import ScimResponse

from portal.kit.actors import Actor, ActorKind
from portal.kit.bodies import read_json
from portal.kit.errors import ReadmitError, Refused, TooMany
from portal.kit.limits import Limit, limiter
from portal.kit.origins import client_address, network_of
from portal.kit.scope import tenant_scope
from tenants.directory.models import ScimToken
from tenants.directory.scim.description import MAX_BYTES
from tenants.directory.scim.dialects import plain_filter, plain_patch
from tenants.directory.scim.service import SERVICE, Handler
from tenants.directory.scim.storage import DirectoryStorage
from tenants.directory.scim.tokens import FORM, base_address, verified_token
from tenants.models import Tenant
from tenants.selectors import tenant_of_slug

OF_NETWORK = Limit("scim_network", 6_000, 60)
OF_TOKEN = Limit("scim_token", 3_000, 60)
REFUSED = Limit("scim_refused", 60, 60)
LONGEST_HEADER = 200
# Read before a token is made (RFC 7643, 5).
OPEN = "/ServiceProviderConfig"


def serve(request: HttpRequest, slug: str, path: str) -> HttpResponse:
    """Any request below the base address, by way of `door`; every answer is SCIM's."""
    try:
        answer = _answer(request, slug, "/" + path.removesuffix(".scim").strip("/"))
    except TooMany as busy:
        answer = _refusal(429, "Ask again later.")
        answer.headers["Retry-After"] = str(busy.retry_after)
    except SCIMException as problem:
        answer = SERVICE.error_response(problem)
    except ReadmitError as problem:
        answer = _refusal(problem.status, problem.sentence or "This cannot be done.")
    told = _told(answer)
    if request.method == "HEAD":
        told.content = b""
    return told


def _answer(request: HttpRequest, slug: str, path: str) -> ScimResponse:
    if settings.HTTPS and not request.is_secure():
        return _refusal(403, "Ask over https. A token that was sent over http should be revoked.")
    network = network_of(client_address(request))
    if limiter().used(REFUSED, network) >= REFUSED.count:
        raise TooMany(REFUSED.name, retry_after=REFUSED.seconds)
    scheme, _space, written = request.headers.get("Authorization", "")[:LONGEST_HEADER].partition(" ")
    unverified = FORM.read(written.strip()) if scheme.lower() == "bearer" else None
    of_token = [(OF_TOKEN, unverified.digest.hex())] if unverified else []
    limiter().take_in_turn((OF_NETWORK, network), *of_token)
    tenant = tenant_of_slug(slug)
    if tenant is not None and path == OPEN and _method(request) == "GET":
        return Handler(SERVICE, DirectoryStorage(Actor(ActorKind.PROVISIONER))).handle(
            _asked(request, tenant, path)
        )
    if tenant is None or unverified is None:
        return _stranger(network)
    asked = _asked(request, tenant, path)
    with tenant_scope(tenant.id):
        token = verified_token(unverified)
        if token is not None:
            return _served(token, asked)
    return _stranger(network)


def _served(token: ScimToken, asked: ScimRequest) -> ScimResponse:
    """What fails is rolled back by the operation it failed in."""
    actor = Actor(ActorKind.PROVISIONER, token.public_id)
    handler = Handler(SERVICE, DirectoryStorage(actor, changing=asked.method != "GET"))
    try:
        return handler.handle(asked)
    except SCIMException as problem:
        return SERVICE.error_response(problem)


def _stranger(network: str) -> ScimResponse:
    limiter().over((REFUSED, network))
    answer = _refusal(401, "This token does not work here. It may be mistyped, expired or revoked.")
    answer.headers["WWW-Authenticate"] = 'Bearer realm="SCIM", error="invalid_token"'
    return answer


def _asked(request: HttpRequest, tenant: Tenant, path: str) -> ScimRequest:
    """The request as the library reads it, its body and its query readable as one thing only."""
    query = request.GET.dict()
    if any("\x00" in value for value in query.values()):
        raise InvalidSyntaxException(detail="The query holds a character that no value has.")
    asked = ScimRequest(
        method=_method(request),
        base_url=base_address(tenant),
        path=path,
        query={
            name: plain_filter(str(value)) if name == "filter" else str(value)
            for name, value in query.items()
        },
        headers=dict(request.headers),
    )
    SERVICE.match(asked)
    asked.body = _body(request)
    return asked


def _method(request: HttpRequest) -> str:
    """HEAD is answered as GET is, and the server leaves the body out (RFC 9110, 9.3.2)."""
    return "GET" if request.method == "HEAD" else request.method or "GET"


def _body(request: HttpRequest) -> bytes:
    if request.method not in ("POST", "PUT", "PATCH"):
        return b""
    try:
        unverified = read_json(request, max_bytes=MAX_BYTES)
    except Refused as refused:
        if refused.code == "too_large":
            raise PayloadTooLargeException(detail=f"A request holds at most {MAX_BYTES} bytes.") from refused
        raise InvalidSyntaxException(
            detail="The body is not a JSON object, or names a member twice."
        ) from refused
    return json.dumps(plain_patch(unverified)).encode() if request.method == "PATCH" else request.body


def _refusal(status: int, sentence: str) -> ScimResponse:
    return ScimResponse(status, Error(status=status, detail=sentence).model_dump())  # type: ignore[arg-type]


def _told(answer: ScimResponse) -> HttpResponse:
    body: Any = b"" if answer.body is None else json.dumps(answer.body).encode()
    response = HttpResponse(body, status=int(answer.status))
    for name, value in answer.headers.items():
        response[name] = value
    response["Cache-Control"] = "no-store"
    response["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'"
    return response
