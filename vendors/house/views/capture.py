"""The pages with a camera: the document, the live face, and what their scripts ask for."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from portal.kit.errors import Invalid, Unavailable
from vendors.house.browser import browser_digest
from vendors.house.judging.document import DocumentDecision
from vendors.house.judging.face import MAX_FACES
from vendors.house.models import Check
from vendors.house.photographs import SHOTS, read_clip, read_photographs
from vendors.house.services.documents import submit_document
from vendors.house.services.faces import begin_challenge, submit_clip
from vendors.house.stages import Stage
from vendors.house.views.errors import wants_json
from vendors.house.views.pages import page
from vendors.house.views.walking import address, elsewhere, find_check, see_other, show
from vendors.house.vision import Admission, Vision
from vendors.house.words import (
    camera_errors,
    described_shots,
    notice_sentence,
    problem_sentences,
    progress_stages,
    shot_title,
)

WAIT_SECONDS = 2


def vision() -> Vision:
    made: Vision = import_string(settings.VISION)()
    return made


@page
def document(request: HttpRequest, check: str) -> HttpResponse:
    row = find_check(request, check)
    if request.method != "POST":
        return elsewhere(row, "document") or _document_page(request, row)
    if row.stage != Stage.DOCUMENT:
        return _go_on(request, row)
    try:
        photographs = read_photographs(request, SHOTS[row.document_kind])
        decision = submit_document(
            row.id, browser_digest(request), photographs, vision=vision(), ticket=_ticket(request)
        )
    except Invalid as refused:
        return _retake(request, row, {refused.field: [refused.sentence]}, status=422)
    except Unavailable:
        return _busy(request, row)
    if decision.problems:
        return _retake(request, row, _sentences(decision), status=422)
    return _go_on(request, row)


@page
def face(request: HttpRequest, check: str) -> HttpResponse:
    row = find_check(request, check)
    if request.method != "POST":
        return elsewhere(row, "face") or show(
            request,
            row,
            "face",
            notice=notice_sentence(row.notice),
            stages=progress_stages("face", "liveness"),
            tries_left=MAX_FACES - row.face_tries,
            camera_errors=camera_errors(),
            ways=_ways(),
        )
    if row.stage != Stage.FACE:
        return _go_on(request, row)
    try:
        clip = read_clip(request)
        submit_clip(row.id, browser_digest(request), clip, vision=vision(), ticket=_ticket(request))
    except Unavailable:
        return _busy(request, row)
    return _go_on(request, row)


def _ways() -> list[dict[str, str]]:
    return [
        {
            "value": "colours",
            "label": _("With coloured light"),
            "hint": _("About eight seconds: colours on the screen, then one turn of the head"),
        },
        {
            "value": "turns",
            "label": _("Without coloured light"),
            "hint": _("About half a minute: five turns of the head"),
        },
    ]


@require_POST
def challenge(request: HttpRequest, check: str) -> HttpResponse:
    row = find_check(request, check)
    flashing = request.POST.get("flashing", "yes") != "no"
    return JsonResponse(begin_challenge(row.id, browser_digest(request), flashing=flashing))


@require_POST
def admission(request: HttpRequest, check: str) -> HttpResponse:
    """Is there room now? Asked before an upload, so that nobody sends megabytes into a queue."""
    find_check(request, check)
    try:
        place = vision().admit(_ticket(request))
    except Unavailable:
        place = Admission("", ready=False, wait_seconds=WAIT_SECONDS)
    return JsonResponse(
        {"ready": place.ready, "ticket": place.ticket, "wait_ms": int(place.wait_seconds * 1000)}
    )


def _ticket(request: HttpRequest) -> str:
    ticket = request.POST.get("ticket", "")
    return ticket if len(ticket) <= 100 else ""


def _document_page(request: HttpRequest, row: Check, **context: Any) -> HttpResponse:
    return show(
        request,
        row,
        "document",
        shots=described_shots(row.document_kind, SHOTS[row.document_kind]),
        camera_errors=camera_errors(),
        notice=notice_sentence(row.notice),
        stages=progress_stages("document", "reading"),
        **context,
    )


def _sentences(decision: DocumentDecision) -> dict[str, list[str]]:
    return {shot: problem_sentences(problems) for shot, problems in decision.problems.items()}


def _retake(request: HttpRequest, row: Check, problems: dict[str, list[str]], *, status: int) -> HttpResponse:
    """Which photograph to take again, and why. When none is left to take, on to the page that says so."""
    row.refresh_from_db()
    if row.stage != Stage.DOCUMENT:
        return _go_on(request, row)
    if wants_json(request):
        return JsonResponse({"problems": problems}, status=status)
    listed = [
        {"text": f"{shot_title(shot, row.document_kind)}: {sentence}", "href": f"#id_{shot}"}
        for shot, sentences in problems.items()
        for sentence in sentences
    ]
    response = _document_page(request, row, errors=listed)
    response.status_code = status
    return response


def _busy(request: HttpRequest, row: Check) -> HttpResponse:
    """Nothing was counted and nothing is lost: the page asks again by itself."""
    if wants_json(request):
        return JsonResponse({"busy": True, "wait_ms": WAIT_SECONDS * 1000}, status=503)
    return show(request, row, "document", template="busy")


def _go_on(request: HttpRequest, row: Check) -> HttpResponse:
    there = address(row, "here")
    return JsonResponse({"next": there}) if wants_json(request) else see_other(there)
