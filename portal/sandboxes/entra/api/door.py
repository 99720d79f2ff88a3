"""The Request Service API: who calls, whether the request is as documented, and 201 with what a wallet needs."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import segno
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from portal.sandboxes.entra import registered
from portal.sandboxes.entra.api.errors import ApiError, bad_field
from portal.sandboxes.entra.api.fields import Fields
from portal.sandboxes.entra.api.issuance import check_issuance
from portal.sandboxes.entra.api.presentation import check_presentation
from portal.sandboxes.entra.api.tokens import roles_of
from portal.sandboxes.entra.faults import require_none
from portal.sandboxes.entra.models import Asked

log = logging.getLogger("readmit.sandbox.entra")
LIFE = 300
MAX_BODY = 1_000_000
# kind -> (permission beside the one for everything, check, folder of the request in the link)
KINDS: dict[str, tuple[str, Callable[[Fields], None], str]] = {
    "issuance": (registered.CREATE_ISSUANCE, check_issuance, "issuanceRequests"),
    "presentation": (registered.CREATE_PRESENTATION, check_presentation, "presentationRequests"),
}


@csrf_exempt
def create_issuance(request: HttpRequest) -> HttpResponse:
    return _create(request, "issuance")


@csrf_exempt
def create_presentation(request: HttpRequest) -> HttpResponse:
    return _create(request, "presentation")


def _create(request: HttpRequest, kind: str) -> HttpResponse:
    try:
        made = _made(request, kind)
    except ApiError as error:
        log.info("%s refused: %s %s", kind, error.status, error.inner.get("target", ""))
        return JsonResponse(error.body(), status=error.status, headers=error.headers)
    return JsonResponse(made, status=201)


def _made(request: HttpRequest, kind: str) -> dict[str, Any]:
    permission, check, folder = KINDS[kind]
    if request.method != "POST":
        raise ApiError(405)
    require_none()
    roles = roles_of(request.headers.get("Authorization", ""))
    if not {registered.CREATE_ALL, permission} & set(roles):
        raise ApiError(403)
    wanted = _body(request)
    check(Fields(wanted))
    asked = Asked.objects.create(
        id=str(uuid4()), kind=kind, wanted=wanted, expires_at=int(time.time()) + LIFE
    )
    link = f"openid-vc://?request_uri={request_uri(asked, folder)}"
    answer: dict[str, Any] = {"requestId": asked.id, "url": link, "expiry": asked.expires_at}
    if wanted.get("includeQRCode"):
        answer["qrCode"] = segno.make_qr(link).png_data_uri(scale=4)
    return answer


def request_uri(asked: Asked, folder: str) -> str:
    base = f"{settings.SANDBOX_ORIGIN}/v1.0/{registered.directory()}/verifiableCredentials"
    return f"{base}/{folder}/{asked.id}"


def _body(request: HttpRequest) -> dict[str, Any]:
    if (request.content_type or "").lower() != "application/json":
        raise ApiError(415)
    try:
        raw = request.body
    except RequestDataTooBig as error:
        raise ApiError(413) from error
    if len(raw) > MAX_BODY:
        raise ApiError(413)
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise bad_field("body", "The request body is not JSON.") from error
    if not isinstance(found, dict):
        raise bad_field("body", "The request body is not an object.")
    return found


def manifest(request: HttpRequest, directory: str, contract: str) -> HttpResponse:
    """The contract as wallets read it, in short."""
    if directory != registered.directory() or contract != registered.contract_id():
        return JsonResponse(ApiError(404, "notFound", "There is no such contract.").body(), status=404)
    claims = [
        {"claim": name, "required": name in registered.REQUIRED_CLAIMS}
        for name in (*registered.REQUIRED_CLAIMS, *registered.OPTIONAL_CLAIMS)
    ]
    hint = {"configuration": "https://self-issued.me", "required": False, "claims": claims}
    return JsonResponse(
        {
            "id": registered.TYPE,
            "display": {"locale": "en-US", "card": {"title": "Verified identity", "issuedBy": "Simulator"}},
            "input": {
                "credentialIssuer": settings.SANDBOX_ORIGIN,
                "issuer": registered.AUTHORITY,
                "attestations": {"idTokens": [hint]},
            },
        }
    )
