"""The last pages: your pass, your passkey, you are back in, and "this was not me"."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from portal.kit import clock
from portal.kit.bodies import read_json
from portal.kit.errors import ReadmitError, Refused
from portal.kit.origins import client_address
from portal.kit.scope import tenant_scope
from portal.middleware.scope import own_scope
from recovery import finishing
from recovery.access_pass import selectors as passes
from recovery.access_pass import services as access_pass
from recovery.browser import browser_digest, case_of_browser
from recovery.cases import get_case, steps_of
from recovery.connected.showing import standing_of
from recovery.forms import PassForm
from recovery.models import Case
from recovery.old_ways import ends_sessions_there, keeps_old_ways, removes_there
from recovery.passkeys import selectors as passkeys
from recovery.repudiation import find_link, repudiate, saved_codes_at_stake
from recovery.selectors import current_stage
from recovery.stages import Stage
from recovery.statuses import CaseStatus, StepKind
from recovery.views.common import (
    at_stage,
    at_stage_committing,
    go_to_stage,
    page,
    see_other,
    shown_by_post,
    tenant_of,
    without_case,
)
from recovery.views.elsewhere import pass_page
from tenants.directory.connections.accounts import home_of_accounts
from tenants.directory.selectors import emails_of

MAX_RESPONSE = 64_000


@at_stage(Stage.PASS)
@require_GET
def your_pass(request: HttpRequest, case: Case) -> HttpResponse:
    """Use it now, first; the characters on request. Where the account lives elsewhere: what to do there."""
    standing = standing_of(case)
    if standing is not None:
        return pass_page(request, case, standing)
    held = passes.pass_of(case.id)
    is_over = held is None or access_pass.is_dead(held)
    return page(request, "recovery/pass.html", case, access_pass=held, is_over=is_over, stage=Stage.PASS)


@at_stage_committing(Stage.PASS)
@require_POST
def use_pass(request: HttpRequest, case: Case) -> HttpResponse:
    """One that is over, or was used by a press before this one, leads to the page that says so, or on to the passkey."""
    try:
        finishing.use_pass_here(tenant_of(request), case.id, browser_digest=browser_digest(request))
    except Refused as refusal:
        if refusal.code != "pass_refused":
            raise
        with tenant_scope(tenant_of(request).id):
            return go_to_stage(request, get_case(case.id))
    return see_other("recovery:passkey")


@at_stage(Stage.PASS)
@shown_by_post
def show_pass(request: HttpRequest, case: Case) -> HttpResponse:
    """The characters, once: asking again makes new ones and the old stop working."""
    held = passes.pass_of(case.id)
    if held is None or access_pass.is_dead(held):
        return see_other("recovery:pass")
    shown = access_pass.show_characters(case.id, browser_digest=browser_digest(request))
    return page(request, "recovery/pass_shown.html", case, shown=shown, stage=Stage.PASS)


@own_scope
@require_http_methods(["GET", "POST"])
def type_pass(request: HttpRequest) -> HttpResponse:
    """The characters, typed: they work in the browser the pass was issued to, and five tries are all there are."""
    form = PassForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            finishing.use_typed_pass(
                tenant_of(request),
                form.cleaned_data["characters"],
                browser_digest=browser_digest(request),
                address=client_address(request),
            )
        except Refused as refusal:
            form.add_error("characters", refusal.sentence)
        else:
            return see_other("recovery:passkey")
    return page(request, "recovery/type_pass.html", form=form)


@at_stage(Stage.PASSKEY)
@require_GET
def passkey(request: HttpRequest, case: Case) -> HttpResponse:
    """Create your passkey."""
    used = passes.pass_of(case.id)
    return page(
        request,
        "recovery/passkey.html",
        case,
        is_open=finishing.registration_is_open(case),
        register_until=used.register_until if used else None,
        stage=Stage.PASSKEY,
    )


def _json(request: HttpRequest) -> dict[str, Any]:
    found = read_json(request, max_bytes=MAX_RESPONSE)
    if not isinstance(found.get("credential", {}), dict):
        raise Refused("not_json")
    return found


def _refusal(error: ReadmitError, case: Case | None = None) -> JsonResponse:
    """A recovery that is complete also says where it is: the answer to its passkey was lost on the way."""
    told = {"error": error.code, "sentence": str(error.sentence)}
    if case is not None and case.state is CaseStatus.RECOVERED:
        told["next"] = reverse("recovery:done")
    return JsonResponse(told, status=error.status)


@own_scope
@require_POST
def passkey_options(request: HttpRequest) -> HttpResponse:
    tenant, case = tenant_of(request), None
    try:
        with tenant_scope(tenant.id):
            case = case_of_browser(request)
            if case is None:
                return JsonResponse({"error": "no_case", "sentence": ""}, status=404)
            person = finishing.person_to_register(case)
        options = finishing.begin_case_passkey(
            tenant, case.id, person, browser_digest=browser_digest(request)
        )
    except ReadmitError as error:
        return _refusal(error, case)
    return JsonResponse(options)


@own_scope
@require_POST
def passkey_register(request: HttpRequest) -> HttpResponse:
    tenant = tenant_of(request)
    with tenant_scope(tenant.id):
        case = case_of_browser(request)
        if case is None:
            return JsonResponse({"error": "no_case", "sentence": ""}, status=404)
        is_open = finishing.registration_is_open(case)
    try:
        sent = _json(request)
        finishing.complete_case_passkey(
            tenant,
            case,
            is_open=is_open,
            browser_digest=browser_digest(request),
            response=sent.get("credential", {}),
            label=str(sent.get("label", ""))[:60],
        )
    except ReadmitError as error:
        return _refusal(error)
    return JsonResponse({"next": reverse("recovery:done")})


@at_stage(Stage.DONE)
@require_GET
def done(request: HttpRequest, case: Case) -> HttpResponse:
    """You are back in: what changed, what was removed, how to sign in elsewhere, what to do if this was not you."""
    person_id = case.person_id
    return page(
        request,
        "recovery/done.html",
        case,
        steps=[step for step in steps_of(case) if step.kind == StepKind.PASSKEY_REGISTERED],
        told=bool(person_id and emails_of(person_id)),
        pass_there=standing_of(case),
        **_what_was(case),
    )


def _what_was(case: Case) -> dict[str, Any]:
    """What became of the ways to sign in from before, here or in the directory where the account lives."""
    person_id, home = case.person_id, home_of_accounts()
    return {
        "removed": passkeys.invalidated_by_recovery(person_id, case.ended_at) if person_id else [],
        "suspended": passkeys.suspended_by_recovery(person_id, case.ended_at) if person_id else [],
        "is_elsewhere": home is not None,
        "removes_there": home is not None and removes_there(case, chosen=home.removes_lost),
        "ends_there": home is not None and ends_sessions_there(case, chosen=home.ends_sessions),
        "keeps_old": keeps_old_ways(case),
    }


@at_stage(Stage.WAITING)
@require_GET
def waiting(request: HttpRequest, case: Case) -> HttpResponse:
    review_ends = case.expires_at if case.state is CaseStatus.IN_REVIEW else None
    waits = case.held_until is not None and case.held_until > clock.now()
    return page(request, "recovery/waiting.html", case, review_ends=review_ends, waits=waits)


@require_GET
def receipt(request: HttpRequest) -> HttpResponse:
    """A page to print, in the browser that recovered."""
    case = case_of_browser(request)
    if case is None or current_stage(case) is not Stage.DONE:
        return without_case(request) if case is None else go_to_stage(request, case)
    return page(
        request,
        "recovery/receipt.html",
        get_case(case.id),
        steps=steps_of(case),
        issuer=tenant_of(request).name,
        **_what_was(case),
        told=bool(case.person_id and emails_of(case.person_id)),
        back_url=reverse("recovery:done"),
    )


@own_scope
@require_http_methods(["GET", "POST"])
def not_me(request: HttpRequest, token: str) -> HttpResponse:
    """Asks before it acts: mail programs open links by themselves."""
    tenant = tenant_of(request)
    with tenant_scope(tenant.id):
        if request.method == "POST":
            try:
                stopped = repudiate(token, ends_codes=request.POST.get("codes") == "end")
                return page(
                    request, "recovery/not_me_done.html", stopped.case, ended_codes=stopped.ended_codes
                )
            except Refused:
                return page(request, "recovery/not_me_dead.html")
        found = find_link(token)
        if found is None:
            return page(request, "recovery/not_me_dead.html")
        return page(request, "recovery/not_me.html", found.case, codes=saved_codes_at_stake(found.case))
