"""Before an organisation: the public front page, the picker, a new organisation, one's own account."""

from __future__ import annotations

from typing import cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_safe

from portal.console.checklist import has_passkey
from portal.console.forms import AccountForm
from portal.kit.errors import Invalid
from portal.kit.limits import Limit, take
from portal.kit.origins import client_address, tenant_origin
from tenants.forms import OrganisationForm
from tenants.models import User
from tenants.rights import Role
from tenants.selectors import demonstration, seats_of_user
from tenants.services import clean_slug, create_organisation

PASSKEY_ASKED = "passkey_asked"
NEW_ORGANISATIONS = Limit("organisation_new", 10, 86400)
NAME_CHECKS = Limit("organisation_name", 120, 600)


def staff(request: HttpRequest) -> User:
    return cast(User, request.user)


@require_safe
def front(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect("start:organisations")
    return render(
        request,
        "console/front.html",
        {"local": not settings.IS_PRODUCTION, "demonstration": _demonstration()},
    )


def _demonstration() -> dict[str, str] | None:
    """The organisation somebody who has just started the product can try; there is none in production."""
    tenant = None if settings.IS_PRODUCTION else demonstration()
    return None if tenant is None else {"name": tenant.name, "address": f"{tenant_origin(tenant.slug)}/"}


@require_GET
@login_required
def organisations(request: HttpRequest) -> HttpResponse:
    """The picker; with one organisation straight on, and once in a while past a passkey of one's own."""
    user = staff(request)
    if not request.session.get(PASSKEY_ASKED) and not has_passkey(user):
        request.session[PASSKEY_ASKED] = True
        return redirect("start:passkey")
    seats = seats_of_user(user.pk)
    if not seats:
        return redirect("start:organisation_new")
    if len(seats) == 1 and "all" not in request.GET:
        return redirect("console:overview", seats[0].tenant.slug)
    shown = [{"tenant": seat.tenant, "role": Role(seat.role).label} for seat in seats]
    return render(request, "console/organisations.html", {"seats": shown})


@require_GET
@login_required
def passkey(request: HttpRequest) -> HttpResponse:
    return render(request, "console/passkey.html")


@require_http_methods(["GET", "POST"])
@login_required
def organisation_new(request: HttpRequest) -> HttpResponse:
    user = staff(request)
    form = OrganisationForm(request.POST or None, user=user, initial={"time_zone": "UTC"})
    if request.method == "POST" and form.is_valid():
        take(NEW_ORGANISATIONS, str(user.pk))
        values = form.cleaned_data
        own_name = values.pop("your_name", "")
        try:
            tenant = create_organisation(user=user, **values)
        except Invalid as refusal:
            form.add_error(refusal.field or None, refusal.sentence)
        else:
            if own_name:
                User.objects.filter(pk=user.pk).update(name=own_name)
            return redirect("console:overview", tenant.slug)
    context = {"form": form, "suffix": f".{settings.TENANT_BASE}", "first": not seats_of_user(user.pk)}
    return render(request, "console/organisation_new.html", context)


@require_GET
@login_required
def host_name(request: HttpRequest) -> HttpResponse:
    """Whether a host name is free, while it is being typed."""
    take(NAME_CHECKS, f"{staff(request).pk}|{client_address(request)}")
    context = {"host": "", "sentence": ""}
    typed = request.GET.get("slug", "")[:60]
    if typed:
        try:
            context["host"] = f"{clean_slug(typed)}.{settings.TENANT_BASE}"
        except Invalid as refusal:
            context["sentence"] = refusal.sentence
    return render(request, "console/parts/host_name.html", context)


@require_http_methods(["GET", "POST"])
@login_required
def account(request: HttpRequest) -> HttpResponse:
    user = staff(request)
    form = AccountForm(request.POST or None, initial={"name": user.name})
    if request.method == "POST" and form.is_valid():
        User.objects.filter(pk=user.pk).update(name=form.cleaned_data["name"])
        messages.success(request, _("Saved."))
        return redirect("start:account")
    return render(request, "console/account.html", {"form": form, "passkey": has_passkey(user)})
