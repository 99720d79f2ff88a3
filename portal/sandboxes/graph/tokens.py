"""The token endpoint of the Microsoft identity platform (OAuth 2.0 client credentials), and reading its tokens."""

from __future__ import annotations

import time
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from portal.sandboxes.graph import registered
from portal.sandboxes.graph.errors import unauthenticated
from portal.sandboxes.graph.world import WORLD
from portal.sandboxes.microsoft import (
    LIFE,
    Application,
    TokenRefused,
    application_asking,
    bearer_of,
    check_secret,
    opened,
    service_of,
    signed,
)


def issuer(directory: str) -> str:
    return f"{settings.SANDBOX_ORIGIN}/{directory}"


@require_safe
def discovery(request: HttpRequest, directory: str) -> HttpResponse:
    """What a library reads before it asks for a token (OpenID Connect Discovery, 4)."""
    if directory.lower() != registered.directory():
        refused = TokenRefused(400, "invalid_tenant", 90002, f"Tenant '{directory[:80]}' not found.")
        return JsonResponse(refused.body(), status=400)
    own = issuer(directory)
    return JsonResponse(
        {
            "token_endpoint": f"{own}/oauth2/v2.0/token",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
            "authorization_endpoint": f"{own}/oauth2/v2.0/authorize",
            "device_authorization_endpoint": f"{own}/oauth2/v2.0/devicecode",
            "issuer": f"{own}/v2.0",
            "jwks_uri": f"{own}/discovery/v2.0/keys",
            "response_types_supported": ["code"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "tenant_region_scope": "EU",
            "cloud_instance_name": "microsoftonline.com",
            "msgraph_host": "graph.microsoft.com",
        }
    )


@csrf_exempt
def token(request: HttpRequest, directory: str) -> HttpResponse:
    try:
        application, form = application_asking(
            request, directory, registered.DIRECTORY, registered.applications()
        )
        check_secret(form, application)
        service_of(form["scope"], {registered.RESOURCE})
    except TokenRefused as refused:
        return JsonResponse(refused.body(), status=refused.status)
    life = int(WORLD.faults.get("short_token", LIFE))
    answer = {"token_type": "Bearer", "expires_in": life, "ext_expires_in": life}
    return JsonResponse(answer | {"access_token": make_token(application, life)})


def make_token(application: Application, life: int = LIFE) -> str:
    now = int(time.time())
    payload: dict[str, Any] = {
        "aud": registered.RESOURCE,
        "iss": f"https://sts.windows.net/{registered.directory()}/",
        "iat": now,
        "nbf": now,
        "exp": now + life,
        "appid": application.client_id,
        "idtyp": "app",
        "tid": registered.directory(),
        "ver": "1.0",
    }
    return signed(payload | ({"roles": list(application.roles)} if application.roles else {}))


def roles_of(authorization: str) -> tuple[str, ...]:
    """What the bearer may do. GraphError 401 for a token that is missing, not ours or over."""
    text = bearer_of(authorization)
    if not text:
        raise unauthenticated("Access token is empty.")
    payload = opened(text)
    if payload is None:
        raise unauthenticated("Access token validation failure. Invalid signature.")
    if payload.get("aud") != registered.RESOURCE:
        raise unauthenticated("Access token validation failure. Invalid audience.")
    if payload["exp"] <= time.time():
        raise unauthenticated("Lifetime validation failed, the token is expired.")
    return tuple(payload.get("roles", ()))
