"""The verifier's endpoints: wallets fetch the request object and post their answer."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse

from portal.kit.scope import tenant_scope
from tenants.verified_id import answering, asking, presentation
from tenants.verified_id.protocol.presentation_request import (
    MEDIA_TYPE,
    WalletRequest,
    parse_request_uri_post,
)
from tenants.verified_id.views.endpoint import body_of, endpoint, tenant_of, type_of


@endpoint("GET", "POST")
def request_object(request: HttpRequest, address: str) -> HttpResponse:
    # A wallet may post nothing: both parameters are optional (OpenID4VP 1.0, section 5.10).
    body = body_of(request) if request.method == "POST" else b""
    wallet = parse_request_uri_post(body, type_of(request)) if body else WalletRequest()
    with tenant_scope(tenant_of(request).id):
        made = asking.request_object(presentation.find_by_address(address), wallet)
    return HttpResponse(made, content_type=MEDIA_TYPE, headers={"Cache-Control": "no-store"})


@endpoint("POST")
def response(request: HttpRequest, presentation_id: str) -> HttpResponse:
    try:
        wanted = UUID(hex=presentation_id)
    except ValueError as error:
        raise Http404 from error
    made = answering.receive_response(tenant_of(request).id, wanted, body_of(request), type_of(request))
    return JsonResponse(made, headers={"Cache-Control": "no-store"})
