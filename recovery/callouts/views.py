"""On the tenant's host: where endpoints find the key that their callers' tokens are signed with."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from portal.kit.origins import tenant_url
from recovery.callouts.signing import ALGORITHM, issuer_of, published_keys
from tenants.models import Tenant

HEADERS = {"Cache-Control": "public, max-age=3600"}


def _tenant(request: HttpRequest) -> Tenant:
    tenant: Tenant = request.tenant  # type: ignore[attr-defined]
    return tenant


@require_safe
def metadata(request: HttpRequest) -> JsonResponse:
    """As much of OpenID Connect Discovery as libraries read to verify a bearer token. Nobody signs in here."""
    tenant = _tenant(request)
    return JsonResponse(
        {
            "issuer": issuer_of(tenant),
            "jwks_uri": tenant_url(tenant.slug, reverse("callouts_public:keys")),
            "id_token_signing_alg_values_supported": [ALGORITHM],
            "response_types_supported": ["none"],
            "subject_types_supported": ["public"],
        },
        headers=HEADERS,
    )


@require_safe
def keys(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"keys": published_keys()}, headers=HEADERS)
