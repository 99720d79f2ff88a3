"""From evaluation to production and back: what trials came to, what is still missing, and the switch."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from portal.kit.errors import Invalid
from portal.kit.typed import TypedWordForm
from portal.recent import recent_sign_in
from portal.rights import actor_of, requires, seat_of
from recovery.console import wording
from recovery.console.journey import duration_words
from recovery.console.profile_views import profile_or_404
from recovery.console.reach import kept_reach_of
from recovery.console.showing import shown_case, slug_of
from recovery.decision import Outcome
from recovery.models import Case, Profile
from recovery.profiles import change_profile
from recovery.readiness import going_live
from recovery.readiness.evaluation import Trial, costs_of, counts_of, newest_trials, usual_time
from recovery.readiness.of_profile import crumbs_of, is_live, maximum_of, tabs_of
from recovery.statuses import LIVE, Mode
from tenants.rights import Right

FORETOLD = {
    Outcome.APPROVED: (gettext_lazy("A pass, and a new passkey"), "ok"),
    Outcome.HOLD: (gettext_lazy("Held for a day, then a pass"), "warn"),
    Outcome.REFUSED: (gettext_lazy("Refused"), "bad"),
}


@require_GET
@requires(Right.SEE_PROFILES)
def evaluation(request: HttpRequest, profile_id: str) -> HttpResponse:
    """What people's trials would have come to in production, what they cost, and what the next one costs at most."""
    profile = profile_or_404(profile_id)
    trials = newest_trials(profile)
    usual = usual_time(trials)
    context = {
        "profile": profile,
        "rows": [_row(request, trial) for trial in trials],
        "sums": counts_of(profile),
        "costs": _amounts(costs_of(profile)),
        "usual": duration_words(usual) if usual else "",
        "maximum": maximum_of(profile),
        "tabs": tabs_of(request, profile, "evaluation"),
        "breadcrumbs": crumbs_of(request, profile, _("Evaluation")),
    }
    return render(request, "readiness/evaluation.html", context)


def _amounts(costs: Any) -> list[dict[str, Any]]:
    return [{"currency": currency, "amount": amount} for currency, amount in sorted(costs.items())]


def _row(request: HttpRequest, trial: Trial) -> dict[str, Any]:
    told: str | Promise = ""
    tone, reasons = "neutral", []
    if trial.foretold:
        told, tone = FORETOLD.get(trial.foretold.outcome, FORETOLD[Outcome.REFUSED])
        if trial.foretold.outcome is not Outcome.APPROVED:
            reasons = wording.sentences(trial.foretold.reasons)
    return {
        **shown_case(request, trial.case),
        "foretold": told,
        "foretold_tone": tone,
        "reasons": reasons,
        "took": duration_words(trial.took) if trial.took else "",
        "costs": _amounts(trial.costs),
    }


@require_http_methods(["GET", "POST"])
@requires(Right.MANAGE_PROFILES)
@recent_sign_in
def go_live(request: HttpRequest, profile_id: str) -> HttpResponse:
    """The checklist, the effect in numbers, and a typed word."""
    profile = profile_or_404(profile_id)
    if is_live(profile):
        return _there_already(request, profile)
    form = TypedWordForm(request.POST or None, word=_("go live"))
    if request.method == "POST" and form.is_valid() and _switch(request, profile, Mode.PRODUCTION, form):
        return _to_profile(request, profile)
    problem = going_live.problem_in_production(profile)
    found = going_live.items(profile, seat_of(request).tenant, problem)
    context = {
        **_switch_context(request, profile, form, "go_live", _("Go live")),
        "items": [_item(request, profile, item) for item in found],
        "problem": problem,
    }
    return render(request, "readiness/go_live.html", context)


@require_http_methods(["GET", "POST"])
@requires(Right.MANAGE_PROFILES)
@recent_sign_in
def go_back(request: HttpRequest, profile_id: str) -> HttpResponse:
    """Nobody gets a pass by it any more: the numbers first, and a typed word."""
    profile = profile_or_404(profile_id)
    if not is_live(profile):
        return _there_already(request, profile)
    form = TypedWordForm(request.POST or None, word=_("evaluation"))
    if request.method == "POST" and form.is_valid() and _switch(request, profile, Mode.EVALUATION, form):
        return _to_profile(request, profile)
    context = _switch_context(request, profile, form, "go_back", _("Back to evaluation"))
    return render(request, "readiness/go_back.html", context)


def _there_already(request: HttpRequest, profile: Profile) -> HttpResponse:
    """A colleague was quicker, or the page is an old one."""
    context = {
        "profile": profile,
        "is_live": is_live(profile),
        "tabs": tabs_of(request, profile, ""),
        "breadcrumbs": crumbs_of(request, profile),
    }
    return render(request, "readiness/there_already.html", context)


def _switch(request: HttpRequest, profile: Profile, mode: Mode, form: TypedWordForm) -> bool:
    try:
        change_profile(profile.id, actor=actor_of(request), mode=mode.value)
    except Invalid as error:
        form.add_error(None, error.sentence)
        return False
    return True


def _to_profile(request: HttpRequest, profile: Profile) -> HttpResponse:
    return redirect("profiles:edit", organisation=slug_of(request), profile_id=profile.public_id)


def _switch_context(
    request: HttpRequest, profile: Profile, form: TypedWordForm, name: str, label: str
) -> dict[str, Any]:
    live = Case.objects.filter(profile=profile, status__in=LIVE, is_decoy=False)
    return {
        "profile": profile,
        "form": form,
        "reach": kept_reach_of(profile),
        "is_published": profile.status == Profile.Status.PUBLISHED,
        "live": live.count(),
        "tabs": tabs_of(request, profile, name),
        "breadcrumbs": crumbs_of(request, profile, label),
    }


def _item(request: HttpRequest, profile: Profile, item: going_live.Item) -> dict[str, str]:
    places = [slug_of(request), *([profile.public_id] if item.of_profile else [])]
    return {
        "label": item.label,
        "status": item.status,
        "hint": item.hint,
        "url": reverse(item.url_name, args=places),
    }
