"""Signing keys in the console: what each is and was, turning them over, and what to do when one leaked."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from portal.recent import recent_sign_in
from portal.rights import actor_of, requires, seat_of
from tenants.rights import Right
from tenants.verified_id import rotation, selectors
from tenants.verified_id.console import certificate_views, wording
from tenants.verified_id.console.forms import RevokeForm, RotateForm
from tenants.verified_id.console.keys import KeyShown, get_key_shown, keys_shown, list_address
from tenants.verified_id.console.views import crumbs, slug_of, tabs
from tenants.verified_id.models import SigningKey


def _shown(request: HttpRequest, row: KeyShown) -> dict[str, Any]:
    state, slug = SigningKey.State(row.key.state), slug_of(request)
    return {
        "key": row.key,
        "thumbprint": row.thumbprint,
        "label": state.label,
        "tone": wording.KEY_TONES[state],
        "meaning": wording.key_meaning(state),
        "is_revoked": state is SigningKey.State.REVOKED,
        "signed": row.signed,
        "leaves_at": row.leaves_at,
        "url": reverse("verified_id:key", args=[slug, row.thumbprint]),
        "certificate_url": reverse("verified_id:certificate", args=[slug, row.thumbprint]),
        **certificate_views.state_of(row.key),
        "cards_url": reverse("verified_id:issued", args=[slug]) + f"?key={row.thumbprint}",
        "compromised_url": reverse("verified_id:compromised", args=[slug, row.thumbprint]),
        "may_manage": seat_of(request).may(Right.MANAGE_VERIFIED_ID),
    }


@require_GET
@requires(Right.SEE_VERIFIED_ID)
def keys(request: HttpRequest) -> HttpResponse:
    selectors.get_authority()
    rows = [_shown(request, row) for row in keys_shown()]
    by_state = {row["key"].state: row for row in rows}
    pending = by_state.get(SigningKey.State.PENDING)
    context = {
        "rows": rows,
        "loses_certificate": pending is not None
        and pending["certificate"] is None
        and by_state.get(SigningKey.State.ACTIVE, {}).get("certificate") is not None,
        "pending": pending,
        "meanings": [
            {
                "label": state.label,
                "tone": wording.KEY_TONES[state],
                "meaning": wording.key_meaning(state),
            }
            for state in SigningKey.State
        ],
        "may_manage": seat_of(request).may(Right.MANAGE_VERIFIED_ID),
        "tabs": tabs(request, "keys"),
    }
    return render(request, "verified_id/keys.html", context)


@require_GET
@requires(Right.SEE_VERIFIED_ID)
def key(request: HttpRequest, thumbprint: str) -> HttpResponse:
    row = get_key_shown(thumbprint)
    context = {
        **_shown(request, row),
        "list_address": list_address(row.key),
        "breadcrumbs": crumbs(request, _("Keys"), thumbprint[:8]),
    }
    return render(request, "verified_id/key.html", context)


@require_http_methods(["GET", "POST"])
@requires(Right.MANAGE_VERIFIED_ID)
@recent_sign_in
def rotate(request: HttpRequest) -> HttpResponse:
    """A new key, with overlap or at once, with a typed word."""
    selectors.get_authority()
    form = RotateForm(request.POST or None, word=_("rotate"))
    if request.method == "POST" and form.is_valid():
        rotation.rotate_key(actor=actor_of(request), at_once=form.cleaned_data["when"] == RotateForm.AT_ONCE)
        return redirect("verified_id:keys", organisation=slug_of(request))
    pending = SigningKey.objects.filter(state=SigningKey.State.PENDING).first()
    context = {"form": form, "pending": pending, "breadcrumbs": crumbs(request, _("Keys"), _("New key"))}
    return render(request, "verified_id/rotate.html", context)


@require_http_methods(["GET", "POST"])
@requires(Right.MANAGE_VERIFIED_ID)
@recent_sign_in
def compromised(request: HttpRequest, thumbprint: str) -> HttpResponse:
    """Somebody else may have the key: it goes, and every card it signed with it; with a reason and a typed word."""
    row = get_key_shown(thumbprint)
    form = RevokeForm(request.POST or None, word=_("compromised"))
    if request.method == "POST" and form.is_valid():
        rotation.revoke_key(row.key.id, actor=actor_of(request), words=form.cleaned_data["reason"])
        return redirect("verified_id:key", organisation=slug_of(request), thumbprint=thumbprint)
    context = {
        **_shown(request, row),
        "form": form,
        "breadcrumbs": crumbs(request, _("Keys"), thumbprint[:8]),
    }
    return render(request, "verified_id/compromised.html", context)
