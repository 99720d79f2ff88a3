"""Trying Verified ID with one's own wallet: a specimen card, a request for it, and each message between the two."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from portal.kit.errors import NotHere
from portal.kit.qr import qr_svg
from portal.rights import actor_of, requires, seat_of
from tenants.rights import Right
from tenants.verified_id import presentation, selectors
from tenants.verified_id.console.trial_words import STEPS, refusal_sentence
from tenants.verified_id.console.views import crumbs, slug_of, tabs
from tenants.verified_id.models import Credential, Issuance, Presentation, Trial, TrialMessage
from tenants.verified_id.trial import services


def _member(request: HttpRequest) -> Any:
    return seat_of(request).member_id


def _to_trial(request: HttpRequest) -> HttpResponse:
    return redirect("verified_id:trial", organisation=slug_of(request))


def _message(row: TrialMessage) -> dict[str, Any]:
    title, says = STEPS.get(row.step, ("", ""))
    return {
        "title": _(title) if title else row.step,
        "says": _(says) if says else "",
        "at": row.created_at,
        "line": f"{row.method} {row.path}",
        "status": row.status,
        "is_ok": row.status < 400,
        "refusal": refusal_sentence(row.refusal) if row.refusal else "",
        "clause": row.clause,
        "asked": row.asked,
        "answered": row.answered,
        "id": row.id.hex,
    }


def _standing(trial: Trial) -> dict[str, Any]:
    """How far the trial is, and its messages, the newest first."""
    card = Credential.objects.filter(issuance__trial=trial).order_by("-created_at").first()
    asked = Presentation.objects.filter(trial=trial).order_by("-created_at").first()
    state = presentation.state_of(asked.id) if asked else ""
    rows = TrialMessage.objects.filter(trial=trial).order_by("-created_at", "-id")
    shown = [_message(row) for row in rows]
    return {
        "trial": trial,
        # What a page that asks again has seen: nothing is drawn anew, and nothing folded up, while it says the same.
        "mark": f"{len(shown)}-{card.state if card else ''}-{bool(card and card.accepted_at)}-{state}",
        "is_offered": Issuance.objects.filter(trial=trial).exists(),
        "card": card,
        "is_accepted": bool(card and card.accepted_at),
        "is_shown": state in ("received", "returned"),
        "is_asked": state == "waiting",
        "is_declined": bool(asked and asked.state == Presentation.State.REFUSED),
        "exchanges": shown,
    }


def _page(request: HttpRequest, **more: Any) -> HttpResponse:
    selectors.get_authority()
    trial = services.trial_of(_member(request))
    context = {
        "trial": trial,
        **(_standing(trial) if trial else {}),
        "breadcrumbs": crumbs(request, _("Try it")),
        "tabs": tabs(request, "trial"),
        **more,
    }
    answer = render(request, "verified_id/trial.html", context)
    answer.headers["Cache-Control"] = "no-store"
    return answer


@require_GET
@requires(Right.MANAGE_VERIFIED_ID)
def trial(request: HttpRequest) -> HttpResponse:
    return _page(request)


@require_GET
@requires(Right.MANAGE_VERIFIED_ID)
def messages(request: HttpRequest) -> HttpResponse:
    """What came since, asked for by htmx while the trial lasts."""
    found = services.trial_of(_member(request))
    context = _standing(found) if found else {"trial": None, "exchanges": []}
    if found and context["mark"] == request.GET.get("seen"):
        return HttpResponse(status=204)
    return render(request, "verified_id/parts/trial_messages.html", context)


@require_POST
@requires(Right.MANAGE_VERIFIED_ID)
def begin(request: HttpRequest) -> HttpResponse:
    selectors.get_authority()
    services.begin_trial(_member(request), actor=actor_of(request))
    return _to_trial(request)


@require_POST
@requires(Right.MANAGE_VERIFIED_ID)
def offer(request: HttpRequest) -> HttpResponse:
    """The offer opens a card to whoever has it, so it stands on this page alone and is not kept."""
    try:
        made = services.offer_specimen(_member(request), actor=actor_of(request))
    except NotHere:
        return _to_trial(request)
    return _page(request, offer=made, svg=qr_svg(made.deep_link))


@require_POST
@requires(Right.MANAGE_VERIFIED_ID)
def request_card(request: HttpRequest) -> HttpResponse:
    try:
        made = services.ask_for_specimen(_member(request), actor=actor_of(request))
    except NotHere:
        return _to_trial(request)
    links = presentation.links_of(made)
    return _page(request, asked=links, svg=qr_svg(links.deep_link))


@require_POST
@requires(Right.MANAGE_VERIFIED_ID)
def end(request: HttpRequest) -> HttpResponse:
    found = services.trial_of(_member(request))
    if found is not None:
        services.end_trial(found.id, actor=actor_of(request))
    return _to_trial(request)
