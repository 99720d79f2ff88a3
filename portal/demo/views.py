"""Try it: your own face in a specimen passport, and an account to lose, on the demonstration tenant's host."""

from __future__ import annotations

import base64
import secrets
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from portal.demo.forms import LARGEST_PICTURE, PersonForm, TryForm
from portal.demo.services import add_visitor, newest_mail, require_demonstration
from portal.kit import clock
from portal.kit.bodies import read_json
from portal.kit.errors import ReadmitError
from portal.kit.origins import client_address, site_url
from portal.kit.scope import tenant_scope
from portal.middleware.scope import own_scope
from recovery import opening
from recovery.browser import new_browser, remember_browser
from recovery.views.common import see_other
from tenants.directory.selectors import get_person
from tenants.models import Tenant

COOKIE = "readmit_try"
COOKIE_SECONDS = 12 * 3600
SALT = "portal.demo.visitor"
GIVEN_NAMES = (
    "Kim",
    "Alex",
    "Robin",
    "Sasha",
    "Noor",
    "Jude",
    "Mika",
    "Toni",
    "Remy",
    "Ariel",
    "Charlie",
    "Dana",
)
FAMILY_NAMES = (
    "Example",
    "Specimen",
    "Tester",
    "Placeholder",
    "Muster",
    "Ukázka",
    "Esempio",
    "Prøve",
    "Voorbeeld",
)


def _suggested() -> dict[str, str]:
    """Somebody nobody else is: two people of one name and birth date would be told apart by a human only."""
    day = date(1955, 1, 1) + timedelta(days=secrets.randbelow(45 * 365))
    return {
        "given_names": secrets.choice(GIVEN_NAMES),
        "family_name": secrets.choice(FAMILY_NAMES),
        "birthdate": day.isoformat(),
    }


def _tenant(request: HttpRequest) -> Tenant:
    tenant: Tenant = request.tenant  # type: ignore[attr-defined]
    require_demonstration(tenant)
    return tenant


@require_GET
def try_it(request: HttpRequest) -> HttpResponse:
    _tenant(request)
    context = {
        "form": TryForm(initial=_suggested()),
        "demonstration": True,
        "mailbox_url": site_url("/mailbox/"),
    }
    return render(request, "demo/try.html", context)


@own_scope
@require_POST
def person(request: HttpRequest) -> HttpResponse:
    """The page's script sends name and picture, and is told who the visitor is now."""
    tenant = _tenant(request)
    form = PersonForm(read_json(request, max_bytes=LARGEST_PICTURE + 2000))
    if not form.is_valid():
        errors = {name: [str(text) for text in texts] for name, texts in form.errors.items()}
        return JsonResponse({"errors": errors}, status=422)
    try:
        visitor = add_visitor(
            tenant,
            given_names=form.cleaned_data["given_names"],
            family_name=form.cleaned_data["family_name"],
            birthdate=form.cleaned_data["birthdate"],
            picture=form.cleaned_data["picture"],
            address=client_address(request),
        )
    except ReadmitError as error:
        return JsonResponse({"errors": {"picture": [str(error.sentence)]}}, status=error.status)
    response = JsonResponse(
        {
            "user_name": visitor.user_name,
            "email": visitor.email,
            "mailbox": site_url(f"/mailbox/?to={visitor.email}"),
            "passport": base64.b64encode(visitor.passport).decode(),
            "goes_to": settings.HOUSE_ORIGIN,
        }
    )
    _remember(response, visitor.person_id)
    return response


@own_scope
@require_POST
def recover(request: HttpRequest) -> HttpResponse:
    """Open the case of this browser's visitor: what typing the user name does."""
    tenant = _tenant(request)
    known = _visitor(request)
    if known is None:
        return see_other("demo:try")
    with tenant_scope(tenant.id):
        user_name = get_person(known[0]).user_name
    token, browser = new_browser()
    opening.open_case(tenant, identifier=user_name, browser_digest=browser, address=client_address(request))
    response = see_other("recovery:code")
    remember_browser(response, token)
    _remember(response, known[0])
    return response


@own_scope
@require_GET
def mail(request: HttpRequest) -> HttpResponse:
    """The visitor's newest mail, for the page that waits for a code: a phone has no second window."""
    tenant = _tenant(request)
    known = _visitor(request)
    found = newest_mail(tenant, known[0], since=known[1]) if known else None
    if found is None:
        return HttpResponse(status=204)
    context = {"mail": found, "mail_url": site_url(f"/mailbox/{found.public_id}")}
    return render(request, "demo/mail.html", context)


def _remember(response: HttpResponse, person_id: UUID) -> None:
    """Signed, so that one visitor's browser cannot name another's account."""
    told = {"person": str(person_id), "since": int(clock.now().timestamp())}
    response.set_cookie(
        COOKIE,
        signing.dumps(told, salt=SALT),
        max_age=COOKIE_SECONDS,
        httponly=True,
        secure=settings.HTTPS,
        samesite="Lax",
    )


def _visitor(request: HttpRequest) -> tuple[UUID, datetime] | None:
    try:
        told = signing.loads(request.COOKIES.get(COOKIE, ""), salt=SALT, max_age=COOKIE_SECONDS)
        return UUID(told["person"]), datetime.fromtimestamp(told["since"], UTC)
    except (signing.BadSignature, KeyError, ValueError, TypeError):
        return None
