"""*Recovery → Readiness*: who could not recover today, why, and what to do about it."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from portal.rights import actor_of, requires, seat_of
from recovery.console.showing import slug_of
from recovery.readiness import showing
from recovery.readiness.chart import draw
from recovery.readiness.mailing import mail_setting, set_mail
from recovery.readiness.models import Survey, Tally
from recovery.readiness.running import begin_survey
from recovery.readiness.selectors import Standing, findings_of, read_choice, standing_of, trend, worst
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.directory.connections.registry import PROVIDERS
from tenants.rights import Right

SOURCES = {
    "scim": gettext_lazy("Provisioning"),
    "csv": gettext_lazy("Files of people"),
    **{kind: one.words.title for kind, one in PROVIDERS.items()},
}


def _standing() -> Standing:
    return standing_of(Survey.Kind.READINESS)


def _address(request: HttpRequest, name: str) -> str:
    return reverse(f"readiness:{name}", args=[slug_of(request)])


def _progress(request: HttpRequest, standing: Standing) -> dict[str, Any]:
    return {
        "running": standing.running,
        "was_stopped": standing.was_stopped,
        "state_url": _address(request, "state"),
        "home_url": _address(request, "home"),
    }


@require_GET
@requires(Right.SEE_PROFILES)
def home(request: HttpRequest) -> HttpResponse:
    standing = _standing()
    context: dict[str, Any] = {
        **_progress(request, standing),
        "may_manage": seat_of(request).may(Right.MANAGE_PROFILES),
        "done": standing.done,
        "mail": mail_setting(),
    }
    if standing.done:
        context |= _found(request, standing.done)
    return render(request, "readiness/home.html", context)


def _found(request: HttpRequest, survey: Survey) -> dict[str, Any]:
    people_url = _address(request, "people")
    days = trend()
    return {
        **showing.shown_survey(survey, people_url),
        "people_url": people_url,
        "reasons": showing.reason_rows(survey, people_url),
        "departments": [
            {"tally": tally, "url": showing.department_url(people_url, tally.name)}
            for tally in worst(survey, Tally.Of.DEPARTMENT)
        ],
        "groups": [
            {"tally": tally, "url": showing.group_url(people_url, tally.group_id)}
            for tally in worst(survey, Tally.Of.GROUP)
            if tally.group_id
        ],
        "stale": [_stale(entry) for entry in survey.stale],
        "chart": draw(days),
        "days": list(reversed(days)),
        "first_day": days[0].day if days else None,
        "last_day": days[-1].day if days else None,
    }


def _stale(entry: dict[str, str]) -> str:
    source = SOURCES.get(entry["source"], entry["source"])
    if not entry["heard_on"]:
        return _("%(source)s: never heard from.") % {"source": source}
    day = date_format(date.fromisoformat(entry["heard_on"]), "j F Y")
    return _("%(source)s: last heard from on %(day)s.") % {"source": source, "day": day}


@require_GET
@requires(Right.SEE_PROFILES)
def state(request: HttpRequest) -> HttpResponse:
    """How far the work is, asked for by htmx; a finished survey brings the page anew."""
    standing = _standing()
    if standing.running is None and request.headers.get("HX-Request"):
        return HttpResponse(headers={"HX-Redirect": _address(request, "home")})
    return render(request, "readiness/parts/progress.html", _progress(request, standing))


@require_GET
@requires(Right.SEE_PROFILES)
def people(request: HttpRequest) -> HttpResponse:
    survey = _standing().done
    if survey is None:
        return redirect("readiness:home", organisation=slug_of(request))
    context = {
        **showing.people_context(request, survey, _address(request, "csv")),
        "survey": survey,
        "breadcrumbs": [{"label": _("Readiness"), "url": _address(request, "home")}, {"label": _("People")}],
    }
    return render(request, "readiness/people.html", context)


@require_GET
@requires(Right.SEE_PROFILES)
@showing.with_names
def csv(request: HttpRequest) -> HttpResponse:
    survey = _standing().done
    if survey is None:
        raise Http404
    chosen = read_choice(request.GET)
    record_event(
        EventName.READINESS_EXPORTED,
        actor=actor_of(request),
        data={"count": findings_of(survey, chosen).count(), "filtered": chosen.is_narrow},
    )
    return showing.csv_answer(request, survey, "readiness")


@require_POST
@requires(Right.MANAGE_PROFILES)
def check(request: HttpRequest) -> HttpResponse:
    """Look at everybody now. What is under way goes on."""
    begin_survey(actor=actor_of(request))
    return redirect("readiness:home", organisation=slug_of(request))


@require_POST
@requires(Right.MANAGE_PROFILES)
def mail(request: HttpRequest) -> HttpResponse:
    """The weekly mail, on or off."""
    set_mail(is_on=request.POST.get("is_on") == "yes", actor=actor_of(request))
    return redirect("readiness:home", organisation=slug_of(request))
