"""Trusted issuers in the console: the list, one more, a check, and taking one away."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from portal.kit.errors import Invalid
from portal.kit.ids import parse_public_id
from portal.kit.typed import TypedWordForm
from portal.recent import recent_sign_in
from portal.rights import actor_of, requires, seat_of
from tenants.rights import Right
from tenants.verified_id import trusting
from tenants.verified_id.console import wording
from tenants.verified_id.console.forms import TrustedIssuerForm
from tenants.verified_id.console.views import crumbs, slug_of, tabs
from tenants.verified_id.models import TrustedIssuer
from tenants.verified_id.protocol.jwt_vc import CREDENTIAL, FORMAT
from tenants.verified_id.selectors import get_authority


def _shown(row: TrustedIssuer) -> dict[str, Any]:
    state = TrustedIssuer.State(row.state)
    stale = state is TrustedIssuer.State.TRUSTED and not trusting.is_believed(row)
    return {
        "issuer": row,
        "purpose": TrustedIssuer.Purpose(row.purpose).label,
        "known_by": row.did or _("Certificate of its authority"),
        "domain": urlsplit(row.domain).netloc,
        "label": _("Not checked for a day") if stale else state.label,
        "tone": "warn" if stale else wording.ISSUER_TONES[state],
        "problem": wording.issuer_problem(row.problem),
    }


@require_GET
@requires(Right.SEE_VERIFIED_ID)
def issuers(request: HttpRequest) -> HttpResponse:
    get_authority()
    context = {
        "rows": [_shown(row) for row in trusting.trusted_issuers()],
        "may_manage": seat_of(request).may(Right.MANAGE_VERIFIED_ID),
        "tabs": tabs(request, "issuers"),
    }
    return render(request, "verified_id/issuers.html", context)


def _wanted(form: TrustedIssuerForm) -> dict[str, Any]:
    """What was typed, as the service takes it: the type of a card in a JWT comes after the one every card has."""
    found = form.cleaned_data
    kind = found["types"].strip()
    in_jwt = (found["format"] or trusting.USUAL_TYPES[found["purpose"]][0]) == FORMAT
    types = () if not kind else (CREDENTIAL, kind) if in_jwt else (kind,)
    return {**found, "did": found["did"].strip(), "types": types}


@require_http_methods(["GET", "POST"])
@requires(Right.MANAGE_VERIFIED_ID)
@recent_sign_in
def new_issuer(request: HttpRequest) -> HttpResponse:
    """Whom to believe decides who gets in: it takes a sign-in that is not long ago."""
    get_authority()
    form = TrustedIssuerForm(request.POST or None, initial={"requires_domain": True})
    if request.method == "POST" and form.is_valid():
        try:
            trusting.add_trusted_issuer(**_wanted(form), actor=actor_of(request))
        except Invalid as problem:
            form.add_error(problem.field or None, problem.sentence)
        else:
            return redirect("verified_id:issuers", organisation=slug_of(request))
    context = {"form": form, "breadcrumbs": crumbs(request, _("Trusted issuers"), _("Trust another issuer"))}
    return render(request, "verified_id/new_issuer.html", context)


def _issuer_or_404(issuer_id: str) -> TrustedIssuer:
    try:
        return trusting.get_trusted_issuer(parse_public_id(TrustedIssuer.prefix, issuer_id))
    except ValueError as error:
        raise Http404 from error


@require_POST
@requires(Right.MANAGE_VERIFIED_ID)
def check_issuer(request: HttpRequest, issuer_id: str) -> HttpResponse:
    trusting.check_trusted_issuer(_issuer_or_404(issuer_id).id)
    return redirect("verified_id:issuers", organisation=slug_of(request))


@require_http_methods(["GET", "POST"])
@requires(Right.MANAGE_VERIFIED_ID)
@recent_sign_in
def remove_issuer(request: HttpRequest, issuer_id: str) -> HttpResponse:
    row = _issuer_or_404(issuer_id)
    form = TypedWordForm(request.POST or None, word=_("remove"))
    if request.method == "POST" and form.is_valid():
        trusting.remove_trusted_issuer(row.id, actor=actor_of(request))
        return redirect("verified_id:issuers", organisation=slug_of(request))
    context = {
        **_shown(row),
        "form": form,
        "breadcrumbs": crumbs(request, _("Trusted issuers"), row.name),
    }
    return render(request, "verified_id/remove_issuer.html", context)
