"""One partner in the console: what it says of itself, choose, set up, test, remove."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from portal.kit.errors import Invalid
from portal.kit.seen import ChangedMeanwhile
from portal.recent import recent_sign_in
from portal.rights import actor_of, requires, seat_of
from tenants.rights import Right
from vendors import selectors, services
from vendors.addresses import hook_url_of, is_simulated
from vendors.buying import may_be_set_up
from vendors.catalogue.shelf import Item
from vendors.connecting import terms_of
from vendors.console import partner_shown as shown
from vendors.console.partner_forms import NameForm, PartnerSettingsForm, RemoveForm
from vendors.console.partner_purchase import panel_of, send_url
from vendors.leaving import KEPT, can_erase, sessions_there
from vendors.models import Connection
from vendors.registry import ADAPTERS, is_listed, listed_as, own_name
from vendors.simulating import has_simulator
from vendors.wording import TONES, told_problems


def _slug(request: HttpRequest) -> str:
    return seat_of(request).tenant.slug


def _to_partner(request: HttpRequest, vendor: str) -> HttpResponse:
    return redirect("partners:partner", organisation=_slug(request), vendor=vendor)


def _needed_by_url(request: HttpRequest, connection: Connection) -> str:
    if not seat_of(request).may(Right.SEE_PROFILES):
        return ""
    return reverse("profiles:of_partner", args=[_slug(request), connection.public_id])


def _connection_or_404(vendor: str) -> Connection:
    found = selectors.connection_to(vendor)
    if found is None:
        raise Http404
    return found


def _hook_url(request: HttpRequest, offer: selectors.Offer) -> str:
    """Where the partner tells that something happened; empty without a connection that listens."""
    if offer.connection is None or not offer.signals:
        return ""
    return hook_url_of(_slug(request), offer.connection)


def connection_shown(request: HttpRequest, offer: selectors.Offer) -> dict[str, Any]:
    connection = offer.connection
    status = Connection.Status(connection.status) if connection else None
    is_testing = (
        connection is not None
        and connection.test_asked_at is not None
        and (connection.tested_at is None or connection.tested_at < connection.test_asked_at)
    )
    return {
        "offer": offer,
        "title": _(offer.listing.title),
        "connection": connection,
        "status_label": status.label if status else "",
        "status_tone": TONES[status] if status else "neutral",
        "is_waiting": is_testing or status is Connection.Status.CONNECTING,
        "problems": told_problems(offer.manifest, connection.problems) if connection else [],
        "is_bought": connection is not None or may_be_set_up(offer.slug, offer.kind),
        "kind_label": Connection.Kind(offer.kind).label,
        "may_manage": seat_of(request).may(Right.MANAGE_PARTNERS),
        "send_url": send_url(request, "set_up_partner", offer.slug, Right.MANAGE_PARTNERS),
        "hook_url": _hook_url(request, offer),
        "is_simulated": connection is not None and is_simulated(connection),
        "has_simulator": has_simulator(offer.slug) and not seat_of(request).is_limited,
        "is_unpriced": connection is not None
        and connection.kind == Connection.Kind.OWN_CONTRACT
        and terms_of(offer.slug) is None,
    }


@require_GET
@requires(Right.SEE_PARTNERS)
def partner(request: HttpRequest, vendor: str) -> HttpResponse:
    """Everything a listing says, with the tenant's own connection where the partner can be connected."""
    item, own = shown.item_or_404(vendor), shown.read_own()
    if own_name(vendor) and vendor not in own.connections:
        raise Http404
    takes_names = vendor in ADAPTERS and ADAPTERS[vendor].is_named
    context = {
        **(connection_shown(request, selectors.offer_of(vendor)) if is_listed(vendor) else {}),
        **shown.details_of(item, own),
        "title": _(item.listing.name),
        "slug": vendor,
        "has_adapter": is_listed(vendor),
        "purchase": _panel(request, item, is_connected=vendor in own.connections),
        "others": _others(request, vendor, own) if takes_names else [],
        "name_form": NameForm() if takes_names and seat_of(request).may(Right.MANAGE_PARTNERS) else None,
        "breadcrumbs": [
            {"label": _("Partners"), "url": reverse("partners:browse", args=[_slug(request)])},
            *_listing_crumb(request, vendor),
            {"label": _(item.listing.name)},
        ],
    }
    return render(request, "vendors/partner.html", context)


def _listing_crumb(request: HttpRequest, vendor: str) -> list[dict[str, str]]:
    """Above one of several stands the listing they share."""
    if not own_name(vendor):
        return []
    listing = listed_as(vendor)
    address = reverse("partners:partner", args=[_slug(request), listing])
    return [{"label": _(shown.item_or_404(listing).listing.name), "url": address}]


def _others(request: HttpRequest, vendor: str, own: shown.Own) -> list[dict[str, Any]]:
    """The connections with names that are listed so."""
    named = [one for key, one in own.connections.items() if own_name(key) and listed_as(key) == vendor]
    return [
        {
            "title": _(selectors.listing(one.vendor).title),
            "issuer": one.config.get("issuer", ""),
            "status_label": Connection.Status(one.status).label,
            "status_tone": TONES[Connection.Status(one.status)],
            "url": reverse("partners:partner", args=[_slug(request), one.vendor]),
        }
        for one in named
    ]


@require_POST
@requires(Right.MANAGE_PARTNERS)
def another(request: HttpRequest, vendor: str) -> HttpResponse:
    """A name for one more connection; nothing is kept before its settings are."""
    if vendor not in ADAPTERS or not ADAPTERS[vendor].is_named:
        raise Http404
    form = NameForm(request.POST)
    if not form.is_valid():
        messages.error(request, " ".join(str(told) for told in form.errors["name"]))
        return _to_partner(request, vendor)
    key = f"{vendor}-{form.cleaned_data['name']}"
    if selectors.connection_to(key) is not None:
        messages.info(request, _("There is one of that name already: this is it."))
        return _to_partner(request, key)
    return redirect("partners:settings", organisation=_slug(request), vendor=key)


@require_GET
@requires(Right.SEE_PARTNERS)
def state(request: HttpRequest, vendor: str) -> HttpResponse:
    """The connection's panel, and the steps that it is one of; asked for by htmx until it stands still."""
    offer = selectors.offer_of(vendor)
    purchase = _panel(request, shown.item_or_404(vendor), is_connected=offer.connection is not None)
    return render(
        request,
        "vendors/parts/state.html",
        {**connection_shown(request, offer), "purchase": purchase, "slug": vendor},
    )


def _panel(request: HttpRequest, item: Item, *, is_connected: bool) -> dict[str, Any] | None:
    """One of several has the purchase of the listing they share, and no panel of its own."""
    return None if own_name(item.slug) else panel_of(request, item, is_connected=is_connected)


@require_POST
@requires(Right.MANAGE_PARTNERS)
def choose(request: HttpRequest, vendor: str) -> HttpResponse:
    services.choose_partner(vendor, actor=actor_of(request))
    return _to_partner(request, vendor)


@require_POST
@requires(Right.MANAGE_PARTNERS)
def test(request: HttpRequest, vendor: str) -> HttpResponse:
    services.ask_for_test(_connection_or_404(vendor).id, actor=actor_of(request))
    return _to_partner(request, vendor)


@require_http_methods(["GET", "POST"])
@requires(Right.MANAGE_PARTNERS)
@recent_sign_in
def settings(request: HttpRequest, vendor: str) -> HttpResponse:
    offer = selectors.offer_of(vendor)
    if not offer.manifest.fields:
        raise Http404
    form = PartnerSettingsForm(
        request.POST or None,
        manifest=offer.manifest,
        connection=offer.connection,
        terms=terms_of(vendor),
        named=vendor if own_name(vendor) else "",
    )
    if request.method == "POST" and form.is_valid():
        try:
            services.bring_own_partner(
                vendor,
                config=form.config(),
                secrets=form.secrets(),
                terms=form.terms(),
                title=form.title(),
                actor=actor_of(request),
                seen=form.cleaned_data["seen"] or None,
            )
        except ChangedMeanwhile as conflict:
            form.show_conflict(conflict)
        except Invalid as refused:
            form.add_error(refused.field if refused.field in form.fields else None, refused.sentence)
        else:
            return _to_partner(request, vendor)
    context = {
        **connection_shown(request, offer),
        "form": form,
        "return_url": shown.return_to_register(_slug(request), vendor),
    }
    return render(request, "vendors/settings.html", context)


@require_http_methods(["GET", "POST"])
@requires(Right.MANAGE_PARTNERS)
@recent_sign_in
def remove(request: HttpRequest, vendor: str) -> HttpResponse:
    """The consequences in numbers, and a typed word."""
    connection = _connection_or_404(vendor)
    there = sessions_there(connection.id).count() if can_erase(connection) else 0
    form = RemoveForm(request.POST or None, word=_("remove"), sessions=there)
    if request.method == "POST" and form.is_valid():
        services.remove_partner(
            connection.id, actor=actor_of(request), erases=form.cleaned_data.get("erases", False)
        )
        messages.success(request, _("Removed."))
        return redirect("partners:yours" if there else "partners:browse", organisation=_slug(request))
    context = {
        **connection_shown(request, selectors.offer_of(vendor)),
        "form": form,
        "sessions": there,
        "kept_days": KEPT.days,
        "open_attempts": selectors.open_attempts(connection),
        # Profiles stand above this room and fill their part of the page by their own address.
        "needed_by_url": _needed_by_url(request, connection),
    }
    return render(request, "vendors/remove.html", context)
