"""What a partner was asked to erase: each session by its case's reference, with what it said; asked again at a press."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_GET, require_POST

from portal.kit import clock
from portal.kit.errors import Refused
from portal.kit.ids import parse_public_id, short_reference
from portal.kit.paging import Column, Order, page_of
from portal.kit.scope import tenant_scope
from portal.kit.sheets import sheet_lines
from portal.rights import actor_of, requires, seat_of
from tenants.rights import Right
from vendors import erasing, selectors
from vendors.console import partner_shown as shown
from vendors.leaving import KEYS_GONE, is_left_for_good
from vendors.models import Connection, ProofingAttempt
from vendors.planning import ERASED_WITHIN
from vendors.wording import PROBLEMS

PAGE = 50
NEWEST = Order(Column("erase_due_at"), is_descending=True)
STATES = {
    "erased": (gettext_noop("Erased"), "ok"),
    "failed": (gettext_noop("Not erased"), "bad"),
    "asked": (gettext_noop("Asked, not confirmed yet"), "info"),
    "planned": (gettext_noop("Will be asked"), "neutral"),
}
ERRORS = {
    erasing.NEVER_CONFIRMED: gettext_noop("It was asked for a week and never said that nothing is left."),
    KEYS_GONE: gettext_noop("You removed the partner, and its keys were destroyed before it confirmed."),
}
HEADER = ("case", "session", "due_at", "asked_at", "state", "confirmed_at", "overdue", "last_error")


def _state(row: ProofingAttempt) -> str:
    if row.erased_at is not None:
        return "erased"
    if row.erase_error:
        return "failed"
    return "asked" if row.erase_asked_at is not None else "planned"


def _is_overdue(row: ProofingAttempt, moment: datetime) -> bool:
    due = row.erase_due_at
    return row.erased_at is None and due is not None and due <= moment - ERASED_WITHIN


def _shown(row: ProofingAttempt, moment: datetime, *, may_ask: bool) -> dict[str, Any]:
    state = _state(row)
    label, tone = STATES[state]
    error = ERRORS.get(row.erase_error) or PROBLEMS.get(row.erase_error)
    return {
        "id": row.public_id,
        "reference": short_reference(row.reference),
        "due_at": row.erase_due_at,
        "asked_at": row.erase_asked_at,
        "erased_at": row.erased_at,
        "label": _(label),
        "tone": tone,
        "is_overdue": _is_overdue(row, moment),
        "error": _(error) if error else row.erase_error,
        "may_ask": may_ask and state == "failed",
    }


def _requests_of(connection: Connection) -> QuerySet[ProofingAttempt]:
    return ProofingAttempt.objects.filter(connection=connection, erase_due_at__isnull=False)


def _connection_or_404(request: HttpRequest, vendor: str) -> Connection:
    """The one in use, or one `of` before: a removed partner's requests are read as long as they are kept."""
    asked = request.GET.get("of", "")
    try:
        found = (
            Connection.objects.filter(
                id=parse_public_id(Connection.prefix, asked), vendor=vendor, status=Connection.Status.REMOVED
            ).first()
            if asked
            else selectors.connection_to(vendor)
        )
    except ValueError as error:
        raise Http404 from error
    if found is None:
        raise Http404
    return found


def _query(connection: Connection) -> str:
    return f"of={connection.public_id}" if connection.status == Connection.Status.REMOVED else ""


@require_GET
@requires(Right.SEE_PARTNERS)
def requests(request: HttpRequest, vendor: str) -> HttpResponse:
    """The newest first. Nobody's name is here."""
    connection, item = _connection_or_404(request, vendor), shown.item_or_404(vendor)
    slug, moment = seat_of(request).tenant.slug, clock.now()
    page = page_of(_requests_of(connection), NEWEST, request.GET.get("cursor", ""), PAGE)
    here, query = reverse("partners:erasing", args=[slug, vendor]), _query(connection)
    is_removed, may_ask = bool(query), not is_left_for_good(connection)
    of = f"&{query}" if query else ""
    context = {
        "title": _(item.listing.name),
        "slug": vendor,
        "rows": [_shown(row, moment, may_ask=may_ask) for row in page.rows],
        "removed_at": connection.removed_at,
        "keys_kept_until": connection.keys_kept_until,
        "query": f"?{query}" if query else "",
        "next_url": f"{here}?cursor={page.next_cursor}{of}" if page.next_cursor else "",
        "previous_url": f"{here}?cursor={page.previous_cursor}{of}" if page.previous_cursor else "",
        "overdue": erasing.overdue_of(connection.id),
        "may_manage": seat_of(request).may(Right.MANAGE_PARTNERS),
        "breadcrumbs": [
            {"label": _("Partners"), "url": reverse("partners:browse", args=[slug])},
            {
                "label": _(item.listing.name),
                "url": reverse("partners:partner" if is_removed else "partners:record", args=[slug, vendor]),
            },
            {"label": _("Erase requests")},
        ],
    }
    return render(request, "vendors/erasing.html", context)


@require_POST
@requires(Right.MANAGE_PARTNERS)
def ask_again(request: HttpRequest, vendor: str, attempt_id: str) -> HttpResponse:
    """Ask the partner now for one that was refused or never confirmed."""
    connection = _connection_or_404(request, vendor)
    try:
        wanted = parse_public_id(ProofingAttempt.prefix, attempt_id)
    except ValueError as error:
        raise Http404 from error
    if not _requests_of(connection).filter(id=wanted).exists():
        raise Http404
    try:
        erasing.ask_to_erase_again(wanted, actor=actor_of(request))
    except Refused as refused:
        messages.info(request, refused.sentence)
    else:
        messages.success(request, _("The partner is being asked again."))
    here = reverse("partners:erasing", args=[seat_of(request).tenant.slug, vendor])
    query = _query(connection)
    return redirect(f"{here}?{query}" if query else here)


@require_GET
@requires(Right.SEE_PARTNERS)
def sheet(request: HttpRequest, vendor: str) -> HttpResponse:
    """All of them as CSV, with moments in UTC and codes as they are kept."""
    connection = _connection_or_404(request, vendor)
    lines = _lines(seat_of(request).tenant.id, connection.id)
    answer = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="erase-requests-{vendor}.csv"'
    return cast(HttpResponse, answer)


def _lines(tenant_id: UUID, connection_id: UUID) -> Iterator[str]:
    """In a scope of its own: the view's is over when this runs."""
    with tenant_scope(tenant_id):
        found = ProofingAttempt.objects.filter(connection_id=connection_id, erase_due_at__isnull=False)
        rows = found.order_by("-erase_due_at", "-id").iterator(chunk_size=1_000)
        yield from sheet_lines(HEADER, (_cells(row, clock.now()) for row in rows))


def _cells(row: ProofingAttempt, moment: datetime) -> Sequence[object]:
    times: Mapping[str, str] = {
        name: at.isoformat(timespec="seconds") if (at := getattr(row, name)) else ""
        for name in ("erase_due_at", "erase_asked_at", "erased_at")
    }
    return (
        short_reference(row.reference),
        row.public_id,
        times["erase_due_at"],
        times["erase_asked_at"],
        _state(row),
        times["erased_at"],
        "yes" if _is_overdue(row, moment) else "no",
        row.erase_error,
    )
