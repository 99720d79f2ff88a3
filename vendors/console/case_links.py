"""From a charge to its case, for those who may see cases."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from portal.kit.ids import public_id
from portal.rights import seat_of
from tenants.rights import Right

CASE_PAGE = "cases:case"


def case_url(request: HttpRequest, case_id: UUID | None) -> str:
    """The case's page, for those who may see cases; empty otherwise."""
    seat = seat_of(request)
    if case_id is None or not seat.may(Right.SEE_CASES):
        return ""
    try:
        return reverse(CASE_PAGE, args=[seat.tenant.slug, public_id("case", case_id)])
    except NoReverseMatch:
        return ""
