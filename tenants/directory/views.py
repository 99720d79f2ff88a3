"""People in the console: the list, one person, taking somebody out of recovery."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.formats import localize
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from portal.kit.ids import parse_public_id
from portal.kit.paging import page_of, read_order
from portal.kit.scope import tenant_scope
from portal.kit.sheets import sheet_lines
from portal.recent import recent_sign_in
from portal.rights import actor_of, requires, seat_of
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.directory import listing, selectors
from tenants.directory.forms import PeopleFilterForm, ReasonForm, SuspendSeveralForm
from tenants.directory.models import DirectoryPerson
from tenants.directory.services import activate_person, suspend_person
from tenants.rights import Right

PAGE = 50
TONES = {DirectoryPerson.Status.ACTIVE: "ok", DirectoryPerson.Status.SUSPENDED: "warn"}
SHOWN_STATUSES = [(status.value, status.label) for status in TONES]
HEADER = ("name", "user_name", "employee_number", "department", "status")


def slug_of(request: HttpRequest) -> str:
    return seat_of(request).tenant.slug


def crumbs(request: HttpRequest, *labels: str) -> list[dict[str, str]]:
    return [
        {"label": _("People"), "url": reverse("people:list", args=[slug_of(request)])},
        *({"label": label} for label in labels),
    ]


def address_with(request: HttpRequest, **changes: str | None) -> str:
    """The present address's query with changes; empty parts are left out."""
    query = request.GET.copy()
    for name, value in changes.items():
        query.pop(name, None)
        if value:
            query[name] = value
    return f"?{query.urlencode()}"


def _filters(request: HttpRequest) -> PeopleFilterForm:
    return PeopleFilterForm(request.GET, statuses=SHOWN_STATUSES, departments=selectors.departments())


def _is_filtered(chosen: dict[str, str]) -> bool:
    return any(value for name, value in chosen.items() if name != "sort")


def count_in_words(listed: listing.Listed | listing.Members) -> str:
    number = localize(listed.count)
    return _("more than %(number)s") % {"number": number} if listed.is_more else str(number)


def shown_person(request: HttpRequest, person: DirectoryPerson) -> dict[str, Any]:
    return {
        "person": person,
        "url": reverse("people:person", args=[slug_of(request), person.public_id]),
        "tone": TONES[DirectoryPerson.Status(person.status)],
    }


@require_GET
@requires(Right.SEE_PEOPLE)
def people(request: HttpRequest) -> HttpResponse:
    form = _filters(request)
    chosen = form.chosen()
    sort = chosen.pop("sort")
    listed = listing.people_listed(**chosen)
    order = read_order(sort, listed.columns, "name")
    page = page_of(listed.found, order, request.GET.get("cursor", ""), PAGE)
    context = {
        "rows": [shown_person(request, person) for person in page.rows],
        "count": count_in_words(listed),
        "is_cut": listed.is_cut,
        "chosen": chosen,
        "is_filtered": _is_filtered(chosen),
        "statuses": form.fields["status"].choices,  # type: ignore[attr-defined]
        "departments": form.fields["department"].choices,  # type: ignore[attr-defined]
        "csv_url": reverse("people:csv", args=[slug_of(request)]) + address_with(request, cursor=None),
        "next_url": address_with(request, cursor=page.next_cursor) if page.next_cursor else "",
        "previous_url": address_with(request, cursor=page.previous_cursor) if page.previous_cursor else "",
        "may_manage": seat_of(request).may(Right.MANAGE_PEOPLE),
    }
    return render(request, "directory/people.html", context)


def _lines(tenant_id: UUID, chosen: dict[str, str]) -> Iterator[str]:
    """The view's scope is over when this runs, so it opens its own."""
    with tenant_scope(tenant_id):
        found = selectors.people_found(**chosen).iterator(chunk_size=500)
        rows = (
            (
                person.display_name,
                person.user_name,
                person.employee_number,
                person.department,
                person.get_status_display(),
            )
            for person in found
        )
        yield from sheet_lines(HEADER, rows)


@require_GET
@requires(Right.SEE_PEOPLE)
def csv(request: HttpRequest) -> HttpResponse:
    """Exactly the list's rows, all pages of it."""
    tenant = seat_of(request).tenant
    chosen = _filters(request).chosen()
    record_event(
        EventName.PEOPLE_EXPORTED,
        actor=actor_of(request),
        data={"count": selectors.people_found(**chosen).count(), "filtered": _is_filtered(chosen)},
    )
    answer = StreamingHttpResponse(
        _lines(tenant.id, chosen),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="people-{tenant.slug}.csv"'},
    )
    return cast(HttpResponse, answer)  # Django's two kinds of answers share only a base


def person_or_404(person_id: str) -> DirectoryPerson:
    try:
        found = selectors.get_person(parse_public_id("person", person_id))
    except ValueError as error:
        raise Http404 from error
    if found.status == DirectoryPerson.Status.REMOVED:
        raise Http404
    return found


@require_GET
@requires(Right.SEE_PEOPLE)
def person(request: HttpRequest, person_id: str) -> HttpResponse:
    found = person_or_404(person_id)
    seat = seat_of(request)
    context = {
        **shown_person(request, found),
        "addresses": selectors.addresses_of(found.id),
        "other_names": selectors.other_names_of(found.id),
        "evidence": selectors.held_evidence(found.id),
        "breadcrumbs": crumbs(request, found.display_name),
        "may_manage": seat.may(Right.MANAGE_PEOPLE),
        # The recovery room stands above this one and fills its part of the page by its own address.
        "recovery_url": (
            reverse("cases:of_person", args=[seat.tenant.slug, found.public_id])
            if seat.may(Right.SEE_CASES)
            else ""
        ),
    }
    return render(request, "directory/person.html", context)


def _chosen_people(request: HttpRequest) -> list[DirectoryPerson]:
    """Those whose boxes were ticked; ids of nobody, or of another organisation's people, are passed over."""
    ids = []
    for text in request.POST.getlist("person")[:PAGE]:
        with suppress(ValueError):
            ids.append(parse_public_id("person", text))
    return selectors.people_by_id(ids)


@require_POST
@requires(Right.MANAGE_PEOPLE)
@recent_sign_in
def suspend_several(request: HttpRequest) -> HttpResponse:
    """First the effect in numbers, then a typed word and a reason."""
    chosen = _chosen_people(request)
    active = [person for person in chosen if person.status == DirectoryPerson.Status.ACTIVE]
    form = SuspendSeveralForm(request.POST if "word" in request.POST else None, word=_("suspend"))
    if active and form.is_valid():
        for person in active:
            suspend_person(person.id, actor=actor_of(request), reason=form.cleaned_data["reason"])
        told = ngettext("%(number)d person is suspended.", "%(number)d people are suspended.", len(active))
        messages.success(request, told % {"number": len(active)})
        return redirect("people:list", organisation=slug_of(request))
    context = {
        "form": form,
        "chosen": chosen,
        "active": active,
        "others": len(chosen) - len(active),
        "back_url": reverse("people:list", args=[slug_of(request)]),
        "breadcrumbs": crumbs(request, _("Suspend")),
    }
    return render(request, "directory/suspend_several.html", context)


@require_http_methods(["GET", "POST"])
@requires(Right.MANAGE_PEOPLE)
def suspend(request: HttpRequest, person_id: str) -> HttpResponse:
    """Out of recovery and sign-in, with a reason."""
    return _change_status(request, person_or_404(person_id), suspends=True)


@require_http_methods(["GET", "POST"])
@requires(Right.MANAGE_PEOPLE)
def activate(request: HttpRequest, person_id: str) -> HttpResponse:
    return _change_status(request, person_or_404(person_id), suspends=False)


def _change_status(request: HttpRequest, found: DirectoryPerson, *, suspends: bool) -> HttpResponse:
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        change = suspend_person if suspends else activate_person
        change(found.id, actor=actor_of(request), reason=form.cleaned_data["reason"])
        return redirect("people:person", organisation=slug_of(request), person_id=found.public_id)
    context = {
        **shown_person(request, found),
        "form": form,
        "suspends": suspends,
        "breadcrumbs": crumbs(request, found.display_name),
    }
    return render(request, "directory/status.html", context)
