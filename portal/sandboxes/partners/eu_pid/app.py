"""The pages that stand for the wallet, opened by its link or with what a code says; and the registrar's desk."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.views.decorators.http import require_http_methods

from portal.sandboxes.partners import pages
from portal.sandboxes.partners.eu_pid import pki
from portal.sandboxes.partners.eu_pid.request import Refused, Request, fetch
from portal.sandboxes.partners.eu_pid.wallet import SCENARIOS, asked_of, open_request
from portal.sandboxes.partners.world import PERSON, WORLD, Session


class PidForm(forms.Form):
    scenario = forms.ChoiceField(label="How it ends", choices=list(SCENARIOS.items()))
    given = forms.CharField(label="Given names", max_length=80, initial=PERSON["given"])
    family = forms.CharField(label="Family name", max_length=80, initial=PERSON["family"])
    birthdate = forms.DateField(
        label="Date of birth", initial=PERSON["birthdate"], widget=forms.DateInput(attrs={"type": "date"})
    )
    number = forms.CharField(label="Number", max_length=40, initial=PERSON["number"])


class ScanForm(forms.Form):
    code = forms.CharField(
        label="What the code says",
        max_length=3000,
        help_text="It begins with openid4vp, or with this address.",
    )


class RegistrarForm(forms.Form):
    signing_request = forms.CharField(
        label="Signing request",
        max_length=20_000,
        help_text="As Readmit shows it under Verified ID, Access certificate. In PEM.",
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false"}),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def wallet(request: HttpRequest) -> HttpResponse:
    """Opened by its link on the same device; without one, somebody pastes what a code says."""
    if "request_uri" not in request.GET:
        return _scanner(request)
    try:
        session = open_request(_fetched(request.GET.urlencode()))
    except Refused as refused:
        return pages.problem(request, "The wallet refuses", str(refused), 400)
    return redirect("pid_show", token=session.token)


def _fetched(query: str) -> Request:
    found = parse_qs(query)
    try:
        (client_id,), (request_uri,) = found["client_id"], found["request_uri"]
    except (KeyError, ValueError):
        raise Refused("That is no request for a wallet.") from None
    return fetch(client_id, request_uri, by_post=found.get("request_uri_method") == ["post"])


def _scanner(request: HttpRequest) -> HttpResponse:
    form = ScanForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            session = open_request(_fetched(urlsplit(form.cleaned_data["code"].strip()).query))
        except Refused as refused:
            form.add_error("code", str(refused))
        else:
            return redirect("pid_show", token=session.token)
    return pages.show(request, "pid_scan", {"form": form})


@require_http_methods(["GET", "HEAD", "POST"])
def show(request: HttpRequest, token: str) -> HttpResponse:
    session = WORLD.by_token(token)
    if session is None:
        raise Http404
    if session.scenario:
        return _ended(request, session)
    if WORLD.scenario:
        pages.finish_as(session, WORLD.scenario, {})
        return _ended(request, session)
    form = PidForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = dict(form.cleaned_data)
        given["birthdate"] = given["birthdate"].isoformat()
        pages.finish_as(session, given.pop("scenario"), given)
        return _ended(request, session)
    asker: Request = session.wanted["request"]
    context = {"form": form, "asker": asker, "names": asked_of(session)[1]}
    return pages.show(request, "pid_app", context)


def _ended(request: HttpRequest, session: Session) -> HttpResponse:
    if session.wanted.get("refused"):
        return pages.problem(
            request,
            "The verifier refused it",
            "What it was shown was not good enough, or came too late.",
            400,
        )
    return redirect("done", token=session.token)


@require_http_methods(["GET", "HEAD", "POST"])
def registrar(request: HttpRequest) -> HttpResponse:
    """Gives an access certificate to whoever asks."""
    form, chain = RegistrarForm(request.POST or None), ""
    if request.method == "POST" and form.is_valid():
        try:
            chain = pki.register(form.cleaned_data["signing_request"])
        except pki.NotSigned:
            form.add_error("signing_request", "This is no signing request.")
    context = {"form": form, "chain": chain, "anchor": pki.pem(pki.authority(pki.PROVIDERS))}
    return pages.show(request, "pid_registrar", context)


urlpatterns = [
    path("wallet", wallet, name="pid_wallet"),
    path("wallet/<str:token>", show, name="pid_show"),
    path("registrar", registrar, name="pid_registrar"),
]
