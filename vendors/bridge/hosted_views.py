"""`/bridge/…`: what a person reads who came over a bridge: what is checked and who is told, the partner, the face, the way back."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse, QueryDict
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from portal.kit import clock
from portal.kit.bodies import declared_length
from portal.kit.errors import NotHere, Refused, TooMany, Unavailable
from portal.kit.ids import short_reference
from portal.kit.limits import Limit, take
from portal.kit.origins import client_address, network_of
from portal.kit.scope import tenant_scope
from portal.middleware.scope import own_scope
from vendors import selectors as partners
from vendors import services as vendor_services
from vendors.bridge import face as faces
from vendors.bridge import running
from vendors.bridge.browser import browser_digest, remember_browser
from vendors.bridge.ending import DENIED, end_run, locked_run
from vendors.bridge.handing import link_back, show_trial
from vendors.bridge.hosted_forms import ConsentForm
from vendors.bridge.models import BridgeClient, BridgeRun
from vendors.bridge.partners import Way, way_of, ways_for
from vendors.bridge.protocol_views import tenant_of
from vendors.bridge.running import Admission
from vendors.bridge.sealing import open_bond
from vendors.bridge.statuses import IN_BROWSER, RunStatus
from vendors.bridge.wording import note_words, passed_on, what_happened
from vendors.facecheck import selectors as face_checks

OPENS_OF_NETWORK = Limit("bridge_opens_of_network", 240, 600)
MAX_CLIP = 16 * 1024 * 1024 + 4096
MAX_STATE = 2_048
AT_WORK = frozenset({"processing", "done", "failed"})
ADDRESS = {
    RunStatus.OPENED: "bridge:consent",
    RunStatus.PROVING: "bridge:partner",
    RunStatus.FACE: "bridge:face",
}
RunView = Callable[..., HttpResponse]


def page(request: HttpRequest, template: str, run: BridgeRun | None = None, **context: Any) -> HttpResponse:
    shown = {
        "run": run,
        "client": run.client if run else None,
        "case_reference": short_reference(run.id) if run else "",
        "demonstration": tenant_of(request).is_demonstration,
        **context,
    }
    return render(request, template, shown)


def see_other(request: HttpRequest, name: str) -> HttpResponse:
    if request.headers.get("HX-Request"):
        return HttpResponse(headers={"HX-Redirect": reverse(name)})
    response = HttpResponseRedirect(reverse(name))
    response.status_code = 303
    return response


def go_to_run(request: HttpRequest, run: BridgeRun) -> HttpResponse:
    return see_other(request, ADDRESS.get(RunStatus(run.status), "bridge:leave"))


def run_of_browser(request: HttpRequest, *, lock: bool = False) -> BridgeRun | None:
    rows = BridgeRun.objects.select_for_update(of=("self",)) if lock else BridgeRun.objects.all()
    found = rows.filter(browser_digest=browser_digest(request)).select_related("client", "connection")
    return found.order_by("-created_at").first()


def elsewhere(
    request: HttpRequest, run: BridgeRun | None, statuses: Collection[RunStatus]
) -> HttpResponse | None:
    """Where the browser belongs when its run does not stand at one of `statuses`; None when it does."""
    if run is None:
        return stray(request)
    if run.status in IN_BROWSER and run.expires_at <= clock.now():
        end_run(locked_run(run.id), error=DENIED, why="timed_out")
        return see_other(request, "bridge:leave")
    return None if run.status in statuses else go_to_run(request, run)


def at(*statuses: RunStatus, lock: bool = False) -> Callable[[RunView], RunView]:
    """The view gets the browser's run, and only when it stands there."""

    def wrap(view: RunView) -> RunView:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            run = run_of_browser(request, lock=lock)
            return elsewhere(request, run, statuses) or view(request, run, *args, **kwargs)

        return guarded

    return wrap


def stray(request: HttpRequest) -> HttpResponse:
    response = page(request, "bridge/stray.html")
    response.status_code = 400
    return response


@own_scope
@require_GET
def authorize(request: HttpRequest) -> HttpResponse:
    """The request is opened in this browser, once; a reload goes on. Nobody is sent anywhere by what stands in the address."""
    tenant = tenant_of(request)
    try:
        take(OPENS_OF_NETWORK, f"{tenant.id}|{network_of(client_address(request))}")
        values = {name: _one(request, name) for name in ("request_uri", "client_id", "state")}
        with tenant_scope(tenant.id):
            opened = running.open_request(
                values["request_uri"],
                client_id=values["client_id"],
                state=values["state"] if _is_visible(values["state"]) else "",
                browser_digest=browser_digest(request),
            )
    except (NotHere, TooMany):
        with tenant_scope(tenant.id):
            return stray(request)
    if isinstance(opened, BridgeRun):
        return go_to_run(request, opened)
    run, token = opened
    response = go_to_run(request, run)
    remember_browser(response, token)
    return response


def _one(request: HttpRequest, name: str) -> str:
    values = request.GET.getlist(name)
    if len(values) > 1:
        raise NotHere("bridge_request_twice")
    return values[0] if values else ""


def _is_visible(state: str) -> bool:
    return len(state) <= MAX_STATE and state.isascii() and state.isprintable()


def _told(run: BridgeRun) -> list[str]:
    client = run.client
    return passed_on(open_bond(run).asked, hides_values=client.serves == BridgeClient.Serves.OKTA)


def _of_kind(ways: Sequence[Way], *, by_eid: bool) -> dict[str, Any]:
    titles = [str(way.title) for way in ways if way.by_eid == by_eid]
    first, last = ", ".join(titles[:-1]), titles[-1] if titles else ""
    joined = _("%(first)s or %(last)s") % {"first": first, "last": last} if first else last
    return {"by_eid": by_eid, "partners": joined}


def _consent_text(request: HttpRequest, run: BridgeRun, ways: Sequence[Way]) -> str:
    """Exactly what is shown, with every way that can be chosen; its digest goes into the record."""
    about = {
        "organisation_name": tenant_of(request).name,
        "client": run.client,
        "kinds": [
            kind for kind in (_of_kind(ways, by_eid=False), _of_kind(ways, by_eid=True)) if kind["partners"]
        ],
        "told": _told(run),
        "face_check": run.client.face_check,
    }
    return render_to_string("bridge/consent_text.html", about)


def _form(run: BridgeRun, ways: Sequence[Way], data: QueryDict | None = None) -> ConsentForm:
    has_face = run.client.face_check and any(not way.by_eid for way in ways)
    return ConsentForm(data, ways=ways, has_face=has_face)


def _consent_page(
    request: HttpRequest,
    run: BridgeRun,
    form: ConsentForm | None = None,
    *,
    problem: str = "",
    is_over: bool = False,
) -> HttpResponse:
    """`is_over`: agreeing again would come to the same, so that only the way back is there."""
    ways = ways_for(run.client, run)
    return page(
        request,
        "bridge/consent.html",
        run,
        form=form or _form(run, ways),
        text=_consent_text(request, run, ways) if ways else "",
        note=note_words(run.note),
        problem=problem,
        is_over=is_over,
        tries_left=running.MAX_TRIES - run.tries,
    )


@own_scope
@require_http_methods(["GET", "POST"])
def consent(request: HttpRequest) -> HttpResponse:
    """Who asks, what is checked, what is passed on; yes, or no. Limits are counted and committed before anything begins."""
    with tenant_scope(tenant_of(request).id):
        run = run_of_browser(request)
        other = elsewhere(request, run, (RunStatus.OPENED,))
        if run is None or other is not None:
            return other or stray(request)
        if request.method != "POST":
            return _consent_page(request, run)
        if request.POST.get("answer") == "no":
            running.decline_run(run.id)
            return see_other(request, "bridge:leave")
    return _agree(request, run)


def _agree(request: HttpRequest, run: BridgeRun) -> HttpResponse:
    tenant, address = tenant_of(request), client_address(request)
    is_over = running.is_over_limits(tenant, run, address)
    with tenant_scope(tenant.id):
        if is_over:
            return _consent_page(
                request, run, problem=_("There were many checks just now. Try again in an hour.")
            )
        ways = ways_for(run.client, run)
        form = _form(run, ways, request.POST)
        if not form.is_valid():
            return _consent_page(request, run, form)
        way = next(each for each in ways if each.connection.public_id == form.cleaned_data["partner"])
        try:
            admitted = running.begin_run(
                tenant,
                run.id,
                way,
                consent=_consent_text(request, run, ways),
                flashing=not form.cleaned_data.get("no_flashing"),
                address=address,
            )
        except (Refused, Unavailable):
            return see_other(request, "bridge:consent")
        if admitted is not Admission.YES:
            words = _("No further check can begin today. Go back and ask your help desk.")
            return _consent_page(request, run, problem=words, is_over=True)
    return see_other(request, "bridge:partner")


@at(RunStatus.PROVING)
@require_GET
def partner(request: HttpRequest, run: BridgeRun) -> HttpResponse:
    """Waits for the partner's session; goes there by itself once it is ready (a link, never a form post)."""
    if run.attempt_id is None or run.connection is None:
        return stray(request)
    state = partners.proofing_state(run.attempt_id)
    if state.phase in AT_WORK:
        return see_other(request, "bridge:checking")
    if state.phase == "waiting_for_user" and state.continue_url is None:
        vendor_services.renew_link(run.attempt_id, address=client_address(request))
    is_part = bool(request.headers.get("HX-Request"))
    if state.continue_url and is_part:
        return HttpResponse(headers={"HX-Redirect": state.continue_url})
    template = "vendors/parts/waiting.html" if is_part else "bridge/partner.html"
    return page(request, template, run, state=state, by_eid=way_of(run.connection).by_eid)


@require_GET
def checking(request: HttpRequest) -> HttpResponse:
    """Real progress while the worker fetches and compares."""
    run = run_of_browser(request)
    if run is None:
        return stray(request)
    if run.status != RunStatus.PROVING or run.attempt_id is None or run.connection is None:
        return go_to_run(request, run)
    if partners.proofing_state(run.attempt_id).phase not in AT_WORK:
        return see_other(request, "bridge:partner")
    by_eid = way_of(run.connection).by_eid
    template = (
        "bridge/parts/checking_state.html" if request.headers.get("HX-Request") else "bridge/checking.html"
    )
    return page(request, template, run, by_eid=by_eid)


@at(*IN_BROWSER, lock=True)
@require_POST
def stop(request: HttpRequest, run: BridgeRun) -> HttpResponse:
    end_run(run, error=DENIED, why="stopped")
    return see_other(request, "bridge:leave")


@at(RunStatus.FACE, lock=True)
@require_GET
def face(request: HttpRequest, run: BridgeRun) -> HttpResponse:
    """The challenge. One whose answer was judged and lost on the way is noted instead of asked for again."""
    faces.note_judged_face(run)
    run.refresh_from_db(fields=["status"])
    if run.status != RunStatus.FACE:
        return go_to_run(request, run)
    last = faces.last_reasons(run)
    check = faces.begin_face(run)
    if check is None:
        return page(request, "bridge/held_up.html", run)
    return page(
        request,
        "bridge/face.html",
        run,
        challenge=json.loads(check.challenge_json()),
        check=check.id.hex,
        left_ms=int((check.expires_at - clock.now()).total_seconds() * 1000),
        flashing=bool(check.challenge["flashing"]),
        again=face_checks.told_to_person(last),
        tried=bool(last),
    )


@at(RunStatus.FACE, lock=True)
@require_POST
def face_without_colours(request: HttpRequest, run: BridgeRun) -> HttpResponse:
    faces.choose_no_flashing(run)
    return see_other(request, "bridge:face")


@own_scope
@require_POST
def face_clip(request: HttpRequest) -> HttpResponse:
    """The recorded answer, as one body held in memory. Vision may be busy: then the page waits and sends it again."""
    tenant = tenant_of(request)
    with tenant_scope(tenant.id):
        run = run_of_browser(request)
        if run is None or run.status != RunStatus.FACE:
            return JsonResponse({"state": "done", "next": reverse("bridge:leave")})
    if declared_length(request) > MAX_CLIP:
        return _again(_("The recording is too large. Record it again."))
    clip = request.read(MAX_CLIP + 1)
    if len(clip) > MAX_CLIP or not clip:
        return _again(_("The recording did not arrive whole. Record it again."))
    try:
        answer = faces.submit_face(
            tenant,
            run.id,
            browser_digest=browser_digest(request),
            clip=clip,
            answers=request.GET.get("check", ""),
        )
    except TooMany:
        with tenant_scope(tenant.id):
            end_run(locked_run(run.id), error=DENIED, why="face_tries_used_up")
        return JsonResponse({"state": "done", "next": reverse("bridge:leave")})
    return JsonResponse(
        {"state": answer.state, "sentences": list(answer.reasons), "next": reverse("bridge:leave")}
    )


def _again(sentence: str) -> JsonResponse:
    return JsonResponse({"state": "again", "sentences": [sentence]})


@require_GET
def leave(request: HttpRequest) -> HttpResponse:
    """A plain link to where the person came from, with the answer or the error in it; script goes there by itself."""
    run = run_of_browser(request, lock=True)
    if run is None:
        return stray(request)
    if run.status in IN_BROWSER:
        return go_to_run(request, run)
    happened = what_happened(run)
    if run.is_trial:
        return _trial_page(request, run, happened)
    url = link_back(tenant_of(request), run)
    if url and request.headers.get("HX-Request"):
        return HttpResponse(headers={"HX-Redirect": url})
    return page(request, "bridge/leave.html", run, url=url, happened=happened)


def _trial_page(request: HttpRequest, run: BridgeRun, happened: Mapping[str, str]) -> HttpResponse:
    found = show_trial(run)
    told = json.dumps(found, indent=2, ensure_ascii=False) if found else ""
    return page(request, "bridge/tried.html", run, told=told, happened=happened)
