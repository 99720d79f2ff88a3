"""The authority in the console: on, published, domain."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from portal.kit import clock
from portal.kit.errors import Invalid
from portal.rights import actor_of, requires, seat_of
from tenants.rights import Right
from tenants.verified_id import publishing, rotation, selectors, services
from tenants.verified_id.console import wording
from tenants.verified_id.console.forms import DomainForm
from tenants.verified_id.models import Authority, LinkedDomain
from tenants.verified_id.protocol.linked_domain import WELL_KNOWN_PATH

# A page asks for a result this long and then says that nobody answered.
PATIENCE = timedelta(seconds=60)


def slug_of(request: HttpRequest) -> str:
    return seat_of(request).tenant.slug


def crumbs(request: HttpRequest, *labels: str) -> list[dict[str, str]]:
    home = {"label": _("Verified ID"), "url": reverse("verified_id:home", args=[slug_of(request)])}
    return [home, *({"label": label} for label in labels)]


def tabs(request: HttpRequest, current: str) -> list[dict[str, Any]]:
    named = [
        ("home", _("Authority")),
        ("keys", _("Keys")),
        ("domain", _("Linked domain")),
        ("card", _("Card")),
        ("issued", _("Issued")),
        ("issuers", _("Trusted issuers")),
        ("access", _("Access certificate")),
        ("entra", _("Microsoft Entra")),
        ("trial", _("Try it")),
    ]
    return [
        {
            "label": label,
            "url": reverse(f"verified_id:{name}", args=[slug_of(request)]),
            "current": name == current,
        }
        for name, label in named
    ]


def _asked_at(request: HttpRequest) -> datetime | None:
    """When this page asked for a check, as it stands in its address; None when it did not or long ago."""
    try:
        asked = datetime.fromtimestamp(int(request.GET.get("asked", "")), UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return asked if clock.now() - asked < PATIENCE else None


def _asked_now() -> str:
    return f"?asked={int(clock.now().timestamp())}"


def _is_waiting(checked_at: datetime | None, asked: datetime | None) -> bool:
    return asked is not None and (checked_at is None or checked_at < asked)


def _published(request: HttpRequest, authority: Authority) -> dict[str, Any]:
    """Each address with what a fetch over the network found last."""
    asked = _asked_at(request)
    lines = [
        {
            "title": wording.published_title(str(line["what"])),
            "address": line["address"],
            "is_ok": line["ok"],
            "problem": wording.problem_sentence(str(line["problem"])),
        }
        for line in authority.published
    ]
    waiting = _is_waiting(authority.published_checked_at, asked)
    return {
        "authority": authority,
        "lines": lines,
        "all_ok": bool(lines) and all(line["is_ok"] for line in lines),
        "is_waiting": waiting or (authority.published_checked_at is None and asked is not None),
        "state_url": reverse("verified_id:state", args=[slug_of(request)]) + f"?{request.GET.urlencode()}",
        "may_manage": seat_of(request).may(Right.MANAGE_VERIFIED_ID),
    }


@require_GET
@requires(Right.SEE_VERIFIED_ID)
def home(request: HttpRequest) -> HttpResponse:
    authority = selectors.authority()
    may_manage = seat_of(request).may(Right.MANAGE_VERIFIED_ID)
    if authority is None:
        return render(request, "verified_id/off.html", {"may_manage": may_manage})
    context = {**_published(request, authority), "tabs": tabs(request, "home")}
    return render(request, "verified_id/home.html", context)


@require_GET
@requires(Right.SEE_VERIFIED_ID)
def state(request: HttpRequest) -> HttpResponse:
    """The published addresses alone, asked for by htmx until the worker has looked."""
    return render(request, "verified_id/parts/published.html", _published(request, selectors.get_authority()))


@require_POST
@requires(Right.MANAGE_VERIFIED_ID)
def turn_on(request: HttpRequest) -> HttpResponse:
    services.turn_on_verified_id(actor=actor_of(request))
    return redirect(reverse("verified_id:home", args=[slug_of(request)]) + _asked_now())


@require_POST
@requires(Right.MANAGE_VERIFIED_ID)
def check(request: HttpRequest) -> HttpResponse:
    selectors.get_authority()
    rotation.check_published()
    return redirect(reverse("verified_id:home", args=[slug_of(request)]) + _asked_now())


def _domain(request: HttpRequest) -> dict[str, Any]:
    row = selectors.linked_domain()
    authority = selectors.get_authority()
    shown: dict[str, Any] = {
        "authority": authority,
        "domain": row,
        "may_manage": seat_of(request).may(Right.MANAGE_VERIFIED_ID),
    }
    if row is None:
        return shown
    found = LinkedDomain.State(row.state)
    asked = _asked_at(request)
    return shown | {
        "label": found.label,
        "tone": wording.DOMAIN_TONES[found],
        "is_linked": found is LinkedDomain.State.LINKED,
        "problem": wording.problem_sentence(row.problem),
        "address": f"{row.origin}{WELL_KNOWN_PATH}",
        "is_waiting": _is_waiting(row.checked_at, asked),
        "state_url": reverse("verified_id:domain_state", args=[slug_of(request)])
        + f"?{request.GET.urlencode()}",
    }


@require_http_methods(["GET", "POST"])
@requires(Right.SEE_VERIFIED_ID)
def domain(request: HttpRequest) -> HttpResponse:
    """Name the domain, host the file, check it."""
    if request.method == "POST":
        return _link(request)
    return _domain_page(request, None)


@requires(Right.MANAGE_VERIFIED_ID)
def _link(request: HttpRequest) -> HttpResponse:
    form = DomainForm(request.POST)
    if form.is_valid():
        try:
            services.link_domain(form.cleaned_data["origin"], actor=actor_of(request))
        except Invalid as error:
            form.add_error("origin", error.sentence)
        else:
            return redirect(reverse("verified_id:domain", args=[slug_of(request)]) + _asked_now())
    return _domain_page(request, form)


def _file_text(authority: Authority, row: LinkedDomain) -> str:
    return json.dumps(publishing.domain_file(authority, row.origin), indent=2)


def _domain_page(request: HttpRequest, form: DomainForm | None) -> HttpResponse:
    shown = _domain(request)
    row = shown["domain"]
    context = {
        **shown,
        "form": form or DomainForm(initial={"origin": row.origin if row else ""}),
        "file_text": _file_text(shown["authority"], row) if row else "",
        "tabs": tabs(request, "domain"),
    }
    return render(request, "verified_id/domain.html", context)


@require_GET
@requires(Right.SEE_VERIFIED_ID)
def domain_state(request: HttpRequest) -> HttpResponse:
    return render(request, "verified_id/parts/domain_state.html", _domain(request))


@require_GET
@requires(Right.SEE_VERIFIED_ID)
def domain_file(request: HttpRequest) -> HttpResponse:
    """The file to put on the domain."""
    row, authority = selectors.linked_domain(), selectors.get_authority()
    if row is None:
        return redirect("verified_id:domain", organisation=slug_of(request))
    return HttpResponse(
        _file_text(authority, row),
        content_type="application/json",
        headers={"Content-Disposition": 'attachment; filename="did-configuration.json"'},
    )


@require_POST
@requires(Right.MANAGE_VERIFIED_ID)
def domain_check(request: HttpRequest) -> HttpResponse:
    selectors.get_authority()
    services.check_linked_domain()
    return redirect(reverse("verified_id:domain", args=[slug_of(request)]) + _asked_now())
