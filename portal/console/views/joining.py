"""Accepting an invitation, signing up or in on the way."""

from __future__ import annotations

from urllib.parse import urlencode

from allauth.account.models import EmailAddress
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from portal.console.forms import AccountForm
from portal.console.views.front import staff
from portal.kit import clock
from portal.kit.errors import NotHere
from portal.kit.scope import tenant_scope
from tenants.membership import accept_invitation
from tenants.models import Invitation, Tenant, User
from tenants.rights import Role
from tenants.selectors import find_invitation, tenant_of_token


def verified_addresses(user: User) -> set[str]:
    found = EmailAddress.objects.filter(user=user, verified=True).values_list("email", flat=True)
    return {email.lower() for email in found}


def _open_invitation(token: str) -> tuple[Tenant, Invitation]:
    tenant = tenant_of_token(token)
    if tenant is None:
        raise NotHere("invitation_unknown")
    with tenant_scope(tenant.id):
        found = find_invitation(token)
    if found is None or found.accepted_at or found.withdrawn_at or found.expires_at <= clock.now():
        raise NotHere("invitation_spent")
    return tenant, found


def _dead(request: HttpRequest) -> HttpResponse:
    return render(request, "console/join_dead.html", status=404)


@require_GET
def join(request: HttpRequest, token: str) -> HttpResponse:
    return _join_page(request, token, AccountForm())


def _join_page(request: HttpRequest, token: str, form: AccountForm) -> HttpResponse:
    try:
        tenant, invitation = _open_invitation(token)
    except NotHere:
        return _dead(request)
    onward = urlencode({"next": request.path})
    context = {
        "organisation_name": tenant.name,
        "invitation": invitation,
        "role": Role(invitation.role).label,
        "token": token,
        # Whoever signed up by the invitation was never asked, and colleagues would read an address.
        "form": form if request.user.is_authenticated and not staff(request).name else None,
        "sign_in_url": f"{reverse('account_login')}?{onward}",
        "sign_up_url": f"{reverse('account_signup')}?{onward}&{urlencode({'email': invitation.email})}",
        "sign_out_url": f"{reverse('account_logout')}?{onward}",
        "is_theirs": request.user.is_authenticated and invitation.email in verified_addresses(staff(request)),
    }
    return render(request, "console/join.html", context)


@require_POST
def accept(request: HttpRequest, token: str) -> HttpResponse:
    if not request.user.is_authenticated:
        return redirect("start:join", token)
    user, form = staff(request), AccountForm(request.POST)
    if not user.name and not form.is_valid():
        return _join_page(request, token, form)
    try:
        tenant = accept_invitation(token, user=user, verified_addresses=verified_addresses(user))
    except NotHere:
        return _dead(request)
    if not user.name:
        user.name = form.cleaned_data["name"]
        user.save(update_fields=["name"])
    messages.success(request, _("You are a member now."))
    return redirect("console:overview", tenant.slug)
