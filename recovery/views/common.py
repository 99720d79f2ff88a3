"""What every hosted page does: find the browser's case, and send it to the page it is at."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from portal.kit.scope import tenant_scope
from portal.middleware.scope import own_scope
from recovery.browser import browser_digest, case_of_browser, code_that_carried_away
from recovery.carrying import waits_to_continue
from recovery.expiring import minutes_left
from recovery.models import CarryCode, Case
from recovery.selectors import current_stage, step_shown
from recovery.stages import Stage
from recovery.statuses import MOVES, CaseStatus
from tenants.models import Tenant

ADDRESS: dict[Stage, str] = {
    Stage.CODE: "recovery:code",
    Stage.COUNTRY: "recovery:country",
    Stage.CHOOSE: "recovery:choose",
    Stage.CONSENT: "recovery:consent",
    Stage.PROVE: "recovery:prove",
    Stage.PARTNER: "recovery:partner",
    Stage.CREDENTIAL: "recovery:credential",
    Stage.PRESENT: "recovery:present",
    Stage.FACE: "recovery:face",
    Stage.ATTEST: "recovery:attest",
    Stage.DECIDING: "recovery:checking",
    Stage.WAITING: "recovery:waiting",
    Stage.PASS: "recovery:pass",
    Stage.PASSKEY: "recovery:passkey",
    Stage.DONE: "recovery:done",
    Stage.ENROLLED: "recovery:enrolled",
    Stage.ENDED: "recovery:ended",
}
CaseView = Callable[..., HttpResponse]


def tenant_of(request: HttpRequest) -> Tenant:
    tenant: Tenant = request.tenant  # type: ignore[attr-defined]
    return tenant


def see_other(name: str, **kwargs: Any) -> HttpResponse:
    """303: what was posted is done, go and look (and a reload repeats nothing)."""
    response = HttpResponseRedirect(reverse(name, kwargs=kwargs or None))
    response.status_code = 303
    return response


def go_to_stage(request: HttpRequest, case: Case) -> HttpResponse:
    return look_at(request, reverse(ADDRESS[current_stage(case)]))


def look_at(request: HttpRequest, address: str) -> HttpResponse:
    """303 for a browser, the header that htmx follows for a page that waits."""
    if request.headers.get("HX-Request"):
        return HttpResponse(headers={"HX-Redirect": address})
    response = HttpResponseRedirect(address)
    response.status_code = 303
    return response


def page(request: HttpRequest, template: str, case: Case | None = None, **context: Any) -> HttpResponse:
    """A hosted page in the tenant's look, with the case's reference and step."""
    tenant = tenant_of(request)
    shown = {
        "case": case,
        "case_reference": case.reference if case else "",
        "case_minutes": minutes_left(case) if case else None,
        "demonstration": tenant.is_demonstration,
        "is_answer_to_post": request.method == "POST",
        "step": step_shown(context.pop("stage"), case) if context.get("stage") else None,
        **context,
    }
    return render(request, template, shown)


def without_case(request: HttpRequest) -> HttpResponse:
    """No case in this browser: it waits for one, has lost it to another, or there is none."""
    if waits_to_continue(browser_digest(request)) is not None:
        return look_at(request, reverse("recovery:continue_code"))
    carried = code_that_carried_away(request)
    if carried is None:
        return see_other("recovery:start")
    to_phone = carried.kind == CarryCode.Kind.HAND_OVER
    return page(
        request,
        "recovery/on_phone.html" if to_phone else "recovery/went_on.html",
        carried.case,
        may_stop=MOVES.allows(carried.case.state, CaseStatus.CANCELED),
    )


def at_stage(*stages: Stage, lock: bool = False) -> Callable[[CaseView], CaseView]:
    """The view gets the browser's case, and only when it stands at one of `stages`; otherwise the browser is sent to
    where the case is. Steps out of order do nothing. A view that always changes the case asks for its `lock` at once,
    which spares reading it again."""

    def wrap(view: CaseView) -> CaseView:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            case = case_of_browser(request, lock=lock)
            if case is None:
                return without_case(request)
            if current_stage(case) not in stages:
                return go_to_stage(request, case)
            return view(request, case, *args, **kwargs)

        return guarded

    return wrap


def at_stage_committing(*stages: Stage) -> Callable[[CaseView], CaseView]:
    """The same, for a view that must commit as it goes: the stage is read in a scope of its own, the view has none."""

    def wrap(view: CaseView) -> CaseView:
        @own_scope
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            with tenant_scope(tenant_of(request).id):
                case = case_of_browser(request)
                if case is None:
                    return without_case(request)
                if current_stage(case) not in stages:
                    return go_to_stage(request, case)
            return view(request, case, *args, **kwargs)

        return guarded

    return wrap


def shown_by_post(view: CaseView) -> CaseView:
    """For a page that a POST shows. Opened in another tab or out of the history it has nothing to post, and leads to where
    the case is."""

    @wraps(view)
    def guarded(request: HttpRequest, case: Case, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method == "POST":
            return view(request, case, *args, **kwargs)
        with tenant_scope(tenant_of(request).id):
            return go_to_stage(request, case)

    return guarded


def waiting_to_continue(view: CaseView) -> CaseView:
    """For a browser that typed a continuation code and has no case yet; the view commits as it goes."""

    @own_scope
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        with tenant_scope(tenant_of(request).id):
            case = case_of_browser(request)
            if case is not None:
                return go_to_stage(request, case)
            asked = waits_to_continue(browser_digest(request))
            if asked is None:
                return without_case(request)
        return view(request, asked.case, *args, **kwargs)

    return guarded
