"""Cards that wait until a member has looked: who they are for, releasing one, refusing one."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from portal.kit.errors import Refused
from portal.kit.ids import parse_public_id, short_reference
from portal.recent import recent_sign_in
from portal.rights import actor_of, requires, seat_of
from tenants.rights import Right
from tenants.verified_id.console.forms import LookForm
from tenants.verified_id.console.issued import Waiting, get_waiting, waiting_cards
from tenants.verified_id.console.views import crumbs, slug_of
from tenants.verified_id.issuance import review_issuance
from tenants.verified_id.models import Issuance
from tenants.verified_id.selectors import get_authority


def _shown(request: HttpRequest, row: Waiting) -> dict[str, Any]:
    seat = seat_of(request)
    person = row.holder if seat.may(Right.SEE_PEOPLE) else None
    return {
        "issuance": row.issuance,
        "reference": short_reference(row.issuance.id),
        "is_asked_for": row.is_asked_for,
        "person": person.name if person else "",
        "person_url": reverse("people:person", args=[seat.tenant.slug, person.person]) if person else "",
        "url": reverse("verified_id:look", args=[seat.tenant.slug, row.issuance.public_id]),
        "may_manage": seat.may(Right.MANAGE_VERIFIED_ID),
    }


@require_GET
@requires(Right.SEE_VERIFIED_ID)
def waiting(request: HttpRequest) -> HttpResponse:
    get_authority()
    context = {
        "rows": [_shown(request, row) for row in waiting_cards()],
        "may_manage": seat_of(request).may(Right.MANAGE_VERIFIED_ID),
        "breadcrumbs": crumbs(request, _("Issued"), _("Waiting for a look")),
    }
    return render(request, "verified_id/waiting.html", context)


@require_http_methods(["GET", "POST"])
@requires(Right.MANAGE_VERIFIED_ID)
@recent_sign_in
def look(request: HttpRequest, issuance_id: str) -> HttpResponse:
    """Release it or refuse it, with a reason."""
    try:
        row = get_waiting(parse_public_id(Issuance.prefix, issuance_id))
    except ValueError as error:
        raise Http404 from error
    form = LookForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            review_issuance(
                row.issuance.id,
                release=form.cleaned_data["verdict"] == LookForm.RELEASE,
                actor=actor_of(request),
                words=form.cleaned_data["reason"],
            )
        except Refused:
            form.add_error(None, _("Somebody has looked at this card meanwhile."))
        else:
            return redirect("verified_id:waiting", organisation=slug_of(request))
    context = {
        **_shown(request, row),
        "form": form,
        "breadcrumbs": crumbs(request, _("Issued"), short_reference(row.issuance.id)),
    }
    return render(request, "verified_id/look.html", context)
