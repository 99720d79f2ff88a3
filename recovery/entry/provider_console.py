"""`/o/<organisation>/people/sign-in/`: the organisation's OpenID Provider, by which people get in for the first time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from portal.kit import clock
from portal.kit.errors import Invalid, Refused
from portal.kit.origins import tenant_url
from portal.kit.seen import ChangedMeanwhile
from portal.kit.typed import TypedWordForm
from portal.recent import ask_again, recent_sign_in, signed_in_recently
from portal.rights import actor_of, requires, seat_of
from recovery.entry import provider as contract
from recovery.entry import provider_services as services
from recovery.entry.models import SignInAttempt, SignInProvider
from recovery.entry.provider_forms import ProviderForm
from recovery.entry.provider_words import problem_sentence
from recovery.entry.signing_in import provider_row, told_of
from tenants.rights import Right

PATIENCE = timedelta(minutes=1)


def _slug(request: HttpRequest) -> str:
    return seat_of(request).tenant.slug


def _back(request: HttpRequest) -> HttpResponse:
    return redirect("first_sign_in:home", organisation=_slug(request))


def _crumbs(request: HttpRequest, label: str = "") -> list[dict[str, str]]:
    coverage = {"label": _("Coverage"), "url": reverse("coverage:home", args=[_slug(request)])}
    own = {"label": _("First sign-in")}
    if not label:
        return [coverage, own]
    return [coverage, {**own, "url": reverse("first_sign_in:home", args=[_slug(request)])}, {"label": label}]


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Right.SEE_PEOPLE)
def home(request: HttpRequest) -> HttpResponse:
    return _save(request) if request.method == "POST" else _page(request, None)


@requires(Right.MANAGE_ORGANISATION)
def _save(request: HttpRequest) -> HttpResponse:
    if not signed_in_recently(request):
        return ask_again(request)
    form = ProviderForm(request.POST, row=provider_row())
    if form.is_valid():
        try:
            services.save_provider(
                given={name: form.cleaned_data[name] for name in services.FIELDS},
                secret=form.cleaned_data["client_secret"],
                actor=actor_of(request),
                seen=form.take_seen(),
            )
        except ChangedMeanwhile as conflict:
            form.show_conflict(conflict)
        except Invalid as error:
            form.add_error(error.field or None, error.sentence)
        else:
            return _back(request)
    return _page(request, form)


def _page(request: HttpRequest, form: ProviderForm | None, *, problem: str = "") -> HttpResponse:
    row, may_manage = provider_row(), seat_of(request).may(Right.MANAGE_ORGANISATION)
    tenant = seat_of(request).tenant
    context = {
        **_standing(request, row),
        "form": form or (ProviderForm(row=row) if may_manage else None),
        "return_url": contract.return_url(tenant),
        "keys_url": tenant_url(tenant.slug, "/sign-in/provider/keys")
        if row is not None and row.proof == SignInProvider.Proof.KEY
        else "",
        "page_problem": problem,
        "breadcrumbs": _crumbs(request),
    }
    return render(request, "entry/provider.html", context)


def _standing(request: HttpRequest, row: SignInProvider | None) -> dict[str, Any]:
    waiting = False
    if row is not None and row.test_asked_at is not None and clock.now() - row.test_asked_at < PATIENCE:
        waiting = row.tested_at is None or row.tested_at < row.test_asked_at
    trial = services.last_trial() if row is not None else None
    moving = trial is not None and trial.state in (
        SignInAttempt.State.OFFERED,
        SignInAttempt.State.BEGUN,
        SignInAttempt.State.CHECKING,
    )
    return {
        "row": row,
        "is_waiting": waiting,
        "is_moving": waiting or moving,
        "is_tested": row is not None and row.tested_at is not None and not waiting,
        "problem": problem_sentence(row.problem) if row else "",
        "trial": trial,
        "trial_state": SignInAttempt.State(trial.state).label if trial else "",
        "trial_problem": problem_sentence(trial.problem) if trial else "",
        "told": told_of(trial) if trial else [],
        "was_tried": row is not None and services.was_tried(row),
        "may_manage": seat_of(request).may(Right.MANAGE_ORGANISATION),
        "state_url": reverse("first_sign_in:state", args=[_slug(request)]),
    }


@require_GET
@requires(Right.SEE_PEOPLE)
def state(request: HttpRequest) -> HttpResponse:
    """The part that moves, asked for by htmx."""
    return render(request, "entry/parts/provider_standing.html", _standing(request, provider_row()))


@require_POST
@requires(Right.MANAGE_ORGANISATION)
def test(request: HttpRequest) -> HttpResponse:
    services.ask_for_test()
    return _back(request)


@require_POST
@requires(Right.MANAGE_ORGANISATION)
def trial(request: HttpRequest) -> HttpResponse:
    """A page with a link on the tenant's own host, for this browser or another."""
    try:
        link = services.make_trial(actor=actor_of(request))
    except Refused as refusal:
        return _page(request, None, problem=refusal.sentence)
    return render(
        request, "entry/provider_link.html", {"link": link, "breadcrumbs": _crumbs(request, _("Try it"))}
    )


@require_POST
@requires(Right.MANAGE_ORGANISATION)
@recent_sign_in
def turn(request: HttpRequest) -> HttpResponse:
    try:
        services.turn(on=request.POST.get("on") == "yes", actor=actor_of(request))
    except Refused as refusal:
        return _page(request, None, problem=refusal.sentence)
    return _back(request)


@require_http_methods(["GET", "POST"])
@requires(Right.MANAGE_ORGANISATION)
@recent_sign_in
def remove(request: HttpRequest) -> HttpResponse:
    form = TypedWordForm(request.POST or None, word=_("remove"))
    if request.method == "POST" and form.is_valid():
        services.remove_provider(actor=actor_of(request))
        return _back(request)
    context = {"form": form, "breadcrumbs": _crumbs(request, _("Remove"))}
    return render(request, "entry/provider_remove.html", context)
