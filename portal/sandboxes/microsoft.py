"""What the simulators of Microsoft's services have in common: a directory, its applications, and the token endpoint.

Directory and applications are derived from the simulator's own key, so that they stay as they are over a restart.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID, uuid4

from django.conf import settings
from django.http import HttpRequest

LIFE = 3599


@dataclass(frozen=True, slots=True)
class Application:
    name: str
    client_id: str
    roles: tuple[str, ...]
    secret: str = field(repr=False)
    has_expired_secret: bool = False


@dataclass(frozen=True, slots=True)
class Directory:
    """The one that a simulator knows. `simulator` keeps the ids of two of them apart."""

    simulator: str

    def derived(self, purpose: str) -> bytes:
        key = settings.SECRET_KEY.encode()
        return hmac.digest(key, f"{self.simulator} simulator|{purpose}".encode(), hashlib.sha256)

    def guid(self, purpose: str) -> str:
        return str(UUID(bytes=self.derived(purpose)[:16], version=4))

    @property
    def id(self) -> str:
        """Microsoft's word is tenant."""
        return self.guid("directory")

    def application(self, name: str, *roles: str, has_expired_secret: bool = False) -> Application:
        # Secrets of Microsoft are 40 characters, with a tilde after the sixth.
        text = base64.urlsafe_b64encode(self.derived(f"secret|{name}")).decode().rstrip("=")
        client_id, secret = self.guid(f"application|{name}"), f"sim8Q~{text[:34]}"
        return Application(name, client_id, roles, secret, has_expired_secret=has_expired_secret)


# The token endpoint of the Microsoft identity platform (OAuth 2.0 client credentials) ------------------------------


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
            "error_uri": f"https://login.microsoftonline.com/error?code={self.number}",
        }


def application_asking(
    request: HttpRequest, directory: str, own: Directory, applications: Collection[Application]
) -> tuple[Application, dict[str, str]]:
    """Who asks for a token, not yet proven, and the form. TokenRefused."""
    form = _form(request)
    if directory.lower() != own.id:
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
    application = next((each for each in applications if each.client_id == form["client_id"].lower()), None)
    if application is None:
        raise TokenRefused(
            400, "unauthorized_client", 700016, "The application was not found in the directory 'Simulator'."
        )
    return application, form


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


def check_secret(form: dict[str, str], application: Application) -> None:
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
        raise secret_expired(application)


def secret_expired(application: Application) -> TokenRefused:
    text = f"The provided client secret keys for app '{application.client_id}' are expired."
    return TokenRefused(401, "invalid_client", 7000222, text)


def service_of(scope: str, services: Collection[str]) -> str:
    """Which service the token is to be for: its scope is `SERVICE/.default`. TokenRefused."""
    # A library adds what it always asks for; the resource decides.
    wanted = [each for each in scope.split() if each not in ("openid", "profile", "offline_access")]
    if len(wanted) != 1 or not wanted[0].endswith("/.default"):
        raise TokenRefused(
            400, "invalid_scope", 1002012, "The scope of client credentials has to end in '/.default'."
        )
    service = wanted[0].removesuffix("/.default")
    if service not in services:
        raise TokenRefused(
            400,
            "invalid_resource",
            500011,
            "The resource principal was not found in the directory 'Simulator'.",
        )
    return service


# Tokens ------------------------------------------------------------------------------------------------------------


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _signature(text: str) -> str:
    return _encoded(hmac.digest(settings.SECRET_KEY.encode(), text.encode(), hashlib.sha256))


def signed(payload: dict[str, Any]) -> str:
    """A JWT under the simulator's own key. The real ones are signed with RS256; nobody but us reads these."""
    head = _encoded(json.dumps({"typ": "JWT", "alg": "HS256"}).encode())
    text = f"{head}.{_encoded(json.dumps(payload).encode())}"
    return f"{text}.{_signature(text)}"


def opened(text: str) -> dict[str, Any] | None:
    """What `signed` made; None for anything else."""
    body, _, signature = text.rpartition(".")
    if not hmac.compare_digest(signature.encode(), _signature(body).encode()):
        return None
    middle = body.partition(".")[2]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
    return found


def bearer_of(authorization: str) -> str:
    """The token of an Authorization header; empty where there is none."""
    scheme, _, text = authorization.partition(" ")
    return text if scheme.lower() == "bearer" else ""
