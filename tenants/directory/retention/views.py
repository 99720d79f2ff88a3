"""*Data and privacy*: how long what is held of people is kept, with what would go by it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from portal.recent import recent_sign_in
from portal.rights import actor_of, requires, seat_of
from tenants.directory.retention.forms import ConfirmForm, RetentionForm
from tenants.directory.retention.keeping import decide_retention, what_would_go
from tenants.directory.retention.rules import proposed, rules_in_force
from tenants.rights import Right


def _slug(request: HttpRequest) -> str:
    slug: str = seat_of(request).tenant.slug
    return slug


def _crumbs(request: HttpRequest, *labels: str) -> list[dict[str, str]]:
    here = {"label": _("Data and privacy"), "url": reverse("privacy:home", args=[_slug(request)])}
    return [here, *({"label": label} for label in labels)]


@require_GET
@requires(Right.SEE_MEMBERS)
def home(request: HttpRequest) -> HttpResponse:
    """The days, and of whom something goes next."""
    return _home(request)


def _home(request: HttpRequest, form: RetentionForm | None = None) -> HttpResponse:
    rules = rules_in_force()
    context = {
        "form": form or RetentionForm(initial=RetentionForm.initial_of(rules or proposed())),
        "is_decided": bool(rules),
        "may_manage": seat_of(request).may(Right.MANAGE_ORGANISATION),
        "kept": what_would_go(rules) if rules else [],
        "breadcrumbs": _crumbs(request),
    }
    return render(request, "directory/retention.html", context)


@require_POST
@requires(Right.MANAGE_ORGANISATION)
def preview(request: HttpRequest) -> HttpResponse:
    """Changes nothing: shows what would go by these days."""
    form = RetentionForm(request.POST)
    if not form.is_valid():
        return _home(request, form)
    return _confirm(request, ConfirmForm(initial=form.cleaned_data, word=_("let go")), form)


def _confirm(request: HttpRequest, form: ConfirmForm, days: RetentionForm) -> HttpResponse:
    going = what_would_go(days.rules())
    context: dict[str, Any] = {
        "form": form,
        "going": [one for one in going if one.people],
        "active": sum(one.active for one in going),
        "breadcrumbs": _crumbs(request, _("What would go")),
    }
    return render(request, "directory/retention_confirm.html", context)


@require_POST
@requires(Right.MANAGE_ORGANISATION)
@recent_sign_in
def apply(request: HttpRequest) -> HttpResponse:
    """The days and the typed word together; what is not right is shown with the numbers as they are now."""
    form = ConfirmForm(request.POST, word=_("let go"))
    if form.is_valid():
        decide_retention(form.rules(), actor=actor_of(request))
        messages.success(request, _("Saved. What is kept for too long goes within six hours."))
        return redirect("privacy:home", organisation=_slug(request))
    days = RetentionForm(request.POST)
    return _confirm(request, form, days) if days.is_valid() else _home(request, days)
