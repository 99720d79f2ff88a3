"""Rehearsing a profile over the whole directory: nobody is asked for anything, and nothing is charged."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from portal.rights import actor_of, requires, seat_of
from recovery.console.profile_views import profile_or_404
from recovery.console.showing import may_see_people, slug_of
from recovery.models import Profile
from recovery.readiness import showing
from recovery.readiness.models import Survey
from recovery.readiness.of_profile import crumbs_of, tabs_of
from recovery.readiness.printing import divided, prints_of
from recovery.readiness.running import begin_survey
from recovery.readiness.selectors import Standing, findings_of, read_choice, standing_of
from recovery.signs import Sign
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.rights import Right


def _standing(profile: Profile) -> Standing:
    return standing_of(Survey.Kind.REHEARSAL, profile_id=profile.id)


def _address(request: HttpRequest, name: str, profile: Profile) -> str:
    return reverse(f"rehearsals:{name}", args=[slug_of(request), profile.public_id])


def _progress(request: HttpRequest, profile: Profile, standing: Standing) -> dict[str, Any]:
    return {
        "running": standing.running,
        "was_stopped": standing.was_stopped,
        "state_url": _address(request, "state", profile),
        "home_url": _address(request, "home", profile),
    }


@require_GET
@requires(Right.SEE_PROFILES)
def home(request: HttpRequest, profile_id: str) -> HttpResponse:
    profile = profile_or_404(profile_id)
    standing = _standing(profile)
    context: dict[str, Any] = {
        **_progress(request, profile, standing),
        "profile": profile,
        "done": standing.done,
        "may_manage": seat_of(request).may(Right.MANAGE_PROFILES),
        "tabs": tabs_of(request, profile, "home"),
        "breadcrumbs": crumbs_of(request, profile, _("Rehearsal")),
    }
    if standing.done:
        people_url = _address(request, "people", profile)
        context |= {
            **showing.shown_survey(standing.done, people_url),
            "people_url": people_url,
            "reasons": showing.reason_rows(standing.done, people_url),
            "looks_at_all": Sign.EVERY_RECOVERY.value in {*profile.review_signs, *profile.waiting_signs},
            "is_of_earlier_version": standing.done.profile_version != profile.version,
        }
    return render(request, "readiness/rehearsal.html", context)


@require_GET
@requires(Right.SEE_PROFILES)
def state(request: HttpRequest, profile_id: str) -> HttpResponse:
    """How far the work is, asked for by htmx; a finished rehearsal brings the page anew."""
    profile = profile_or_404(profile_id)
    standing = _standing(profile)
    if standing.running is None and request.headers.get("HX-Request"):
        return HttpResponse(headers={"HX-Redirect": _address(request, "home", profile)})
    return render(request, "readiness/parts/progress.html", _progress(request, profile, standing))


@require_GET
@requires(Right.SEE_PROFILES)
def people(request: HttpRequest, profile_id: str) -> HttpResponse:
    """Those whom the profile would fail, with their names as a document would print them."""
    profile = profile_or_404(profile_id)
    survey = _standing(profile).done
    if survey is None:
        return redirect(_address(request, "home", profile))
    context = showing.people_context(request, survey, _address(request, "csv", profile))
    if may_see_people(request):
        for row in context["rows"]:
            row["prints"] = _prints(row["person"])
    context |= {
        "survey": survey,
        "profile": profile,
        "breadcrumbs": [
            *crumbs_of(request, profile),
            {"label": _("Rehearsal"), "url": _address(request, "home", profile)},
            {"label": _("People")},
        ],
    }
    return render(request, "readiness/people.html", context)


def _prints(person: Any) -> list[str]:
    """Worked out anew: no spelling of a name is kept."""
    apart = divided(person.given_names, person.family_name)
    found = dict.fromkeys(one for names in apart for one in prints_of(*names))
    return [f"{one.family_name}, {one.given_names}".strip(", ") for one in found]


@require_GET
@requires(Right.SEE_PROFILES)
@showing.with_names
def csv(request: HttpRequest, profile_id: str) -> HttpResponse:
    profile = profile_or_404(profile_id)
    survey = _standing(profile).done
    if survey is None:
        raise Http404
    chosen = read_choice(request.GET)
    record_event(
        EventName.REHEARSAL_EXPORTED,
        actor=actor_of(request),
        subject=profile.public_id,
        data={"count": findings_of(survey, chosen).count(), "filtered": chosen.is_narrow},
    )
    return showing.csv_answer(request, survey, "rehearsal")


@require_POST
@requires(Right.MANAGE_PROFILES)
def begin(request: HttpRequest, profile_id: str) -> HttpResponse:
    """Rehearse it as it is now. What is under way goes on."""
    profile = profile_or_404(profile_id)
    begin_survey(actor=actor_of(request), profile=profile)
    return redirect(_address(request, "home", profile))
