"""The Face Check of this portal: the challenge, and the recorded answer."""

from __future__ import annotations

import json

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from portal.kit import clock
from portal.kit.bodies import declared_length
from portal.kit.errors import TooMany
from portal.kit.scope import tenant_scope
from recovery import presence, proof
from recovery.browser import browser_digest
from recovery.cases import get_case, steps_of
from recovery.choosing import routes_open_to
from recovery.models import Case
from recovery.selectors import current_stage
from recovery.stages import Stage
from recovery.statuses import Route, StepKind, StepState
from recovery.views.common import (
    ADDRESS,
    at_stage,
    at_stage_committing,
    go_to_stage,
    page,
    see_other,
    tenant_of,
)
from recovery.views.proving import is_reusing
from vendors.facecheck import selectors as face_checks

MAX_CLIP = 16 * 1024 * 1024 + 4096


@at_stage(Stage.FACE, lock=True)
@require_GET
def face(request: HttpRequest, case: Case) -> HttpResponse:
    """The challenge. One whose answer was judged and lost on the way is noted instead of asked for again."""
    if presence.note_judged_face(case):
        return go_to_stage(request, get_case(case.id))
    before_card = proof.wants_face_first(case)
    if before_card and not proof.is_at_hand(case):
        return _without_proof(request, case)
    check = presence.begin_case_face_check(case)
    if check is None:
        return page(request, "recovery/held_up.html", case, stage=Stage.FACE)
    last = [step for step in steps_of(case) if step.kind == StepKind.FACE_CHECKED]
    again = tuple(last[-1].reasons) if last and last[-1].state == StepState.FAILED else ()
    return page(
        request,
        "recovery/face.html",
        case,
        challenge=json.loads(check.challenge_json()),
        check=check.id.hex,
        left_ms=int((check.expires_at - clock.now()).total_seconds() * 1000),
        flashing=bool(check.challenge["flashing"]),
        again=face_checks.told_to_person(again),
        tried=bool(again),
        before_card=before_card,
        reusing=is_reusing(case),
        has_eid=Route.EID in routes_open_to(case),
        stage=Stage.FACE,
    )


@at_stage(Stage.FACE)
@require_POST
def face_without_colours(request: HttpRequest, case: Case) -> HttpResponse:
    """For whoever sees only here that flashes are no option: another challenge, and nothing begins anew."""
    presence.choose_no_flashing(case)
    return see_other("recovery:face")


def _without_proof(request: HttpRequest, case: Case) -> HttpResponse:
    """The proof is not kept any longer: back to proving, or, for the case's own, to a new recovery."""
    if is_reusing(case):
        proof.drop_earlier_proof(case)
        return go_to_stage(request, get_case(case.id))
    return page(request, "recovery/credential.html", case, gone=True, stage=Stage.FACE)


@at_stage_committing(Stage.FACE)
@require_POST
def face_clip(request: HttpRequest, case: Case) -> HttpResponse:
    """The recorded answer, as one body held in memory. Vision may be busy: then the page waits and sends it again."""
    if declared_length(request) > MAX_CLIP:
        return JsonResponse(
            {"state": "again", "sentences": [_("The recording is too large. Record it again.")]}
        )
    clip = request.read(MAX_CLIP + 1)
    if len(clip) > MAX_CLIP or not clip:
        return JsonResponse(
            {"state": "again", "sentences": [_("The recording did not arrive whole. Record it again.")]}
        )
    tenant = tenant_of(request)
    try:
        answer = presence.submit_case_face_check(
            tenant,
            case.id,
            browser_digest=browser_digest(request),
            clip=clip,
            answers=request.GET.get("check", ""),
        )
    except TooMany:
        return JsonResponse({"state": "done", "next": reverse("recovery:checking")})
    with tenant_scope(tenant.id):
        stage = current_stage(get_case(case.id))
    return JsonResponse(
        {"state": answer.state, "sentences": list(answer.reasons), "next": reverse(ADDRESS[stage])}
    )
