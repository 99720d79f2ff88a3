"""The design of the card in the console, with what it looks like while it is typed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from portal.kit import clock
from portal.kit.seen import ChangedMeanwhile
from portal.rights import actor_of, requires, seat_of
from tenants.rights import Right
from tenants.verified_id import selectors
from tenants.verified_id.claim_names import CLAIM_NAMES, names_of
from tenants.verified_id.console.forms import CardForm
from tenants.verified_id.console.views import slug_of, tabs
from tenants.verified_id.design import change_card, colours_of, design_of, marks_of_card
from tenants.verified_id.models import Authority


def _initial(authority: Authority) -> dict[str, Any]:
    values = design_of(authority).values()
    titles = {f"title_{locale}": title for locale, title in values.pop("card_titles").items()}
    return {**values, **titles, "seen": marks_of_card(authority)}


@require_http_methods(["GET", "POST"])
@requires(Right.SEE_VERIFIED_ID)
def card(request: HttpRequest) -> HttpResponse:
    """What the card is called, looks like and holds, beside how it looks."""
    authority = selectors.get_authority()
    if request.method == "POST":
        return _change(request, authority)
    return _page(request, authority, CardForm(initial=_initial(authority)))


@requires(Right.MANAGE_VERIFIED_ID)
def _change(request: HttpRequest, authority: Authority) -> HttpResponse:
    form = CardForm(request.POST)
    if form.is_valid():
        seen = form.take_seen()
        try:
            change_card(form.design(), actor=actor_of(request), seen=seen)
        except ChangedMeanwhile as conflict:
            form.show_conflict(conflict)
        else:
            messages.success(request, _("Saved. Cards issued from now on look like this."))
            return redirect("verified_id:card", organisation=slug_of(request))
    return _page(request, authority, form)


def _contrast(request: HttpRequest, background: str, text: str) -> dict[str, Any]:
    try:
        found = colours_of(background, text, accent=seat_of(request).tenant.accent)
    except ValueError:
        return {"colours": None}
    return {"colours": found, "ratio": f"{found.ratio:.1f}"}


@require_GET
@requires(Right.SEE_VERIFIED_ID)
def card_contrast(request: HttpRequest) -> HttpResponse:
    """How two colours read on each other, while they are typed."""
    chosen = (request.GET.get(name, "")[:9] for name in ("card_background", "card_text"))
    return render(request, "verified_id/parts/contrast.html", _contrast(request, *chosen))


def _page(request: HttpRequest, authority: Authority, form: CardForm) -> HttpResponse:
    chosen = [str(form[name].value() or "") for name in ("card_background", "card_text")]
    # The preview keeps a colour that can be read beside one that cannot.
    shown = _contrast(
        request,
        *(
            "" if form.errors.get(f"card_{one}") else value
            for one, value in zip(("background", "text"), chosen, strict=True)
        ),
    )
    context = {
        "authority": authority,
        "form": form,
        "title": form["card_title"].value() or authority.card_title,
        "tenant_name": seat_of(request).tenant.name,
        "accent": seat_of(request).tenant.accent,
        "valid_until": clock.now() + timedelta(days=authority.lifetime_days),
        "may_manage": seat_of(request).may(Right.MANAGE_VERIFIED_ID),
        "claims": [names_of(name)["en"] for name in CLAIM_NAMES if name not in authority.left_out],
        "tabs": tabs(request, "card"),
        **shown,
    }
    return render(request, "verified_id/card.html", context)
