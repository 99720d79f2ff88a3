"""The pretended app: a person opens a request, takes or shows a card, refuses, or lets it expire."""

from __future__ import annotations

import base64
import time
from uuid import uuid4

from cryptography import x509
from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.sandboxes.entra import faults, registered, telling
from portal.sandboxes.entra.models import Asked, Card, Certificate
from portal.sandboxes.entra.pages.showing import problem, show, title_of, who_asks

MATCHING = 92.5


class TellingForm(forms.Form):
    """What the pretended service does with what it has to tell."""

    lost = forms.BooleanField(label="Lose the callback", required=False, help_text="Nobody is told of it.")


class PinForm(TellingForm):
    field_order = ("pin", "lost")
    pin = forms.CharField(
        label="Pin",
        max_length=16,
        required=False,
        help_text="The page that made the offer shows it.",
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off", "data-width": "short"}),
    )


class ShowForm(TellingForm):
    field_order = ("card", "score", "lost")
    card = forms.ChoiceField(label="Card")
    score = forms.FloatField(
        label="How alike the live face is",
        min_value=0,
        max_value=100,
        initial=MATCHING,
        help_text="From 0 to 100. Below the threshold the whole request fails, and no score is told.",
        widget=forms.NumberInput(attrs={"data-width": "short", "step": "any"}),
    )

    def __init__(self, *args: object, cards: list[Card], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        card = self.fields["card"]
        assert isinstance(card, forms.ChoiceField)
        card.choices = [(str(each.id), card_title(each)) for each in cards]


def card_title(card: Card) -> str:
    name = f"{card.claims.get('firstName', '')} {card.claims.get('lastName', '')}".strip()
    return f"{name or card.type}{' (revoked)' if card.is_revoked else ''}"


def _get(request_id: str) -> Asked:
    asked = Asked.objects.filter(id=request_id).first()
    if asked is None:
        raise Http404
    return asked


@require_safe
def from_link(request: HttpRequest, directory: str, folder: str, request_id: str) -> HttpResponse:
    _get(request_id)
    return redirect("request", request_id=request_id)


@require_http_methods(["GET", "HEAD"])
def request_page(request: HttpRequest, request_id: str) -> HttpResponse:
    return _page(request, _get(request_id))


def _page(
    request: HttpRequest, asked: Asked, *, form: forms.Form | None = None, said: str = ""
) -> HttpResponse:
    is_over = asked.is_over or asked.expires_at <= time.time()
    cards = telling.cards_for(asked) if asked.kind == "presentation" else []
    if form is None and asked.kind == "presentation":
        form = ShowForm(cards=cards)
    elif form is None and "pin" in asked.wanted:
        form = PinForm()
    face = telling.face_check_of(asked) if asked.kind == "presentation" else None
    context = {
        "asked": asked,
        "title": title_of(asked),
        "who": who_asks(asked),
        "purpose": asked.wanted["registration"].get("purpose", ""),
        "is_over": is_over,
        "is_opened": asked.status == "request_retrieved",
        "is_issuance": asked.kind == "issuance",
        "has_cards": bool(cards),
        "threshold": face.get("matchConfidenceThreshold", 70) if face else None,
        "form": form,
        "said": said,
        "status": asked.status if asked.is_over else "expired",
    }
    return show(request, "request", context)


@require_POST
def act(request: HttpRequest, request_id: str, act: str) -> HttpResponse:
    asked = _get(request_id)
    try:
        said = _done(request, asked, act)
    except telling.Refusal as refusal:
        return problem(request, "That does not go", str(refusal), 409)
    if said:
        asked.refresh_from_db()
        return _page(request, asked, said=said)
    return redirect("request", request_id=request_id)


def _done(request: HttpRequest, asked: Asked, act: str) -> str:
    """Do it; a sentence when it has to be said on the same page."""
    match act:
        case "open":
            telling.retrieve(asked.id)
        case "refuse":
            telling.refuse(asked.id)
        case "expire":
            telling.expire(asked.id)
        case "accept" if asked.kind == "issuance":
            is_lost = "lost" in request.POST
            return telling.accept_card(asked.id, request.POST.get("pin", "").strip(), is_lost=is_lost)
        case "show" if asked.kind == "presentation":
            form = ShowForm(request.POST, cards=telling.cards_for(asked))
            if not form.is_valid():
                return "Choose a card and a number from 0 to 100."
            given = form.cleaned_data
            telling.show_card(asked.id, int(given["card"]), given["score"], is_lost=given["lost"])
        case _:
            raise Http404
    return ""


@require_POST
def revoke(request: HttpRequest, card_id: int) -> HttpResponse:
    Card.objects.filter(id=card_id).update(is_revoked=True)
    return redirect("home")


@require_POST
def add_certificate(request: HttpRequest) -> HttpResponse:
    """Upload a certificate for an application, as text in PEM."""
    application = registered.application(request.POST.get("client_id", ""))
    pem = request.POST.get("pem", "").strip()
    try:
        x509.load_pem_x509_certificate(pem.encode())
    except ValueError:
        application = None
    if application is None:
        return problem(
            request, "That is no certificate", "Paste the whole file, with its first and last line.", 400
        )
    Certificate.objects.create(client_id=application.client_id, pem=pem)
    return redirect("home")


@require_POST
def make_trouble(request: HttpRequest) -> HttpResponse:
    """Put so many calls off, or none any more."""
    kind, times, seconds = (request.POST.get(name, "") for name in ("kind", "times", "seconds"))
    if kind not in faults.KINDS or not all(each.isascii() and each.isdigit() for each in (times, seconds)):
        return problem(request, "That was not understood", "Choose what, and two whole numbers.", 400)
    faults.put_off(kind, times=min(int(times[:4]), faults.MOST), seconds=min(int(seconds[:6]), 86_400))
    return redirect("home")


@require_POST
def add_sample(request: HttpRequest) -> HttpResponse:
    """A card to show, for who has not taken one."""
    now = int(time.time())
    photo = base64.urlsafe_b64encode(b"\xff\xd8\xff" + b"\x00" * 1_021).decode()
    Card.objects.create(
        type=registered.TYPE,
        issuer=registered.AUTHORITY,
        subject="did:ion:sample",
        claims={
            "firstName": "Megan",
            "lastName": "Bowen",
            "dateOfBirth": "1990-01-15",
            registered.PHOTO_CLAIM: photo,
        },
        issued_at=now,
        expires_at=now + registered.VALID_SECONDS,
        record_id=f"urn:pic:{uuid4().hex}",
    )
    back = request.POST.get("request", "")
    return (
        redirect("request", request_id=back) if Asked.objects.filter(id=back).exists() else redirect("home")
    )
