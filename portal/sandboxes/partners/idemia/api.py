"""The calls: who asks, whether the request is as in the samples, and the answer; and the capture page of an organisation."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.multipartparser import MultiPartParserError
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from portal.sandboxes.partners import pictures
from portal.sandboxes.partners.idemia.evidence import detailed, singles, verdict, whole
from portal.sandboxes.partners.world import WORLD, Session, has, word

BUSINESS_ID = "LOA1P"
LONGEST = 2_000


class Refusal(Exception):
    """An error in the shape of the samples."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status, self.code = status, code


def api_key() -> str:
    return f"gips_rs_{word('idemia key')}"


def settings_to_enter() -> dict[str, str]:
    return {
        "api_key": api_key(),
        "capture_page": f"{settings.SANDBOX_ORIGIN}/capture",
        "business_id": BUSINESS_ID,
        "level": "LOA2",
        "api_base": f"{settings.SANDBOX_ORIGIN}/gips/v1",
    }


Call = Callable[[HttpRequest, str], HttpResponse]


def _door(**calls: Call) -> Callable[..., HttpResponse]:
    @csrf_exempt
    def answer(request: HttpRequest, about: str = "") -> HttpResponse:
        try:
            if request.headers.get("apikey") != api_key():
                raise Refusal(401, "unauthorized")
            call = calls.get(str(request.method).lower())
            if call is None:
                raise Refusal(405, "method_not_allowed")
            return call(request, about)
        except Refusal as refusal:
            told = {"errors": [{"code": refusal.code, "message": "Refused"}]}
            return JsonResponse(told, status=refusal.status)

    return answer


def _known(about: str) -> Session:
    session = WORLD.sessions.get(about)
    if session is None or session.redacted:
        raise Refusal(404, "identity_unknown")
    return session


def _json(text: str | bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        raise Refusal(400, "not_json") from None


def _context_of(request: HttpRequest) -> str:
    """The part of that name. IDEMIA's own sample names no boundary and sends no part at all."""
    if "boundary" not in request.content_params:
        return "[]"
    try:
        return str(request.POST.get("context", "[]"))
    except MultiPartParserError:
        raise Refusal(400, "not_multipart") from None


def create(request: HttpRequest, about: str) -> HttpResponse:
    """Multipart with one part, `context`: a list of keys and values."""
    if request.content_type != "multipart/form-data":
        raise Refusal(415, "not_multipart")
    context = _json(_context_of(request))
    known = [{"key": "BUSINESS_ID", "value": BUSINESS_ID}]
    if not isinstance(context, list) or any(each not in known for each in context):
        raise Refusal(400, "context_unknown")
    session = WORLD.add(Session(id=f"gips-{secrets.token_hex(16)}", reference="", back="", wanted={}))
    return JsonResponse(whole(session))


def consent(request: HttpRequest, about: str) -> HttpResponse:
    session, given = _known(about), _json(request.body)
    if not isinstance(given, list) or any(
        not isinstance(each, dict)
        or not {"approved", "type"} <= set(each) <= {"approved", "type", "validityPeriod"}
        for each in given
    ):
        raise Refusal(400, "consent_unusable")
    kept = [{"consentId": secrets.token_hex(8), **each} for each in given]
    session.wanted["consents"] = kept
    return JsonResponse(kept, safe=False)


def document_session(request: HttpRequest, about: str) -> HttpResponse:
    """Where IDEMIA's software would begin to look at a document; here the page behind `capture` does instead."""
    _known(about)
    return JsonResponse({"sessionId": secrets.token_hex(16), "sidesToCapture": ["FRONT", "BACK"]})


def face_session(request: HttpRequest, about: str) -> HttpResponse:
    _known(about)
    return JsonResponse({"sessionId": secrets.token_hex(16)})


def status(request: HttpRequest, about: str) -> HttpResponse:
    session = _known(about)
    return JsonResponse({"globalStatus": whole(session), "singleStatuses": singles(session)})


def retrieve(request: HttpRequest, about: str) -> HttpResponse:
    session = _known(about)
    told = detailed(session) if request.GET.get("detailed") == "true" else {"globalStatus": whole(session)}
    return JsonResponse(told)


def _multipart(name: str, kind: str, data: bytes) -> HttpResponse:
    boundary = secrets.token_hex(12)
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="{name}"\r\n'
    body = f"{head}Content-Type: {kind}\r\n\r\n".encode() + data + f"\r\n--{boundary}--\r\n".encode()
    return HttpResponse(body, content_type=f"multipart/form-data; boundary={boundary}")


def portrait(request: HttpRequest, about: str) -> HttpResponse:
    session = _known(about)
    if not session.scenario:
        raise Refusal(404, "portrait_unknown")
    data = b"no picture" if has("picture_unusable") else session.picture or pictures.drawn()
    return _multipart("Portrait", "image/jpeg", data)


def proof(request: HttpRequest, about: str) -> HttpResponse:
    """Closes the transaction, and discards what it held."""
    session = _known(about)
    if session.scenario and "ADJUDICATION" in (verdict(session, "document"), verdict(session, "face")):
        raise Refusal(403, "still_processing")
    session.redacted, session.picture = "redacted", b""
    return _multipart("proof.zip", "application/octet-stream", b"PK\x05\x06" + bytes(18))


def countries(request: HttpRequest, about: str) -> HttpResponse:
    return JsonResponse(["FRA", "GBR", "POL"], safe=False)


@require_safe
def capture(request: HttpRequest) -> HttpResponse:
    """The organisation's capture page: whom it is for, and where they go afterwards."""
    session = WORLD.sessions.get(request.GET.get("identity", ""))
    back = request.GET.get("return", "")
    if (
        session is None
        or session.redacted
        or len(back) > LONGEST
        or urlsplit(back).scheme not in ("http", "https")
    ):
        raise Http404
    if not session.wanted.get("consents"):
        raise Http404
    session.back = session.back or back
    return redirect("verify", token=session.token)


BASE = "gips/v1/identities"
URLS: list[URLPattern] = [
    path("capture", capture, name="idemia_capture"),
    path("gips/v1/supported-evidence/countries", _door(get=countries), name="idemia_countries"),
    path(BASE, _door(post=create), name="idemia_identities"),
    path(f"{BASE}/<str:about>", _door(get=retrieve), name="idemia_identity"),
    path(f"{BASE}/<str:about>/consents", _door(post=consent), name="idemia_consents"),
    path(
        f"{BASE}/<str:about>/id-documents/live-capture-session",
        _door(post=document_session),
        name="idemia_document_session",
    ),
    path(
        f"{BASE}/<str:about>/attributes/portrait/live-capture-session",
        _door(post=face_session),
        name="idemia_face_session",
    ),
    path(f"{BASE}/<str:about>/status", _door(get=status), name="idemia_status"),
    path(f"{BASE}/<str:about>/attributes/portrait/capture", _door(get=portrait), name="idemia_portrait"),
    path(f"{BASE}/<str:about>/proof", _door(get=proof), name="idemia_proof"),
]
