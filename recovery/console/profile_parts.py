"""Parts of a profile that have pages of their own: risky recoveries, and the edges of one. Each save is a version of the
whole profile, as on its main page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from django.contrib import messages as toasts
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from portal.kit.errors import Invalid
from portal.kit.seen import ChangedMeanwhile
from portal.recent import ask_again, signed_in_recently
from portal.rights import actor_of, requires, seat_of
from recovery import profiles
from recovery.console.attestation_forms import AttestationForm
from recovery.console.limit_forms import LimitsForm
from recovery.console.partner_forms import PartnerConditionsForm
from recovery.console.profile_views import profile_crumbs, profile_or_404, shown_profile
from recovery.console.risk_forms import RiskForm
from recovery.console.showing import slug_of
from recovery.models import Profile
from tenants.rights import Right


class PartForm(Protocol):
    """What the forms of parts have in common."""

    fields: dict[str, Any]

    def is_valid(self) -> bool: ...
    def add_error(self, field: str | None, error: str) -> None: ...
    def values(self) -> dict[str, Any]: ...
    def seen_marks(self) -> str | None: ...
    def show_conflict(self, conflict: ChangedMeanwhile) -> None: ...


@require_http_methods(["GET", "POST"])
@requires(Right.SEE_PROFILES)
def risk(request: HttpRequest, profile_id: str) -> HttpResponse:
    """What each sign of risk leads to, and who reviews."""
    return _part(request, profile_id, RiskForm, _("Risky recoveries"), "profile_risk.html")


@require_http_methods(["GET", "POST"])
@requires(Right.SEE_PROFILES)
def partners(request: HttpRequest, profile_id: str) -> HttpResponse:
    """For which countries and groups each partner is."""
    title = _("Whom its partners are for")
    return _part(request, profile_id, PartnerConditionsForm, title, "profile_partners.html")


@require_http_methods(["GET", "POST"])
@requires(Right.SEE_PROFILES)
def limits(request: HttpRequest, profile_id: str) -> HttpResponse:
    """How often it may be tried, and who hears."""
    return _part(request, profile_id, LimitsForm, _("Limits and notices"), "profile_limits.html")


@require_http_methods(["GET", "POST"])
@requires(Right.SEE_PROFILES)
def attestation(request: HttpRequest, profile_id: str) -> HttpResponse:
    """Whether somebody who knows the person has to say that it is them, and who."""
    title = _("Somebody who knows them")
    return _part(request, profile_id, AttestationForm, title, "profile_attestation.html")


def _part(
    request: HttpRequest, profile_id: str, make: Callable[..., Any], title: str, template: str
) -> HttpResponse:
    profile = profile_or_404(profile_id)
    may_manage = seat_of(request).may(Right.MANAGE_PROFILES)
    if request.method == "POST":
        return _change(request, profile, make(request.POST, profile=profile), template, title)
    return _page(request, profile, make(profile=profile), template, title, may_manage=may_manage)


@requires(Right.MANAGE_PROFILES)
def _change(request: HttpRequest, profile: Profile, form: Any, template: str, title: str) -> HttpResponse:
    answer = save_part(request, profile, form)
    return answer or _page(request, profile, form, template, title, may_manage=True)


def save_part(request: HttpRequest, profile: Profile, form: PartForm) -> HttpResponse | None:
    """Where it goes on, or None where the page is shown with what to change."""
    if profile.status == Profile.Status.PUBLISHED and not signed_in_recently(request):
        return ask_again(request)
    if not form.is_valid():
        return None
    try:
        profiles.change_profile(profile.id, actor=actor_of(request), seen=form.seen_marks(), **form.values())
    except ChangedMeanwhile as conflict:
        form.show_conflict(conflict)
    except Invalid as error:
        form.add_error(error.field if error.field in form.fields else None, error.sentence)
    else:
        toasts.success(request, _("The profile was saved."))
        return redirect("profiles:edit", organisation=slug_of(request), profile_id=profile.public_id)
    return None


def _page(
    request: HttpRequest, profile: Profile, form: Any, template: str, title: str, *, may_manage: bool
) -> HttpResponse:
    if not may_manage:
        _disable(form)
    context = {
        **shown_profile(profile),
        "form": form,
        "may_manage": may_manage,
        "breadcrumbs": profile_crumbs(request, profile.name, title),
    }
    return render(request, f"recovery_console/{template}", context)


def _disable(form: BaseForm) -> None:
    for field in form.fields.values():
        field.disabled = True
