"""On a tenant's host: a link from a mail, and the first passkey it permits."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from portal.kit.bodies import read_json
from portal.kit.errors import ReadmitError, Refused
from portal.kit.origins import client_address
from portal.kit.scope import tenant_scope
from portal.middleware.scope import own_scope
from recovery.entry import entering
from recovery.passkeys.browser import ceremony_browser, remember_browser
from recovery.views.common import page, see_other, tenant_of

MAX_BODY = 64_000


def _refusal(error: ReadmitError) -> JsonResponse:
    return JsonResponse({"error": error.code, "sentence": str(error.sentence)}, status=error.status)


def _dead(request: HttpRequest) -> HttpResponse:
    response = page(request, "entry/dead.html")
    response.status_code = 404
    return response


@own_scope
@require_http_methods(["GET", "HEAD", "POST"])
def invited(request: HttpRequest, token: str) -> HttpResponse:
    """A page with a button; only the button uses the link up."""
    tenant = tenant_of(request)
    if request.method == "POST":
        browser, digest = ceremony_browser(request)
        try:
            entering.open_invitation(tenant, token, browser_digest=digest, address=client_address(request))
        except Refused:
            with tenant_scope(tenant.id):
                return _dead(request)
        response = see_other("entry:passkey")
        remember_browser(response, browser)
        return response
    with tenant_scope(tenant.id):
        return page(request, "entry/invited.html") if entering.is_open(token) else _dead(request)


@own_scope
@require_http_methods(["GET", "HEAD", "POST"])
def no_reminders(request: HttpRequest, token: str) -> HttpResponse:
    """The same page for every link, and for those that nobody knows."""
    tenant = tenant_of(request)
    if request.method == "POST":
        entering.decline_reminders(tenant, token, address=client_address(request))
    with tenant_scope(tenant.id):
        return page(request, "entry/no_reminders.html", is_done=request.method == "POST")


@require_GET
def passkey(request: HttpRequest) -> HttpResponse:
    _token, digest = ceremony_browser(request)
    entry = entering.entry_of(digest)
    if entry is None:
        return _dead(request)
    return page(request, "entry/passkey.html", person=entry.person, until=entry.expires_at)


@own_scope
@require_POST
def passkey_options(request: HttpRequest) -> HttpResponse:
    _token, digest = ceremony_browser(request)
    try:
        return JsonResponse(entering.begin_first_passkey(tenant_of(request), browser_digest=digest))
    except ReadmitError as error:
        return _refusal(error)


@own_scope
@require_POST
def passkey_register(request: HttpRequest) -> HttpResponse:
    _token, digest = ceremony_browser(request)
    try:
        sent: dict[str, Any] = read_json(request, max_bytes=MAX_BODY)
        credential = sent.get("credential", {})
        if not isinstance(credential, dict):
            raise Refused("not_json")
        entering.complete_first_passkey(
            tenant_of(request),
            browser_digest=digest,
            response=credential,
            label=str(sent.get("label", "")),
        )
    except ReadmitError as error:
        return _refusal(error)
    return JsonResponse({"next": reverse("entry:done")})


@require_GET
def done(request: HttpRequest) -> HttpResponse:
    """What comes next: sign in with it, which shows that it works."""
    return page(request, "entry/done.html")
