"""Sign-in with a passkey, and Your security."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.module_loading import import_string
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from portal.kit.actors import Actor, ActorKind
from portal.kit.bodies import read_json
from portal.kit.errors import ReadmitError, Refused
from portal.kit.ids import parse_public_id, public_id
from portal.kit.origins import client_address
from portal.kit.scope import tenant_scope
from portal.middleware.scope import own_scope
from recovery.passkeys import services, signing_in, taking_away
from recovery.passkeys.browser import (
    ceremony_browser,
    forget_session,
    remember_browser,
    remember_session,
    session_of_request,
    signed_in,
    signed_in_committing,
)
from recovery.passkeys.forms import LabelForm
from recovery.passkeys.models import Passkey, PersonSession
from recovery.passkeys.saved_codes import make_saved_codes
from recovery.passkeys.selectors import passkeys_of, saved_codes_left, sessions_of, usable_passkeys_of
from tenants.directory.selectors import get_person
from tenants.models import Tenant

MAX_BODY = 64_000


def _tenant(request: HttpRequest) -> Tenant:
    tenant: Tenant = request.tenant  # type: ignore[attr-defined]
    return tenant


def _actor(session: PersonSession) -> Actor:
    return Actor(ActorKind.PERSON, public_id("person", session.person_id))


def _refusal(error: ReadmitError) -> JsonResponse:
    return JsonResponse({"error": error.code, "sentence": str(error.sentence)}, status=error.status)


def _json(request: HttpRequest) -> dict[str, Any]:
    found = read_json(request, max_bytes=MAX_BODY)
    if not isinstance(found.get("credential", {}), dict):
        raise Refused("not_json")
    return found


def _here() -> HttpResponse:
    response = HttpResponseRedirect(reverse("passkeys:security"))
    response.status_code = 303
    return response


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The host's front door."""
    return HttpResponseRedirect(
        reverse("passkeys:security" if session_of_request(request) else "passkeys:sign_in")
    )


@require_safe
def sign_in(request: HttpRequest) -> HttpResponse:
    """A passkey, or "Recover your account"."""
    if session_of_request(request) is not None:
        return HttpResponseRedirect(reverse("passkeys:security"))
    token, _digest = ceremony_browser(request)
    offer = import_string(settings.SIGN_IN_OFFER)()
    response = render(request, "passkeys/sign_in.html", {"offer": offer})
    remember_browser(response, token)
    return response


@own_scope
@require_POST
def sign_in_options(request: HttpRequest) -> HttpResponse:
    token, digest = ceremony_browser(request)
    try:
        options = signing_in.begin_authentication(
            tenant_id=_tenant(request).id, browser_digest=digest, address=client_address(request)
        )
    except ReadmitError as error:
        return _refusal(error)
    response = JsonResponse(options)
    remember_browser(response, token)
    return response


@own_scope
@require_POST
def sign_in_complete(request: HttpRequest) -> HttpResponse:
    _token, digest = ceremony_browser(request)
    try:
        made = signing_in.complete_authentication(
            tenant_id=_tenant(request).id,
            browser_digest=digest,
            response=_json(request).get("credential", {}),
        )
    except ReadmitError as error:
        return _refusal(error)
    response = JsonResponse({"next": reverse("passkeys:security")})
    remember_session(response, made)
    return response


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    session = session_of_request(request)
    if session is not None:
        taking_away.end_session(session.id, actor=_actor(session))
    response = HttpResponseRedirect(reverse("passkeys:sign_in"))
    response.status_code = 303
    forget_session(response)
    return response


@signed_in
@require_GET
def security(request: HttpRequest, session: PersonSession) -> HttpResponse:
    """Your passkeys, saved codes and sessions."""
    found = passkeys_of(session.person_id)
    return render(
        request,
        "passkeys/security.html",
        {
            "person": get_person(session.person_id),
            "passkeys": found,
            "usable": sum(passkey.is_usable for passkey in found),
            "has_suspended": any(passkey.suspended_at for passkey in found),
            "codes_left": saved_codes_left(session.person_id),
            "sessions": sessions_of(session.person_id),
            "session": session,
        },
    )


@signed_in_committing
@require_POST
def register_options(request: HttpRequest, session: PersonSession) -> HttpResponse:
    with tenant_scope(_tenant(request).id):
        person = get_person(session.person_id)
    token, digest = ceremony_browser(request)
    try:
        options = services.begin_registration(
            tenant_id=_tenant(request).id,
            person_id=person.id,
            user_name=person.user_name,
            display_name=person.display_name,
            browser_digest=digest,
            permission="session",
            permission_id=session.id,
        )
    except ReadmitError as error:
        return _refusal(error)
    # A browser that forgot its journey is still signed in: the ceremony needs a browser to be bound to.
    response = JsonResponse(options)
    remember_browser(response, token)
    return response


@signed_in_committing
@require_POST
def register_complete(request: HttpRequest, session: PersonSession) -> HttpResponse:
    _token, digest = ceremony_browser(request)
    try:
        sent = _json(request)
        services.complete_registration(
            tenant=_tenant(request),
            person_id=session.person_id,
            browser_digest=digest,
            response=sent.get("credential", {}),
            label=str(sent.get("label", "")),
            expected_permission_id=session.id,
        )
    except ReadmitError as error:
        return _refusal(error)
    return JsonResponse({"next": reverse("passkeys:security")})


def _own_passkey(session: PersonSession, text: str) -> Passkey:
    try:
        wanted: UUID = parse_public_id("passkey", text)
    except ValueError as error:
        raise Http404 from error
    found = Passkey.objects.filter(id=wanted, person_id=session.person_id, invalidated_at=None).first()
    if found is None:
        raise Http404
    return found


@signed_in
@require_http_methods(["GET", "POST"])
def rename(request: HttpRequest, session: PersonSession, passkey: str) -> HttpResponse:
    found = _own_passkey(session, passkey)
    form = LabelForm(request.POST or None, initial={"label": found.label})
    if request.method == "POST" and form.is_valid():
        services.rename_passkey(found.id, label=form.cleaned_data["label"])
        return _here()
    return render(request, "passkeys/rename.html", {"form": form, "passkey": found})


@signed_in
@require_http_methods(["GET", "POST"])
def remove(request: HttpRequest, session: PersonSession, passkey: str) -> HttpResponse:
    """The last one that works stays: without it the person would have to recover."""
    found = _own_passkey(session, passkey)
    is_last = found.is_usable and len(usable_passkeys_of(session.person_id)) < 2
    if request.method == "POST" and not is_last:
        taking_away.remove_passkey(found.id, actor=_actor(session))
        return _here()
    return render(request, "passkeys/remove.html", {"passkey": found, "is_last": is_last})


@signed_in
@require_http_methods(["GET", "POST"])
def confirm(request: HttpRequest, session: PersonSession, passkey: str) -> HttpResponse:
    """One from before a recovery works again once its person says that they still have it."""
    found = _own_passkey(session, passkey)
    if found.suspended_at is None:
        return _here()
    if request.method == "POST":
        taking_away.confirm_passkey(found.id, actor=_actor(session))
        return _here()
    return render(request, "passkeys/confirm.html", {"passkey": found})


@signed_in
@require_POST
def saved_codes(request: HttpRequest, session: PersonSession) -> HttpResponse:
    """New codes, shown once."""
    codes = make_saved_codes(session.person_id, session_id=session.id, actor=_actor(session))
    return render(
        request, "passkeys/saved_codes.html", {"codes": codes, "person": get_person(session.person_id)}
    )


@signed_in
@require_POST
def end_others(request: HttpRequest, session: PersonSession) -> HttpResponse:
    taking_away.end_sessions(
        session.person_id, keep=session.id, reason="ended_by_person", actor=_actor(session)
    )
    return _here()
