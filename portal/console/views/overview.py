"""Can people recover right now, and did anything go wrong today?"""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from portal.console import inviting
from portal.console.checklist import ChecklistItem, find_item, is_live, organisation_items, own_passkey
from portal.console.forms import SendItemForm
from portal.console.mail_limit import sends_mail
from portal.console.navigation import exists, url_of
from portal.console.selectors import health_of
from portal.console.views.front import staff
from portal.kit import clock
from portal.kit.ids import parse_public_id
from portal.kit.origins import tenant_url
from portal.rights import actor_of, requires, seat_of
from tenants.rights import Right
from tenants.selectors import Seat, open_setup_links
from tenants.setup_links import withdraw_setup_link


def _url(seat: Seat, item: ChecklistItem) -> str:
    if item.key == "own_passkey":
        return reverse(item.url_name) if item.status != "done" else ""
    return url_of(item.url_name, seat) if seat.may(item.right) else ""


def may_send(seat: Seat, item: ChecklistItem) -> bool:
    return (
        item.can_be_sent
        and item.status != "done"
        and exists(item.url_name)
        and seat.may(Right.MANAGE_MEMBERS)
        and seat.may(item.right)
    )


def _shown(seat: Seat, item: ChecklistItem) -> dict[str, Any]:
    return {
        "key": item.key,
        "label": item.title,
        "hint": item.hint,
        "status": item.status,
        "url": _url(seat, item),
    }


@require_GET
@requires(Right.SEE_OVERVIEW)
def overview(request: HttpRequest) -> HttpResponse:
    seat = seat_of(request)
    own = organisation_items(seat.tenant)
    items = [own_passkey(staff(request)), *own]
    left = [item for item in items if item.status != "done"]
    live, states = is_live(own), {item.key: item.status for item in own}
    context = {
        "items": [_shown(seat, item) for item in (left if live else items)],
        "send_menu": [
            {"label": item.title, "url": reverse("console:send_item", args=[seat.tenant.slug, item.key])}
            for item in own
            if may_send(seat, item)
        ],
        "links": [_link_shown(seat, link) for link in open_setup_links()]
        if seat.may(Right.MANAGE_MEMBERS)
        else [],
        "done": len(items) - len(left),
        "total": len(items),
        "is_live": live,
        "in_evaluation": not live and {"profile": "done", "production": "todo"}.items() <= states.items(),
        "missing": [item.title for item in own if item.is_needed and item.status != "done"],
        "health": health_of(seat.tenant),
        "recovery_url": tenant_url(seat.tenant.slug, "/recover/"),
        "may_see_cases": seat.may(Right.SEE_CASES),
        "cases_url": url_of("cases:list", seat) if seat.may(Right.SEE_CASES) else "",
        "reviews_url": url_of("reviews:list", seat) if seat.may(Right.REVIEW_CASES) else "",
        "patterns_url": url_of("patterns:list", seat) if seat.may(Right.SEE_CASES) else "",
        "people_url": url_of("people:list", seat) if seat.may(Right.SEE_PEOPLE) else "",
        "partners_url": url_of("partners:browse", seat) if seat.may(Right.SEE_PARTNERS) else "",
    }
    return render(request, "console/overview.html", context)


def _link_shown(seat: Seat, link: Any) -> dict[str, Any]:
    item = find_item(seat.tenant, link.item, link.about)
    return {
        "id": link.public_id,
        "title": item.title if item else "",
        "email": link.email,
        "expires_at": link.expires_at,
        "is_expired": link.expires_at <= clock.now(),
    }


def _sendable(seat: Seat, key: str, about: str) -> ChecklistItem:
    item = find_item(seat.tenant, key, about)
    if item is None or not (may_send(seat, item) or _is_over(seat, item)):
        raise Http404
    return item


def _is_over(seat: Seat, item: ChecklistItem) -> bool:
    """Whether it could be sent but for one thing: it is done."""
    return item.status == "done" and may_send(seat, replace(item, status="todo"))


@sends_mail
@require_http_methods(["GET", "POST"])
@requires(Right.MANAGE_MEMBERS)
def send_item(request: HttpRequest, item: str, about: str = "") -> HttpResponse:
    """Send one item, or a task `about` one partner, to the colleague who can do it."""
    seat = seat_of(request)
    found = _sendable(seat, item, about)
    place = "partners:partner" if about else "console:overview"
    back = reverse(place, args=[seat.tenant.slug, *([about] if about else [])])
    if found.status == "done":
        messages.info(request, _("“%(task)s” is done: nobody has to be sent there.") % {"task": found.title})
        return redirect(back)
    form = SendItemForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        inviting.send_item(
            seat,
            found,
            email=form.cleaned_data["email"],
            sender=str(staff(request)),
            actor=actor_of(request),
        )
        messages.success(request, _("The link is on its way."))
        return redirect(back)
    return render(request, "console/send_item.html", {"form": form, "item": found, "back_url": back})


def link_id_of(text: str) -> UUID:
    try:
        return parse_public_id("setup", text)
    except ValueError as error:
        raise Http404 from error


@require_POST
@requires(Right.MANAGE_MEMBERS)
def withdraw_link(request: HttpRequest, link: str) -> HttpResponse:
    withdraw_setup_link(link_id_of(link), actor=actor_of(request))
    messages.success(request, _("The link does not open any more."))
    return redirect("console:overview", seat_of(request).tenant.slug)
