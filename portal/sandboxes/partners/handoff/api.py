"""The calls of the profile: who asks, whether the request is whole, and the answer."""

from __future__ import annotations

import hmac
import json
import secrets
import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import URLPattern, path
from django.views.decorators.csrf import csrf_exempt
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from portal.sandboxes.partners.handoff import issuing
from portal.sandboxes.partners.handoff.sessions import show, status_of
from portal.sandboxes.partners.world import WORLD, Session, has, word

CLIENT_ID = "readmit"
LINK_LIFE = 900
SKEW = 60
WANTED = ("reference", "return_uri", "nonce")


class Refusal(Exception):
    """An error of the profile, section 6."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status, self.code = status, code


def client_secret() -> str:
    return word("handoff client secret")


def service() -> str:
    return f"{settings.SANDBOX_ORIGIN}/v1"


def settings_to_enter() -> dict[str, str]:
    return {
        "service": service(),
        "client_id": CLIENT_ID,
        "issuer_did": issuing.did(),
        "client_secret": client_secret(),
    }


def _door(**calls: Callable[..., tuple[int, dict[str, Any] | None]]) -> Callable[..., HttpResponse]:
    @csrf_exempt
    def answer(request: HttpRequest, session_id: str = "") -> HttpResponse:
        call = calls.get(str(request.method).lower())
        if call is None:
            return JsonResponse({"error": "invalid_request"}, status=405)
        try:
            status, told = call(request, session_id)
        except Refusal as refusal:
            return JsonResponse({"error": refusal.code}, status=refusal.status)
        return HttpResponse(status=status) if told is None else JsonResponse(told, status=status)

    return answer


def _verified(token: str) -> dict[str, Any]:
    """Section 2: signed by the client, for us, now, and once."""
    try:
        found = jws.deserialize_compact(token, OctKey.import_key(client_secret()), algorithms=["HS256"])
        claims = json.loads(found.payload)
    except (JoseError, ValueError):
        raise Refusal(401, "invalid_client") from None
    now = time.time()
    lives = claims.get("iat", 0) - SKEW <= now < claims.get("exp", 0) <= now + 300
    if claims.get("iss") != CLIENT_ID or claims.get("aud") != service() or not lives:
        raise Refusal(401, "invalid_client")
    seen = f"jti {claims.get('jti')}"
    with WORLD.lock:
        if not claims.get("jti") or seen in WORLD.kept_answers:
            raise Refusal(401, "invalid_client")
        WORLD.kept_answers[seen] = ("", 0, b"")
    return dict(claims)


def _known(request: HttpRequest, session_id: str) -> Session:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    claims = _verified(token if scheme == "Bearer" else "")
    target = settings.SANDBOX_ORIGIN + request.path
    named = (str(claims.get("sub")), claims.get("htm"), claims.get("htu"))
    if not hmac.compare_digest(named[0], session_id) or named[1:] != (request.method, target):
        raise Refusal(401, "invalid_client")
    session = WORLD.sessions.get(session_id)
    if session is None or session.redacted:
        raise Refusal(404, "unknown_session")
    return session


def create(request: HttpRequest, session_id: str) -> tuple[int, dict[str, Any]]:
    """The same reference again is the same session, with a link that works."""
    try:
        told = json.loads(request.body)["request"]
    except (ValueError, KeyError, TypeError):
        raise Refusal(400, "invalid_request") from None
    wanted = _verified(str(told))
    if not all(isinstance(wanted.get(name), str) and wanted[name] for name in WANTED):
        raise Refusal(400, "invalid_request")
    wanted["query_id"] = _query_id(wanted.get("dcql_query"))
    with WORLD.lock:
        reference = wanted["reference"]
        known = [each for each in WORLD.sessions.values() if each.reference == reference]
        session = known[0] if known else None
        if session is not None and (session.wanted["nonce"], session.back) != (
            wanted["nonce"],
            wanted["return_uri"],
        ):
            raise Refusal(400, "invalid_request")
        if session is None:
            session = WORLD.add(
                Session(
                    id=f"hs_{secrets.token_hex(12)}",
                    reference=reference,
                    back=wanted["return_uri"],
                    wanted=wanted,
                )
            )
    origin = "https://proofing.example" if has("link_elsewhere") else settings.SANDBOX_ORIGIN
    made = {
        "session_id": session.id,
        "reference": session.reference,
        "url": f"{origin}/verify/{session.token}",
        "expires_in": LINK_LIFE,
    }
    return 200 if known else 201, made


def _query_id(query: Any) -> str:
    """Whether it asks for what we issue."""
    try:
        (asked,) = query["credentials"]
        fits = asked["format"] == "dc+sd-jwt" and issuing.TYPE in asked["meta"]["vct_values"]
        named = str(asked["id"])
    except (KeyError, TypeError, ValueError):
        raise Refusal(400, "invalid_request") from None
    if not fits:
        raise Refusal(400, "invalid_request")
    return named


def retrieve(request: HttpRequest, session_id: str) -> tuple[int, dict[str, Any]]:
    return 200, show(_known(request, session_id))


def cancel(request: HttpRequest, session_id: str) -> tuple[int, None]:
    session = _known(request, session_id)
    if status_of(session) != "waiting" and not session.ended_early:
        raise Refusal(409, "session_decided")
    session.ended_early = "canceled"
    return 204, None


def erase(request: HttpRequest, session_id: str) -> tuple[int, None]:
    session = _known(request, session_id)
    session.redacted, session.picture = "erased", b""
    session.wanted = {name: session.wanted[name] for name in ("nonce",)}
    return 204, None


def did_document(request: HttpRequest) -> HttpResponse:
    return JsonResponse(issuing.did_document())


def did_configuration(request: HttpRequest) -> HttpResponse:
    if has("domain_unlinked"):
        return JsonResponse({"linked_dids": []}, status=404)
    return JsonResponse(issuing.did_configuration())


def statuses(request: HttpRequest) -> HttpResponse:
    if has("status_unavailable"):
        return HttpResponse(status=503)
    return HttpResponse(issuing.status_list(), content_type="application/statuslist+jwt")


URLS: list[URLPattern] = [
    path(".well-known/did.json", did_document, name="handoff_did"),
    path(".well-known/did-configuration.json", did_configuration, name="handoff_domain"),
    path("statuses/1", statuses, name="handoff_statuses"),
    path("v1/sessions", _door(post=create), name="handoff_sessions"),
    path("v1/sessions/<str:session_id>", _door(get=retrieve, delete=erase), name="handoff_session"),
    path("v1/sessions/<str:session_id>/cancel", _door(post=cancel), name="handoff_cancel"),
]
