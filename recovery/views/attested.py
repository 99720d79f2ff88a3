"""The page at which a claimant waits for the word of somebody who knows them."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from portal.kit.errors import Refused, TooMany
from portal.kit.origins import client_address
from portal.kit.scope import tenant_scope
from recovery.attesting.asking import ask_attesters, code_of, open_attestation
from recovery.attesting.devices import device_of
from recovery.browser import case_of_browser
from recovery.cases import get_case
from recovery.models import Case
from recovery.selectors import current_stage
from recovery.stages import Stage
from recovery.views.common import at_stage_committing, go_to_stage, look_at, page, see_other, tenant_of


@at_stage_committing(Stage.ATTEST)
@require_http_methods(["GET", "POST"])
def attest(request: HttpRequest, case: Case) -> HttpResponse:
    """Asks by a press of the button, then shows the code. The same words whoever is asked, and however many."""
    tenant, problem = tenant_of(request), ""
    if request.method == "POST":
        try:
            ask_attesters(
                tenant,
                case.id,
                address=client_address(request),
                device=device_of(request.headers.get("User-Agent", "")),
            )
        except (TooMany, Refused):
            problem = _("Nobody more can be asked now. Try again tomorrow, or call your help desk.")
        else:
            return see_other("recovery:attest")
    with tenant_scope(tenant.id):
        return _page(request, get_case(case.id), problem)


def _page(request: HttpRequest, case: Case, problem: str) -> HttpResponse:
    asked = open_attestation(case)
    return page(
        request,
        "recovery/attest.html",
        case,
        code=code_of(asked) if asked else "",
        until=asked.expires_at if asked else None,
        problem=problem,
        stage=Stage.ATTEST,
    )


@require_GET
def attest_state(request: HttpRequest) -> HttpResponse:
    """Polled while the page waits: goes on once the case does, and back to the button when the time is over."""
    case = case_of_browser(request)
    if case is None:
        return look_at(request, reverse("recovery:start"))
    if current_stage(case) is not Stage.ATTEST:
        return go_to_stage(request, case)
    if open_attestation(case) is None:
        return look_at(request, reverse("recovery:attest"))
    return HttpResponse(status=204)
