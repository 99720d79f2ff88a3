"""The simulator of one partner: start it, say how sessions end, enter its addresses and keys, stop it.

Nothing of this is there in production, or where nobody keeps simulators: 404, for the pages and for what they send.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_GET, require_POST

from portal.kit.errors import Invalid, Unavailable
from portal.kit.scope import tenant_scope
from portal.middleware.scope import own_scope
from portal.recent import recent_sign_in
from portal.rights import actor_of, requires, seat_of
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.rights import Right
from vendors import selectors, services
from vendors.addresses import hook_url_of, is_simulated
from vendors.connecting import terms_of
from vendors.console.partner_forms import PartnerSettingsForm, standing_settings
from vendors.console.partner_views import connection_shown
from vendors.contract import HandlesWebhook
from vendors.models import Connection
from vendors.registry import adapter_of, entry_of, own_name
from vendors.simulating import (
    Simulator,
    has_simulator,
    simulator_of,
    start_simulator,
    stop_simulator,
    tell_simulator,
)

View = Callable[..., HttpResponse]
ENDED = {
    "idle": gettext_noop("It ended because nobody had used it for a while."),
    "died": gettext_noop(
        "It ended by itself, or somebody killed it. What it remembered is gone; start it again."
    ),
    "not_started": gettext_noop("It did not come up within a minute. Try again."),
}
LABELS = {
    "running": (gettext_noop("Running"), "ok"),
    "starting": (gettext_noop("Starting"), "info"),
    "stopped": (gettext_noop("Not running"), "neutral"),
    "silent": (gettext_noop("Does not answer"), "bad"),
    "away": (gettext_noop("Not to be had"), "bad"),
}


def _of_simulator(view: View) -> View:
    """Who may not set up partners is refused, and where no simulator is offered there is nothing. No transaction is open:
    what is asked of a simulator leaves the process."""

    @own_scope
    @requires(Right.MANAGE_PARTNERS)
    @wraps(view)
    def guarded(request: HttpRequest, vendor: str) -> HttpResponse:
        if seat_of(request).is_limited or not has_simulator(vendor):
            raise Http404
        return view(request, vendor)

    return guarded


def _act(view: Callable[[HttpRequest, str], Simulator | None]) -> View:
    """One press: what is refused is told on the page it was pressed on."""

    @require_POST
    @_of_simulator
    @wraps(view)
    def acted(request: HttpRequest, vendor: str) -> HttpResponse:
        try:
            view(request, vendor)
        except (Invalid, Unavailable) as refused:
            messages.error(request, refused.sentence)
        return redirect("partners:simulator", seat_of(request).tenant.slug, vendor)

    return acted


def _note(request: HttpRequest, name: EventName, vendor: str) -> None:
    with tenant_scope(seat_of(request).tenant.id):
        record_event(name, actor=actor_of(request), data={"vendor": vendor})


def _own_settings(connection: Connection | None) -> bool:
    """Whether it is set up for the partner itself, whose keys a simulator's must not take the place of."""
    return connection is not None and not is_simulated(connection)


@require_GET
@_of_simulator
def simulator(request: HttpRequest, vendor: str) -> HttpResponse:
    return _page(request, vendor, "vendors/simulator.html")


@require_GET
@_of_simulator
def simulator_state(request: HttpRequest, vendor: str) -> HttpResponse:
    """Asked for by htmx until it is up."""
    return _page(request, vendor, "vendors/parts/simulator.html")


def _page(request: HttpRequest, vendor: str, template: str) -> HttpResponse:
    tenant = seat_of(request).tenant
    found = simulator_of(tenant.id, vendor)
    with tenant_scope(tenant.id):
        offer = selectors.offer_of(vendor)
        partner_url = reverse("partners:partner", args=[tenant.slug, vendor])
        context = {
            **connection_shown(request, offer),
            **_shown(found),
            "slug": vendor,
            "own_settings": _own_settings(offer.connection),
            "breadcrumbs": [
                {"label": _("Partners"), "url": reverse("partners:browse", args=[tenant.slug])},
                {"label": _(offer.listing.title), "url": partner_url},
                {"label": _("Its simulator")},
            ],
        }
        return render(request, template, context)


def _shown(found: Simulator) -> dict[str, Any]:
    label, tone = LABELS[found.state]
    return {
        "simulator": found,
        "simulator_label": _(label),
        "simulator_tone": tone,
        "ended": _(ENDED[found.why]) if found.why in ENDED else "",
        # What it says of itself is a simulator's own word, in the language it was written in.
        "ends": [("", _("Whoever opens its page chooses")), *found.scenarios.items()],
    }


@_act
def simulator_start(request: HttpRequest, vendor: str) -> Simulator:
    found = start_simulator(seat_of(request).tenant.id, vendor)
    _note(request, EventName.SIMULATOR_STARTED, vendor)
    return found


@_act
def simulator_stop(request: HttpRequest, vendor: str) -> Simulator:
    found = stop_simulator(seat_of(request).tenant.id, vendor)
    _note(request, EventName.SIMULATOR_STOPPED, vendor)
    return found


@_act
def simulator_ends(request: HttpRequest, vendor: str) -> Simulator:
    return tell_simulator(seat_of(request).tenant.id, vendor, scenario=request.POST.get("scenario", "")[:40])


@recent_sign_in
@_act
def simulator_fill(request: HttpRequest, vendor: str) -> None:
    """Its addresses and keys become the connection's, which is tried at once; its events come to us."""
    tenant = seat_of(request).tenant
    found = simulator_of(tenant.id, vendor)
    if found.state != "running":
        raise Invalid("simulator_not_running", _("It does not run. Start it first."))
    with tenant_scope(tenant.id):
        connection = _connect(request, vendor, found)
        hook_url = hook_url_of(tenant.slug, connection)
    if isinstance(adapter_of(vendor), HandlesWebhook):
        tell_simulator(tenant.id, vendor, webhook_url=hook_url)
    messages.success(request, _("Its addresses and keys are entered, and are being tried."))


def _connect(request: HttpRequest, vendor: str, found: Simulator) -> Connection:
    """As the settings' own form would. Invalid where the partner itself is connected."""
    known = selectors.connection_to(vendor)
    if _own_settings(known):
        raise Invalid(
            "simulator_over_settings",
            _(
                "This partner is connected with settings of its own, and a simulator's would take their place. Nothing was "
                "changed. Remove the connection first if you do not need it."
            ),
        )
    manifest = adapter_of(vendor).manifest
    named = {field.name for field in manifest.fields}
    played = {
        name: value for name, value in {**entry_of(vendor).played, **found.settings}.items() if name in named
    }
    form = PartnerSettingsForm(
        {**standing_settings(known, vendor), **played},
        manifest=manifest,
        connection=known,
        terms=terms_of(vendor),
        named=vendor if own_name(vendor) else "",
    )
    if not form.is_valid():
        raise Invalid("simulator_settings_refused", _("What the simulator says of itself cannot be entered."))
    return services.bring_own_partner(
        vendor,
        config=form.config(),
        secrets=form.secrets(),
        terms=form.terms(),
        title=form.title(),
        actor=actor_of(request),
    )
