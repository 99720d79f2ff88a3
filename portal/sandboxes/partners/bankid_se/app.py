"""The pages that stand for the app: opened by a link, or by a code that somebody scanned."""

from __future__ import annotations

import base64

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.views.decorators.http import require_http_methods

from portal.sandboxes.partners import pages
from portal.sandboxes.partners.bankid_se.orders import PERSON, SCENARIOS, open_order, scan
from portal.sandboxes.partners.world import PERSON as ANYBODY
from portal.sandboxes.partners.world import WORLD, Session


class AppForm(forms.Form):
    scenario = forms.ChoiceField(label="How it ends", choices=list(SCENARIOS.items()))
    given = forms.CharField(label="Given names", max_length=80, initial=ANYBODY["given"])
    family = forms.CharField(label="Family name", max_length=80, initial=ANYBODY["family"])
    personal_number = forms.RegexField(
        r"^[0-9]{12}$", label="Personal number", initial=PERSON["personal_number"], help_text="Twelve digits."
    )


class ScanForm(forms.Form):
    code = forms.CharField(label="What the code says", max_length=300, help_text="It begins with bankid.")


@require_http_methods(["GET", "HEAD", "POST"])
def app(request: HttpRequest) -> HttpResponse:
    """Opened by its link on the same device; the redirect in it is where the browser goes afterwards."""
    order = WORLD.by_token(request.GET.get("autostarttoken", ""))
    if order is None:
        return _scanner(request)
    order.back = request.GET.get("redirect", "") or order.back
    return _confirm(request, order)


def _scanner(request: HttpRequest) -> HttpResponse:
    form = ScanForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        found = scan(form.cleaned_data["code"])
        if isinstance(found, Session):
            return redirect("bankid_scanned", token=found.token)
        form.add_error("code", "This is not the code of an order that is open now.")
    return pages.show(request, "bankid_scan", {"form": form})


@require_http_methods(["GET", "HEAD", "POST"])
def scanned(request: HttpRequest, token: str) -> HttpResponse:
    order = WORLD.by_token(token)
    if order is None:
        raise Http404
    return _confirm(request, order)


def _confirm(request: HttpRequest, order: Session) -> HttpResponse:
    if order.scenario or not open_order(order):
        return redirect("done", token=order.token)
    if WORLD.scenario:
        pages.finish_as(order, WORLD.scenario, {})
        return redirect("done", token=order.token)
    form = AppForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = dict(form.cleaned_data)
        pages.finish_as(order, given.pop("scenario"), given)
        return redirect("done", token=order.token)
    text = base64.b64decode(order.wanted["asked"].get("userVisibleData", "")).decode()
    return pages.show(request, "bankid_app", {"form": form, "lines": text.replace("# ", "").split("\n")})


urlpatterns = [
    path("app", app, name="bankid_app"),
    path("app/<str:token>", scanned, name="bankid_scanned"),
]
