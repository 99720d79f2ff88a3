"""The calls: who asks, whether the parameters are as documented, and the answer."""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import URLPattern, path
from django.views.decorators.csrf import csrf_exempt

from portal.sandboxes.partners import pictures
from portal.sandboxes.partners.stripe_identity.sessions import (
    NAMES,
    announce,
    report,
    show,
    status_of,
    webhook_secret,
)
from portal.sandboxes.partners.world import WORLD, Session, has, word
from portal.sandboxes.stripe.api.errors import ApiError
from portal.sandboxes.stripe.api.forms import decode

SENSITIVE = frozenset(
    {
        "verified_outputs.dob",
        "verified_outputs.id_number",
        "last_verification_report.document.number",
        "last_verification_report.document.expiration_date",
        "last_verification_report.document.dob",
    }
)
OPENED = frozenset({"last_verification_report", *SENSITIVE})
CREATE = frozenset(
    {
        *("type", "verification_flow", "client_reference_id", "metadata", "return_url", "options", "expand"),
        *("provided_details", "related_customer"),
    }
)
DOCUMENT_OPTIONS = frozenset(
    {"allowed_types", "require_id_number", "require_live_capture", "require_matching_selfie"}
)
MAX_REFERENCE = 200


def api_key() -> str:
    return f"rk_test_{word('stripe restricted key')}"


def rolled_key() -> str:
    """What the first key was rolled to: both work until the first is revoked."""
    return f"rk_test_{word('stripe rolled key')}"


def weak_key() -> str:
    """It may make and read sessions, and nothing sensitive."""
    return f"rk_test_{word('stripe weak key')}"


def settings_to_enter() -> dict[str, str]:
    return {
        "api_key": api_key(),
        "webhook_secret": webhook_secret(),
        "flow": "",
        "api_base": settings.SANDBOX_ORIGIN,
    }


Call = Callable[[HttpRequest, dict[str, Any], str], dict[str, Any]]


def _door(**calls: Call) -> Callable[..., HttpResponse]:
    """One address: who asks, then the call for its method. A POST under a known idempotency key is answered as before."""

    @csrf_exempt
    def answer(request: HttpRequest, about: str = "") -> HttpResponse:
        try:
            parameters = decode(
                request.body.decode() if request.method == "POST" else request.META["QUERY_STRING"]
            )
            _authorise(request, parameters, about)
            call = calls.get(str(request.method).lower())
            if call is None:
                raise ApiError(f"Unrecognized request URL ({request.method}).", status=404)
            return _once(request, about, lambda: call(request, parameters, about))
        except ApiError as error:
            return JsonResponse(error.body(), status=error.status)

    return answer


def _authorise(request: HttpRequest, parameters: dict[str, Any], about: str) -> None:
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    first = () if has("key_revoked") else (api_key(),)
    if given not in (*first, rolled_key(), weak_key()):
        raise ApiError("Invalid API Key provided.", status=401)
    if about and given == rolled_key() and has("another_account"):
        raise ApiError("No such verification session.", "resource_missing", status=404)
    wanted = {name.removeprefix("data.") for name in _expanded(parameters)}
    if given == weak_key() and wanted & SENSITIVE:
        raise ApiError("This key may not read sensitive verification results.", status=403)
    if wanted - OPENED:
        raise ApiError("This property cannot be expanded.", param="expand")


def _expanded(parameters: dict[str, Any]) -> set[str]:
    listed = parameters.get("expand", {})
    if not isinstance(listed, dict):
        raise ApiError("Invalid array.", param="expand")
    return {str(name) for name in listed.values()}


def _once(request: HttpRequest, about: str, call: Callable[[], dict[str, Any]]) -> HttpResponse:
    key = request.headers.get("Idempotency-Key", "")
    if request.method != "POST" or not key:
        return JsonResponse(call())
    asked = hashlib.sha256(request.path.encode() + b"\x00" + request.body).hexdigest()
    with WORLD.lock:
        kept = WORLD.kept_answers.get(key)
        if kept is not None and kept[0] != asked:
            raise ApiError(
                "Keys for idempotent requests can only be used with the same parameters they were first used with.",
                "idempotency_key_in_use",
                type="idempotency_error",
            )
        if kept is None:
            kept = (asked, 200, json.dumps(call()).encode())
            WORLD.kept_answers[key] = kept
    return HttpResponse(kept[2], content_type="application/json", status=kept[1])


def _known(session_id: str) -> Session:
    session = WORLD.sessions.get(session_id)
    if session is None:
        raise ApiError("No such verification session.", "resource_missing", "id", status=404)
    return session


def create(request: HttpRequest, parameters: dict[str, Any], about: str) -> dict[str, Any]:
    unknown = sorted(set(parameters) - CREATE)
    if unknown:
        raise ApiError(f"Received unknown parameter: {unknown[0]}", "parameter_unknown", unknown[0])
    if parameters.get("verification_flow"):
        if not str(parameters["verification_flow"]).startswith("vf_"):
            raise ApiError("No such verification flow.", "resource_missing", "verification_flow")
    elif parameters.get("type") not in ("document", "id_number"):
        raise ApiError("Invalid type.", "parameter_missing", "type")
    options = (
        parameters.get("options", {}).get("document", {})
        if isinstance(parameters.get("options"), dict)
        else {}
    )
    if set(options) - DOCUMENT_OPTIONS:
        raise ApiError("Received unknown parameter.", "parameter_unknown", "options[document]")
    reference = str(parameters.get("client_reference_id", ""))
    if len(reference) > MAX_REFERENCE:
        raise ApiError("Too long.", param="client_reference_id")
    session = WORLD.add(
        Session(
            id=f"vs_{secrets.token_hex(12)}",
            reference=reference,
            back=str(parameters.get("return_url", "")),
            wanted={name: value for name, value in parameters.items() if name != "expand"},
        )
    )
    announce(session, "created")
    return show(session, _expanded(parameters), link=True)


def retrieve(request: HttpRequest, parameters: dict[str, Any], about: str) -> dict[str, Any]:
    return show(_known(about), _expanded(parameters), link=True)


def list_all(request: HttpRequest, parameters: dict[str, Any], about: str) -> dict[str, Any]:
    wanted = str(parameters.get("client_reference_id", ""))
    expanded = {name.removeprefix("data.") for name in _expanded(parameters)}
    found = [each for each in WORLD.newest(5_000) if not wanted or each.reference == wanted]
    most = int(parameters.get("limit", 10))
    return {
        "object": "list",
        "data": [show(each, expanded, link=False) for each in found[:most]],
        "has_more": len(found) > most,
        "url": "/v1/identity/verification_sessions",
    }


def cancel(request: HttpRequest, parameters: dict[str, Any], about: str) -> dict[str, Any]:
    session = _known(about)
    if status_of(session) != "requires_input":
        raise ApiError("You cannot cancel a session in this state.", "verification_session_not_cancelable")
    session.ended_early = "canceled"
    announce(session, "canceled")
    return show(session, set(), link=False)


def redact(request: HttpRequest, parameters: dict[str, Any], about: str) -> dict[str, Any]:
    session = _known(about)
    if status_of(session) not in ("verified", "canceled") and not session.scenario:
        raise ApiError("You cannot redact a session in this state.", "verification_session_not_redactable")
    session.redacted = "processing" if has("erases_slowly") else "redacted"
    session.picture = b""
    announce(session, "redacted")
    return show(session, set(), link=False)


def retrieve_report(request: HttpRequest, parameters: dict[str, Any], about: str) -> dict[str, Any]:
    session = _known(f"vs_{about.removeprefix('vr_')}")
    expanded = {f"last_verification_report.{name}" for name in _expanded(parameters)}
    return report(session, session.person | NAMES.get(session.scenario, {}), expanded)


def make_link(request: HttpRequest, parameters: dict[str, Any], about: str) -> dict[str, Any]:
    file = str(parameters.get("file", ""))
    _known(f"vs_{file.removeprefix('file_')[:24]}")
    until = int(parameters.get("expires_at", time.time() + 60))
    if until <= time.time():
        raise ApiError("The expiry lies in the past.", param="expires_at")
    origin = "https://files.example" if has("picture_elsewhere") else settings.SANDBOX_ORIGIN
    return {
        "id": f"link_{secrets.token_hex(12)}",
        "object": "file_link",
        "created": int(time.time()),
        "expired": False,
        "expires_at": until,
        "file": file,
        "livemode": False,
        "metadata": {},
        "url": f"{origin}/links/{file}?until={until}&seal={_seal(file, until)}",
    }


def _seal(file: str, until: int) -> str:
    return word(f"{file}|{until}")


def picture(request: HttpRequest, file: str) -> HttpResponse:
    """Good without a key until its time is over."""
    until = int(request.GET.get("until", "0"))
    if request.GET.get("seal") != _seal(file, until) or until < time.time():
        raise Http404
    session = WORLD.sessions.get(f"vs_{file.removeprefix('file_')[:24]}")
    data = session.picture if session is not None and session.picture else pictures.drawn()
    return HttpResponse(b"no picture" if has("picture_unusable") else data, content_type="image/jpeg")


BASE = "v1/identity/verification_sessions"
URLS: list[URLPattern] = [
    path(BASE, _door(post=create, get=list_all), name="stripe_sessions"),
    path(f"{BASE}/<str:about>", _door(get=retrieve), name="stripe_session"),
    path(f"{BASE}/<str:about>/cancel", _door(post=cancel), name="stripe_cancel"),
    path(f"{BASE}/<str:about>/redact", _door(post=redact), name="stripe_redact"),
    path("v1/identity/verification_reports/<str:about>", _door(get=retrieve_report), name="stripe_report"),
    path("v1/file_links", _door(post=make_link), name="stripe_link"),
    path("links/<str:file>", picture, name="stripe_picture"),
]
