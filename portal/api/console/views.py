"""Keys in the console: which there are, a new one that is shown once, and an end to one. And how to use them."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from portal.api import services
from portal.api.console.forms import KeyForm
from portal.api.console.reference import operations
from portal.api.document import document
from portal.api.limiting import OF_KEY, OF_NETWORK
from portal.api.models import ApiKey
from portal.api.scopes import ALLOWS, Scope, scopes_to_give
from portal.api.selectors import ShownKey, shown_key, shown_keys
from portal.kit import clock
from portal.kit.errors import Invalid
from portal.kit.ids import parse_public_id
from portal.kit.origins import site_url
from portal.kit.typed import TypedWordForm
from portal.recent import recent_sign_in
from portal.rights import actor_of, requires, seat_of
from tenants.rights import Right


def _row(key: ShownKey) -> dict[str, Any]:
    return {
        "key": key.row,
        "maker": key.maker,
        "scopes": [scope.value for scope in key.scopes],
        "lost": [scope.value for scope in key.lost],
        "state": _state(key),
    }


def _state(key: ShownKey) -> dict[str, str]:
    if not key.has_maker:
        return {"label": _("Stopped: its maker left"), "tone": "bad"}
    if not key.row.is_live_at(clock.now()):
        return {"label": _("Expired"), "tone": "neutral"}
    return {"label": _("Works"), "tone": "ok"}


def _limits() -> list[dict[str, str]]:
    told = _("%(count)d requests a minute")
    return [
        {"term": _("Each key"), "value": told % {"count": OF_KEY.count}},
        {"term": _("Each network"), "value": told % {"count": OF_NETWORK.count}},
        *({"term": f"{scope.label} ({scope.value})", "value": str(ALLOWS[scope].sees)} for scope in Scope),
    ]


@require_GET
@requires(Right.SEE_MEMBERS)
def keys(request: HttpRequest) -> HttpResponse:
    context = {
        "rows": [_row(key) for key in shown_keys()],
        "limits": _limits(),
        "may_manage": seat_of(request).may(Right.MANAGE_ORGANISATION),
        "base_url": site_url("/api/v1"),
    }
    return render(request, "api/keys.html", context)


@require_http_methods(["GET", "POST"])
@requires(Right.MANAGE_ORGANISATION)
@recent_sign_in
def new(request: HttpRequest) -> HttpResponse:
    """The key stands on the page that answers the form, and nowhere else ever again."""
    seat = seat_of(request)
    form = KeyForm(request.POST or None, scopes=scopes_to_give(seat.rights))
    if request.method == "POST" and form.is_valid():
        try:
            made = services.make_key(
                tenant=seat.tenant,
                **form.cleaned_data,
                made_by=seat.member_id,
                rights=seat.rights,
                actor=actor_of(request),
            )
        except Invalid as refused:
            form.add_error(refused.field or None, refused.sentence)
        else:
            context = {"made": made, "example_url": site_url("/api/v1/usage")}
            return render(request, "api/key_made.html", context)
    return render(request, "api/key_form.html", {"form": form})


def _key_or_404(text: str) -> ShownKey:
    try:
        found = shown_key(parse_public_id(ApiKey.prefix, text))
    except ValueError:
        found = None
    if found is None:
        raise Http404
    return found


@require_http_methods(["GET", "POST"])
@requires(Right.MANAGE_ORGANISATION)
@recent_sign_in
def revoke(request: HttpRequest, key_id: str) -> HttpResponse:
    found = _key_or_404(key_id)
    form = TypedWordForm(request.POST or None, word=_("revoke"))
    if request.method == "POST" and form.is_valid():
        services.revoke_key(found.row.id, actor=actor_of(request))
        messages.success(request, _("The key %(name)s opens nothing any more.") % {"name": found.row.label})
        return redirect("api:keys", seat_of(request).tenant.slug)
    return render(request, "api/key_revoke.html", {"form": form, **_row(found)})


@require_GET
@requires(Right.SEE_OVERVIEW)
def reference(request: HttpRequest) -> HttpResponse:
    """The document as a page, for whoever writes the script."""
    context = {
        "operations": operations(document()),
        "base_url": site_url("/api/v1"),
        "schema_url": site_url("/api/v1/schema"),
        "limits": _limits(),
    }
    return render(request, "api/reference.html", context)
