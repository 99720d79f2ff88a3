"""The certificate of a signing key in the console: what it is, a request for one to download, and the answer to it."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from portal.kit.errors import Invalid
from portal.recent import ask_again, signed_in_recently
from portal.rights import actor_of, requires, seat_of
from tenants.rights import Right
from tenants.verified_id import certifying
from tenants.verified_id.console.forms import ChainForm
from tenants.verified_id.console.views import crumbs, slug_of
from tenants.verified_id.models import SigningKey
from tenants.verified_id.publishing import X5C_CONFIGURATION_ID
from tenants.verified_id.selectors import get_authority


def state_of(row: SigningKey) -> dict[str, Any]:
    """The certificate with its state as a word, for the pages of a key."""
    found = certifying.certificate_of(row)
    if found is None:
        label, tone = _("None"), "neutral"
    elif not found.is_valid:
        label, tone = _("Ended"), "bad"
    else:
        label, tone = _("Valid"), "ok"
    return {
        "certificate": found,
        "certificate_label": label,
        "certificate_tone": tone,
        "may_be_certified": row.state in certifying.CERTIFIED,
    }


def _key_or_404(thumbprint: str) -> SigningKey:
    """A key that signs or waits to; what is retired signs no new card."""
    get_authority()
    row = SigningKey.objects.filter(kid__endswith=f"#{thumbprint}", state__in=certifying.CERTIFIED).first()
    if row is None:
        raise Http404
    return row


def _page(request: HttpRequest, row: SigningKey, form: ChainForm) -> HttpResponse:
    thumbprint = row.kid.partition("#")[2]
    shown = state_of(row)
    found = shown["certificate"]
    is_active = row.state == SigningKey.State.ACTIVE
    context = {
        **shown,
        "thumbprint": thumbprint,
        "is_active": is_active,
        "is_offered": is_active and found is not None and found.is_valid,
        "configuration": X5C_CONFIGURATION_ID,
        "issuer": get_authority().issuer,
        "form": form,
        "may_manage": seat_of(request).may(Right.MANAGE_VERIFIED_ID),
        "key_url": reverse("verified_id:key", args=[slug_of(request), thumbprint]),
        "request_url": reverse("verified_id:certificate_request", args=[slug_of(request), thumbprint]),
        "breadcrumbs": crumbs(request, _("Keys"), thumbprint[:8], _("Certificate")),
    }
    return render(request, "verified_id/certificate.html", context)


@require_http_methods(["GET", "POST"])
@requires(Right.SEE_VERIFIED_ID)
def certificate(request: HttpRequest, thumbprint: str) -> HttpResponse:
    """What the key has, and the answer of an authority that is taken here."""
    row = _key_or_404(thumbprint)
    if request.method == "POST":
        return _take(request, row)
    return _page(request, row, ChainForm())


@requires(Right.MANAGE_VERIFIED_ID)
def _take(request: HttpRequest, row: SigningKey) -> HttpResponse:
    # A chain is no secret, but whoever puts one here decides by whom verifiers know us.
    if not signed_in_recently(request):
        return ask_again(request)
    form = ChainForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            certifying.certify(form.cleaned_data["chain"], actor=actor_of(request), expected=row)
        except Invalid as error:
            form.add_error("chain", error.sentence)
        else:
            return redirect(request.path)
    return _page(request, row, form)


@require_GET
@requires(Right.MANAGE_VERIFIED_ID)
def certificate_request(request: HttpRequest, thumbprint: str) -> HttpResponse:
    """PKCS #10, signed by the key itself. It holds no secret, and making it changes nothing."""
    row = _key_or_404(thumbprint)
    return HttpResponse(
        certifying.signing_request(row),
        content_type="application/pkcs10",
        headers={"Content-Disposition": f'attachment; filename="{slug_of(request)}-{thumbprint[:8]}.csr"'},
    )
