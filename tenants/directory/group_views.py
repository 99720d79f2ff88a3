"""Groups in the console: which there are, and who is in one. They are changed where they come from."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from portal.kit.ids import parse_public_id
from portal.kit.paging import Column, Page, page_of, read_order
from portal.rights import requires
from tenants.directory import listing
from tenants.directory.views import PAGE, address_with, count_in_words, crumbs, shown_person, slug_of
from tenants.rights import Right

LONGEST_TEXT = 120
GROUPS = {"name": Column("name")}


def _text(request: HttpRequest) -> str:
    return request.GET.get("q", "").replace("\x00", "")[:LONGEST_TEXT]


def _turning(request: HttpRequest, page: Page[Any]) -> dict[str, str]:
    return {
        "next_url": address_with(request, cursor=page.next_cursor) if page.next_cursor else "",
        "previous_url": address_with(request, cursor=page.previous_cursor) if page.previous_cursor else "",
    }


@require_GET
@requires(Right.SEE_PEOPLE)
def groups(request: HttpRequest) -> HttpResponse:
    order = read_order("", GROUPS, "name")
    page = page_of(listing.groups_found(_text(request)), order, request.GET.get("cursor", ""), PAGE)
    people = listing.count_members([group.id for group in page.rows])
    rows = [
        {
            "group": group,
            "url": reverse("people:group", args=[slug_of(request), group.public_id]),
            "people": count_in_words(people[group.id]),
        }
        for group in page.rows
    ]
    context = {"rows": rows, "text": _text(request), "breadcrumbs": crumbs(request, _("Groups"))}
    return render(request, "directory/groups.html", context | _turning(request, page))


@require_GET
@requires(Right.SEE_PEOPLE)
def group(request: HttpRequest, group_id: str) -> HttpResponse:
    """NotHere, which is 404, for another organisation's."""
    try:
        found = listing.group_with(parse_public_id("group", group_id))
    except ValueError as error:
        raise Http404 from error
    listed = listing.members_listed(found, text=_text(request))
    order = read_order("", listed.columns, "name")
    page = page_of(listed.found, order, request.GET.get("cursor", ""), PAGE)
    back = {"label": _("Groups"), "url": reverse("people:groups", args=[slug_of(request)])}
    context = {
        "group": found,
        "rows": [shown_person(request, person) for person in page.rows],
        "count": count_in_words(listed),
        "is_cut": listed.is_cut,
        "text": _text(request),
        "breadcrumbs": [*crumbs(request), back, {"label": found.name}],
    }
    return render(request, "directory/group.html", context | _turning(request, page))
