"""Provisioning in the console: which systems may, a token for a new one that is shown once, and an end to one."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from portal.kit.errors import Invalid
from portal.kit.ids import parse_public_id
from portal.kit.typed import TypedWordForm
from portal.recent import recent_sign_in
from portal.rights import actor_of, requires, seat_of
from tenants.directory.models import ScimToken
from tenants.directory.scim.tokens import FORM, base_address, live_tokens, make_token, revoke_token
from tenants.directory.views import crumbs
from tenants.rights import Right


class TokenForm(forms.Form):
    label = forms.CharField(
        label=gettext_lazy("Name"),
        help_text=gettext_lazy("The system that will use it, for example “Entra ID”."),
        max_length=80,
        error_messages={"required": gettext_lazy("Name the token after the system that will use it.")},
    )


@require_GET
@requires(Right.SEE_PEOPLE)
def tokens(request: HttpRequest) -> HttpResponse:
    seat = seat_of(request)
    context = {
        "rows": live_tokens(),
        "base_address": base_address(seat.tenant),
        "beginning": FORM.beginning,
        "may_manage": seat.may(Right.MANAGE_ORGANISATION),
        "breadcrumbs": crumbs(request, _("Provisioning")),
    }
    return render(request, "directory/provisioning.html", context)


def _crumbs(request: HttpRequest, label: str) -> list[dict[str, str]]:
    middle = {
        "label": _("Provisioning"),
        "url": reverse("people:provisioning", args=[seat_of(request).tenant.slug]),
    }
    first, last = crumbs(request, label)
    return [first, middle, last]


@require_http_methods(["GET", "POST"])
@requires(Right.MANAGE_ORGANISATION)
@recent_sign_in
def new(request: HttpRequest) -> HttpResponse:
    """The token stands on the page that answers the form, and nowhere else ever again."""
    tenant = seat_of(request).tenant
    form = TokenForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = make_token(tenant=tenant, label=form.cleaned_data["label"], actor=actor_of(request))
        except Invalid as refused:
            form.add_error(refused.field or None, refused.sentence)
        else:
            context = {
                "made": made,
                "base_address": base_address(tenant),
                "breadcrumbs": _crumbs(request, made.row.label),
            }
            return render(request, "directory/provisioning_made.html", context)
    context = {"form": form, "breadcrumbs": _crumbs(request, _("Connect a system"))}
    return render(request, "directory/provisioning_form.html", context)


@require_http_methods(["GET", "POST"])
@requires(Right.MANAGE_ORGANISATION)
@recent_sign_in
def close(request: HttpRequest, token_id: str) -> HttpResponse:
    row = _token_or_404(token_id)
    form = TypedWordForm(request.POST or None, word=_("revoke"))
    if request.method == "POST" and form.is_valid():
        revoke_token(row.id, actor=actor_of(request))
        messages.success(request, _("%(name)s provisions nobody any more.") % {"name": row.label})
        return redirect("people:provisioning", seat_of(request).tenant.slug)
    context = {
        "form": form,
        "token": row,
        "beginning": FORM.beginning,
        "breadcrumbs": _crumbs(request, row.label),
    }
    return render(request, "directory/provisioning_close.html", context)


def _token_or_404(text: str) -> ScimToken:
    try:
        wanted = parse_public_id(ScimToken.prefix, text)
    except ValueError as error:
        raise Http404 from error
    found = next((row for row in live_tokens() if row.id == wanted), None)
    if found is None:
        raise Http404
    return found
