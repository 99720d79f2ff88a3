"""`/o/<organisation>/recovery/profiles/callouts/`: the organisation's own systems that are asked before a decision."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from portal.kit import clock
from portal.kit.errors import Invalid
from portal.kit.ids import parse_public_id
from portal.kit.seen import ChangedMeanwhile
from portal.kit.typed import TypedWordForm
from portal.recent import ask_again, recent_sign_in, signed_in_recently
from portal.rights import actor_of, requires, seat_of
from recovery.callouts import services, signing
from recovery.callouts.models import Callout
from recovery.console import callout_words
from recovery.console.callout_forms import CalloutForm
from recovery.console.showing import crumbs, slug_of
from recovery.models import Profile
from tenants.rights import Right

# After that a page stops asking what became of a test.
PATIENCE = timedelta(minutes=1)


def _callout_or_404(callout_id: str) -> Callout:
    try:
        return services.get_callout(parse_public_id(Callout.prefix, callout_id))
    except ValueError as error:
        raise Http404 from error


def _crumbs(request: HttpRequest, *labels: str) -> list[dict[str, str]]:
    own = {"label": _("Own systems"), "url": reverse("callouts:list", args=[slug_of(request)])}
    first = crumbs(request, "profiles", _("Profiles"))
    return (
        [*first, own, *({"label": text} for text in labels)] if labels else [*first, {"label": own["label"]}]
    )


def _health(row: Callout) -> tuple[str, str]:
    """(word, tone)."""
    if row.silent_in_row:
        return _("Silent"), "bad"
    if row.answered_at:
        return _("Answers"), "ok"
    if row.found.get("state") == "silent":
        return _("Did not answer the test"), "warn"
    return _("Not asked yet"), "neutral"


def _named_by(row: Callout) -> list[str]:
    """Profiles that could ask it: withdrawn ones may come back."""
    named = Profile.objects.order_by("name", "id").values_list("name", "callouts")
    return [name for name, callouts in named if str(row.id) in callouts]


@require_GET
@requires(Right.SEE_PROFILES)
def list_callouts(request: HttpRequest) -> HttpResponse:
    rows = []
    for row in services.callouts():
        word, tone = _health(row)
        rows.append(
            {"row": row, "health": word, "tone": tone, "silence": Callout.Silence(row.on_silence).label}
        )
    context = {
        "rows": rows,
        "issuer": signing.issuer_of(seat_of(request).tenant),
        "may_manage": seat_of(request).may(Right.MANAGE_PROFILES),
        "breadcrumbs": _crumbs(request),
    }
    return render(request, "recovery_console/callouts.html", context)


@require_http_methods(["GET", "POST"])
@requires(Right.MANAGE_PROFILES)
@recent_sign_in
def new(request: HttpRequest) -> HttpResponse:
    form = CalloutForm(request.POST or None, row=None)
    if request.method == "POST" and form.is_valid():
        given = {name: form.cleaned_data[name] for name in services.FIELDS}
        try:
            made = services.create_callout(
                given=given, secret=form.cleaned_data["secret"], actor=actor_of(request)
            )
        except Invalid as error:
            form.add_error(None, error.sentence)
        else:
            return _to(request, made)
    return render(
        request, "recovery_console/callout.html", {"form": form, "breadcrumbs": _crumbs(request, _("New"))}
    )


def _to(request: HttpRequest, row: Callout) -> HttpResponse:
    return redirect("callouts:callout", organisation=slug_of(request), callout_id=row.public_id)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Right.SEE_PROFILES)
def callout(request: HttpRequest, callout_id: str) -> HttpResponse:
    """What it is, whether it answers, and what the last test met."""
    row = _callout_or_404(callout_id)
    return _change(request, row) if request.method == "POST" else _page(request, row, None)


@requires(Right.MANAGE_PROFILES)
def _change(request: HttpRequest, row: Callout) -> HttpResponse:
    if not signed_in_recently(request):
        return ask_again(request)
    form = CalloutForm(request.POST, row=row)
    if form.is_valid():
        try:
            services.change_callout(
                row.id,
                given={name: form.cleaned_data[name] for name in services.FIELDS},
                secret=form.secret_given(),
                actor=actor_of(request),
                seen=form.take_seen(),
            )
        except ChangedMeanwhile as conflict:
            form.show_conflict(conflict)
        else:
            return _to(request, row)
    return _page(request, row, form)


def _page(request: HttpRequest, row: Callout, form: CalloutForm | None) -> HttpResponse:
    may_manage = seat_of(request).may(Right.MANAGE_PROFILES)
    shown = form or CalloutForm(row=row)
    if not may_manage:
        for field in shown.fields.values():
            field.disabled = True
    word, tone = _health(row)
    context = {
        **_standing(request, row),
        "form": shown,
        "health": word,
        "health_tone": tone,
        "problem": callout_words.problem_sentence(row.problem),
        "named_by": _named_by(row),
        "breadcrumbs": _crumbs(request, row.name),
    }
    return render(request, "recovery_console/callout.html", context)


def _standing(request: HttpRequest, row: Callout) -> dict[str, Any]:
    asked, done = row.test_asked_at, row.tested_at
    waiting = asked is not None and (done is None or done < asked) and clock.now() - asked < PATIENCE
    found = row.found if not waiting else {}
    state = str(found.get("state", ""))
    return {
        "row": row,
        "is_waiting": waiting,
        "test_state": callout_words.ANSWERS.get(state, ""),
        "test_tone": callout_words.TONES.get(state, "neutral"),
        "test_problem": callout_words.problem_sentence(str(found.get("problem", ""))),
        "test_claims": callout_words.claim_names(found.get("failed_claims", [])),
        "found": found,
        "may_manage": seat_of(request).may(Right.MANAGE_PROFILES),
        "state_url": reverse("callouts:state", args=[slug_of(request), row.public_id]),
    }


@require_GET
@requires(Right.SEE_PROFILES)
def state(request: HttpRequest, callout_id: str) -> HttpResponse:
    """The part that moves, asked for by htmx while a test is under way."""
    row = _callout_or_404(callout_id)
    return render(request, "recovery_console/parts/callout_test.html", _standing(request, row))


@require_POST
@requires(Right.MANAGE_PROFILES)
def test(request: HttpRequest, callout_id: str) -> HttpResponse:
    row = _callout_or_404(callout_id)
    services.ask_for_test(row.id)
    return _to(request, row)


@require_http_methods(["GET", "POST"])
@requires(Right.MANAGE_PROFILES)
@recent_sign_in
def remove(request: HttpRequest, callout_id: str) -> HttpResponse:
    """Not while a profile names it: the profile would refuse everybody."""
    row = _callout_or_404(callout_id)
    named = _named_by(row)
    form = TypedWordForm(request.POST or None, word=_("remove"))
    if request.method == "POST" and form.is_valid():
        if named:
            form.add_error(None, _("A profile names it. Take it out of the profile first."))
        elif services.waits_for_answer(row.id):
            form.add_error(None, _("A case waits for its answer. Try again in a minute."))
        else:
            services.remove_callout(row.id, actor=actor_of(request))
            return redirect("callouts:list", organisation=slug_of(request))
    context = {"form": form, "row": row, "named_by": named, "breadcrumbs": _crumbs(request, row.name)}
    return render(request, "recovery_console/remove_callout.html", context)


@require_http_methods(["GET", "POST"])
@requires(Right.MANAGE_PROFILES)
@recent_sign_in
def key(request: HttpRequest) -> HttpResponse:
    """A new key at once, after a typed word; the old one stays published for a day."""
    form = TypedWordForm(request.POST or None, word=_("replace"))
    if request.method == "POST" and form.is_valid():
        signing.replace_key(actor=actor_of(request))
        messages.success(request, _("The key was replaced."))
        return redirect("callouts:list", organisation=slug_of(request))
    context = {"form": form, "breadcrumbs": _crumbs(request, _("Replace the key"))}
    return render(request, "recovery_console/callout_key.html", context)
