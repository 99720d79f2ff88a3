"""Rows and crumbs that the pages of this room share."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.kit.ids import parse_public_id
from portal.rights import seat_of
from recovery.cases import get_case
from recovery.console import wording
from recovery.models import Case
from recovery.statuses import CaseStatus, Mode
from tenants.rights import Right

S = CaseStatus
TONES: dict[CaseStatus, str] = {
    S.OPENED: "info",
    S.PROVING: "info",
    S.DECIDING: "info",
    S.IN_REVIEW: "warn",
    S.HELD: "warn",
    S.GRANTED: "info",
    S.HANDED_OVER: "info",
    S.RECOVERED: "ok",
    S.ENROLLED: "ok",
    S.EVALUATED: "ok",
    S.REFUSED: "bad",
    S.CANCELED: "neutral",
    S.EXPIRED: "neutral",
    S.SUPERSEDED: "neutral",
    S.REPUDIATED: "bad",
}
MODE_TONES = {Mode.EVALUATION: "sandbox", Mode.PRODUCTION: "neutral"}


def slug_of(request: HttpRequest) -> str:
    return seat_of(request).tenant.slug


def may_see_people(request: HttpRequest) -> bool:
    return seat_of(request).may(Right.SEE_PEOPLE)


def case_or_404(request: HttpRequest, case_id: str) -> Case:
    """The case behind a public id. A decoy is not there for those who may not see people."""
    try:
        wanted: UUID = parse_public_id("case", case_id)
    except ValueError as error:
        raise Http404 from error
    case = get_case(wanted)
    if case.is_decoy and not may_see_people(request):
        raise Http404
    return case


def shown_case(request: HttpRequest, case: Case) -> dict[str, Any]:
    """One case as a list or a page heading shows it; names only for those who may see people."""
    codes = [case.decoy_reason] if case.is_decoy and case.decoy_reason else case.reasons
    reasons = wording.sentences(codes)
    return {
        "case": case,
        "url": reverse("cases:case", args=[slug_of(request), case.public_id]),
        "status_label": case.state.label,
        "tone": TONES[case.state],
        "mode_label": Mode(case.mode).label,
        "mode_tone": MODE_TONES[Mode(case.mode)],
        "person": case.person if may_see_people(request) else None,
        "reason": reasons[-1] if reasons else "",
    }


def crumbs(request: HttpRequest, room: str, label: str, *labels: str) -> list[dict[str, str]]:
    return [
        {"label": label, "url": reverse(f"{room}:list", args=[slug_of(request)])},
        *({"label": text} for text in labels),
    ]


def case_crumbs(request: HttpRequest, case: Case) -> list[dict[str, str]]:
    return crumbs(request, "cases", _("Cases"), case.reference)


def address_with(request: HttpRequest, **changes: str | None) -> str:
    """The present address's query with changes; empty parts are left out."""
    query = request.GET.copy()
    for name, value in changes.items():
        query.pop(name, None)
        if value:
            query[name] = value
    return f"?{query.urlencode()}"
