"""New keys for a partner in use: entered beside the ones in use, tested, put into use, and back within a while."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from portal.kit.errors import Invalid
from portal.recent import recent_sign_in
from portal.rights import actor_of, requires, seat_of
from tenants.rights import Right
from vendors import rotating, selectors, services
from vendors.addresses import hook_url_of
from vendors.console import partner_shown as shown
from vendors.console.partner_forms import KeysForm
from vendors.context import former_keys, open_keys, open_secrets
from vendors.contract import HandlesWebhook
from vendors.expiring import certificates_of, held_certificates
from vendors.models import Connection, PartnerKeys
from vendors.registry import adapter_of
from vendors.wording import TONES, told_problems


def _connection_or_404(vendor: str) -> Connection:
    found = selectors.connection_to(vendor)
    if found is None or not rotating.has_keys(vendor):
        raise Http404
    return found


def _labels(connection: Connection, names: list[str]) -> str:
    fields = adapter_of(connection.vendor).manifest.fields
    return ", ".join(_(field.label) for field in fields if field.name in names)


def _waiting(connection: Connection, row: PartnerKeys) -> dict[str, Any]:
    return {
        "set_id": row.set_id.hex,
        "names": _labels(connection, row.names),
        "entered_at": row.created_at,
        "kept_until": row.kept_until,
        "is_testing": row.tested_at is None,
        "problems": told_problems(adapter_of(connection.vendor).manifest, row.problems),
        "certificates": held_certificates(adapter_of(connection.vendor).manifest, {}, open_keys(row)),
    }


def _shown(connection: Connection) -> dict[str, Any]:
    waiting = rotating.waiting_set(connection)
    status = Connection.Status(connection.status)
    return {
        "slug": connection.vendor,
        "connection": connection,
        "status_label": status.label,
        "status_tone": TONES[status],
        "names": _labels(connection, sorted(open_secrets(connection))),
        "certificates": certificates_of(connection),
        "problems": told_problems(adapter_of(connection.vendor).manifest, connection.problems),
        "waiting": _waiting(connection, waiting) if waiting else None,
        "is_testing": waiting is not None and waiting.tested_at is None,
        "former": [
            {
                "set_id": row.set_id.hex,
                "replaced_at": row.replaced_at,
                "kept_until": row.kept_until,
                "people": rotating.still_there(row),
            }
            for row in former_keys(connection)
        ],
    }


@require_http_methods(["GET", "POST"])
@requires(Right.MANAGE_PARTNERS)
@recent_sign_in
def keys(request: HttpRequest, vendor: str) -> HttpResponse:
    """What is in use, what waits, what is kept; and the form for a new set."""
    connection, item = _connection_or_404(vendor), shown.item_or_404(vendor)
    slug = seat_of(request).tenant.slug
    form = KeysForm(request.POST or None, connection=connection)
    if request.method == "POST" and form.is_valid():
        try:
            services.enter_keys(
                connection.id,
                secrets=form.secrets(),
                actor=actor_of(request),
                seen=form.cleaned_data["seen"],
            )
        except Invalid as refused:
            form.add_error(None, refused.sentence)
        else:
            return redirect("partners:keys", slug, vendor)
    connection = _connection_or_404(vendor)  # as it stands now, for who was refused because it changed
    form.draw_from(rotating.standing_of(connection, rotating.waiting_set(connection)))
    signals = isinstance(adapter_of(vendor), HandlesWebhook)
    context = {
        **_shown(connection),
        "title": _(item.listing.name),
        "form": form,
        "hook_url": hook_url_of(slug, connection) if signals else "",
        "breadcrumbs": [
            {"label": _("Partners"), "url": reverse("partners:browse", args=[slug])},
            {"label": _("Yours"), "url": reverse("partners:yours", args=[slug])},
            {"label": _(item.listing.name), "url": reverse("partners:record", args=[slug, vendor])},
            {"label": _("Keys")},
        ],
    }
    return render(request, "vendors/keys.html", context)


@require_GET
@requires(Right.MANAGE_PARTNERS)
def state(request: HttpRequest, vendor: str) -> HttpResponse:
    """The sets alone, asked for by htmx until the test is over."""
    return render(request, "vendors/parts/keys.html", _shown(_connection_or_404(vendor)))


def _set_of(request: HttpRequest) -> UUID:
    """What is no name of a set names none that is kept."""
    try:
        return UUID(hex=request.POST.get("set", ""))
    except ValueError:
        return UUID(int=0)


@require_POST
@requires(Right.MANAGE_PARTNERS)
@recent_sign_in
def use(request: HttpRequest, vendor: str) -> HttpResponse:
    """Undone by the same press on the former set, so nothing is typed."""
    connection, set_id = _connection_or_404(vendor), _set_of(request)
    try:
        services.use_keys(connection.id, set_id, actor=actor_of(request))
    except Invalid as refused:
        messages.error(request, refused.sentence)
    else:
        messages.success(request, _("In use. The former keys are kept for a while, and you can switch back."))
    return redirect("partners:keys", seat_of(request).tenant.slug, vendor)


@require_POST
@requires(Right.MANAGE_PARTNERS)
@recent_sign_in
def discard(request: HttpRequest, vendor: str) -> HttpResponse:
    connection, set_id = _connection_or_404(vendor), _set_of(request)
    try:
        services.discard_keys(connection.id, set_id, actor=actor_of(request))
    except Invalid as refused:
        messages.error(request, refused.sentence)
    else:
        messages.success(request, _("Destroyed. The keys in use stay in use."))
    return redirect("partners:keys", seat_of(request).tenant.slug, vendor)
