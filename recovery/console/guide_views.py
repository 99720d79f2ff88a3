"""The guide: a new profile step by step. It is a draft from the first step on, so that it can be left and taken up again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from portal.kit.errors import Invalid
from portal.kit.seen import ChangedMeanwhile
from portal.rights import actor_of, requires
from recovery import guiding, profiles
from recovery.console.guide_forms import BeginForm, MatchForm, ProofForm, WhoForm
from recovery.console.limit_forms import LimitsForm
from recovery.console.profile_sentences import sentences_of
from recovery.console.profile_views import effect_of, profile_crumbs, profile_or_404, shown_profile
from recovery.console.risk_forms import RiskForm
from recovery.console.showing import slug_of
from recovery.models import Profile
from recovery.statuses import Mode
from tenants.rights import Right


@dataclass(frozen=True, slots=True)
class Step:
    """One page of the guide."""

    key: str
    title: str | Promise
    lead: str | Promise
    form: Callable[..., Any]


STEPS = (
    Step(
        "who",
        gettext_lazy("Who may recover"),
        gettext_lazy("Everybody, or only some. Nobody may recover by a draft."),
        WhoForm,
    ),
    Step(
        "proof",
        gettext_lazy("What they prove"),
        gettext_lazy("By which partners, how strictly, and what it costs at most in a day."),
        ProofForm,
    ),
    Step(
        "match",
        gettext_lazy("What is compared"),
        gettext_lazy("How far a document may be from the account before it is somebody else's."),
        MatchForm,
    ),
    Step(
        "risk",
        gettext_lazy("If something is odd"),
        gettext_lazy("What passed every check may still wait, or be looked at by two members."),
        RiskForm,
    ),
    Step(
        "limits",
        gettext_lazy("Limits and notices"),
        gettext_lazy(
            "How often a recovery may be tried, who hears of it, and what becomes of whom no code reaches."
        ),
        LimitsForm,
    ),
)
KEYS = [step.key for step in STEPS]
REVIEW = "review"


@require_http_methods(["GET", "POST"])
@requires(Right.MANAGE_PROFILES)
def begin(request: HttpRequest) -> HttpResponse:
    """A name and a beginning that makes sense: from here on there is a draft."""
    form = BeginForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = guiding.begin_guide(
            name=form.cleaned_data["name"], preset_key=form.cleaned_data["preset"], actor=actor_of(request)
        )
        return _to(request, made, KEYS[0])
    context = {
        "form": form,
        "number": 1,
        "total": len(STEPS) + 2,
        "breadcrumbs": profile_crumbs(request, _("New")),
    }
    return render(request, "recovery_console/guide_begin.html", context)


@require_http_methods(["GET", "POST"])
@requires(Right.MANAGE_PROFILES)
def step(request: HttpRequest, profile_id: str, part: str) -> HttpResponse:
    """One step of a draft. What is in force has a page of its own, where a change asks for a recent sign-in."""
    profile = profile_or_404(profile_id)
    if profile.status != Profile.Status.DRAFT:
        return _over(request, profile)
    if part == REVIEW:
        return _review(request, profile)
    if part not in KEYS:
        raise Http404
    return _form_step(request, profile, STEPS[KEYS.index(part)])


def _over(request: HttpRequest, profile: Profile) -> HttpResponse:
    """The draft went into force meanwhile, in another tab or by a colleague: nothing is saved here any more."""
    context = {**shown_profile(profile), "breadcrumbs": profile_crumbs(request, profile.name)}
    status = 409 if request.method == "POST" else 200
    return render(request, "recovery_console/guide_over.html", context, status=status)


def _form_step(request: HttpRequest, profile: Profile, here: Step) -> HttpResponse:
    form = here.form(request.POST or None, profile=profile)
    if request.method == "POST" and form.is_valid():
        try:
            profiles.change_profile(
                profile.id, actor=actor_of(request), seen=form.seen_marks(), **form.values()
            )
        except ChangedMeanwhile as conflict:
            form.show_conflict(conflict, {"partners": "connection", "callouts": "callout"})
        except Invalid as error:
            form.add_error(error.field if error.field in form.fields else None, error.sentence)
        else:
            return _saved(request, profile, here)
    number = KEYS.index(here.key)
    context = {
        **shown_profile(profile),
        "form": form,
        "here": here,
        "number": number + 2,
        "total": len(STEPS) + 2,
        "is_risk": here.key == "risk",
        "back": _address(request, profile, KEYS[number - 1]) if number else "",
        "breadcrumbs": profile_crumbs(request, profile.name, str(here.title)),
    }
    return render(request, "recovery_console/guide_step.html", context)


def _saved(request: HttpRequest, profile: Profile, here: Step) -> HttpResponse:
    """The next step, or out: the draft remembers where it was left."""
    number = KEYS.index(here.key) + 1
    following = KEYS[number] if number < len(KEYS) else REVIEW
    guiding.note_guide_step(profile.id, following)
    if request.POST.get("then") == "leave":
        return redirect("profiles:list", organisation=slug_of(request))
    return _to(request, profile, following)


def _review(request: HttpRequest, profile: Profile) -> HttpResponse:
    """What it does, in sentences, and what it costs at most; then into force, which is a page of its own."""
    if request.method == "POST":
        mode = Mode.PRODUCTION if request.POST.get("mode") == Mode.PRODUCTION else Mode.EVALUATION
        profiles.change_profile(profile.id, actor=actor_of(request), mode=mode.value)
        guiding.note_guide_step(profile.id, "")
        return redirect("profiles:publish", organisation=slug_of(request), profile_id=profile.public_id)
    context = {
        **shown_profile(profile),
        **effect_of(profile),
        "paragraphs": [
            {"said": one, "url": _address(request, profile, one.step)} for one in sentences_of(profile)
        ],
        "problem": guiding.problem_in(profile, Mode.EVALUATION),
        "problem_in_production": guiding.problem_in(profile, Mode.PRODUCTION),
        "number": len(STEPS) + 2,
        "total": len(STEPS) + 2,
        "back": _address(request, profile, KEYS[-1]),
        "breadcrumbs": profile_crumbs(request, profile.name, _("What it does")),
    }
    return render(request, "recovery_console/guide_review.html", context)


def _address(request: HttpRequest, profile: Profile, key: str) -> str:
    return reverse("profiles:guide_step", args=[slug_of(request), profile.public_id, key])


def _to(request: HttpRequest, profile: Profile, key: str) -> HttpResponse:
    return redirect(_address(request, profile, key))
