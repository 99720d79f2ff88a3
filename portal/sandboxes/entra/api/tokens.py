"""The token endpoint of the Microsoft identity platform (OAuth 2.0 client credentials), and reading its tokens."""

from __future__ import annotations

import time
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from portal.sandboxes.entra import faults, registered
from portal.sandboxes.entra.api.assertions import KIND, AssertionRefused, check_assertion
from portal.sandboxes.entra.api.errors import token_error
from portal.sandboxes.microsoft import (
    LIFE,
    Application,
    TokenRefused,
    application_asking,
    bearer_of,
    check_secret,
    opened,
    secret_expired,
    service_of,
    signed,
)

SERVICES = frozenset({registered.SERVICE, registered.ADMIN_SERVICE})


@csrf_exempt
def token(request: HttpRequest, directory: str) -> HttpResponse:
    try:
        application, service = _without_trouble(*_application(request, directory))
    except TokenRefused as refused:
        return JsonResponse(refused.body(), status=refused.status, headers=refused.headers)
    return JsonResponse(
        {
            "token_type": "Bearer",
            "expires_in": LIFE,
            "ext_expires_in": LIFE,
            "access_token": make_token(application, service),
        }
    )


def _without_trouble(application: Application, service: str) -> tuple[Application, str]:
    """Whoever signs in rightly may still be put off, or be told that the secret was good until yesterday."""
    found = faults.met(faults.SIGN_IN)
    if found is None:
        return application, service
    if found.kind == faults.SECRET_OLD:
        raise secret_expired(application)
    if found.kind == faults.SIGN_IN_BUSY:
        text = "The server is too busy to handle the request."
        raise TokenRefused(429, "temporarily_unavailable", 90033, text, retry_after=found.seconds)
    if found.kind == faults.SIGN_IN_AWAY:
        raise TokenRefused(503, "temporarily_unavailable", 90033, "A transient error has occurred.")
    faults.hang(found)
    return application, service


def _application(request: HttpRequest, directory: str) -> tuple[Application, str]:
    """Who asks, and for which service."""
    application, form = application_asking(
        request, directory, registered.DIRECTORY, registered.applications()
    )
    if "client_assertion" in form:
        _check_assertion(form, application)
    else:
        check_secret(form, application)
    return application, service_of(form["scope"], SERVICES)


def _check_assertion(form: dict[str, str], application: Application) -> None:
    if form.get("client_assertion_type") != KIND or form.get("client_secret"):
        raise TokenRefused(
            400, "invalid_request", 900144, "The assertion has no type, or a secret beside it."
        )
    audience = f"{settings.SANDBOX_ORIGIN}/{registered.directory()}/oauth2/v2.0/token"
    try:
        check_assertion(form["client_assertion"], client_id=application.client_id, audience=audience)
    except AssertionRefused as refused:
        raise TokenRefused(
            401, "invalid_client", 700027, f"The client assertion was refused. {refused}"
        ) from refused


OF_RECORDS = frozenset({registered.SEARCH, registered.REVOKE})


def make_token(application: Application, service: str) -> str:
    now = int(time.time())
    roles = [
        role for role in application.roles if (role in OF_RECORDS) == (service == registered.ADMIN_SERVICE)
    ]
    payload: dict[str, Any] = {
        "aud": service,
        "iss": f"https://sts.windows.net/{registered.directory()}/",
        "iat": now,
        "nbf": now,
        "exp": now + LIFE,
        "appid": application.client_id,
        "tid": registered.directory(),
        "ver": "1.0",
    }
    return signed(payload | ({"roles": roles} if roles else {}))


def roles_of(authorization: str, service: str = registered.SERVICE) -> tuple[str, ...]:
    """What the bearer may do at a service. ApiError 401 for a token that is missing, not ours, over or for another."""
    text = bearer_of(authorization)
    if not text:
        raise token_error("The request has no access token.")
    payload = opened(text)
    if payload is None:
        raise token_error("The access token is not valid.")
    if payload["exp"] <= time.time() or payload["tid"] != registered.directory():
        raise token_error("The access token has expired.")
    if payload["aud"] != service:
        raise token_error("The access token is for another audience.")
    return tuple(payload.get("roles", ()))
