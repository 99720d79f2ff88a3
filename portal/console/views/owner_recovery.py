"""The pages behind an operator's link for an owner, and behind the link that stops it. Opening either changes nothing."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from portal.console.forms import CodeForm
from portal.console.mailed_code import masked
from portal.console.owner_recovery import (
    complete,
    find_by_link,
    find_by_objection,
    is_open,
    send_code,
    stop_owner_recovery,
)
from portal.kit import clock
from portal.kit.errors import Invalid, NotHere


def _dead(request: HttpRequest) -> HttpResponse:
    return render(request, "console/owner_recovery_dead.html", status=404)


@require_http_methods(["GET", "POST"])
def begin(request: HttpRequest, token: str) -> HttpResponse:
    """Say what it does and from when; on POST send the code."""
    try:
        recovery = find_by_link(token)
    except NotHere:
        return _dead(request)
    if request.method == "POST" and is_open(recovery):
        send_code(request, recovery)
        return redirect("start:owner_recovery_code", token)
    context = {
        "address": masked(recovery.user.email),
        "opens_at": recovery.opens_at,
        "expires_at": recovery.expires_at,
        "is_open": is_open(recovery),
    }
    return render(request, "console/owner_recovery.html", context)


@require_http_methods(["GET", "POST"])
def code(request: HttpRequest, token: str) -> HttpResponse:
    try:
        recovery = find_by_link(token)
        if not is_open(recovery):
            return redirect("start:owner_recovery", token)
        form = CodeForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                complete(request, recovery, form.cleaned_data["code"])
            except Invalid as refusal:
                form.add_error("code", refusal.sentence)
            else:
                words = _("You are signed in. Make a new passkey now: with it, what you lost is removed.")
                messages.success(request, words)
                return redirect("start:passkey")
    except NotHere:
        return _dead(request)
    again_url = reverse("start:owner_recovery", args=[token])
    context = {"form": form, "address": masked(recovery.user.email), "again_url": again_url}
    return render(request, "console/mailed_code.html", {**context, "submit": _("Sign in here")})


@require_http_methods(["GET", "POST"])
def stop(request: HttpRequest, token: str) -> HttpResponse:
    """For everybody who was told. A mail scanner that opens the address stops nothing."""
    try:
        recovery = stop_owner_recovery(token) if request.method == "POST" else find_by_objection(token)
    except NotHere:
        return _dead(request)
    context = {
        "person": str(recovery.user),
        "opens_at": recovery.opens_at,
        "stopped_at": recovery.stopped_at,
        "used_at": recovery.used_at,
        "is_over": recovery.expires_at <= clock.now(),
    }
    return render(request, "console/owner_recovery_stop.html", context)
