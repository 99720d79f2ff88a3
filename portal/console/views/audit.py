"""The audit log: what was done, by whom, and that nobody has touched it since."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from portal.console.audit_reading import csv_of, filter_of, shown
from portal.console.audit_words import in_words
from portal.console.forms import LogFilterForm
from portal.kit import clock
from portal.kit.actors import ActorKind
from portal.kit.errors import NotAllowed
from portal.kit.ids import parse_public_id
from portal.kit.outbox import enqueue
from portal.rights import actor_of, requires, seat_of
from tenants.audit import selectors
from tenants.audit.chain import BrokenChain
from tenants.audit.events import EventName
from tenants.audit.models import AuditEvent
from tenants.audit.sentences import actor_label, problem_of, sentence_of
from tenants.audit.services import record_event
from tenants.rights import Right
from tenants.selectors import Seat

FILTERS = ("event", "actor", "case", "since", "until")


def _given(request: HttpRequest) -> dict[str, str]:
    return {name: request.GET[name] for name in FILTERS if request.GET.get(name)}


def _sorted(request: HttpRequest) -> dict[str, str]:
    return {"sort": request.GET["sort"]} if request.GET.get("sort") else {}


def _query(values: dict[str, str]) -> str:
    return f"?{urlencode(values)}" if values else "?"


def _active(given: dict[str, str], order: dict[str, str]) -> list[dict[str, str]]:
    """Chips that take one filter off again."""
    words = {
        "event": lambda value: sentence_of(value),
        "actor": lambda value: actor_label(value),
        "case": lambda value: _("Case %(reference)s") % {"reference": value.upper()},
        "since": lambda value: _("From %(day)s") % {"day": value},
        "until": lambda value: _("To %(day)s") % {"day": value},
    }
    return [
        {
            "label": words[name](value),
            "remove_url": _query(
                {**{other: kept for other, kept in given.items() if other != name}, **order}
            ),
        }
        for name, value in given.items()
    ]


def _events() -> list[tuple[str, str]]:
    told = sorted(((name.value, sentence_of(name)) for name in EventName), key=lambda pair: pair[1].lower())
    return [("", _("All events")), *told]


def _actors() -> list[tuple[str, str]]:
    return [("", _("Everybody")), *((kind.value, actor_label(kind)) for kind in ActorKind)]


def _chain(seat: Seat, asked_at: str = "") -> dict[str, Any]:
    state = selectors.chain_state()
    check = state.last_check
    waiting = bool(asked_at) and (check is None or check.created_at.isoformat() < asked_at)
    return {
        "chain": state,
        "check": check,
        "problem": problem_of(check.problem) if check and check.problem else "",
        "is_waiting": waiting,
        "asked_at": asked_at,
        "state_url": reverse("audit:state", args=[seat.tenant.slug]),
        "verify_url": reverse("audit:verify", args=[seat.tenant.slug]),
    }


@require_GET
@requires(Right.SEE_AUDIT)
def log(request: HttpRequest) -> HttpResponse:
    seat, given, order = seat_of(request), _given(request), _sorted(request)
    chosen = filter_of(LogFilterForm({**given, **order}).values(), seat.tenant.time_zone)
    page = selectors.log_page(chosen, cursor=request.GET.get("cursor", ""))
    asked = {**given, **order}
    context = {
        "events": shown(page.rows),
        "count": selectors.count_events(chosen),
        "next_url": _query({**asked, "cursor": page.next_cursor}) if page.next_cursor else "",
        "previous_url": _query({**asked, "cursor": page.previous_cursor}) if page.previous_cursor else "",
        "given": given,
        "active": _active(given, order),
        "event_options": _events(),
        "actor_options": _actors(),
        "csv_url": reverse("audit:csv", args=[seat.tenant.slug]) + _query(asked),
        **_chain(seat, request.GET.get("asked", "")[:40]),
    }
    return render(request, "audit/log.html", context)


@require_GET
@requires(Right.SEE_AUDIT)
def state(request: HttpRequest) -> HttpResponse:
    """The chain's panel alone, asked for by htmx until the worker has looked."""
    return render(
        request, "audit/parts/chain.html", _chain(seat_of(request), request.GET.get("asked", "")[:40])
    )


@require_POST
@requires(Right.SEE_AUDIT)
def verify(request: HttpRequest) -> HttpResponse:
    """Ask the worker to walk the whole chain now."""
    tenant = seat_of(request).tenant
    enqueue("audit.verify", tenant_id=tenant.id)
    asked = urlencode({"asked": clock.now().isoformat()})
    return redirect(f"{reverse('audit:log', args=[tenant.slug])}?{asked}#chain")


@require_GET
@requires(Right.SEE_AUDIT)
def csv(request: HttpRequest) -> HttpResponse:
    tenant = seat_of(request).tenant
    given = _given(request)
    record_event(
        EventName.AUDIT_EXPORTED,
        actor=actor_of(request),
        subject=tenant.public_id,
        data={"filters": sorted(given)},
    )
    chosen = filter_of(LogFilterForm({**given, **_sorted(request)}).values(), tenant.time_zone)
    name = f"audit-{tenant.slug}-{clock.now():%Y-%m-%d}.csv"
    return StreamingHttpResponse(  # type: ignore[return-value]
        csv_of(tenant, chosen),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _event(text: str) -> AuditEvent:
    try:
        return selectors.get_event(parse_public_id("event", text))
    except ValueError as error:
        raise Http404 from error


def _personal(request: HttpRequest, found: AuditEvent) -> dict[str, Any]:
    """Opening it is an event of its own."""
    seat = seat_of(request)
    if not seat.may(Right.SEE_PEOPLE):
        raise NotAllowed("right_missing", detail={"right": Right.SEE_PEOPLE.value})
    try:
        half = selectors.personal_half(found)
    except BrokenChain:
        return {"is_changed": True}
    record_event(
        EventName.AUDIT_PERSONAL_SEEN,
        actor=actor_of(request),
        subject=found.public_id,
        case_id=found.case_id,
        data={"event": found.public_id},
    )
    return {"personal": in_words(seat.tenant, half)}


@require_http_methods(["GET", "POST"])
@requires(Right.SEE_AUDIT)
def event(request: HttpRequest, event: str) -> HttpResponse:
    """One entry; POST opens its personal half."""
    seat, found = seat_of(request), _event(event)
    context = {
        "event": found,
        "told": shown([found])[0],
        "items": in_words(seat.tenant, found.data),
        "number": selectors.number_of(found),
        "personal_state": selectors.personal_state(found),
        "may_see_people": seat.may(Right.SEE_PEOPLE),
        "log_url": reverse("audit:log", args=[seat.tenant.slug]),
    }
    if request.method == "POST":
        context |= _personal(request, found)
    return render(request, "audit/event.html", context)
