"""Issued credentials in the console: the list, one credential, revoking it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Any, cast
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from portal.kit import clock
from portal.kit.ids import parse_public_id, public_id, short_reference
from portal.kit.references import typed_reference
from portal.kit.scope import tenant_scope
from portal.kit.sheets import sheet_lines
from portal.recent import recent_sign_in
from portal.rights import actor_of, requires, seat_of
from tenants.rights import Right
from tenants.verified_id.console import wording
from tenants.verified_id.console.forms import IssuedFilterForm, RevokeForm
from tenants.verified_id.console.issued import (
    IssuedFilter,
    get_credential,
    issued_found,
    issued_page,
)
from tenants.verified_id.console.views import crumbs, slug_of, tabs
from tenants.verified_id.credentials import revoke_credential
from tenants.verified_id.models import Credential
from tenants.verified_id.selectors import get_authority

HEADER = ("issued", "state", "case", "accepted", "valid_until", "reason")


def _read_filter(request: HttpRequest) -> IssuedFilter:
    form = IssuedFilterForm(
        {
            "status": request.GET.get("status", ""),
            "since": request.GET.get("from", ""),
            "until": request.GET.get("to", ""),
        }
    )
    form.is_valid()
    try:
        zone = ZoneInfo(seat_of(request).tenant.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        zone = ZoneInfo("UTC")
    since, until = form.cleaned_data.get("since"), form.cleaned_data.get("until")
    return IssuedFilter(
        state=form.cleaned_data.get("status", ""),
        since=datetime.combine(since, time(), zone) if since else None,
        until=datetime.combine(until + timedelta(days=1), time(), zone) if until else None,
        reference=typed_reference(request.GET.get("q", "")),
        sort=request.GET.get("sort", ""),
    )


def _address_with(request: HttpRequest, **changes: str | None) -> str:
    query = request.GET.copy()
    for name, value in changes.items():
        query.pop(name, None)
        if value:
            query[name] = value
    return f"?{query.urlencode()}"


def _is_expired(row: Credential) -> bool:
    return row.state == Credential.State.VALID and row.expires_at <= clock.now()


def _state_label(row: Credential) -> str:
    return _("Expired") if _is_expired(row) else str(Credential.State(row.state).label)


def _shown(request: HttpRequest, row: Credential) -> dict[str, Any]:
    """The case by its reference; who it is about stands on the case's page, for those who may see people."""
    state = Credential.State(row.state)
    seat = seat_of(request)
    return {
        "credential": row,
        "label": _state_label(row),
        "tone": "neutral" if _is_expired(row) else wording.STATE_TONES[state],
        "is_revoked": state is Credential.State.REVOKED,
        "reference": short_reference(row.reference),
        "reason": wording.revoked_for(row.state_reason),
        "url": reverse("verified_id:credential", args=[seat.tenant.slug, row.public_id]),
        "case_url": (
            reverse("cases:case", args=[seat.tenant.slug, public_id("case", row.reference)])
            if seat.may(Right.SEE_CASES)
            else ""
        ),
        "may_manage": seat.may(Right.MANAGE_VERIFIED_ID),
    }


@require_GET
@requires(Right.SEE_VERIFIED_ID)
def issued(request: HttpRequest) -> HttpResponse:
    get_authority()
    chosen = _read_filter(request)
    page = issued_page(chosen, request.GET.get("cursor", ""))
    context = {
        "rows": [_shown(request, row) for row in page.rows],
        "count": issued_found(chosen).count(),
        "chosen": chosen,
        "query": request.GET,
        "is_narrow": chosen.is_narrow,
        "states": [("", _("Every state")), *Credential.State.choices],
        "csv_url": reverse("verified_id:csv", args=[slug_of(request)]) + _address_with(request, cursor=None),
        "next_url": _address_with(request, cursor=page.next_cursor) if page.next_cursor else "",
        "previous_url": _address_with(request, cursor=page.previous_cursor) if page.previous_cursor else "",
        "tabs": tabs(request, "issued"),
    }
    return render(request, "verified_id/issued.html", context)


def _lines(tenant_id: UUID, chosen: IssuedFilter) -> Iterator[str]:
    """The view's scope is over when this runs, so it opens its own."""
    with tenant_scope(tenant_id):
        rows = (
            (
                row.created_at.isoformat(timespec="seconds"),
                _state_label(row),
                short_reference(row.reference),
                row.accepted_at.isoformat(timespec="seconds") if row.accepted_at else "",
                row.expires_at.isoformat(timespec="seconds"),
                wording.revoked_for(row.state_reason),
            )
            for row in issued_found(chosen).iterator(chunk_size=500)
        )
        yield from sheet_lines(HEADER, rows)


@require_GET
@requires(Right.SEE_VERIFIED_ID)
def csv(request: HttpRequest) -> HttpResponse:
    """Exactly the list's rows, all pages of it. It names nobody, as the list does not."""
    tenant, chosen = seat_of(request).tenant, _read_filter(request)
    get_authority()
    answer = StreamingHttpResponse(
        _lines(tenant.id, chosen),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="issued-{tenant.slug}.csv"'},
    )
    return cast(HttpResponse, answer)  # Django's two kinds of answers share only a base


def _credential_or_404(credential_id: str) -> Credential:
    try:
        return get_credential(parse_public_id("credential", credential_id))
    except ValueError as error:
        raise Http404 from error


@require_GET
@requires(Right.SEE_VERIFIED_ID)
def credential(request: HttpRequest, credential_id: str) -> HttpResponse:
    row = _credential_or_404(credential_id)
    context = {**_shown(request, row), "breadcrumbs": crumbs(request, _("Issued"), short_reference(row.id))}
    return render(request, "verified_id/credential.html", context)


@require_http_methods(["GET", "POST"])
@requires(Right.MANAGE_VERIFIED_ID)
@recent_sign_in
def revoke(request: HttpRequest, credential_id: str) -> HttpResponse:
    """For good, with a reason and a typed word."""
    row = _credential_or_404(credential_id)
    form = RevokeForm(request.POST or None, word=_("revoke"))
    if request.method == "POST" and form.is_valid():
        revoke_credential(
            row.id,
            reason="revoked_by_member",
            actor=actor_of(request),
            words=form.cleaned_data["reason"],
        )
        return redirect("verified_id:credential", organisation=slug_of(request), credential_id=row.public_id)
    context = {
        **_shown(request, row),
        "form": form,
        "breadcrumbs": crumbs(request, _("Issued"), short_reference(row.id)),
    }
    return render(request, "verified_id/revoke.html", context)
