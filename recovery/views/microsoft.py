"""Keep and show the card where the organisation uses Microsoft's service: in Microsoft Authenticator, on this phone by a link
or on another by a code to scan.

Link, code and pin are on the page of the browser that asked, and nowhere else; each page goes on by itself when the app, the
worker or Microsoft's records have moved the request on.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from portal.kit.errors import Refused
from portal.kit.qr import qr_svg
from recovery import proof
from recovery.browser import case_of_browser
from recovery.microsoft import issuing, showing
from recovery.microsoft.wording import sentence_of
from recovery.models import Case
from recovery.routes import is_by_eid
from recovery.selectors import current_stage
from recovery.stages import Stage
from recovery.views.common import at_stage, go_to_stage, look_at, page, see_other, tenant_of
from tenants.verified_id.entra import addresses, requests
from tenants.verified_id.entra.models import EntraRequest

State = EntraRequest.State


@dataclass(frozen=True, slots=True)
class Shown:
    """A request as its page shows it. `mark` changes with everything that can be seen of it."""

    mark: str
    is_asking: bool = False
    is_put_off: bool = False
    is_checking: bool = False
    is_opened: bool = False
    link: str = ""
    svg: str = ""
    pin: str = ""
    until: datetime | None = None
    problem: str = ""
    is_simulated: bool = False


def _mark(row: EntraRequest | None) -> str:
    if row is None:
        return "none"
    return f"{row.id.hex[-12:]}-{row.state}{'-off' if _is_put_off(row) else ''}{'' if row.is_over or row.is_live or _is_checking(row) else '-over'}"


def _is_put_off(row: EntraRequest) -> bool:
    return row.state == State.ASKING and row.problem == requests.BUSY


def _is_checking(row: EntraRequest) -> bool:
    return row.state == State.CHECKING


def _shown(row: EntraRequest | None) -> Shown:
    mark = _mark(row)
    if row is None:
        return Shown(mark)
    if _is_checking(row):
        return Shown(mark, is_checking=True)
    if row.state == State.FAILED:
        return Shown(mark, problem=sentence_of(row.problem, row.kind))
    if not row.is_live:
        return Shown(mark, problem=sentence_of(_silence(row), row.kind))
    if row.state == State.ASKING:
        return Shown(mark, is_asking=True, is_put_off=_is_put_off(row))
    link, is_simulated = requests.link_of(row), addresses.is_simulated()
    return Shown(
        mark,
        is_opened=row.state == State.OPENED,
        # A browser cannot open the app's own kind of link in the simulator.
        link=link.removeprefix(addresses.DEEP_LINK) if is_simulated else link,
        svg=qr_svg(link, correction="l"),
        pin=requests.pin_of(row),
        until=row.expires_at,
        is_simulated=is_simulated,
    )


def _silence(row: EntraRequest) -> str:
    """Why nobody answered, as far as it is known: with the app at it, the service's word may have been lost. Of an offer its
    records say what came of it; of a showing nothing does."""
    was_opened = row.state == State.OPENED and row.kind == EntraRequest.Kind.PRESENTATION
    return "no_word" if was_opened else "expired"


def credential_page(request: HttpRequest, case: Case) -> HttpResponse:
    gone = not proof.is_at_hand(case)
    row = issuing.offer_under_way(case) if case.issuance_id and not gone else None
    return page(
        request,
        "recovery/microsoft/credential.html",
        case,
        ready=case.issuance_id is not None,
        gone=gone,
        shown=_shown(row),
        by_eid=is_by_eid(case),
        stage=Stage.CREDENTIAL,
    )


def offer(request: HttpRequest, case: Case) -> HttpResponse:
    try:
        issuing.begin_offer(case)
    except Refused as refused:
        return _refused(request, case, refused, Stage.CREDENTIAL)
    return see_other("recovery:credential")


def present_page(request: HttpRequest, case: Case) -> HttpResponse:
    """What can be shown, or the way to another card: this page asks for nothing, so that a reload costs nothing."""
    return page(
        request,
        "recovery/microsoft/present.html",
        case,
        shown=_shown(showing.request_under_way(case)),
        by_eid=is_by_eid(case),
        stage=Stage.PRESENT,
    )


@at_stage(Stage.PRESENT, lock=True)
@require_POST
def ask(request: HttpRequest, case: Case) -> HttpResponse:
    """Ask for the card. By a post: each request is one at Microsoft, and a Face Check there costs money."""
    if not case.is_at_microsoft:
        return go_to_stage(request, case)
    try:
        asked = showing.ask_for_card(tenant_of(request), case)
    except Refused as refused:
        return _refused(request, case, refused, Stage.PRESENT)
    if asked is None:
        return page(request, "recovery/held_up.html", case, stage=Stage.PRESENT)
    return see_other("recovery:present")


def _refused(request: HttpRequest, case: Case, refused: Refused, stage: Stage) -> HttpResponse:
    kind = "issuance" if stage is Stage.CREDENTIAL else "presentation"
    template = "credential" if stage is Stage.CREDENTIAL else "present"
    return page(
        request,
        f"recovery/microsoft/{template}.html",
        case,
        ready=True,
        shown=Shown(refused.code, problem=sentence_of(refused.code, kind)),
        by_eid=is_by_eid(case),
        stage=stage,
    )


@require_GET
def state(request: HttpRequest) -> HttpResponse:
    """Polled while the app, the worker or the records are at it; answers once something is other than the page has `seen`."""
    case = case_of_browser(request)
    if case is None:
        return look_at(request, reverse("recovery:start"))
    stage = current_stage(case)
    if stage not in (Stage.CREDENTIAL, Stage.PRESENT) or not case.is_at_microsoft:
        return go_to_stage(request, case)
    is_offer = stage is Stage.CREDENTIAL
    row = issuing.offer_under_way(case) if is_offer else showing.request_under_way(case)
    if request.GET.get("seen") != _mark(row) or request.GET.get("at") != stage.value:
        return look_at(request, reverse("recovery:credential" if is_offer else "recovery:present"))
    return HttpResponse(status=204)
