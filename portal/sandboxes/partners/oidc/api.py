"""The endpoints: metadata, keys, pushed requests, authorization, token, portrait."""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from typing import Any
from urllib.parse import parse_qs, unquote

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from portal.sandboxes.partners.oidc.answers import KEY, framework_of, id_token, portrait_of
from portal.sandboxes.partners.world import WORLD, Session, has, word

CLIENT_ID = "readmit"
REQUEST_LIFE = 60
NEEDED = ("redirect_uri", "state", "nonce", "code_challenge")


def client_secret() -> str:
    return word("oidc client secret")


def settings_to_enter() -> dict[str, str]:
    return {"issuer": settings.SANDBOX_ORIGIN, "client_id": CLIENT_ID, "client_secret": client_secret()}


def metadata(request: HttpRequest) -> HttpResponse:
    origin = settings.SANDBOX_ORIGIN
    return JsonResponse(
        {
            "issuer": origin,
            "authorization_endpoint": f"{origin}/authorize",
            "token_endpoint": f"{origin}/token",
            "pushed_authorization_request_endpoint": f"{origin}/par",
            "jwks_uri": f"{origin}/jwks",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
            "authorization_response_iss_parameter_supported": True,
            "claims_parameter_supported": True,
            "verified_claims_supported": True,
        }
    )


def keys(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"keys": [KEY.as_dict(private=False)]})


def _error(code: str, status: int = 400) -> HttpResponse:
    return JsonResponse({"error": code}, status=status)


def _form(request: HttpRequest) -> dict[str, str]:
    """Each parameter once (RFC 6749, section 3.2); what comes twice is left out and then missed."""
    found = parse_qs(request.body.decode(), keep_blank_values=True)
    return {name: values[0] for name, values in found.items() if len(values) == 1}


def _knows(request: HttpRequest) -> bool:
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    try:
        name, _, secret = base64.b64decode(given).decode().partition(":")
    except ValueError:
        return False
    return scheme == "Basic" and (unquote(name), unquote(secret)) == (CLIENT_ID, client_secret())


@csrf_exempt
@require_POST
def push(request: HttpRequest) -> HttpResponse:
    """RFC 9126. Asked for is an eID by its acr, or verified claims under a framework."""
    if not _knows(request):
        return _error("invalid_client", 401)
    form: dict[str, Any] = _form(request)
    if form.get("code_challenge_method") != "S256" or not all(form.get(name) for name in NEEDED):
        return _error("invalid_request")
    if not form.get("acr_values"):
        try:
            form["trust_framework"] = framework_of(form.get("claims", ""))
        except (ValueError, KeyError, TypeError):
            return _error("invalid_request")
    session = WORLD.add(
        Session(
            id=f"oidc_{secrets.token_hex(12)}",
            reference=form["state"],
            back=form["redirect_uri"],
            wanted=form,
        )
    )
    form |= {"code": secrets.token_urlsafe(24), "portrait_token": secrets.token_urlsafe(24)}
    request_uri = f"urn:ietf:params:oauth:request_uri:{session.id}"
    return JsonResponse({"request_uri": request_uri, "expires_in": REQUEST_LIFE}, status=201)


@require_safe
def authorize(request: HttpRequest) -> HttpResponse:
    session = WORLD.sessions.get(request.GET.get("request_uri", "").rpartition(":")[2])
    if (
        session is None
        or request.GET.get("client_id") != CLIENT_ID
        or session.created + REQUEST_LIFE < time.time()
    ):
        raise Http404
    return redirect("verify", token=session.token)


@csrf_exempt
@require_POST
def token(request: HttpRequest) -> HttpResponse:
    if not _knows(request):
        return _error("invalid_client", 401)
    form = _form(request)
    code = form.get("code", "")
    session = next((each for each in list(WORLD.sessions.values()) if each.wanted.get("code") == code), None)
    if session is None or not session.scenario or form.get("redirect_uri") != session.wanted["redirect_uri"]:
        return _error("invalid_grant")
    challenge = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
    if base64.urlsafe_b64encode(challenge).rstrip(b"=").decode() != session.wanted["code_challenge"]:
        return _error("invalid_grant")
    if not has("code_works_again"):
        session.wanted["code"] = ""
    return JsonResponse(
        {"access_token": secrets.token_hex(8), "token_type": "Bearer", "id_token": id_token(session)}
    )


@require_safe
def portrait(request: HttpRequest, session_id: str) -> HttpResponse:
    session = WORLD.sessions.get(session_id)
    if (
        session is None
        or request.headers.get("Authorization") != f"Bearer {session.wanted['portrait_token']}"
    ):
        raise Http404
    return HttpResponse(
        b"no picture" if has("picture_unusable") else portrait_of(session), content_type="image/jpeg"
    )


URLS: list[URLPattern] = [
    path(".well-known/openid-configuration", metadata, name="oidc_metadata"),
    path("jwks", keys, name="oidc_keys"),
    path("par", push, name="oidc_push"),
    path("authorize", authorize, name="oidc_authorize"),
    path("token", token, name="oidc_token"),
    path("portraits/<str:session_id>", portrait, name="oidc_portrait"),
]
