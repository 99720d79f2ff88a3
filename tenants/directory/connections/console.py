"""`/o/<organisation>/people/directory/`: choose and enter a directory, test, synchronise, pause, allow, remove."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from portal.kit import clock
from portal.kit.errors import Invalid, NotHere, Refused
from portal.kit.seen import ChangedMeanwhile, SeenForm, marks_of
from portal.kit.typed import TypedWordForm
from portal.recent import recent_sign_in
from portal.rights import actor_of, requires, seat_of
from tenants.directory.connections import leaving, services, suspending, wording
from tenants.directory.connections.contract import Provider, Words
from tenants.directory.connections.forms import AllowForm
from tenants.directory.connections.models import DirectoryConnection, SyncRun
from tenants.directory.connections.registry import PROVIDERS
from tenants.directory.views import crumbs, slug_of
from tenants.rights import Right

# After that a page stops asking what became of a test.
PATIENCE = timedelta(minutes=1)
SHOWN_PROBLEMS = 20
SHOWN_NAMES = 50


def _back(request: HttpRequest) -> HttpResponse:
    return redirect("people:connection", slug_of(request))


def _crumbs(request: HttpRequest, label: str = "") -> list[dict[str, str]]:
    first, own = crumbs(request, _("Directory"))
    if not label:
        return [first, own]
    return [first, {**own, "url": reverse("people:connection", args=[slug_of(request)])}, {"label": label}]


def crumbs_below(request: HttpRequest, label: str) -> list[dict[str, str]]:
    return _crumbs(request, label)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Right.SEE_PEOPLE)
def home(request: HttpRequest) -> HttpResponse:
    """The directory that is connected; before that, which ones can be."""
    row = services.connection()
    if row is None:
        return _choice(request)
    provider = services.provider_of(row)
    return _save(request, provider) if request.method == "POST" else _page(request, provider, row, None)


def _choice(request: HttpRequest) -> HttpResponse:
    context = {
        "providers": [
            {"title": one.words.title, "place": one.words.place, "kind": kind}
            for kind, one in PROVIDERS.items()
        ],
        "may_manage": seat_of(request).may(Right.MANAGE_ORGANISATION),
        "breadcrumbs": _crumbs(request),
    }
    return render(request, "directory/connection/choice.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Right.MANAGE_ORGANISATION)
def new(request: HttpRequest, kind: str) -> HttpResponse:
    """Connect one kind of directory. Where one is connected, this is its page."""
    provider = PROVIDERS.get(kind)
    if provider is None:
        raise NotHere("no_such_directory")
    if services.connection() is not None:
        return home(request)
    return _save(request, provider) if request.method == "POST" else _page(request, provider, None, None)


@requires(Right.MANAGE_ORGANISATION)
@recent_sign_in
def _save(request: HttpRequest, provider: Provider) -> HttpResponse:
    row = services.connection()
    form = provider.form(request.POST, values=services.settings_of(row), is_new=row is None)
    if form.is_valid():
        try:
            services.connect(
                kind=provider.kind,
                given=form.cleaned_data,
                secret=form.cleaned_data.get("secret", ""),
                actor=actor_of(request),
                seen=form.take_seen(),
            )
        except ChangedMeanwhile as conflict:
            form.show_conflict(conflict)
        except Invalid as error:
            form.add_error(error.field or None, error.sentence)
        else:
            return _back(request)
    return _page(request, provider, row, form)


def _page(
    request: HttpRequest, provider: Provider, row: DirectoryConnection | None, form: SeenForm | None
) -> HttpResponse:
    may_manage = seat_of(request).may(Right.MANAGE_ORGANISATION)
    values = services.settings_of(row)
    shown = form or provider.form(None, values=values, is_new=row is None)
    if form is None:
        shown.fields["seen"].initial = marks_of(values)
    context = {
        **_standing(request, row),
        "words": provider.words,
        "kind": provider.kind,
        "is_simulated": provider.is_simulated(),
        "form": shown if may_manage else None,
        "settings": [(shown.fields[name].label, value) for name, value in values.items()],
        "public_part": services.public_part_of(row) if row and may_manage else "",
        "breadcrumbs": _crumbs(request, "" if row else provider.words.title),
    }
    return render(request, "directory/connection/connection.html", context)


def _is_waiting(row: DirectoryConnection | None) -> bool:
    """A test was asked for and has not ended. After a minute the page stops asking."""
    if row is None or row.test_asked_at is None or clock.now() - row.test_asked_at > PATIENCE:
        return False
    return row.tested_at is None or row.tested_at < row.test_asked_at


def _standing(request: HttpRequest, row: DirectoryConnection | None) -> dict[str, Any]:
    """What the last test found, and the last synchronisations."""
    words = services.provider_of(row).words if row else None
    waiting = _is_waiting(row)
    runs = services.recent_runs() if row else []
    live = runs[0] if runs and runs[0].state == SyncRun.State.RUNNING else None
    seat = seat_of(request)
    found = [
        {
            "title": wording.step_title(words, str(one["step"])),
            "is_ok": one["ok"],
            "problem": wording.problem_sentence(words, str(one["problem"])),
        }
        for one in (row.found if row and not waiting else [])
        if words
    ]
    return {
        "connection": row,
        "held": wording.held_of(row) if row else None,
        "found": found,
        "all_ok": bool(found) and all(line["is_ok"] for line in found),
        "is_waiting": waiting,
        "is_moving": waiting or live is not None,
        "words": words,
        "live": live,
        "live_stage": SyncRun.Stage(live.stage).label if live else "",
        "live_waits": wording.waiting_sentence(words, live) if live and words else "",
        "live_counts": wording.counts_of(live) if live else [],
        "runs": [_shown(run, words) for run in runs if words],
        "left_out": _left_out(runs),
        "may_manage": seat.may(Right.MANAGE_ORGANISATION),
        "may_allow": seat.may(Right.ALLOW_REMOVAL),
        "state_url": reverse("people:connection_state", args=[slug_of(request)]),
    }


def _shown(run: SyncRun, words: Words) -> dict[str, Any]:
    state = SyncRun.State(run.state)
    return {
        "at": run.created_at,
        "label": state.label,
        "tone": wording.TONES[state],
        "sentence": wording.problem_sentence(words, run.problem) or wording.sentence_of(run),
    }


def _left_out(runs: list[SyncRun]) -> list[dict[str, str]]:
    """Of the last one that had any."""
    problems: list[dict[str, str]] = next((run.problems for run in runs if run.problems), [])
    problems = problems[:SHOWN_PROBLEMS]
    names = services.names_of_objects([str(one["object"]) for one in problems])
    return [
        {
            "sentence": wording.kept_out_sentence(str(one["code"])),
            "object": str(one["object"]),
            "name": names.get(str(one["object"]), ""),
        }
        for one in problems
    ]


@require_GET
@requires(Right.SEE_PEOPLE)
def state(request: HttpRequest) -> HttpResponse:
    """The standing alone, asked for by htmx while something moves."""
    return render(request, "directory/connection/standing.html", _standing(request, services.connection()))


@require_POST
@requires(Right.MANAGE_ORGANISATION)
def test(request: HttpRequest) -> HttpResponse:
    services.ask_for_test(actor=actor_of(request))
    return _back(request)


@require_POST
@requires(Right.MANAGE_ORGANISATION)
def sync(request: HttpRequest) -> HttpResponse:
    return _ask(request, whole=False)


@require_POST
@requires(Right.MANAGE_ORGANISATION)
def everything(request: HttpRequest) -> HttpResponse:
    """The whole directory again, not only what changed."""
    return _ask(request, whole=True)


def _ask(request: HttpRequest, *, whole: bool) -> HttpResponse:
    try:
        _run, is_waiting = services.ask_for_sync(actor=actor_of(request), everything=whole)
    except Refused as refused:
        messages.error(request, refused.sentence)
        return _back(request)
    if is_waiting:
        messages.info(request, _("A synchronisation is under way. Another follows it."))
    return _back(request)


@require_POST
@requires(Right.MANAGE_ORGANISATION)
def pause(request: HttpRequest) -> HttpResponse:
    services.pause(actor=actor_of(request))
    messages.success(request, _("Synchronising is paused. People stay as they are."))
    return _back(request)


@require_POST
@requires(Right.MANAGE_ORGANISATION)
def resume(request: HttpRequest) -> HttpResponse:
    services.resume(actor=actor_of(request))
    messages.success(request, _("Synchronising goes on."))
    return _back(request)


@require_http_methods(["GET", "POST"])
@requires(Right.MANAGE_ORGANISATION)
@recent_sign_in
def remove(request: HttpRequest) -> HttpResponse:
    """Settings and secret are destroyed, with a typed word. The people stay."""
    row = services.connection()
    if row is None:
        raise NotHere("no_connection")
    form = TypedWordForm(request.POST or None, word=_("remove"))
    if request.method == "POST" and form.is_valid():
        try:
            services.disconnect(actor=actor_of(request))
        except Refused as refused:
            messages.error(request, refused.sentence)
            return redirect("people:connection_accounts", slug_of(request))
        messages.success(request, _("The connection was removed. The people are still here."))
        return _back(request)
    context = {
        "form": form,
        "words": services.provider_of(row).words,
        "has_own_key": bool(services.public_part_of(row)),
        "breadcrumbs": _crumbs(request, _("Remove the connection")),
    }
    return render(request, "directory/connection/remove.html", context)


@require_http_methods(["GET", "POST"])
@requires(Right.ALLOW_REMOVAL)
@recent_sign_in
def allow(request: HttpRequest) -> HttpResponse:
    """An owner's word for what was held, with a typed word, for the numbers that were shown."""
    row = services.connection()
    if row is None:
        raise NotHere("no_connection")
    told = wording.held_of(row)
    form = TypedWordForm(request.POST or None, word=told.word)
    shown = AllowForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and shown.is_valid():
        try:
            services.allow_removal(**shown.cleaned_data, actor=actor_of(request))
        except Refused as refused:
            form.add_error(None, refused.sentence)
        else:
            messages.success(request, _("Allowed. A synchronisation does it now."))
            return _back(request)
    context = {
        "form": form,
        "connection": row,
        "told": told,
        "names": leaving.who_left(SHOWN_NAMES) if row.held_people else [],
        "disabled": suspending.who_is_disabled(SHOWN_NAMES) if row.held_suspensions else [],
        "numbers": AllowForm(
            initial={
                "people": row.held_people,
                "memberships": row.held_memberships,
                "suspensions": row.held_suspensions,
            }
        ),
        "words": services.provider_of(row).words,
        "breadcrumbs": _crumbs(request, told.allow),
    }
    return render(request, "directory/connection/allow.html", context)
