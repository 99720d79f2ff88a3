"""Many cards revoked together: those whose boxes were ticked, or all that a filter finds."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from portal.kit.errors import Refused
from portal.kit.ids import parse_public_id
from portal.recent import recent_sign_in
from portal.rights import actor_of, requires
from tenants.rights import Right
from tenants.verified_id import revoking
from tenants.verified_id.console.forms import RevokeSeveralForm
from tenants.verified_id.console.issued import PAGE, issued_found
from tenants.verified_id.console.issued_views import read_filter
from tenants.verified_id.console.views import crumbs, slug_of
from tenants.verified_id.models import BulkRevocation, Credential
from tenants.verified_id.selectors import get_authority


@dataclass(frozen=True, slots=True)
class _Chosen:
    """`ticked` is empty for all that the filter in the address finds."""

    cards: QuerySet[Credential]
    ticked: list[str]
    is_everything: bool
    # The filter in the address cannot be read: nothing is chosen, rather than more than was meant.
    is_unreadable: bool = False


def _chosen(request: HttpRequest) -> _Chosen:
    """Ids of nothing, or of another organisation's cards, are passed over."""
    sent = request.POST.getlist("credential")[:PAGE]
    if not sent:
        found = read_filter(request)
        return _Chosen(
            issued_found(found),
            [],
            is_everything=not found.is_narrow,
            is_unreadable=found.is_unreadable,
        )
    ids = []
    for text in sent:
        with suppress(ValueError):
            ids.append(parse_public_id(Credential.prefix, text))
    return _Chosen(Credential.objects.filter(id__in=ids), sent, is_everything=False)


@require_http_methods(["GET", "POST"])
@requires(Right.MANAGE_VERIFIED_ID)
@recent_sign_in
def revoke_several(request: HttpRequest) -> HttpResponse:
    """First how many of which, then a reason and a typed word."""
    get_authority()
    chosen = _chosen(request)
    counts = revoking.count_chosen(chosen.cards)
    number = counts["valid"] + counts["expired"] + counts["suspended"]
    is_sent = request.method == "POST" and "word" in request.POST
    form = RevokeSeveralForm(request.POST if is_sent else None, word=_("revoke"), initial={"count": number})
    if is_sent and form.is_valid():
        try:
            row = revoking.begin_revoking(
                chosen.cards,
                expected=form.cleaned_data["count"],
                actor=actor_of(request),
                words=form.cleaned_data["reason"],
            )
        except Refused as error:
            form.add_error(None, error.sentence)
            again = request.POST.copy()
            again["count"], again["word"] = str(number), ""
            form.data = again
        else:
            return redirect(
                "verified_id:revocation", organisation=slug_of(request), revocation_id=row.public_id
            )
    context = {
        "form": form,
        "counts": counts,
        "number": number,
        "chosen": chosen,
        "back_url": reverse("verified_id:issued", args=[slug_of(request)])
        + (f"?{request.GET.urlencode()}" if request.GET else ""),
        "breadcrumbs": crumbs(request, _("Issued"), _("Revoke several")),
    }
    return render(request, "verified_id/revoke_several.html", context)


def _progress(request: HttpRequest, revocation_id: str) -> dict[str, Any]:
    try:
        wanted = parse_public_id(BulkRevocation.prefix, revocation_id)
    except ValueError as error:
        raise Http404 from error
    row = BulkRevocation.objects.filter(id=wanted).defer("chosen").first()
    if row is None:
        raise Http404
    return {
        "row": row,
        "issued_url": reverse("verified_id:issued", args=[slug_of(request)]) + "?status=revoked",
        "page_url": reverse("verified_id:revocation", args=[slug_of(request), row.public_id]),
        "state_url": reverse("verified_id:revocation_state", args=[slug_of(request), row.public_id]),
    }


@require_GET
@requires(Right.SEE_VERIFIED_ID)
def revocation(request: HttpRequest, revocation_id: str) -> HttpResponse:
    """How far it has got."""
    context = {
        **_progress(request, revocation_id),
        "breadcrumbs": crumbs(request, _("Issued"), _("Revoking")),
    }
    return render(request, "verified_id/revocation.html", context)


@require_GET
@requires(Right.SEE_VERIFIED_ID)
def revocation_state(request: HttpRequest, revocation_id: str) -> HttpResponse:
    """That alone, asked for by htmx until it is done."""
    return render(request, "verified_id/parts/revocation.html", _progress(request, revocation_id))
