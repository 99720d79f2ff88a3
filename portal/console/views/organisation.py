"""The organisation's settings. The host is fixed."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from portal.kit.errors import Invalid
from portal.kit.origins import tenant_host
from portal.kit.seen import ChangedMeanwhile
from portal.rights import actor_of, requires, seat_of
from tenants.colours import LIGHT_PAGES, contrast, palette, parse_colour
from tenants.forms import SettingsForm
from tenants.models import Tenant
from tenants.rights import Right
from tenants.services import change_organisation, marks_of_organisation


def _initial(tenant: Tenant) -> dict[str, str]:
    return {
        "name": tenant.name,
        "help_desk_contact": tenant.help_desk_contact,
        "time_zone": tenant.time_zone,
        "accent": tenant.accent,
        "seen": marks_of_organisation(tenant),
    }


def colour_facts(text: str) -> dict[str, Any]:
    """How the accent reads on a page, and what it is moved to where it would not."""
    try:
        accent = parse_colour(text)
    except ValueError:
        return {"accent": ""}
    light, dark = palette(accent), palette(accent, dark=True)
    return {
        "accent": accent,
        "ratio": f"{contrast(accent, LIGHT_PAGES[0]):.1f}",
        "light": asdict(light),
        "dark": asdict(dark),
        "is_moved": light.accent != accent,
        "is_moved_dark": dark.accent != accent,
    }


@require_GET
@requires(Right.MANAGE_ORGANISATION)
def accent(request: HttpRequest) -> HttpResponse:
    """What becomes of a colour, while it is being chosen."""
    return render(request, "tenants/parts/accent.html", colour_facts(request.GET.get("accent", "")[:9]))


@require_http_methods(["GET", "POST"])
@requires(Right.MANAGE_ORGANISATION)
def settings(request: HttpRequest) -> HttpResponse:
    tenant = seat_of(request).tenant
    form = SettingsForm(request.POST or None, initial=_initial(tenant))
    if request.method == "POST" and form.is_valid():
        try:
            change_organisation(actor=actor_of(request), seen=form.take_seen(), **form.cleaned_data)
            messages.success(request, _("Saved. Your people see it from now on."))
            return redirect("console:settings", tenant.slug)
        except ChangedMeanwhile as conflict:
            form.show_conflict(conflict)
        except Invalid as refusal:
            form.add_error(refusal.field or None, refusal.sentence)
    shown = request.POST.get("accent", tenant.accent)[:9]
    context = {"form": form, "host": tenant_host(tenant.slug), **colour_facts(shown)}
    return render(request, "tenants/settings.html", context)
