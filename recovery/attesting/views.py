"""The attester's page: sign in with a passkey, see who asks, say what you know."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from portal.kit.bodies import read_json
from portal.kit.errors import ReadmitError, Refused
from portal.kit.scope import tenant_scope
from portal.middleware.scope import own_scope
from recovery.attesting import answering
from recovery.attesting.devices import device_title
from recovery.attesting.forms import AttestForm
from recovery.attesting.models import AttestationAsk
from recovery.passkeys import signing_in
from recovery.passkeys.browser import (
    ceremony_browser,
    remember_browser,
    remember_session,
    session_of_request,
)
from recovery.passkeys.models import PersonSession
from tenants.models import Tenant

MAX_BODY = 64_000


def _tenant(request: HttpRequest) -> Tenant:
    tenant: Tenant = request.tenant  # type: ignore[attr-defined]
    return tenant


@own_scope
@require_http_methods(["GET", "POST"])
def attest(request: HttpRequest, token: str) -> HttpResponse:
    """Nothing is told to whoever holds the link and is not the one it was for."""
    tenant = _tenant(request)
    with tenant_scope(tenant.id):
        ask, session = answering.find_ask(token), session_of_request(request)
        if ask is None:
            return render(request, "recovery/attester_over.html")
        if session is None or not answering.is_fresh(session):
            return _sign_in_page(request, token, is_again=session is not None)
        why = answering.why_not_they(ask, session)
        if why:
            if request.method == "POST":
                answering.note_refused_attester(ask, session, why)
            return render(request, "recovery/attester_not_they.html", {"why": why}, status=403)
        form = AttestForm(request.POST or None)
        if request.method != "POST" or not form.is_valid():
            return _page(request, ask, form)
    return _answer(request, token, session, form)


def _sign_in_page(request: HttpRequest, token: str, *, is_again: bool) -> HttpResponse:
    browser, _digest = ceremony_browser(request)
    complete_url = reverse("recovery:attester_sign_in", args=[token])
    response = render(
        request, "recovery/attester_sign_in.html", {"complete_url": complete_url, "is_again": is_again}
    )
    remember_browser(response, browser)
    return response


def _page(request: HttpRequest, ask: AttestationAsk, form: AttestForm) -> HttpResponse:
    attestation = ask.attestation
    context: dict[str, Any] = {
        "form": form,
        "who": attestation.case.person,
        "case": attestation.case,
        "asked_at": attestation.created_at,
        "until": attestation.expires_at,
        "device": device_title(attestation.device),
        "network": attestation.network,
        "voices": attestation.voices,
    }
    return render(request, "recovery/attester.html", context)


def _answer(request: HttpRequest, token: str, session: PersonSession, form: AttestForm) -> HttpResponse:
    tenant, answer = _tenant(request), form.answer()
    try:
        answering.answer_ask(tenant, token, session=session, answer=answer)
    except Refused as refusal:
        with tenant_scope(tenant.id):
            ask = answering.find_ask(token)
            if ask is None:
                return render(request, "recovery/attester_over.html", {"sentence": refusal.sentence})
            form.add_error("code" if refusal.code == "code_wrong" else None, refusal.sentence)
            return _page(request, ask, form)
    return render(request, "recovery/attester_done.html", {"word": answer.word.value})


@own_scope
@require_POST
def sign_in_complete(request: HttpRequest, token: str) -> HttpResponse:
    """As on the sign-in page, and back to the question. It signs nobody in who could not sign in there."""
    _browser, digest = ceremony_browser(request)
    try:
        made = signing_in.complete_authentication(
            tenant_id=_tenant(request).id, browser_digest=digest, response=_sent(request)
        )
    except ReadmitError as error:
        told = {"error": error.code, "sentence": str(error.sentence)}
        return JsonResponse(told, status=error.status)
    response = JsonResponse({"next": reverse("recovery:attester", args=[token])})
    remember_session(response, made)
    return response


def _sent(request: HttpRequest) -> dict[str, Any]:
    found = read_json(request, max_bytes=MAX_BODY).get("credential", {})
    if not isinstance(found, dict):
        raise Refused("not_json")
    return found
