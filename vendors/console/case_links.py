"""From a charge to its case, for those who may see cases."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from uuid import UUID

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from portal.kit.ids import public_id
from portal.rights import seat_of
from tenants.rights import Right

CASE_PAGE = "cases:case"
PLACE = "CASE"  # of the id in an address; a slug has no capitals


def case_url(request: HttpRequest, case_id: UUID | None) -> str:
    """The case's page, for those who may see cases; empty otherwise."""
    return case_urls(request)(case_id)


def case_urls(request: HttpRequest) -> Callable[[UUID | None], str]:
    """The same for a list of cases: the address is resolved once."""
    seat = seat_of(request)
    pattern = ""
    if seat.may(Right.SEE_CASES):
        with suppress(NoReverseMatch):
            pattern = reverse(CASE_PAGE, args=[seat.tenant.slug, PLACE])

    def url_of(case_id: UUID | None) -> str:
        return pattern.replace(PLACE, public_id("case", case_id)) if case_id is not None else ""

    return url_of
