"""The records of issued cards (Admin API): search by the hash of the indexed claim, and revoke."""

from __future__ import annotations

import base64
import hashlib
import logging
import re

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from portal.sandboxes.entra import registered
from portal.sandboxes.entra.api.errors import ApiError, bad_field
from portal.sandboxes.entra.api.tokens import roles_of
from portal.sandboxes.entra.faults import require_none
from portal.sandboxes.entra.models import Card

log = logging.getLogger("readmit.sandbox.entra")
_FILTER = re.compile(r"indexclaimhash eq (?P<hash>[A-Za-z0-9+/]{43}=)")


def index_hash(value: str) -> str:
    return base64.b64encode(hashlib.sha256(f"{registered.contract_id()}{value}".encode()).digest()).decode()


@csrf_exempt
def search(request: HttpRequest, authority: str, contract: str) -> HttpResponse:
    try:
        _check(request, "GET", registered.SEARCH, authority, contract)
        wanted = _FILTER.fullmatch(request.GET.get("filter", ""))
        if wanted is None:
            raise bad_field("filter", "Only `indexclaimhash eq {hash}` is supported.")
        rows = Card.objects.filter(index_hash=wanted["hash"]).exclude(record_id="").order_by("id")
    except ApiError as error:
        return JsonResponse(error.body(), status=error.status, headers=error.headers)
    return JsonResponse({"value": [_record(row) for row in rows]})


@csrf_exempt
def revoke(request: HttpRequest, authority: str, contract: str, record_id: str) -> HttpResponse:
    try:
        _check(request, "POST", registered.REVOKE, authority, contract)
        if not Card.objects.filter(record_id=record_id).update(is_revoked=True):
            raise ApiError(404, "notFound", "There is no such credential.")
    except ApiError as error:
        return JsonResponse(error.body(), status=error.status, headers=error.headers)
    log.info("revoked %s", record_id)
    return HttpResponse(status=204)


def _check(request: HttpRequest, method: str, role: str, authority: str, contract: str) -> None:
    if request.method != method:
        raise ApiError(405)
    require_none()
    roles = roles_of(request.headers.get("Authorization", ""), registered.ADMIN_SERVICE)
    if role not in roles:
        raise ApiError(403)
    if (authority, contract) != (registered.authority_id(), registered.contract_id()):
        raise ApiError(404, "notFound", "There is no such authority or contract.")


def _record(card: Card) -> dict[str, object]:
    return {
        "id": card.record_id,
        "contractId": registered.contract_id(),
        "status": "issuerRevoked" if card.is_revoked else "valid",
        "issuedAt": card.issued_at * 1000,
    }
