"""`/o/<organisation>/verified-id/entra`: enter, test, try with an app, remove."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from portal.kit import clock
from portal.kit.errors import Invalid, Refused
from portal.kit.qr import qr_svg
from portal.kit.seen import ChangedMeanwhile
from portal.kit.typed import TypedWordForm
from portal.recent import recent_sign_in
from portal.rights import actor_of, requires, seat_of
from tenants.rights import Right
from tenants.verified_id import selectors
from tenants.verified_id.console.views import PATIENCE, crumbs, slug_of, tabs
from tenants.verified_id.entra import addresses, certificate, contract, requests, services
from tenants.verified_id.entra.console import wording
from tenants.verified_id.entra.console.forms import ConnectionForm
from tenants.verified_id.entra.models import MOVES, EntraConnection, EntraRequest


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Right.SEE_VERIFIED_ID)
def entra(request: HttpRequest) -> HttpResponse:
    selectors.get_authority()
    if request.method == "POST":
        return _save(request)
    return _page(request, None)


@requires(Right.MANAGE_VERIFIED_ID)
def _save(request: HttpRequest) -> HttpResponse:
    form = ConnectionForm(request.POST, connection=services.connection())
    if form.is_valid():
        given = {name: form.cleaned_data[name] for name in services.SETTINGS}
        try:
            services.connect(
                given=given,
                secret=form.cleaned_data["client_secret"],
                actor=actor_of(request),
                seen=form.take_seen(),
            )
        except ChangedMeanwhile as conflict:
            form.show_conflict(conflict)
        except Invalid as error:
            form.add_error(error.field or None, error.sentence)
        else:
            return redirect("verified_id:entra", organisation=slug_of(request))
    return _page(request, form)


def _page(request: HttpRequest, form: ConnectionForm | None) -> HttpResponse:
    row = services.connection()
    may_manage = seat_of(request).may(Right.MANAGE_VERIFIED_ID)
    context = {
        **_standing(request, row),
        "form": form or (ConnectionForm(connection=row) if may_manage else None),
        "settings": _settings(row),
        "certificate": _certificate(row),
        "may_be_used": services.may_be_used(row),
        "to_take_away": services.cards_to_take_away() if row else 0,
        "rules": contract.rules(row) if row else "",
        "may_price": seat_of(request).may(Right.MANAGE_BILLING),
        "tabs": tabs(request, "entra"),
    }
    return render(request, "verified_id/entra/connection.html", context)


def _certificate(row: EntraConnection | None) -> dict[str, Any] | None:
    if row is None or not row.certificate:
        return None
    return {
        "thumbprint": certificate.thumbprint(row.certificate),
        "until": certificate.valid_until(row.certificate),
    }


def _settings(row: EntraConnection | None) -> list[tuple[str, str]]:
    """What is stored, for those who may only look."""
    if row is None:
        return []
    return [
        (_("Directory (tenant) ID"), row.directory),
        (_("Application (client) ID"), row.client_id),
        (_("Authority"), row.authority),
        (_("Manifest URL"), row.manifest_url),
        (_("Credential type"), row.credential_type),
        (_("Issuers whose cards are accepted"), "\n".join(row.accepted_issuers)),
        (_("Claim with the photo"), row.photo_claim),
    ]


def _is_waiting(row: EntraConnection | None) -> bool:
    """A test was asked for and has not ended. After a minute the page stops asking."""
    if row is None or row.test_asked_at is None or clock.now() - row.test_asked_at > PATIENCE:
        return False
    return row.tested_at is None or row.tested_at < row.test_asked_at


def _standing(request: HttpRequest, row: EntraConnection | None) -> dict[str, Any]:
    """What the last test found, and the requests that can be tried now."""
    waiting = _is_waiting(row)
    may_manage = seat_of(request).may(Right.MANAGE_VERIFIED_ID)
    tried = [_shown(one, may_manage) for one in services.recent_requests()] if row and not waiting else []
    found = [
        {
            "title": wording.step_title(str(one["step"])),
            "is_ok": one["ok"],
            "problem": wording.problem_sentence(str(one["problem"]), str(one["setting"])),
        }
        for one in (row.found if row and not waiting else [])
    ]
    return {
        "connection": row,
        "found": found,
        "all_ok": bool(found) and all(line["is_ok"] for line in found),
        "requests": tried,
        "is_waiting": waiting,
        "is_moving": waiting or any(one["is_live"] for one in tried),
        "is_simulated": addresses.is_simulated(),
        "may_manage": may_manage,
        "state_url": reverse("verified_id:entra_state", args=[slug_of(request)]),
    }


def _shown(row: EntraRequest, may_manage: bool) -> dict[str, Any]:
    state = EntraRequest.State(row.state)
    is_over = state in MOVES.ends
    is_expired = not is_over and row.expires_at <= clock.now()
    is_live = not is_over and not is_expired
    link = requests.link_of(row) if is_live and may_manage else ""
    return {
        "title": EntraRequest.Kind(row.kind).label,
        "label": _("Expired") if is_expired else state.label,
        "tone": "neutral" if is_expired else wording.STATE_TONES[state],
        "problem": wording.problem_sentence(row.problem),
        "confidence": row.confidence,
        "threshold": row.threshold,
        "is_live": is_live,
        # A browser cannot open the app's own kind of link in the simulator.
        "link": link.removeprefix(addresses.DEEP_LINK) if addresses.is_simulated() else link,
        "svg": qr_svg(link, correction="l") if link else "",
        "pin": requests.pin_of(row) if link else "",
        "expires_at": row.expires_at,
        "ended_at": row.ended_at,
    }


@require_http_methods(["GET", "POST"])
@requires(Right.MANAGE_VERIFIED_ID)
@recent_sign_in
def use(request: HttpRequest) -> HttpResponse:
    """Turn recoveries to Microsoft's service, or back here; with a typed word, and what it means in numbers."""
    selectors.get_authority()
    row = services.connection()
    if row is None:
        raise Http404
    is_used = row.used_since is not None
    form = TypedWordForm(request.POST or None, word=_("stop") if is_used else _("use"))
    if request.method == "POST" and form.is_valid():
        try:
            services.use_in_recoveries(is_used=not is_used, actor=actor_of(request))
        except Refused as refused:
            form.add_error(None, refused.sentence)
        else:
            return redirect("verified_id:entra", organisation=slug_of(request))
    context = {
        "form": form,
        "is_used": is_used,
        "may_be_used": services.may_be_used(row),
        "cards_out": services.cards_out(),
        "breadcrumbs": crumbs(request, _("Microsoft Entra"), _("Recoveries")),
    }
    return render(request, "verified_id/entra/use.html", context)


@require_GET
@requires(Right.SEE_VERIFIED_ID)
def state(request: HttpRequest) -> HttpResponse:
    """The findings alone, asked for by htmx while something moves."""
    selectors.get_authority()
    return render(request, "verified_id/entra/standing.html", _standing(request, services.connection()))


@require_POST
@requires(Right.MANAGE_VERIFIED_ID)
def test(request: HttpRequest) -> HttpResponse:
    services.ask_for_test(actor=actor_of(request))
    return redirect("verified_id:entra", organisation=slug_of(request))


@require_http_methods(["GET", "POST"])
@requires(Right.MANAGE_VERIFIED_ID)
@recent_sign_in
def new_certificate(request: HttpRequest) -> HttpResponse:
    """A new key and certificate, with a typed word: what signs in now does not any more."""
    selectors.get_authority()
    form = TypedWordForm(request.POST or None, word=_("replace"))
    if request.method == "POST" and form.is_valid():
        services.use_certificate(actor=actor_of(request))
        return redirect("verified_id:entra", organisation=slug_of(request))
    context = {"form": form, "breadcrumbs": crumbs(request, _("Microsoft Entra"), _("New certificate"))}
    return render(request, "verified_id/entra/new_certificate.html", context)


@require_GET
@requires(Right.SEE_VERIFIED_ID)
def download_certificate(request: HttpRequest) -> HttpResponse:
    """The file to upload at Microsoft. It holds no secret."""
    row = services.connection()
    if row is None or not row.certificate:
        raise Http404
    return HttpResponse(
        row.certificate,
        content_type="application/x-pem-file",
        headers={"Content-Disposition": 'attachment; filename="readmit-entra.pem"'},
    )


@require_http_methods(["GET", "POST"])
@requires(Right.MANAGE_VERIFIED_ID)
@recent_sign_in
def remove(request: HttpRequest) -> HttpResponse:
    """Settings and secret are destroyed, with a typed word."""
    selectors.get_authority()
    form = TypedWordForm(request.POST or None, word=_("remove"))
    if request.method == "POST" and form.is_valid():
        services.disconnect(actor=actor_of(request))
        return redirect("verified_id:entra", organisation=slug_of(request))
    context = {"form": form, "breadcrumbs": crumbs(request, _("Microsoft Entra"), _("Remove"))}
    return render(request, "verified_id/entra/remove.html", context)
