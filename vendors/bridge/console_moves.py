"""What is done to a client: a new secret, production, a pause, its end; and a new signing key. Each asks for a recent sign-in."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from portal.kit.errors import Refused
from portal.kit.ids import parse_public_id
from portal.kit.typed import TypedWordForm
from portal.recent import recent_sign_in
from portal.rights import actor_of, requires, seat_of
from tenants.rights import Right
from vendors.bridge import keys, registering
from vendors.bridge.console_views import client_or_404, crumbs, show_secret, slug_of
from vendors.bridge.models import BridgeClient, BridgeSecret
from vendors.bridge.partners import ready, way_of

LEAKED = "leaked"


def _back(request: HttpRequest, client: BridgeClient) -> HttpResponse:
    return redirect("bridges:client", slug_of(request), client.public_id)


def _address(request: HttpRequest, client: BridgeClient) -> str:
    return reverse("bridges:client", args=[slug_of(request), client.public_id])


@require_POST
@requires(Right.MANAGE_PARTNERS)
@recent_sign_in
def secret(request: HttpRequest, client_id: str) -> HttpResponse:
    """Shown once; the former one works on for a week."""
    client = client_or_404(client_id)
    try:
        made = registering.replace_secret(client.id, actor=actor_of(request))
    except Refused as refused:
        messages.error(request, refused.sentence)
        return _back(request, client)
    return show_secret(request, made)


@require_POST
@requires(Right.MANAGE_PARTNERS)
@recent_sign_in
def end_secret(request: HttpRequest, client_id: str) -> HttpResponse:
    client = client_or_404(client_id)
    try:
        secret_id = parse_public_id(BridgeSecret.prefix, request.POST.get("secret", ""))
    except ValueError:
        return _back(request, client)
    registering.end_secret(client.id, secret_id, actor=actor_of(request))
    messages.success(request, _("The former secret opens nothing any more."))
    return _back(request, client)


@require_http_methods(["GET", "POST"])
@requires(Right.MANAGE_PARTNERS)
@recent_sign_in
def mode(request: HttpRequest, client_id: str) -> HttpResponse:
    """Into production, or back to evaluation: what changes, first. Undone by the same press."""
    client = client_or_404(client_id)
    goes_live = client.mode == BridgeClient.Mode.EVALUATION
    if request.method == "POST":
        target = BridgeClient.Mode.PRODUCTION if goes_live else BridgeClient.Mode.EVALUATION
        try:
            registering.set_mode(client.id, target, actor=actor_of(request))
        except Refused as refused:
            messages.error(request, refused.sentence)
        else:
            messages.success(request, _("In production.") if goes_live else _("Back in evaluation."))
            return _back(request, client)
    client.mode = BridgeClient.Mode.PRODUCTION
    context = {
        "client": client,
        "goes_live": goes_live,
        "usable": [way_of(one).title for one in ready(client)],
        "back": _address(request, client),
        "breadcrumbs": crumbs(request, (client.name, _address(request, client)), (_("Production"), "")),
    }
    return render(request, "bridge/console/mode.html", context)


@require_POST
@requires(Right.MANAGE_PARTNERS)
@recent_sign_in
def pause(request: HttpRequest, client_id: str) -> HttpResponse:
    client = client_or_404(client_id)
    registering.pause_client(client.id, paused=True, actor=actor_of(request))
    messages.success(request, _("Paused. Whoever is under way finishes; nobody new comes."))
    return _back(request, client)


@require_POST
@requires(Right.MANAGE_PARTNERS)
@recent_sign_in
def unpause(request: HttpRequest, client_id: str) -> HttpResponse:
    client = client_or_404(client_id)
    registering.pause_client(client.id, paused=False, actor=actor_of(request))
    messages.success(request, _("In use again."))
    return _back(request, client)


@require_http_methods(["GET", "POST"])
@requires(Right.MANAGE_PARTNERS)
@recent_sign_in
def remove(request: HttpRequest, client_id: str) -> HttpResponse:
    client = client_or_404(client_id)
    form = TypedWordForm(request.POST or None, word=_("remove"))
    if request.method == "POST" and form.is_valid():
        registering.remove_client(client.id, actor=actor_of(request))
        messages.success(request, _("%(name)s is removed.") % {"name": client.name})
        return redirect("bridges:home", slug_of(request))
    context = {
        "form": form,
        "client": client,
        "under_way": len(registering.under_way(client)),
        "back": _address(request, client),
        "breadcrumbs": crumbs(request, (client.name, _address(request, client)), (_("Remove"), "")),
    }
    return render(request, "bridge/console/remove.html", context)


@require_http_methods(["GET", "POST"])
@requires(Right.MANAGE_PARTNERS)
@recent_sign_in
def key(request: HttpRequest) -> HttpResponse:
    """A new signing key: in an hour, or at once where the old one leaked."""
    form = TypedWordForm(request.POST or None, word=_("replace"))
    back = reverse("bridges:home", args=[seat_of(request).tenant.slug])
    if request.method == "POST" and form.is_valid():
        keys.replace_key(leaked=request.POST.get("how") == LEAKED, actor=actor_of(request))
        messages.success(request, _("A new key is published."))
        return redirect(back)
    context = {"form": form, "back": back, "breadcrumbs": crumbs(request, (_("Signing key"), ""))}
    return render(request, "bridge/console/key.html", context)
