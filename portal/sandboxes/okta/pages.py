"""Pages for a person: what is there, the key of an application, signing in with a code, adding a way to sign in."""

from __future__ import annotations

import hmac
import json
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.sandboxes.okta.control import add_key
from portal.sandboxes.okta.faults import FAULTS
from portal.sandboxes.okta.world import APPLICATIONS, WORLD, Enrolment, User, fresh_id

ADDED = (("webauthn", "Passkey"), ("okta_verify", "Okta Verify"), ("phone_number", "Phone"))
LIFE = 3600


def _show(request: HttpRequest, name: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    return render(request, f"sandboxes/okta/{name}.html", {"demonstration": True, **context}, status=status)


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    return _home(request)


def _home(request: HttpRequest, said: str = "") -> HttpResponse:
    context = {
        "applications": [
            {
                "name": one.name,
                "client_id": one.client_id,
                "scopes": one.scopes,
                "keys": len(WORLD.keys.get(one.client_id, ())),
            }
            for one in APPLICATIONS
        ],
        "people": len(WORLD.users),
        "groups": len(WORLD.groups),
        "faults": [FAULTS[name] for name in WORLD.faults],
        "said": said,
    }
    return _show(request, "home", context, status=400 if said else 200)


@require_POST
def key(request: HttpRequest, client_id: str) -> HttpResponse:
    """As in the Admin Console: a public key is pasted."""
    try:
        add_key(client_id, json.loads(request.POST.get("jwk", "")))
    except ValueError:
        return _home(request, "That is no public key.")
    return redirect("home")


@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    if request.method == "GET":
        return _show(request, "sign_in", {})
    name, typed = request.POST.get("name", ""), request.POST.get("code", "")
    with WORLD.lock:
        found = _redeemed(name, typed)
        if found is None:
            said = "That did not work. The code may be used or over, or was replaced."
            return _show(request, "sign_in", {"name": name, "said": said}, status=400)
        value = f"{found.id}|{found.sessions_ended}"
    response = redirect("settings")
    response.set_signed_cookie(
        settings.SIGN_IN_COOKIE_NAME, value, salt="sign-in", max_age=LIFE, httponly=True, samesite="Lax"
    )
    return response


def _redeemed(name: str, typed: str) -> User | None:
    """A code for one use is gone once it was used."""
    found = next((one for one in WORLD.users.values() if one.profile["login"] == name.strip().lower()), None)
    if found is None:
        return None
    for one in found.enrolments:
        if one.key != "tac" or not hmac.compare_digest(one.characters.encode(), typed.encode()):
            continue
        if one.status != "ACTIVE" or WORLD.now() >= one.expires_at:
            return None
        found.enrolments.remove(one)
        found.last_login = WORLD.now()
        return found
    return None


def _signed_in(request: HttpRequest) -> User | None:
    value = request.get_signed_cookie(settings.SIGN_IN_COOKIE_NAME, "", salt="sign-in", max_age=LIFE)
    user_id, _, ended = (value or "").partition("|")
    found = WORLD.users.get(user_id)
    return found if found is not None and str(found.sessions_ended) == ended else None


@require_safe
def own_settings(request: HttpRequest) -> HttpResponse:
    found = _signed_in(request)
    if found is None:
        return redirect("sign_in")
    return _show(
        request, "settings", {"name": found.profile["login"], "enrolments": found.enrolments, "kinds": ADDED}
    )


@require_POST
def add(request: HttpRequest) -> HttpResponse:
    with WORLD.lock:
        found = _signed_in(request)
        if found is None:
            return redirect("sign_in")
        kind = request.POST.get("kind", "")
        if kind in dict(ADDED):
            found.enrolments.append(Enrolment(fresh_id("enr"), kind, WORLD.now()))
    return redirect("settings")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _show(request, "problem", {"title": "There is nothing here"}, status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    return _show(request, "problem", {"title": "The simulator failed"}, status=500)
