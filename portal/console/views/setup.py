"""The other end of a set-up link: prove the invited address, do the one item, say done."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from portal.console.checklist import ChecklistItem
from portal.console.forms import CodeForm
from portal.console.mailed_code import masked
from portal.console.navigation import exists
from portal.console.setup_links import (
    find_link,
    has_no_page_yet,
    landing_of,
    leave_seat,
    prove_address,
    send_code,
)
from portal.kit.errors import Invalid, NotHere
from portal.rights import actor_of, seat_of
from tenants.models import Tenant
from tenants.setup_links import complete_setup_link


def _dead(request: HttpRequest) -> HttpResponse:
    return render(request, "console/setup_dead.html", status=404)


def _onward(tenant: Tenant, item: ChecklistItem) -> HttpResponse:
    return redirect(landing_of(item), tenant.slug, *([item.about] if item.about else []))


@require_http_methods(["GET", "POST"])
def begin(request: HttpRequest, token: str) -> HttpResponse:
    """Say what the link is for; on POST send the code. What cannot be begun yet has no page to lead to."""
    try:
        tenant, link, item = find_link(token)
    except NotHere:
        return _dead(request)
    waits = has_no_page_yet(item)
    if request.method == "POST" and not waits:
        send_code(request, tenant, link)
        return redirect("start:setup_code", token)
    context = {
        "organisation_name": tenant.name,
        "item": item,
        "address": masked(link.email),
        "expires_at": link.expires_at,
        "exists": exists(item.url_name),
        "waits": waits,
    }
    return render(request, "console/setup_begin.html", context)


@require_http_methods(["GET", "POST"])
def code(request: HttpRequest, token: str) -> HttpResponse:
    try:
        tenant, link, item = find_link(token)
    except NotHere:
        return _dead(request)
    if has_no_page_yet(item):
        return redirect("start:setup", token)
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            prove_address(request, tenant, link, form.cleaned_data["code"])
            return _onward(tenant, item)
        except Invalid as refusal:
            form.add_error("code", refusal.sentence)
    context = {"form": form, "address": masked(link.email), "again_url": reverse("start:setup", args=[token])}
    return render(request, "console/mailed_code.html", {**context, "submit": _("Continue")})


@require_POST
def done(request: HttpRequest) -> HttpResponse:
    """From the limited seat: the item is done, the link does not open again."""
    seat = seat_of(request)
    if not seat.is_limited:
        raise NotHere("no_setup_link")
    complete_setup_link(seat.member_id, actor=actor_of(request))
    leave_seat(request)
    context = {"organisation_name": seat.tenant.name, "words": _("Thank you. The link does not open again.")}
    return render(request, "console/setup_done.html", context)
