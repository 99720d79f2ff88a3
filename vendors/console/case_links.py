"""From a charge to its case, for those who may see cases; or to its run, where a bridge caused it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from uuid import UUID

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from portal.kit.ids import public_id
from portal.rights import seat_of
from tenants.rights import Right

CASE_PAGE, RUN_PAGE = "cases:case", "bridges:run"
PLACE = "CASE"  # of the id in an address; a slug has no capitals
# What the ledger calls the steps of a bridge's run (vendors.endings, vendors.tasks).
OF_BRIDGE = frozenset({"bridged", "bridged_face"})


def case_url(request: HttpRequest, case_id: UUID | None, step: str = "") -> str:
    """The page of the case, or of the run; empty for those who may not see it."""
    return case_urls(request)(case_id, step)


def case_urls(request: HttpRequest) -> Callable[[UUID | None, str], str]:
    """The same for a list: addresses are resolved once."""
    seat = seat_of(request)
    pages = {
        "case": CASE_PAGE if seat.may(Right.SEE_CASES) else "",
        "bridgerun": RUN_PAGE if seat.may(Right.SEE_PARTNERS) else "",
    }
    patterns = dict[str, str]()
    for prefix, name in pages.items():
        with suppress(NoReverseMatch):
            patterns[prefix] = reverse(name, args=[seat.tenant.slug, PLACE]) if name else ""

    def url_of(case_id: UUID | None, step: str = "") -> str:
        prefix = "bridgerun" if step in OF_BRIDGE else "case"
        if case_id is None:
            return ""
        return patterns.get(prefix, "").replace(PLACE, public_id(prefix, case_id))

    return url_of
