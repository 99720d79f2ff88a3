"""Your pass, where the account lives in another directory: being made, shown once, what to do there, back in."""

from __future__ import annotations

from contextlib import suppress

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET, require_POST

from portal.kit.errors import Refused
from recovery.browser import browser_digest, case_of_browser
from recovery.connected import showing
from recovery.models import Case
from recovery.selectors import current_stage
from recovery.stages import Stage
from recovery.views.common import (
    at_stage,
    go_to_stage,
    page,
    see_other,
    shown_by_post,
    without_case,
)


def pass_page(request: HttpRequest, case: Case, standing: showing.Standing) -> HttpResponse:
    return page(request, "recovery/elsewhere/pass.html", case, pass_there=standing, stage=Stage.PASS)


@require_GET
def state(request: HttpRequest) -> HttpResponse:
    """Asked for by the page while it waits: what it stands at, or where to go."""
    case = case_of_browser(request)
    if case is None:
        return without_case(request)
    standing = showing.standing_of(case)
    if standing is None or current_stage(case) is not Stage.PASS:
        return go_to_stage(request, case)
    if not request.headers.get("HX-Request"):
        return pass_page(request, case, standing)
    if request.GET.get("was") == standing.mark:
        # Nothing is swapped, so that what somebody opened on the page stays open.
        return HttpResponse(status=204)
    return page(request, "recovery/elsewhere/standing.html", case, pass_there=standing, stage=Stage.PASS)


@at_stage(Stage.PASS)
@shown_by_post
def show(request: HttpRequest, case: Case) -> HttpResponse:
    """The characters, once. Whoever comes second reads how to get another pass."""
    try:
        shown = showing.show_pass(case.id, browser_digest=browser_digest(request))
    except Refused:
        return see_other("recovery:pass")
    standing = showing.standing_of(case)
    return page(
        request, "recovery/elsewhere/shown.html", case, shown=shown, pass_there=standing, stage=Stage.PASS
    )


@at_stage(Stage.PASS)
@require_POST
def again(request: HttpRequest, case: Case) -> HttpResponse:
    """Another pass. Where there are no more, the page it leads to says so."""
    with suppress(Refused):
        showing.ask_again(case.id, browser_digest=browser_digest(request))
    return see_other("recovery:pass")
