"""`/o/<organisation>/partners/bridge/`: who asks over the bridge, how to set it up there, and how runs ended."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from portal.kit import clock
from portal.kit.errors import Invalid
from portal.kit.ids import parse_public_id, short_reference
from portal.kit.origins import tenant_url
from portal.kit.seen import ChangedMeanwhile
from portal.recent import recent_sign_in
from portal.rights import actor_of, requires, seat_of
from tenants.rights import Right
from vendors.bridge import keys, metadata, pushing, registering
from vendors.bridge.asked import FRAMEWORK, NAMES, Asked
from vendors.bridge.console_forms import ClientForm, TrialForm
from vendors.bridge.models import BridgeClient, BridgeRun
from vendors.bridge.partners import choosable, way_of
from vendors.bridge.statuses import ENDS, RunStatus
from vendors.bridge.wording import why_words
from vendors.console.partner_shown import tabs_of

SHOWN_RUNS = 20


def slug_of(request: HttpRequest) -> str:
    return seat_of(request).tenant.slug


def client_or_404(text: str) -> BridgeClient:
    try:
        client_id = parse_public_id(BridgeClient.prefix, text)
    except ValueError:
        raise Http404 from None
    return registering.client_here(client_id)


def crumbs(request: HttpRequest, *labels: tuple[str, str]) -> list[dict[str, str]]:
    slug = slug_of(request)
    found = [
        {"label": _("Partners"), "url": reverse("partners:browse", args=[slug])},
        {"label": _("Bridge"), "url": reverse("bridges:home", args=[slug])},
    ]
    return [*found, *({"label": label, **({"url": url} if url else {})} for label, url in labels)]


def state_of(client: BridgeClient) -> tuple[str, str]:
    if client.paused_at is not None:
        return _("Paused"), "warn"
    if client.mode == BridgeClient.Mode.PRODUCTION:
        return _("In production"), "ok"
    return _("In evaluation"), "info"


def may_manage(request: HttpRequest) -> bool:
    return seat_of(request).may(Right.MANAGE_PARTNERS)


@require_GET
@requires(Right.SEE_PARTNERS)
def home(request: HttpRequest) -> HttpResponse:
    rows = [
        {"client": row, "state": state_of(row), "serves": row.get_serves_display()}
        for row in registering.clients()
    ]
    moment = clock.now()
    context = {
        "rows": rows,
        "partner_tabs": tabs_of(request, "bridge"),
        "may_manage": may_manage(request),
        "has_partner": bool(choosable()),
        "issuer": metadata.issuer_of(seat_of(request).tenant),
        "signing_keys": [
            {
                "row": row,
                "signs": row.published_until is None and row.signs_from <= moment,
                "waits": row.signs_from > moment,
            }
            for row in keys.shown_keys()
        ],
    }
    return render(request, "bridge/console/home.html", context)


@require_http_methods(["GET", "POST"])
@requires(Right.MANAGE_PARTNERS)
@recent_sign_in
def new(request: HttpRequest) -> HttpResponse:
    """The secret stands on the page that answers the form, and nowhere else ever again."""
    form = ClientForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        form.take_seen()
        try:
            made = registering.create_client(given=form.cleaned_data, actor=actor_of(request))
        except Invalid as refused:
            form.add_error(refused.field or None, refused.sentence)
        else:
            if isinstance(made, registering.MadeSecret):
                return show_secret(request, made)
            return redirect("bridges:client", slug_of(request), made.public_id)
    context = {
        "form": form,
        "has_partner": bool(choosable()),
        "breadcrumbs": crumbs(request, (_("New client"), "")),
    }
    return render(request, "bridge/console/form.html", context)


def show_secret(request: HttpRequest, made: registering.MadeSecret) -> HttpResponse:
    context = {"made": made, "client": made.client, "breadcrumbs": crumbs(request, (made.client.name, ""))}
    return render(request, "bridge/console/secret.html", context)


def addresses_of(request: HttpRequest) -> list[tuple[str, str]]:
    """As the other side's form asks for them."""
    tenant = seat_of(request).tenant
    return [
        (_("Issuer"), metadata.issuer_of(tenant)),
        (_("Pushed requests (PAR)"), metadata.endpoint_of(tenant, "par")),
        (_("Authorization"), metadata.endpoint_of(tenant, "authorize")),
        (_("Token"), metadata.endpoint_of(tenant, "token")),
        (_("Keys (JWKS)"), metadata.endpoint_of(tenant, "keys")),
    ]


def _run_row(run: BridgeRun) -> dict[str, Any]:
    status = RunStatus(run.status)
    label, tone = str(status.label), "neutral"
    if status in (RunStatus.ANSWERED, RunStatus.EXCHANGED):
        label, tone = (_("Confirmed"), "ok") if not run.why else (_("Not confirmed"), "bad")
    elif status not in ENDS:
        tone = "info"
    return {
        "run": run,
        "reference": short_reference(run.id),
        "label": label,
        "tone": tone,
        "why": why_words(run.why),
        "partner": way_of(run.connection).title if run.connection else "",
    }


@require_GET
@requires(Right.SEE_PARTNERS)
def client(request: HttpRequest, client_id: str) -> HttpResponse:
    found = client_or_404(client_id)
    runs = BridgeRun.objects.filter(client=found).select_related("connection").order_by("-created_at", "-id")
    titles = {str(one.id): way_of(one).title for one in choosable()}
    context = {
        "client": found,
        "state": state_of(found),
        "serves": found.get_serves_display(),
        "proof": found.get_proof_display(),
        "partner_titles": [titles.get(name, _("Not here any more")) for name in found.partners],
        "addresses": addresses_of(request),
        "metadata_url": f"{metadata.issuer_of(seat_of(request).tenant)}/.well-known/openid-configuration",
        "secrets": registering.secrets_of(found),
        "rows": [_run_row(row) for row in runs[:SHOWN_RUNS]],
        "may_manage": may_manage(request),
        "framework": FRAMEWORK,
        "breadcrumbs": crumbs(request, (found.name, "")),
    }
    return render(request, "bridge/console/client.html", context)


@require_http_methods(["GET", "POST"])
@requires(Right.MANAGE_PARTNERS)
@recent_sign_in
def edit(request: HttpRequest, client_id: str) -> HttpResponse:
    found = client_or_404(client_id)
    form = ClientForm(request.POST or None, client=found)
    if request.method == "POST" and form.is_valid():
        seen = form.take_seen()
        try:
            registering.change_client(found.id, given=form.cleaned_data, actor=actor_of(request), seen=seen)
        except ChangedMeanwhile as conflict:
            form.show_conflict(conflict)
        except Invalid as refused:
            form.add_error(refused.field or None, refused.sentence)
        else:
            return redirect("bridges:client", slug_of(request), found.public_id)
    address = reverse("bridges:client", args=[slug_of(request), found.public_id])
    context = {
        "form": form,
        "client": found,
        "has_partner": True,
        "breadcrumbs": crumbs(request, (found.name, address), (_("Change"), "")),
    }
    return render(request, "bridge/console/form.html", context)


@require_http_methods(["GET", "POST"])
@requires(Right.MANAGE_PARTNERS)
@recent_sign_in
def trial(request: HttpRequest, client_id: str) -> HttpResponse:
    """The whole way as a person, and at its end what the client would be told. It costs what a check costs."""
    found = client_or_404(client_id)
    form = TrialForm(request.POST or None)
    link = ""
    if request.method == "POST" and form.is_valid():
        asked = Asked(
            framework=FRAMEWORK,
            as_list=True,
            names=(*NAMES, *(name for name in found.claims if name == "birthdate")),
            values={name: form.cleaned_data[name] for name in NAMES},
            fuzzy=NAMES,
            with_document="document" in found.claims,
        )
        request_uri = pushing.begin_trial(found, asked)
        link = tenant_url(slug_of(request), f"/bridge/authorize?request_uri={request_uri}")
    address = reverse("bridges:client", args=[slug_of(request), found.public_id])
    context = {
        "form": form,
        "client": found,
        "link": link,
        "breadcrumbs": crumbs(request, (found.name, address), (_("Try it"), "")),
    }
    return render(request, "bridge/console/trial.html", context)


@require_GET
@requires(Right.SEE_PARTNERS)
def run(request: HttpRequest, run_id: str) -> HttpResponse:
    """Where a charge leads to: what it was for, and how it ended. Nobody's name is here."""
    try:
        found_id: UUID = parse_public_id(BridgeRun.prefix, run_id)
    except ValueError:
        raise Http404 from None
    found = BridgeRun.objects.select_related("client", "connection").filter(id=found_id).first()
    if found is None:
        raise Http404
    address = ""
    if found.client.removed_at is None:
        address = reverse("bridges:client", args=[slug_of(request), found.client.public_id])
    reference = short_reference(found.id)
    context = {
        **_run_row(found),
        "client": found.client,
        "client_url": address,
        "breadcrumbs": crumbs(request, (found.client.name, address), (reference, "")),
    }
    return render(request, "bridge/console/run.html", context)
