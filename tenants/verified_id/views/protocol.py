"""The endpoints wallets talk to, on the tenant's host. Any origin may read them, none with cookies."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from portal.kit import clock
from portal.kit.errors import ReadmitError, TooMany
from portal.kit.limits import Limit, take
from portal.kit.origins import client_address, network_of
from portal.kit.scope import tenant_scope
from portal.middleware.scope import own_scope
from tenants.models import Tenant
from tenants.verified_id import answering, asking, issuance, presentation, publishing
from tenants.verified_id.models import StatusList
from tenants.verified_id.protocol.errors import ProtocolError
from tenants.verified_id.protocol.issuance import (
    credential_response,
    nonce_response,
    parse_credential_request,
    parse_notification,
    parse_token_request,
    read_access_token,
    token_response,
)
from tenants.verified_id.protocol.issuer_metadata import sign_issuer_metadata
from tenants.verified_id.protocol.key_proof import unverified_nonces, verify_key_proofs
from tenants.verified_id.protocol.presentation_request import (
    MEDIA_TYPE,
    WalletRequest,
    parse_request_uri_post,
)
from tenants.verified_id.selectors import get_authority
from tenants.verified_id.signing import active_key, signer_of

log = logging.getLogger("readmit.protocol")
View = Callable[..., HttpResponse]
MAX_BODY = 1_200_000
# Anybody may ask for a nonce and each is a row; wallets behind one address are many.
NONCES = Limit("proof_nonces_of_network", 3000, 600)
CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, DPoP, Accept",
    "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
    "Access-Control-Max-Age": "600",
    "Cross-Origin-Resource-Policy": "cross-origin",
}


def endpoint(*methods: str) -> Callable[[View], View]:
    """For wallets: no CSRF (no cookies count), any origin, protocol errors as their standard's JSON."""

    def wrap(view: View) -> View:
        @csrf_exempt
        @own_scope
        @wraps(view)
        def served(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            response = _answer(view, request, methods, args, kwargs)
            for name, value in CORS.items():
                response.headers[name] = value
            return response

        return served

    return wrap


def _answer(
    view: View, request: HttpRequest, methods: tuple[str, ...], args: Any, kwargs: Any
) -> HttpResponse:
    allowed = [*methods, *(["HEAD"] if "GET" in methods else []), "OPTIONS"]
    if request.method == "OPTIONS":
        return HttpResponse(status=204, headers={"Allow": ", ".join(allowed)})
    if request.method not in allowed:
        return HttpResponse(status=405, headers={"Allow": ", ".join(allowed)})
    try:
        return view(request, *args, **kwargs)
    except ProtocolError as error:
        log.info("%s %s %s found=%s", error.code, error.reason, error.clause, error.found)
        return JsonResponse(error.body(), status=error.status, headers=error.headers())
    except TooMany as error:
        headers = {"Retry-After": str(error.retry_after), "Cache-Control": "no-store"}
        return JsonResponse({"error": "temporarily_unavailable"}, status=error.status, headers=headers)
    except (Http404, ReadmitError) as error:
        status = error.status if isinstance(error, ReadmitError) else 404
        return JsonResponse({"error": "not_found" if status == 404 else "invalid_request"}, status=status)


def tenant_of(request: HttpRequest) -> Tenant:
    tenant: Tenant = request.tenant  # type: ignore[attr-defined]
    return tenant


def _body(request: HttpRequest) -> bytes:
    return request.read(MAX_BODY)


def _type(request: HttpRequest) -> str:
    return str(request.META.get("CONTENT_TYPE", ""))


def _now() -> int:
    return int(clock.now().timestamp())


def _document(
    made: dict[str, Any], *, max_age: int = 300, content_type: str = "application/json"
) -> HttpResponse:
    return JsonResponse(
        made, content_type=content_type, headers={"Cache-Control": f"public, max-age={max_age}"}
    )


# Published --------------------------------------------------------------------------------------------------------


@endpoint("GET")
def did_json(request: HttpRequest) -> HttpResponse:
    with tenant_scope(tenant_of(request).id):
        return _document(publishing.did_json(get_authority()), content_type="application/did+json")


@endpoint("GET")
def issuer_json(request: HttpRequest) -> HttpResponse:
    tenant = tenant_of(request)
    with tenant_scope(tenant.id):
        authority = get_authority()
        made = publishing.issuer_json(authority, tenant)
        if "application/jwt" in request.headers.get("Accept", ""):
            signed = sign_issuer_metadata(
                made, signer=signer_of(active_key()), issued_at=_now(), expires_at=_now() + 3600
            )
            shared = {"Cache-Control": "public, max-age=300", "Vary": "Accept"}
            return HttpResponse(signed, content_type="application/jwt", headers=shared)
        answer = _document(made)
        answer.headers["Vary"] = "Accept"
        return answer


@endpoint("GET")
def server_json(request: HttpRequest) -> HttpResponse:
    with tenant_scope(tenant_of(request).id):
        return _document(publishing.server_json(get_authority()))


@endpoint("GET")
def jwt_vc_issuer_json(request: HttpRequest) -> HttpResponse:
    with tenant_scope(tenant_of(request).id):
        return _document(publishing.jwt_vc_issuer_json(get_authority()))


@endpoint("GET")
def type_json(request: HttpRequest) -> HttpResponse:
    with tenant_scope(tenant_of(request).id):
        return _document(publishing.type_json(get_authority()))


@endpoint("GET")
def status_list(request: HttpRequest, list_id: str) -> HttpResponse:
    with tenant_scope(tenant_of(request).id):
        try:
            row = StatusList.objects.select_related("key").filter(id=UUID(hex=list_id)).first()
        except ValueError:
            row = None
        if row is None:
            raise Http404
        token = publishing.status_token(row)
    return HttpResponse(
        token,
        content_type="application/statuslist+jwt",
        headers={
            "Cache-Control": f"public, max-age={publishing.STATUS_TTL}",
            "ETag": publishing.status_tag(token, now=_now()),
        },
    )


# Issuance ---------------------------------------------------------------------------------------------------------


@endpoint("GET")
def offer(request: HttpRequest, address: str) -> HttpResponse:
    with tenant_scope(tenant_of(request).id):
        made = issuance.offer_object(address).to_object()
    return JsonResponse(made, headers={"Cache-Control": "no-store"})


@endpoint("POST")
def token(request: HttpRequest) -> HttpResponse:
    wanted = parse_token_request(
        _body(request), _type(request), known_configurations={publishing.CONFIGURATION_ID}
    )
    access = issuance.redeem_code(tenant_of(request).id, wanted)
    identifiers = {name: [name] for name in wanted.configuration_ids}
    made = token_response(access, credential_identifiers=identifiers or None)
    return JsonResponse(made, headers={"Cache-Control": "no-store"})


@endpoint("POST")
def nonce(request: HttpRequest) -> HttpResponse:
    tenant_id = tenant_of(request).id
    take(NONCES, f"{tenant_id}|{network_of(client_address(request))}")
    with tenant_scope(tenant_id):
        get_authority()
        made = issuance.new_nonce()
    return JsonResponse(nonce_response(made), headers={"Cache-Control": "no-store"})


@endpoint("POST")
def credential(request: HttpRequest) -> HttpResponse:
    tenant_id = tenant_of(request).id
    access = read_access_token(request.headers.get("Authorization"))
    with tenant_scope(tenant_id):
        found = issuance.find_access(access)
        issuer = get_authority().issuer
    wanted = parse_credential_request(
        _body(request),
        _type(request),
        known_configurations={publishing.CONFIGURATION_ID},
        known_identifiers={publishing.CONFIGURATION_ID} if access.startswith(issuance.IDENTIFIED) else (),
    )
    live = issuance.take_nonces(tenant_id, unverified_nonces(wanted.unverified_proofs))
    (proof,) = verify_key_proofs(
        wanted.unverified_proofs, expected_issuer=issuer, expected_nonces=live, now=_now()
    )
    with tenant_scope(tenant_id):
        text, notification_id = issuance.issue(found, proof)
    made = credential_response([text], notification_id=notification_id)
    return JsonResponse(made, headers={"Cache-Control": "no-store"})


@endpoint("POST")
def notification(request: HttpRequest) -> HttpResponse:
    access = read_access_token(request.headers.get("Authorization"))
    with tenant_scope(tenant_of(request).id):
        offer = issuance.find_notifier(access)
        sent = parse_notification(_body(request), _type(request))
        issuance.notify(offer, sent.notification_id, sent.event)
    return HttpResponse(status=204)


# Presentation -----------------------------------------------------------------------------------------------------


@endpoint("GET", "POST")
def request_object(request: HttpRequest, address: str) -> HttpResponse:
    # A wallet may post nothing: both parameters are optional (OpenID4VP 1.0, section 5.10).
    body = _body(request) if request.method == "POST" else b""
    wallet = parse_request_uri_post(body, _type(request)) if body else WalletRequest()
    with tenant_scope(tenant_of(request).id):
        made = asking.request_object(presentation.find_by_address(address), wallet)
    return HttpResponse(made, content_type=MEDIA_TYPE, headers={"Cache-Control": "no-store"})


@endpoint("POST")
def response(request: HttpRequest, presentation_id: str) -> HttpResponse:
    try:
        wanted = UUID(hex=presentation_id)
    except ValueError as error:
        raise Http404 from error
    made = answering.receive_response(tenant_of(request).id, wanted, _body(request), _type(request))
    return JsonResponse(made, headers={"Cache-Control": "no-store"})
