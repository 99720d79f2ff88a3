"""The page a person is sent to, where they choose how it ends; the front page; and the pages for errors."""

from __future__ import annotations

import threading
import time
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.sandboxes.partners.faults import FAULTS
from portal.sandboxes.partners.simulators import this_one
from portal.sandboxes.partners.world import PERSON, WORLD, Session, is_settled

MAX_PICTURE = 1_000_000
# As the console asks for them.
LABELS = {
    "issuer": "Issuer",
    "client_id": "Client ID",
    "client_secret": "Client secret",
    "service": "Address of the partner's service",
    "issuer_did": "DID of the partner",
    "api_key": "API key",
    "webhook_secret": "Signing secret of the webhook",
    "flow": "Verification flow",
    "template_id": "Inquiry template",
    "decision_status": "Last word",
    "api_base": "Address of a simulator",
    "capture_page": "Address of your capture page",
    "business_id": "Business ID",
    "level": "Level of assurance that is needed",
    "app_base": "Address of the simulator's app",
    "environment": "Environment",
    "client": "How wallets know you",
    "identity": "Your certificate with its private key",
    "server_root": "BankID's root certificate",
    "strength": "What the app asks for",
    "most_risk": "Highest risk that is taken",
}


class EndForm(forms.Form):
    scenario = forms.ChoiceField(label="How it ends")
    given = forms.CharField(label="Given names", max_length=80, initial=PERSON["given"], required=False)
    family = forms.CharField(label="Family name", max_length=80, initial=PERSON["family"])
    birthdate = forms.DateField(
        label="Date of birth", initial=PERSON["birthdate"], widget=forms.DateInput(attrs={"type": "date"})
    )
    number = forms.CharField(label="Document number", max_length=20, initial=PERSON["number"])
    picture = forms.FileField(
        label="Picture of the face",
        required=False,
        help_text="A JPEG of at most a megabyte. Without one an outline is handed over, which no Face Check takes.",
    )

    def __init__(self, *args: Any, session: Session, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        scenario = self.fields["scenario"]
        assert isinstance(scenario, forms.ChoiceField)
        known = this_one()
        scenario.choices = [pair for pair in known.scenarios.items() if known.fits(session, pair[0])]

    def clean_picture(self) -> bytes:
        given = self.cleaned_data["picture"]
        data: bytes = given.read(MAX_PICTURE + 1) if given else b""
        if data and (len(data) > MAX_PICTURE or not data.startswith(b"\xff\xd8\xff")):
            raise forms.ValidationError("Choose a JPEG of at most a megabyte.")
        return data


class FaultsForm(forms.Form):
    webhook_url = forms.CharField(
        label="Webhook address",
        required=False,
        max_length=300,
        help_text="As Readmit shows it on the partner's page. Events are sent to this machine only.",
    )
    faults = forms.MultipleChoiceField(
        label="What goes wrong",
        required=False,
        choices=list(FAULTS.items()),
        widget=forms.CheckboxSelectMultiple,
    )


def show(request: HttpRequest, name: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    """One page. `demonstration` puts the simulator's notice on top of each."""
    whole = {"demonstration": True, "partner": this_one().title, **context}
    return render(request, f"sandboxes/partners/{name}.html", whole, status=status)


def _to_enter() -> list[tuple[str, str]]:
    return [(LABELS[name], value) for name, value in this_one().settings().items() if value]


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    form = FaultsForm(initial={"webhook_url": WORLD.webhook_url, "faults": sorted(WORLD.faults)})
    context = {
        "form": form,
        "settings": _to_enter(),
        "sessions": [(each, this_one().scenarios.get(each.scenario, "")) for each in WORLD.newest(10)],
    }
    return show(request, "home", context)


@require_POST
def change_faults(request: HttpRequest) -> HttpResponse:
    form = FaultsForm(request.POST)
    if not form.is_valid():
        return show(request, "home", {"form": form, "settings": _to_enter()}, status=400)
    with WORLD.lock:
        WORLD.faults = set(form.cleaned_data["faults"])
        WORLD.webhook_url = form.cleaned_data["webhook_url"]
    return redirect("home")


def _session(token: str) -> Session:
    session = WORLD.by_token(token)
    if session is None:
        raise Http404
    return session


@require_http_methods(["GET", "HEAD", "POST"])
def verify(request: HttpRequest, token: str) -> HttpResponse:
    """Where the partner would look at documents and faces. With a scenario that was chosen beforehand, and that
    it can have, it is over at once."""
    session = _session(token)
    if session.scenario or session.ended_early:
        return redirect("done", token=token)
    if WORLD.scenario and this_one().fits(session, WORLD.scenario):
        finish_as(session, WORLD.scenario, {})
        return redirect("done", token=token)
    form = EndForm(request.POST or None, request.FILES or None, session=session)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        person = {name: given[name] for name in ("given", "family", "number")}
        person["birthdate"] = given["birthdate"].isoformat()
        finish_as(session, given["scenario"], person, picture=given["picture"])
        return redirect("done", token=token)
    return show(request, "verify", {"form": form})


def finish_as(session: Session, scenario: str, person: dict[str, str], *, picture: bytes = b"") -> None:
    """The person is done. What the partner makes of it comes at once, or after a pause for what it works on."""
    if scenario not in this_one().scenarios:
        raise Http404
    with WORLD.lock:
        if session.scenario or session.ended_early:
            return
        session.scenario = scenario
        session.person |= person
        session.picture = picture
        session.finished_at = time.time()
    this_one().finish(session)
    pause = WORLD.settle_seconds
    if not is_settled(session) and pause < threading.TIMEOUT_MAX:
        later = threading.Timer(pause, this_one().settle, [session])
        later.daemon = True
        later.start()


@require_safe
def done(request: HttpRequest, token: str) -> HttpResponse:
    session = _session(token)
    return show(request, "done", {"back": session.back, "host": urlsplit(session.back).hostname or ""})


def problem(request: HttpRequest, title: str, text: str, status: int) -> HttpResponse:
    return show(request, "problem", {"title": title, "text": text}, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return problem(request, "That was not understood", "Go back and try again.", 400)


def not_allowed(request: HttpRequest, reason: str = "", exception: Exception | None = None) -> HttpResponse:
    return problem(
        request, "That form was too old", "Go back, load the page again, then send it once more.", 403
    )


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return problem(
        request, "There is nothing here", "The link may be old. Begin again where you came from.", 404
    )


def server_error(request: HttpRequest) -> HttpResponse:
    return problem(request, "The simulator failed", "This is a fault of its own. Its log says more.", 500)
