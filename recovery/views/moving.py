"""Moving to another browser: the phone that takes a case over, and the code by which a case goes on elsewhere."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from portal.kit.errors import Refused
from portal.kit.origins import client_address
from portal.kit.qr import qr_svg
from portal.kit.scope import tenant_scope
from portal.middleware.scope import own_scope
from recovery import carrying
from recovery.browser import (
    browser_digest,
    case_of_browser,
    code_that_carried_away,
    new_browser,
    remember_browser,
)
from recovery.forms import CodeForm, ContinuationForm, SavedCodeForm
from recovery.models import Case
from recovery.stages import Stage
from recovery.views.common import (
    at_stage,
    look_at,
    page,
    see_other,
    shown_by_post,
    tenant_of,
    waiting_to_continue,
)


@at_stage(Stage.COUNTRY, Stage.CHOOSE, Stage.CONSENT, Stage.PROVE)
@shown_by_post
def hand_over(request: HttpRequest, case: Case) -> HttpResponse:
    """Shows the QR that moves the case to a phone. Made by a post, so that a preview or prefetch makes none."""
    address = carrying.make_hand_over(tenant_of(request), case)
    return page(
        request,
        "recovery/hand_over.html",
        case,
        svg=qr_svg(address),
        minutes=10,
    )


@require_GET
def hand_over_state(request: HttpRequest) -> HttpResponse:
    """Polled by the computer: once the phone took the case, it only says "continue on your phone"."""
    if case_of_browser(request) is None:
        return look_at(request, reverse("recovery:code"))
    return HttpResponse(status=204)


@require_POST
def stop_moved(request: HttpRequest) -> HttpResponse:
    """ "That was not me", where the recovery began: ends it wherever it went."""
    left = code_that_carried_away(request)
    if left is None:
        return see_other("recovery:start")
    carrying.stop_where_it_began(left)
    return see_other("recovery:code")


@own_scope
@require_http_methods(["GET", "POST"])
def phone(request: HttpRequest, token: str) -> HttpResponse:
    tenant = tenant_of(request)
    if request.method == "POST":
        browser, digest = new_browser()
        try:
            carrying.hand_over_to_phone(tenant, token, browser_digest=digest, address=client_address(request))
        except Refused as refusal:
            return page(request, "recovery/code_dead.html", sentence=refusal.sentence)
        response = see_other("recovery:consent")
        remember_browser(response, browser)
        return response
    with tenant_scope(tenant.id):
        found = carrying.find_hand_over(token)
    if found is None:
        return page(
            request,
            "recovery/code_dead.html",
            sentence=_("This code has been used, is too old, or is not right."),
        )
    return page(request, "recovery/phone.html", found.case)


@at_stage(
    Stage.PROVE, Stage.PARTNER, Stage.CREDENTIAL, Stage.PRESENT, Stage.FACE, Stage.ATTEST, Stage.WAITING
)
@shown_by_post
def continuation_code(request: HttpRequest, case: Case) -> HttpResponse:
    return page(
        request,
        "recovery/continuation_code.html",
        case,
        code=carrying.make_continuation_code(case),
        only_here=not carrying.can_confirm_elsewhere(case),
    )


@own_scope
@require_http_methods(["GET", "POST"])
def continue_here(request: HttpRequest) -> HttpResponse:
    form = ContinuationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        tenant = tenant_of(request)
        token, fresh = new_browser()
        try:
            continued = carrying.continue_case(
                tenant,
                form.cleaned_data["code"],
                browser_digest=browser_digest(request),
                fresh_digest=fresh,
                address=client_address(request),
            )
        except Refused as refusal:
            form.add_error("code", refusal.sentence)
        else:
            if continued.here:
                return see_other("recovery:checking")
            response = see_other("recovery:continue_code")
            remember_browser(response, token)
            return response
    return page(request, "recovery/continue_here.html", form=form)


@waiting_to_continue
@require_http_methods(["GET", "POST"])
def continue_code(request: HttpRequest, case: Case) -> HttpResponse:
    """The fresh code to the address already held: only with it the case comes here."""
    return _confirm_continuation(request, case, CodeForm(request.POST or None), "recovery/continue_code.html")


@waiting_to_continue
@require_http_methods(["GET", "POST"])
def continue_saved_code(request: HttpRequest, case: Case) -> HttpResponse:
    """The same for those who can read no mailbox any more."""
    form = SavedCodeForm(request.POST or None)
    return _confirm_continuation(request, case, form, "recovery/continue_saved_code.html", saved=True)


def _confirm_continuation(
    request: HttpRequest, case: Case, form: CodeForm, template: str, *, saved: bool = False
) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        try:
            carrying.confirm_continuation(
                tenant_of(request), browser_digest(request), form.cleaned_data["code"], saved=saved
            )
        except Refused as refusal:
            if refusal.code != "code_wrong":
                return page(request, "recovery/code_dead.html", sentence=refusal.sentence)
            form.add_error("code", refusal.sentence)
        else:
            return see_other("recovery:checking")
    return page(request, template, case, form=form)


@waiting_to_continue
@require_POST
def continue_code_again(request: HttpRequest, case: Case) -> HttpResponse:
    carrying.send_continuation_code_again(tenant_of(request), browser_digest(request))
    return see_other("recovery:continue_code")
