"""The person's pages that need no camera. Views translate; the services decide."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from portal.kit import clock
from portal.kit.codes import digest
from vendors.house.browser import browser_digest, known_or_new_token, remember_browser
from vendors.house.models import Check
from vendors.house.services import checks
from vendors.house.services.exchange import way_back
from vendors.house.services.requests import Arrival, DeadEnd, begin_check
from vendors.house.stages import LIVE, Stage
from vendors.house.views.errors import error_page
from vendors.house.views.walking import (
    address,
    check_id,
    elsewhere,
    find_check,
    present_address,
    see_other,
    show,
)
from vendors.house.words import notice_sentence, progress_stages

page = require_http_methods(["GET", "HEAD", "POST"])


@csrf_exempt  # relying parties send people here, also by a form of theirs (OpenID Connect Core, 3.1.2.1)
@require_http_methods(["GET", "POST"])
def authorize(request: HttpRequest) -> HttpResponse:
    """RFC 9126, 4: with a `request_uri` and nothing else; further parameters are ignored (RFC 9101, 6.3)."""
    token = known_or_new_token(request)
    sent = request.POST if request.method == "POST" else request.GET
    arrival = begin_check(
        client_id=_once(sent, "client_id"),
        request_uri=_once(sent, "request_uri"),
        browser_digest=digest(token),
    )
    if arrival.check is None:
        return _dead_end(request, arrival)
    response = see_other(present_address(arrival.check))
    remember_browser(response, token)
    return response


def _once(sent: QueryDict, name: str) -> str:
    """RFC 6749, 3.1: a parameter that is given twice is as good as none."""
    values = sent.getlist(name)
    return values[0] if len(values) == 1 else ""


def _dead_end(request: HttpRequest, arrival: Arrival) -> HttpResponse:
    sentences = {
        DeadEnd.UNKNOWN: _("This link does not work. Go back to the page you came from and begin again."),
        DeadEnd.USED: _(
            "This link was used already. Go on in the browser where you opened it, or go back to the page you came "
            "from and begin again."
        ),
        DeadEnd.EXPIRED: _("This link was good for one minute. Go back and begin again."),
    }
    return error_page(
        request,
        400,
        title=_("This check cannot begin"),
        sentence=sentences[arrival.dead_end or DeadEnd.UNKNOWN],
        way_back=arrival.way_back,
    )


@require_GET
def here(request: HttpRequest, check: str) -> HttpResponse:
    return see_other(present_address(find_check(request, check)))


@page
def consent(request: HttpRequest, check: str) -> HttpResponse:
    row = find_check(request, check)
    if request.method == "POST":
        checks.give_consent(row.id, browser_digest(request))
        if row.client.demonstration and request.POST.get("kind") in checks.DOCUMENT_KINDS:
            # A demonstration's visitor brings a specimen: what it is needs no question.
            checks.choose_document(row.id, browser_digest(request), request.POST["kind"])
        return see_other(address(row, "here"))
    asked = checks.request_of(row).asked
    return elsewhere(row, "consent") or show(
        request, row, "consent", asked=asked, house_name=settings.HOUSE_NAME
    )


@page
def choose(request: HttpRequest, check: str) -> HttpResponse:
    row = find_check(request, check)
    kind = request.POST.get("kind", "")
    if request.method == "POST" and kind in checks.DOCUMENT_KINDS:
        checks.choose_document(row.id, browser_digest(request), kind)
        return see_other(address(row, "here"))
    error = _("Choose the document you have with you.") if request.method == "POST" else ""
    options = [
        {
            "value": "passport",
            "label": _("Passport"),
            "hint": _("One photograph, of the page with your portrait"),
        },
        {
            "value": "idcard",
            "label": _("Identity card"),
            "hint": _("Three photographs: the front, the portrait close up, and the back"),
        },
    ]
    return elsewhere(row, "choose") or show(
        request, row, "choose", options=options, error=error, kind=row.document_kind
    )


@require_POST
def choose_another(request: HttpRequest, check: str) -> HttpResponse:
    row = find_check(request, check)
    checks.choose_again(row.id, browser_digest(request))
    return see_other(address(row, "here"))


@require_GET
def checking(request: HttpRequest, check: str) -> HttpResponse:
    """Where a reload lands while photographs or the face are being judged: it waits and goes on by itself."""
    row = find_check(request, check)
    if not _is_working(row):
        return see_other(address(row, "here"))
    return show(request, row, "checking", stages=progress_stages(row.stage, row.progress))


@require_GET
def progress(request: HttpRequest, check: str) -> HttpResponse:
    """What is being done now, for our scripts."""
    row = find_check(request, check)
    return JsonResponse(
        {
            "working": _is_working(row),
            "html": render_to_string(
                "house/parts/stages.html", {"stages": progress_stages(row.stage, row.progress)}
            ),
            "next": address(row, "here"),
        }
    )


def _is_working(row: Check) -> bool:
    return Stage(row.stage) in LIVE and row.working_until is not None and row.working_until > clock.now()


@page
def result(request: HttpRequest, check: str) -> HttpResponse:
    row = find_check(request, check)
    if request.method == "POST":
        return see_other(address(row, "continue"))
    return elsewhere(row, "result") or show(request, row, "result", notice=notice_sentence(row.notice))


@require_GET
def go_back(request: HttpRequest, check: str) -> HttpResponse:
    """The Continue page: a plain link to the relying party, renewed while the page is open, for a code lives a minute."""
    row = find_check(request, check)
    if Stage(row.stage) in LIVE:
        return see_other(present_address(row))
    link = way_back(check_id(check), browser_digest(request))
    response = show(request, row, "continue", link=link)
    if link and row.stage == Stage.FINISHED:
        response.headers["Refresh"] = "45"
    return response


@page
def leave(request: HttpRequest, check: str) -> HttpResponse:
    row = find_check(request, check)
    if Stage(row.stage) not in LIVE:
        return see_other(present_address(row))
    if request.method == "POST":
        checks.decline_check(row.id, browser_digest(request))
        return see_other(address(row, "continue"))
    return show(request, row, "leave", back_url=address(row, "here"))


def home(request: HttpRequest) -> HttpResponse:
    return render(request, "house/home.html")
