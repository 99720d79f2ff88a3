"""The calls: who asks, whether the document is as documented, and the answer."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import URLPattern, path
from django.views.decorators.csrf import csrf_exempt

from portal.sandboxes.partners import pictures
from portal.sandboxes.partners.persona.inquiries import (
    announce,
    show,
    status_of,
    verifications,
    webhook_secret,
)
from portal.sandboxes.partners.world import WORLD, Session, has, word

TEMPLATE = "itmpl_simulator"
VERSION = "2026-09-29"
FIELDS = frozenset({"name-first", "name-middle", "name-last", "birthdate"})
OVER = frozenset({"approved", "declined", "failed", "expired", "completed"})


class Refusal(Exception):
    """An error as JSON:API words it."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status, self.code = status, code


def api_key() -> str:
    return f"persona_sandbox_{word('persona key')}"


def settings_to_enter() -> dict[str, str]:
    return {
        "api_key": api_key(),
        "webhook_secret": webhook_secret(),
        "template_id": TEMPLATE,
        "decision_status": "approved",
        "api_base": f"{settings.SANDBOX_ORIGIN}/api/v1",
    }


Call = Callable[[dict[str, Any], str, HttpRequest], tuple[int, dict[str, Any]]]


def _door(**calls: Call) -> Callable[..., HttpResponse]:
    """One address: who asks, then the call for its method. Every POST has to carry an idempotency key."""

    @csrf_exempt
    def answer(request: HttpRequest, about: str = "") -> HttpResponse:
        try:
            _authorise(request)
            call = calls.get(str(request.method).lower())
            if call is None:
                raise Refusal(405, "method_not_allowed")
            return _once(request, lambda: call(_body(request), about, request))
        except Refusal as refusal:
            told = {"errors": [{"title": "Refused", "code": refusal.code}]}
            return JsonResponse(told, status=refusal.status)

    return answer


def _authorise(request: HttpRequest) -> None:
    if request.headers.get("Authorization") != f"Bearer {api_key()}":
        raise Refusal(401, "unauthorized")
    if request.headers.get("Persona-Version") != VERSION:
        raise Refusal(400, "version_unknown")
    if request.headers.get("Key-Inflection") != "kebab":
        raise Refusal(400, "inflection_unknown")


def _body(request: HttpRequest) -> dict[str, Any]:
    if request.method != "POST":
        return {}
    try:
        told = json.loads(request.body or b"{}")
    except ValueError:
        raise Refusal(400, "not_json") from None
    if not isinstance(told, dict):
        raise Refusal(400, "not_an_object")
    return told


def _once(request: HttpRequest, call: Callable[[], tuple[int, dict[str, Any]]]) -> HttpResponse:
    if request.method != "POST":
        status, told = call()
        return JsonResponse(told, status=status)
    key = request.headers.get("Idempotency-Key", "")
    if not key:
        raise Refusal(400, "idempotency_key_missing")
    asked = hashlib.sha256(request.path.encode() + b"\x00" + request.body).hexdigest()
    with WORLD.lock:
        kept = WORLD.kept_answers.get(key)
        if kept is not None and kept[0] != asked:
            raise Refusal(409, "idempotency_key_reused")
        if kept is None:
            status, told = call()
            kept = (asked, status, json.dumps(told).encode())
            WORLD.kept_answers[key] = kept
    return HttpResponse(kept[2], content_type="application/json", status=kept[1])


def _known(inquiry_id: str) -> Session:
    session = WORLD.sessions.get(inquiry_id)
    if session is None:
        raise Refusal(404, "record_not_found")
    return session


def create(told: dict[str, Any], about: str, request: HttpRequest) -> tuple[int, dict[str, Any]]:
    data = told.get("data")
    attributes = data.get("attributes", {}) if isinstance(data, dict) else {}
    if attributes.get("inquiry-template-id") != TEMPLATE:
        raise Refusal(422, "template_not_found")
    _require_fields(attributes.get("fields", {}))
    session = WORLD.add(
        Session(
            id=f"inq_{secrets.token_hex(12)}",
            reference=str(attributes.get("reference-id", "")),
            back=str(attributes.get("redirect-uri", "")),
            wanted=attributes,
        )
    )
    announce(session, "created")
    return 201, {"data": show(session), "included": [], "meta": {"session-token": None}}


def _require_fields(fields: object) -> None:
    """Those of the documented inquiry fields that this template has; each is text, the date of birth a day."""
    if not isinstance(fields, dict) or not set(fields) <= FIELDS:
        raise Refusal(422, "field_unknown")
    if not all(isinstance(value, str) and 0 < len(value) <= 200 for value in fields.values()):
        raise Refusal(422, "field_unusable")
    try:
        date.fromisoformat(fields.get("birthdate", "2000-01-01"))
    except ValueError:
        raise Refusal(422, "field_unusable") from None


def retrieve(told: dict[str, Any], about: str, request: HttpRequest) -> tuple[int, dict[str, Any]]:
    session = _known(about)
    included = verifications(session) if request.GET.get("include") == "verifications" else []
    return 200, {"data": show(session), "included": included}


def make_link(told: dict[str, Any], about: str, request: HttpRequest) -> tuple[int, dict[str, Any]]:
    session = _known(about)
    if status_of(session) in OVER:
        raise Refusal(409, "inquiry_over")
    origin = "https://inquiry.example" if has("link_elsewhere") else settings.SANDBOX_ORIGIN
    link = f"{origin}/verify/{session.token}"
    return 200, {"data": show(session), "meta": {"one-time-link": link, "one-time-link-short": link}}


def expire(told: dict[str, Any], about: str, request: HttpRequest) -> tuple[int, dict[str, Any]]:
    session = _known(about)
    if status_of(session) in OVER:
        raise Refusal(409, "inquiry_over")
    session.ended_early = "expired"
    announce(session, "expired")
    return 200, {"data": show(session)}


def redact(told: dict[str, Any], about: str, request: HttpRequest) -> tuple[int, dict[str, Any]]:
    session = _known(about)
    session.redacted, session.picture = datetime.now(UTC).isoformat(), b""
    announce(session, "redacted")
    return 200, {"data": show(session)}


def picture(request: HttpRequest, about: str, name: str) -> HttpResponse:
    """Opens to the same key as everything else."""
    session = WORLD.sessions.get(about)
    if session is None or request.headers.get("Authorization") != f"Bearer {api_key()}":
        raise Http404
    data = session.picture or pictures.drawn()
    return HttpResponse(b"no picture" if has("picture_unusable") else data, content_type="image/jpeg")


BASE = "api/v1/inquiries"
URLS: list[URLPattern] = [
    path(BASE, _door(post=create), name="persona_inquiries"),
    path(f"{BASE}/<str:about>", _door(get=retrieve, delete=redact), name="persona_inquiry"),
    path(f"{BASE}/<str:about>/generate-one-time-link", _door(post=make_link), name="persona_link"),
    path(f"{BASE}/<str:about>/expire", _door(post=expire), name="persona_expire"),
    path("api/v1/files/<str:about>/<str:name>", picture, name="persona_picture"),
]
