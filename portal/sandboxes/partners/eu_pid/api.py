"""What is published, what to enter, and a wallet without a browser."""

from __future__ import annotations

import json

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import URLPattern, path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from portal.sandboxes.partners.eu_pid import issuing, pki
from portal.sandboxes.partners.eu_pid.request import Refused, read
from portal.sandboxes.partners.eu_pid.wallet import SCENARIOS, answer, open_request
from portal.sandboxes.partners.world import has


def settings_to_enter() -> dict[str, str]:
    return {
        "environment": "test",
        "client": "x509_hash",
        "app_base": f"{settings.SANDBOX_ORIGIN}/wallet",
    }


@require_safe
def statuses(request: HttpRequest) -> HttpResponse:
    if has("status_unavailable"):
        return HttpResponse(status=503)
    return HttpResponse(issuing.status_list(), content_type="application/statuslist+jwt")


@require_safe
def authority(request: HttpRequest) -> HttpResponse:
    """Whom to trust for PIDs."""
    return HttpResponse(pki.pem(pki.authority(pki.PROVIDERS)), content_type="application/x-pem-file")


@csrf_exempt
@require_POST
def control_answer(request: HttpRequest) -> JsonResponse:
    """{"client_id", "request" (the signed object), "scenario", "person"}: what the wallet would send, and where."""
    if request.content_type != "application/json":
        raise Http404
    told = json.loads(request.body or b"{}")
    if told.get("scenario") not in SCENARIOS:
        return JsonResponse({"refused": "There is no such scenario."}, status=400)
    try:
        session = open_request(read(str(told["request"]), client_id=str(told["client_id"])))
        session.scenario = told["scenario"]
        session.person |= {name: str(value) for name, value in told.get("person", {}).items()}
        return JsonResponse({"response_uri": session.wanted["request"].response_uri, "form": answer(session)})
    except Refused as refused:
        return JsonResponse({"refused": str(refused)}, status=400)


@csrf_exempt
@require_POST
def control_register(request: HttpRequest) -> JsonResponse:
    """{"signing_request"}: an access certificate."""
    if request.content_type != "application/json":
        raise Http404
    try:
        return JsonResponse({"chain": pki.register(str(json.loads(request.body)["signing_request"]))})
    except pki.NotSigned:
        return JsonResponse({"refused": "That is no signing request."}, status=400)


URLS: list[URLPattern] = [
    path("statuses/1", statuses, name="pid_statuses"),
    path("authority.pem", authority, name="pid_authority"),
    path("control/answer", control_answer, name="pid_answer"),
    path("control/register", control_register, name="pid_register"),
]
