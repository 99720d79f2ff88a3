"""Issued credentials in the console: the list, one credential, and taking it away for a while or for good."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, time, timedelta
from itertools import islice
from typing import Any, cast
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from portal.kit import clock
from portal.kit.errors import Refused
from portal.kit.ids import parse_public_id, public_id, short_reference
from portal.kit.scope import tenant_scope
from portal.kit.sheets import sheet_lines
from portal.recent import recent_sign_in
from portal.rights import actor_of, requires, seat_of
from tenants.rights import Right
from tenants.selectors import Seat
from tenants.verified_id.console import wording
from tenants.verified_id.console.forms import IssuedFilterForm, ReasonForm, RevokeForm
from tenants.verified_id.console.issued import (
    EXPIRED,
    IssuedFilter,
    count_waiting,
    get_credential,
    holder_of,
    issued_found,
    issued_page,
)
from tenants.verified_id.console.views import crumbs, slug_of, tabs
from tenants.verified_id.credentials import reinstate_credential, revoke_credential, suspend_credential
from tenants.verified_id.holders import Holder, holders
from tenants.verified_id.models import Credential
from tenants.verified_id.revoking import under_way
from tenants.verified_id.selectors import get_authority

HEADER = ("issued", "state", "case", "accepted", "valid_until", "reason")
BATCH = 500
LONGEST = 120
FILTERS = frozenset({"status", "from", "to", "q", "key", "sort", "cursor"})
STATES = (
    (Credential.State.VALID, Credential.State.VALID.label),
    (EXPIRED, gettext_lazy("Expired")),
    (Credential.State.SUSPENDED, Credential.State.SUSPENDED.label),
    (Credential.State.REVOKED, Credential.State.REVOKED.label),
)


def read_filter(request: HttpRequest) -> IssuedFilter:
    form = IssuedFilterForm(
        {
            "status": request.GET.get("status", ""),
            "since": request.GET.get("from", ""),
            "until": request.GET.get("to", ""),
        }
    )
    readable = form.is_valid()
    text = request.GET.get("q", "").strip()
    once = all(len(values) == 1 for _name, values in request.GET.lists())
    try:
        zone = ZoneInfo(seat_of(request).tenant.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        zone = ZoneInfo("UTC")
    since, until = form.cleaned_data.get("since"), form.cleaned_data.get("until")
    return IssuedFilter(
        state=form.cleaned_data.get("status", ""),
        since=datetime.combine(since, time(), zone) if since else None,
        until=datetime.combine(until + timedelta(days=1), time(), zone) if until else None,
        text=text[:LONGEST],
        names_people=seat_of(request).may(Right.SEE_PEOPLE),
        key=request.GET.get("key", "")[:64],
        sort=request.GET.get("sort", ""),
        is_unreadable=not (readable and once and len(text) <= LONGEST and set(request.GET) <= FILTERS),
    )


def address_with(request: HttpRequest, **changes: str | None) -> str:
    query = request.GET.copy()
    for name, value in changes.items():
        query.pop(name, None)
        if value:
            query[name] = value
    return f"?{query.urlencode()}"


def _bulk(request: HttpRequest) -> dict[str, Any]:
    """Where all that a list shows is revoked together, and what of that is under way."""
    running = under_way()
    slug = slug_of(request)
    return {
        "may_manage": seat_of(request).may(Right.MANAGE_VERIFIED_ID),
        "revoke_several_url": reverse("verified_id:revoke_several", args=[slug]),
        "revoke_all_url": reverse("verified_id:revoke_several", args=[slug])
        + address_with(request, cursor=None, sort=None),
        "running": running,
        "running_url": reverse("verified_id:revocation", args=[slug, running.public_id]) if running else "",
    }


def _is_expired(row: Credential) -> bool:
    return row.state == Credential.State.VALID and row.expires_at <= clock.now()


def _state_label(row: Credential) -> str:
    return _("Expired") if _is_expired(row) else str(Credential.State(row.state).label)


def _holder_shown(request: HttpRequest, holder: Holder | None) -> dict[str, str]:
    if holder is None:
        return {}
    return {
        "name": holder.name,
        "url": reverse("people:person", args=[slug_of(request), holder.person]),
    }


def _shown(request: HttpRequest, row: Credential, holder: Holder | None) -> dict[str, Any]:
    """The case by its reference, and whose the card is for those who may see people."""
    state = Credential.State(row.state)
    seat = seat_of(request)
    is_of_case = row.reference != row.issuance_id
    return {
        "credential": row,
        "label": _state_label(row),
        "tone": "neutral" if _is_expired(row) else wording.STATE_TONES[state],
        "is_revoked": state is Credential.State.REVOKED,
        "is_suspended": state is Credential.State.SUSPENDED,
        "is_of_case": is_of_case,
        "reference": short_reference(row.reference),
        "reason": wording.revoked_for(row.state_reason),
        "holder": _holder_shown(request, holder),
        "names_people": seat.may(Right.SEE_PEOPLE),
        "url": reverse("verified_id:credential", args=[seat.tenant.slug, row.public_id]),
        "case_url": (
            reverse("cases:case", args=[seat.tenant.slug, public_id("case", row.reference)])
            if is_of_case and seat.may(Right.SEE_CASES)
            else ""
        ),
        "may_manage": seat.may(Right.MANAGE_VERIFIED_ID),
    }


def _holders_of(seat: Seat, rows: Sequence[Credential]) -> dict[UUID, Holder]:
    return holders().of_cards([row.id for row in rows]) if seat.may(Right.SEE_PEOPLE) else {}


@require_GET
@requires(Right.SEE_VERIFIED_ID)
def issued(request: HttpRequest) -> HttpResponse:
    get_authority()
    chosen = read_filter(request)
    page = issued_page(chosen, request.GET.get("cursor", ""))
    whose = _holders_of(seat_of(request), page.rows)
    context = {
        "rows": [_shown(request, row, whose.get(row.id)) for row in page.rows],
        **_bulk(request),
        "names_people": chosen.names_people,
        "waiting": count_waiting(),
        "count": issued_found(chosen).count(),
        "chosen": chosen,
        "query": request.GET,
        "is_narrow": chosen.is_narrow,
        "states": [("", _("Every state")), *STATES],
        "csv_url": reverse("verified_id:csv", args=[slug_of(request)]) + address_with(request, cursor=None),
        "next_url": address_with(request, cursor=page.next_cursor) if page.next_cursor else "",
        "previous_url": address_with(request, cursor=page.previous_cursor) if page.previous_cursor else "",
        "tabs": tabs(request, "issued"),
    }
    return render(request, "verified_id/issued.html", context)


def _line(row: Credential, holder: Holder | None, *, names_people: bool) -> tuple[str, ...]:
    told = (
        row.created_at.isoformat(timespec="seconds"),
        _state_label(row),
        short_reference(row.reference),
        row.accepted_at.isoformat(timespec="seconds") if row.accepted_at else "",
        row.expires_at.isoformat(timespec="seconds"),
        wording.revoked_for(row.state_reason),
    )
    return (*told, holder.name if holder else "") if names_people else told


def _rows(seat: Seat, chosen: IssuedFilter) -> Iterator[tuple[str, ...]]:
    found = issued_found(chosen).iterator(chunk_size=BATCH)
    while batch := list(islice(found, BATCH)):
        whose = _holders_of(seat, batch)
        for row in batch:
            yield _line(row, whose.get(row.id), names_people=chosen.names_people)


def _lines(seat: Seat, chosen: IssuedFilter) -> Iterator[str]:
    """The view's scope is over when this runs, so it opens its own."""
    header = (*HEADER, "holder") if chosen.names_people else HEADER
    with tenant_scope(seat.tenant.id):
        yield from sheet_lines(header, _rows(seat, chosen))


@require_GET
@requires(Right.SEE_VERIFIED_ID)
def csv(request: HttpRequest) -> HttpResponse:
    """Exactly the list's rows, all pages of it. It names whom the list names."""
    seat, chosen = seat_of(request), read_filter(request)
    get_authority()
    answer = StreamingHttpResponse(
        _lines(seat, chosen),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="issued-{seat.tenant.slug}.csv"'},
    )
    return cast(HttpResponse, answer)  # Django's two kinds of answers share only a base


def _credential_or_404(credential_id: str) -> Credential:
    try:
        return get_credential(parse_public_id("credential", credential_id))
    except ValueError as error:
        raise Http404 from error


def _one(request: HttpRequest, credential_id: str) -> tuple[Credential, dict[str, Any]]:
    row = _credential_or_404(credential_id)
    holder = holder_of(row) if seat_of(request).may(Right.SEE_PEOPLE) else None
    shown = _shown(request, row, holder)
    return row, {**shown, "breadcrumbs": crumbs(request, _("Issued"), short_reference(row.id))}


@require_GET
@requires(Right.SEE_VERIFIED_ID)
def credential(request: HttpRequest, credential_id: str) -> HttpResponse:
    row, shown = _one(request, credential_id)
    # One that Microsoft issued is signed with no key of ours.
    key = row.status_list.key.kid.partition("#")[2] if row.status_list else ""
    key_url = reverse("verified_id:key", args=[slug_of(request), key]) if key else ""
    return render(request, "verified_id/credential.html", {**shown, "key": key, "key_url": key_url})


@require_http_methods(["GET", "POST"])
@requires(Right.MANAGE_VERIFIED_ID)
@recent_sign_in
def revoke(request: HttpRequest, credential_id: str) -> HttpResponse:
    """For good, with a reason and a typed word."""
    row, shown = _one(request, credential_id)
    form = RevokeForm(request.POST or None, word=_("revoke"))
    if request.method == "POST" and form.is_valid():
        words = form.cleaned_data["reason"]
        revoke_credential(row.id, reason="revoked_by_member", actor=actor_of(request), words=words)
        return redirect(shown["url"])
    return render(request, "verified_id/revoke.html", {**shown, "form": form})


@require_http_methods(["GET", "POST"])
@requires(Right.MANAGE_VERIFIED_ID)
@recent_sign_in
def suspend(request: HttpRequest, credential_id: str) -> HttpResponse:
    """Until it is reinstated, with a reason."""
    actor = actor_of(request)
    return _change(
        request,
        credential_id,
        "verified_id/suspend.html",
        lambda row, words: suspend_credential(row.id, reason="suspended_by_member", actor=actor, words=words),
    )


@require_http_methods(["GET", "POST"])
@requires(Right.MANAGE_VERIFIED_ID)
@recent_sign_in
def reinstate(request: HttpRequest, credential_id: str) -> HttpResponse:
    """A suspended card is worth something again, with a reason."""
    actor = actor_of(request)
    return _change(
        request,
        credential_id,
        "verified_id/reinstate.html",
        lambda row, words: reinstate_credential(row.id, actor=actor, words=words),
    )


def _change(
    request: HttpRequest, credential_id: str, template: str, change: Callable[[Credential, str], None]
) -> HttpResponse:
    """With a reason; or said why not: somebody else may have revoked it meanwhile."""
    row, shown = _one(request, credential_id)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            change(row, form.cleaned_data["reason"])
        except Refused:
            form.add_error(None, _("This card was revoked. That cannot be undone."))
        else:
            return redirect(shown["url"])
    return render(request, template, {**shown, "form": form})
