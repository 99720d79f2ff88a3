"""The access certificate in the console: by what wallets know the organisation when it asks them for a card.

A key made here, a request for it to download, and the answer of the authority that wallets know. What it does not do: say which
authority that is; each country names its own.
"""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from portal.kit import clock
from portal.kit.errors import Invalid
from portal.recent import ask_again, signed_in_recently
from portal.rights import actor_of, requires, seat_of
from tenants.rights import Right
from tenants.verified_id import clients
from tenants.verified_id.console.forms import ChainForm
from tenants.verified_id.console.views import slug_of, tabs
from tenants.verified_id.models import ClientCertificate
from tenants.verified_id.protocol.certificates import client_id_of_certificate, read_certificates
from tenants.verified_id.selectors import get_authority

FEW_DAYS = 30


def _state_of(row: ClientCertificate | None) -> dict[str, Any]:
    if row is None or row.expires_at is None:
        return {"label": _("None"), "tone": "neutral", "is_valid": False}
    left = (row.expires_at - clock.now()).days
    if row.expires_at <= clock.now():
        return {"label": _("Ended"), "tone": "bad", "is_valid": False}
    return {"label": _("Valid"), "tone": "ok", "is_valid": True, "is_ending": left < FEW_DAYS}


def _page(request: HttpRequest, form: ChainForm) -> HttpResponse:
    authority, newest = get_authority(), clients.newest_certificate()
    leaf = read_certificates(newest.chain_pem)[0] if newest is not None else None
    context = {
        **_state_of(newest),
        "certificate": newest,
        "subject": leaf.subject.rfc4514_string() if leaf is not None else "",
        "signed_by": leaf.issuer.rfc4514_string() if leaf is not None else "",
        "client_id": client_id_of_certificate(leaf) if leaf is not None else "",
        "valid_from": leaf.not_valid_before_utc if leaf is not None else None,
        "waiting": clients.waiting_certificate(),
        "issuer": authority.issuer,
        "form": form,
        "may_manage": seat_of(request).may(Right.MANAGE_VERIFIED_ID),
        "tabs": tabs(request, "access"),
    }
    return render(request, "verified_id/access.html", context)


@require_http_methods(["GET", "POST"])
@requires(Right.SEE_VERIFIED_ID)
def access(request: HttpRequest) -> HttpResponse:
    """What wallets know the organisation by, and the answer of an authority that is taken here."""
    get_authority()
    return _take(request) if request.method == "POST" else _page(request, ChainForm())


@requires(Right.MANAGE_VERIFIED_ID)
def _take(request: HttpRequest) -> HttpResponse:
    # Whoever puts a chain here decides by what name people are asked for their cards.
    if not signed_in_recently(request):
        return ask_again(request)
    form = ChainForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            clients.complete_certificate(form.cleaned_data["chain"], actor=actor_of(request))
        except Invalid as error:
            form.add_error("chain", error.sentence)
        else:
            return redirect(request.path)
    return _page(request, form)


@require_POST
@requires(Right.MANAGE_VERIFIED_ID)
def new_key(request: HttpRequest) -> HttpResponse:
    """One key at a time waits for an answer; what signs now goes on."""
    get_authority()
    if clients.waiting_certificate() is None:
        clients.begin_certificate()
    return redirect("verified_id:access", organisation=slug_of(request))


@require_GET
@requires(Right.MANAGE_VERIFIED_ID)
def signing_request(request: HttpRequest) -> HttpResponse:
    """PKCS #10, signed by the key itself. It holds no secret, and making it changes nothing."""
    get_authority()
    row = clients.waiting_certificate()
    if row is None:
        raise Http404
    return HttpResponse(
        clients.request_of(row),
        content_type="application/pkcs10",
        headers={"Content-Disposition": f'attachment; filename="{slug_of(request)}-access.csr"'},
    )
