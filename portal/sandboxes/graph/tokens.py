"""The token endpoint of the Microsoft identity platform (OAuth 2.0 client credentials), and reading its tokens."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl
from uuid import uuid4

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from portal.sandboxes.graph import registered
from portal.sandboxes.graph.errors import unauthenticated
from portal.sandboxes.graph.world import WORLD

LIFE = 3599
SCOPE = f"{registered.RESOURCE}/.default"


class TokenRefused(Exception):
    """`number` is the AADSTS code."""

    def __init__(self, status: int, error: str, number: int, text: str) -> None:
        super().__init__(text)
        self.status, self.error, self.number, self.text = status, error, number, text

    def body(self) -> dict[str, Any]:
        trace, correlation = str(uuid4()), str(uuid4())
        moment = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%SZ}"
        return {
            "error": self.error,
            "error_description": f"AADSTS{self.number}: {self.text} Trace ID: {trace} "
            f"Correlation ID: {correlation} Timestamp: {moment}",
            "error_codes": [self.number],
            "timestamp": moment,
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": f"https://login.microsoftonline.com/error?code={self.number}",
        }


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
        application = _application(request, directory)
    except TokenRefused as refused:
        return JsonResponse(refused.body(), status=refused.status)
    life = int(WORLD.faults.get("short_token", LIFE))
    answer = {"token_type": "Bearer", "expires_in": life, "ext_expires_in": life}
    return JsonResponse(answer | {"access_token": make_token(application, life)})


def _form(request: HttpRequest) -> dict[str, str]:
    if request.method != "POST":
        raise TokenRefused(400, "invalid_request", 900561, "The endpoint only accepts POST requests.")
    if request.content_type != "application/x-www-form-urlencoded":
        raise TokenRefused(400, "invalid_request", 900144, "The request body is not a form.")
    pairs = parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True)
    form = dict(pairs)
    if len(form) != len(pairs):
        raise TokenRefused(400, "invalid_request", 9002313, "A parameter of the request is repeated.")
    return form


def _application(request: HttpRequest, directory: str) -> registered.Application:
    form = _form(request)
    if directory.lower() != registered.directory():
        raise TokenRefused(400, "invalid_request", 90002, f"Tenant '{directory[:80]}' not found.")
    for name in ("grant_type", "client_id", "scope"):
        if not form.get(name):
            raise TokenRefused(
                400, "invalid_request", 900144, f"The request body must contain the parameter: '{name}'."
            )
    if form["grant_type"] != "client_credentials":
        raise TokenRefused(
            400, "unsupported_grant_type", 70003, "The app requested an unsupported grant type."
        )
    application = registered.application(form["client_id"])
    if application is None:
        raise TokenRefused(
            400, "unauthorized_client", 700016, "The application was not found in the directory 'Simulator'."
        )
    _check_secret(form, application)
    _check_scope(form["scope"])
    return application


def _check_secret(form: dict[str, str], application: registered.Application) -> None:
    if not form.get("client_secret"):
        raise TokenRefused(
            401, "invalid_client", 7000218, "The request body must contain client_assertion or client_secret."
        )
    if not hmac.compare_digest(form["client_secret"].encode(), application.secret.encode()):
        raise TokenRefused(
            401,
            "invalid_client",
            7000215,
            "Invalid client secret provided. Ensure the secret being sent is the client secret value, not its id.",
        )
    if application.has_expired_secret:
        raise TokenRefused(
            401,
            "invalid_client",
            7000222,
            f"The client secret keys of app '{application.client_id}' expired.",
        )


def _check_scope(scope: str) -> None:
    # A library adds what it always asks for; the resource decides.
    wanted = [each for each in scope.split() if each not in ("openid", "profile", "offline_access")]
    if len(wanted) != 1 or not wanted[0].endswith("/.default"):
        raise TokenRefused(
            400, "invalid_scope", 1002012, "The scope of client credentials has to end in '/.default'."
        )
    if wanted[0] != SCOPE:
        raise TokenRefused(
            400,
            "invalid_resource",
            500011,
            "The resource principal was not found in the directory 'Simulator'.",
        )


# Tokens ------------------------------------------------------------------------------------------------------------


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def signed(payload: dict[str, Any]) -> str:
    """A JWT under the simulator's own key. The real ones are signed with RS256; nobody but us reads these."""
    head = _encoded(json.dumps({"typ": "JWT", "alg": "HS256"}).encode())
    text = f"{head}.{_encoded(json.dumps(payload).encode())}"
    return f"{text}.{_encoded(hmac.digest(settings.SECRET_KEY.encode(), text.encode(), hashlib.sha256))}"


def opened(text: str) -> dict[str, Any] | None:
    """What `signed` made; None for anything else."""
    body, _, signature = text.rpartition(".")
    expected = _encoded(hmac.digest(settings.SECRET_KEY.encode(), body.encode(), hashlib.sha256))
    if not hmac.compare_digest(signature.encode(), expected.encode()):
        return None
    middle = body.partition(".")[2]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
    return found


def make_token(application: registered.Application, life: int = LIFE) -> str:
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
    scheme, _, text = authorization.partition(" ")
    if scheme.lower() != "bearer" or not text:
        raise unauthenticated("Access token is empty.")
    payload = opened(text)
    if payload is None:
        raise unauthenticated("Access token validation failure. Invalid signature.")
    if payload.get("aud") != registered.RESOURCE:
        raise unauthenticated("Access token validation failure. Invalid audience.")
    if payload["exp"] <= time.time():
        raise unauthenticated("Lifetime validation failed, the token is expired.")
    return tuple(payload.get("roles", ()))
