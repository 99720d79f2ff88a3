"""What the authority publishes at the tenant's host: the same for everybody, cacheable."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse

from portal.kit.codes import digest
from portal.kit.scope import tenant_scope
from tenants.verified_id import publishing
from tenants.verified_id.certifying import chain_now
from tenants.verified_id.protocol.issuer_metadata import sign_issuer_metadata
from tenants.verified_id.selectors import get_authority
from tenants.verified_id.signing import active_key, signer_of
from tenants.verified_id.type_metadata import type_document
from tenants.verified_id.views.endpoint import (
    conditional,
    document,
    endpoint,
    now_in_seconds,
    prefers,
    tenant_of,
)


@endpoint("GET")
def did_json(request: HttpRequest) -> HttpResponse:
    with tenant_scope(tenant_of(request).id):
        return document(publishing.did_json(get_authority()), content_type="application/did+json")


@endpoint("GET")
def issuer_json(request: HttpRequest) -> HttpResponse:
    tenant = tenant_of(request)
    with tenant_scope(tenant.id):
        authority = get_authority()
        made = publishing.issuer_json(authority, tenant)
        if prefers(request, "application/jwt", over="application/json"):
            key = active_key()
            signed = sign_issuer_metadata(
                made,
                signer=signer_of(key),
                x5c=chain_now(key),
                issued_at=now_in_seconds(),
                expires_at=now_in_seconds() + 3600,
            )
            shared = {"Cache-Control": "public, max-age=300", "Vary": "Accept"}
            return HttpResponse(signed, content_type="application/jwt", headers=shared)
        answer = document(made)
        answer.headers["Vary"] = "Accept"
        return answer


@endpoint("GET")
def server_json(request: HttpRequest) -> HttpResponse:
    with tenant_scope(tenant_of(request).id):
        return document(publishing.server_json(get_authority()))


@endpoint("GET")
def jwt_vc_issuer_json(request: HttpRequest) -> HttpResponse:
    with tenant_scope(tenant_of(request).id):
        return document(publishing.jwt_vc_issuer_json(get_authority()))


@endpoint("GET")
def type_json(request: HttpRequest) -> HttpResponse:
    """The very bytes that `vct#integrity` is the digest of."""
    with tenant_scope(tenant_of(request).id):
        made = type_document(get_authority().vct)
    return HttpResponse(
        made, content_type="application/json", headers={"Cache-Control": "public, max-age=86400"}
    )


@endpoint("GET")
def status_list(request: HttpRequest, list_id: str) -> HttpResponse:
    try:
        wanted = UUID(hex=list_id)
    except ValueError as error:
        raise Http404 from error
    if "time" in request.GET:
        # What was valid on a day gone by is nobody's to ask (Token Status List, sections 8.4 and 12.7).
        return JsonResponse({"error": "not_implemented"}, status=501, headers={"Cache-Control": "no-store"})
    with tenant_scope(tenant_of(request).id):
        token = publishing.status_token(wanted)
    answer = HttpResponse(
        token,
        content_type="application/statuslist+jwt",
        headers={
            "Cache-Control": f"public, max-age={publishing.STATUS_TTL}",
            "ETag": f'"{digest(token).hex()[:32]}"',
        },
    )
    return conditional(request, answer)
