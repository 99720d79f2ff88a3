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

from portal.sandboxes.entra import faults, registered
from portal.sandboxes.entra.api.assertions import KIND, AssertionRefused, check_assertion
from portal.sandboxes.entra.api.errors import token_error

LIFE = 3599
SCOPES = {f"{service}/.default": service for service in (registered.SERVICE, registered.ADMIN_SERVICE)}


class TokenRefused(Exception):
    """`number` is the AADSTS code."""

    def __init__(self, status: int, error: str, number: int, text: str, *, retry_after: int = 0) -> None:
        super().__init__(text)
        self.status, self.error, self.number, self.text = status, error, number, text
        self.headers = {"Retry-After": str(retry_after)} if retry_after else {}

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
        }


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


def _without_trouble(application: registered.Application, service: str) -> tuple[registered.Application, str]:
    """Whoever signs in rightly may still be put off, or be told that the secret was good until yesterday."""
    found = faults.met(faults.SIGN_IN)
    if found is None:
        return application, service
    if found.kind == faults.SECRET_OLD:
        text = f"The provided client secret keys for app '{application.client_id}' are expired."
        raise TokenRefused(401, "invalid_client", 7000222, text)
    if found.kind == faults.SIGN_IN_BUSY:
        text = "The server is too busy to handle the request."
        raise TokenRefused(429, "temporarily_unavailable", 90033, text, retry_after=found.seconds)
    if found.kind == faults.SIGN_IN_AWAY:
        raise TokenRefused(503, "temporarily_unavailable", 90033, "A transient error has occurred.")
    faults.hang(found)
    return application, service


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


def _application(request: HttpRequest, directory: str) -> tuple[registered.Application, str]:
    """Who asks, and for which service."""
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
    if "client_assertion" in form:
        _check_assertion(form, application)
    else:
        _check_secret(form, application)
    return application, _service(form["scope"])


def _check_assertion(form: dict[str, str], application: registered.Application) -> None:
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


def _service(scope: str) -> str:
    if not scope.endswith("/.default"):
        raise TokenRefused(
            400, "invalid_scope", 1002012, "The scope of client credentials has to end in '/.default'."
        )
    if scope not in SCOPES:
        raise TokenRefused(
            400,
            "invalid_resource",
            500011,
            "The resource principal was not found in the directory 'Simulator'.",
        )
    return SCOPES[scope]


# Tokens ------------------------------------------------------------------------------------------------------------


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def signed(payload: dict[str, Any]) -> str:
    """A JWT under the simulator's own key. The real ones are signed with RS256; nobody but us reads these."""
    head = _encoded(json.dumps({"typ": "JWT", "alg": "HS256"}).encode())
    text = f"{head}.{_encoded(json.dumps(payload).encode())}"
    return f"{text}.{_encoded(hmac.digest(settings.SECRET_KEY.encode(), text.encode(), hashlib.sha256))}"


OF_RECORDS = frozenset({registered.SEARCH, registered.REVOKE})


def make_token(application: registered.Application, service: str) -> str:
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
    scheme, _, text = authorization.partition(" ")
    if scheme.lower() != "bearer" or not text:
        raise token_error("The request has no access token.")
    body, _, signature = text.rpartition(".")
    expected = _encoded(hmac.digest(settings.SECRET_KEY.encode(), body.encode(), hashlib.sha256))
    if not hmac.compare_digest(signature.encode(), expected.encode()):
        raise token_error("The access token is not valid.")
    middle = body.partition(".")[2]
    payload = json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
    if payload["exp"] <= time.time() or payload["tid"] != registered.directory():
        raise token_error("The access token has expired.")
    if payload["aud"] != service:
        raise token_error("The access token is for another audience.")
    return tuple(payload.get("roles", ()))
