"""On a tenant's host: to the organisation's OpenID Provider and back."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from portal.kit.errors import Refused
from portal.kit.origins import client_address
from portal.kit.scope import tenant_scope
from portal.middleware.scope import own_scope
from recovery.entry import signing_in
from recovery.entry.models import SignInAttempt
from recovery.entry.provider_words import claimant_sentence, problem_sentence
from recovery.passkeys.browser import ceremony_browser, remember_browser
from recovery.views.common import look_at, page, see_other, tenant_of

State = SignInAttempt.State


@own_scope
@require_POST
def begin(request: HttpRequest) -> HttpResponse:
    browser, digest = ceremony_browser(request)
    try:
        signing_in.begin(tenant_of(request), browser_digest=digest, address=client_address(request))
    except Refused:
        return see_other("passkeys:sign_in")
    response = see_other("entry:provider_go")
    remember_browser(response, browser)
    return response


@require_GET
def go(request: HttpRequest) -> HttpResponse:
    """Our own page with a plain link: no form post ends off this origin."""
    _browser, digest = ceremony_browser(request)
    attempt = signing_in.attempt_of(digest)
    if attempt is None or attempt.state != State.BEGUN:
        return see_other("passkeys:sign_in")
    url = signing_in.continue_url(tenant_of(request), attempt)
    return page(request, "entry/provider_go.html", url=url, provider=attempt.provider)


@require_GET
def returned(request: HttpRequest) -> HttpResponse:
    """Back from the provider. Changes nothing before `state` is this browser's."""
    _browser, digest = ceremony_browser(request)
    query = {name: request.GET.getlist(name) for name in request.GET}
    if not signing_in.receive_return(tenant_of(request), query, browser_digest=digest):
        response = page(request, "entry/provider_stray.html")
        response.status_code = 400
        return response
    return see_other("entry:provider_checking")


@own_scope
@require_http_methods(["GET", "POST"])
def checking(request: HttpRequest) -> HttpResponse:
    """What became of it; the button that goes on."""
    tenant, (_browser, digest) = tenant_of(request), ceremony_browser(request)
    if request.method == "POST":
        try:
            signing_in.complete(tenant, browser_digest=digest)
        except Refused:
            return see_other("passkeys:sign_in")
        return see_other("entry:passkey")
    with tenant_scope(tenant.id):
        attempt = signing_in.attempt_of(digest)
        if attempt is None or attempt.state in (State.OFFERED, State.USED):
            return look_at(request, "/sign-in")
        context: dict[str, Any] = {
            "attempt": attempt,
            "waits": attempt.state in (State.BEGUN, State.CHECKING),
            "is_done": attempt.state == State.DONE,
            "problem": problem_sentence(attempt.problem)
            if attempt.is_trial
            else claimant_sentence(attempt.problem),
        }
        part = "parts/provider_state.html" if request.headers.get("HX-Request") else "provider_checking.html"
        return page(request, f"entry/{part}", **context)


@own_scope
@require_http_methods(["GET", "HEAD", "POST"])
def trial(request: HttpRequest, token: str) -> HttpResponse:
    """For whoever sets it up: the same way, and nothing is permitted at its end."""
    tenant = tenant_of(request)
    if request.method != "POST":
        with tenant_scope(tenant.id):
            return page(request, "entry/provider_trial.html")
    browser, digest = ceremony_browser(request)
    try:
        signing_in.begin_trial(tenant, token, browser_digest=digest, address=client_address(request))
    except Refused:
        with tenant_scope(tenant.id):
            response = page(request, "entry/dead.html")
            response.status_code = 404
            return response
    response = see_other("entry:provider_go")
    remember_browser(response, browser)
    return response


@require_safe
def keys(request: HttpRequest) -> JsonResponse:
    """The key of private_key_jwt, for the provider."""
    row = signing_in.provider_row()
    found = [row.public_jwk] if row is not None and row.public_jwk else []
    return JsonResponse({"keys": found}, headers={"Cache-Control": "public, max-age=300"})
