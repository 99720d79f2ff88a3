"""What the endpoints that wallets talk to have in common. Any origin may read them, none with cookies."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from portal.kit import clock
from portal.kit.errors import Misconfigured, ReadmitError, TooMany, Unavailable
from portal.middleware.scope import own_scope
from tenants.models import Tenant
from tenants.verified_id.protocol.errors import ProtocolError
from tenants.verified_id.trial.marking import exchange, marked
from tenants.verified_id.trial.services import note_exchange

log = logging.getLogger("readmit.protocol")
View = Callable[..., HttpResponse]
MAX_BODY = 1_200_000
CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, DPoP, Accept",
    "Access-Control-Expose-Headers": "DPoP-Nonce, WWW-Authenticate, Retry-After",
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
            with exchange():
                response, error = _answer(view, request, methods, args, kwargs)
                _note(request, response, error)
            for name, value in CORS.items():
                response.headers[name] = value
            response.headers["Access-Control-Allow-Methods"] = _allowed(methods)
            if response.status_code in (204, 304):
                del response.headers["Content-Type"]  # of nothing (RFC 9110, 8.3)
            return response

        return served

    return wrap


def _note(request: HttpRequest, response: HttpResponse, error: ProtocolError | None) -> None:
    """What belongs to a trial is written down; that it cannot be is nothing the wallet has to know."""
    trial_id = marked()
    if trial_id is None:
        return
    try:
        note_exchange(trial_id, tenant_of(request).id, request, sent_body(request), response, error)
    except DatabaseError:
        log.exception("trial.not_noted")


def _answer(
    view: View, request: HttpRequest, methods: tuple[str, ...], args: Any, kwargs: Any
) -> tuple[HttpResponse, ProtocolError | None]:
    """The answer, and what it refuses by the standard, if it does."""
    try:
        return _made(view, request, methods, args, kwargs), None
    except ProtocolError as error:
        log.info("%s %s %s found=%s", error.code, error.reason, error.clause, error.found)
        headers = error.headers(scheme_of(request))
        return JsonResponse(error.body(), status=error.status, headers=headers), error


def _made(view: View, request: HttpRequest, methods: tuple[str, ...], args: Any, kwargs: Any) -> HttpResponse:
    allowed = _allowed(methods)
    if request.method == "OPTIONS":
        # What a wallet in a browser asks before it sends JSON, a token or a DPoP proof (Fetch, CORS preflight).
        return HttpResponse(status=204, headers={"Allow": allowed})
    if request.method not in allowed.split(", "):
        # Wallets read JSON at these addresses, whatever the standards leave open (RFC 9110, 15.5.6).
        headers = {"Allow": allowed, "Cache-Control": "no-store"}
        return JsonResponse({"error": "invalid_request"}, status=405, headers=headers)
    try:
        return view(request, *args, **kwargs)
    except TooMany as error:
        headers = {"Retry-After": str(error.retry_after), "Cache-Control": "no-store"}
        return JsonResponse({"error": "temporarily_unavailable"}, status=error.status, headers=headers)
    except (Unavailable, Misconfigured) as error:
        # A key service that is away, for example: the wallet may try again, and finds its token as it was.
        log.warning("protocol.unavailable code=%s", error.code)
        headers = {"Retry-After": "30", "Cache-Control": "no-store"}
        return JsonResponse({"error": "temporarily_unavailable"}, status=429, headers=headers)
    except (Http404, ReadmitError) as error:
        status = error.status if isinstance(error, ReadmitError) else 404
        return JsonResponse({"error": "not_found" if status == 404 else "invalid_request"}, status=status)


def _allowed(methods: tuple[str, ...]) -> str:
    return ", ".join([*methods, *(["HEAD"] if "GET" in methods else []), "OPTIONS"])


def scheme_of(request: HttpRequest) -> str:
    """How the wallet sent its access token, for the answer that refuses it."""
    return "DPoP" if request.headers.get("Authorization", "")[:5].lower() == "dpop " else "Bearer"


def tenant_of(request: HttpRequest) -> Tenant:
    tenant: Tenant = request.tenant  # type: ignore[attr-defined]
    return tenant


def body_of(request: HttpRequest) -> bytes:
    body: bytes = request.read(MAX_BODY)
    request.wallet_sent = body  # type: ignore[attr-defined]
    return body


def sent_body(request: HttpRequest) -> bytes:
    """What `body_of` read, again."""
    return getattr(request, "wallet_sent", b"")


def type_of(request: HttpRequest) -> str:
    return str(request.META.get("CONTENT_TYPE", ""))


def now_in_seconds() -> int:
    return int(clock.now().timestamp())


def document(
    made: dict[str, Any], *, max_age: int = 300, content_type: str = "application/json"
) -> HttpResponse:
    return JsonResponse(
        made, content_type=content_type, headers={"Cache-Control": f"public, max-age={max_age}"}
    )


def prefers(request: HttpRequest, kind: str, *, over: str) -> bool:
    """Whether the wallet asks for this media type by name, and no less than for the other (RFC 9110, 12.5.1)."""
    named: dict[str, float] = {}
    for part in request.headers.get("Accept", "").split(",")[:32]:
        media, *parameters = (word.strip().lower() for word in part.split(";"))
        weights = [word[2:] for word in parameters if word.startswith("q=")]
        named[media] = _weight(weights[0]) if weights else 1.0
    general = max((named.get(name, 0.0) for name in ("*/*", f"{over.partition('/')[0]}/*")), default=0.0)
    return named.get(kind, 0.0) > 0 and named[kind] >= named.get(over, general)


def _weight(text: str) -> float:
    try:
        return min(max(float(text), 0.0), 1.0)
    except ValueError:
        return 0.0


def conditional(request: HttpRequest, answer: HttpResponse) -> HttpResponse:
    """304 with the same headers for who has this very answer already (RFC 9110, 13.1.2)."""
    tag = answer.headers["ETag"]
    known = [part.strip().removeprefix("W/") for part in request.headers.get("If-None-Match", "").split(",")]
    if tag not in known and known != ["*"]:
        return answer
    kept = {name: answer.headers[name] for name in ("ETag", "Cache-Control")}
    return HttpResponse(status=304, headers=kept)
