"""The simulated sign-in: somebody redeems a pass and registers a new way to sign in, on their security information page."""

from __future__ import annotations

import hmac
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.sandboxes.graph.errors import GraphError
from portal.sandboxes.graph.pages import show
from portal.sandboxes.graph.people import now, user_of, value_of
from portal.sandboxes.graph.ways_in import REGISTER_WITHIN
from portal.sandboxes.graph.world import WORLD, Thing

TITLES = {
    "fido2Methods": "Passkey",
    "microsoftAuthenticatorMethods": "Authenticator app",
    "windowsHelloForBusinessMethods": "Windows Hello",
    "platformCredentialMethods": "Platform credential",
    "phoneMethods": "Telephone",
    "softwareOathMethods": "One-time codes",
    "emailMethods": "E-mail",
    "passwordMethods": "Password",
}
ADDED = ("fido2Methods", "microsoftAuthenticatorMethods", "phoneMethods")
LIFE = 3600


def _signed_in(request: HttpRequest) -> tuple[Thing, float] | None:
    """Who is signed in, and since when. Nobody once their sessions were ended."""
    name = settings.SIGN_IN_COOKIE_NAME
    said = request.get_signed_cookie(name, default="", max_age=LIFE, salt="sign-in") or ""
    user_id, _, rest = said.partition("|")
    ended, _, since = rest.partition("|")
    found = WORLD.things.get(user_id)
    if (
        found is None
        or found.removed is not None
        or str(WORLD.ways_in.sessions_ended.get(user_id, 0)) != ended
    ):
        return None
    return found, float(since)


@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return show(request, "sign_in", {"name": request.GET.get("name", "")})
    name, typed = request.POST.get("name", ""), request.POST.get("pass", "")
    with WORLD.lock:
        found = _redeemed(name.strip(), typed.strip())
        if found is None:
            said = (
                "The user name and the pass do not fit, or the pass was used, has expired, or was replaced."
            )
            return show(request, "sign_in", {"name": name, "said": said}, status=400)
        value = f"{found.id}|{WORLD.ways_in.sessions_ended.get(found.id, 0)}|{now()}"
    response = redirect("security_info")
    response.set_signed_cookie(
        settings.SIGN_IN_COOKIE_NAME, value, salt="sign-in", max_age=LIFE, httponly=True, samesite="Lax"
    )
    return response


def _redeemed(name: str, typed: str) -> Thing | None:
    try:
        found = user_of(name)
    except GraphError:
        return None
    made = WORLD.ways_in.passes.get(found.id)
    if made is None or not hmac.compare_digest(made.characters.encode(), typed.encode()):
        return None
    if made.reason(now()) != "EnabledByPolicy" or value_of(found, "accountEnabled") is not True:
        return None
    made.used_at = now()
    return found


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    response = redirect("home")
    response.delete_cookie(settings.SIGN_IN_COOKIE_NAME, samesite="Lax")
    return response


@require_safe
def security_info(request: HttpRequest) -> HttpResponse:
    with WORLD.lock:
        found = _signed_in(request)
        if found is None:
            return redirect("sign_in")
        return _page(request, *found)


def _page(request: HttpRequest, found: Thing, since: float, *, said: str = "") -> HttpResponse:
    context: dict[str, Any] = {
        "name": value_of(found, "displayName"),
        "methods": [
            {
                "id": one.id,
                "title": TITLES[one.kind],
                "name": one.name,
                "may_remove": one.kind != "passwordMethods",
            }
            for one in WORLD.ways_in.of(found.id)
        ],
        "kinds": [(kind, TITLES[kind]) for kind in ADDED],
        "said": said,
    }
    return show(request, "security_info", context, status=400 if said else 200)


@require_POST
def add(request: HttpRequest) -> HttpResponse:
    kind = request.POST.get("kind", "")
    with WORLD.lock:
        found = _signed_in(request)
        if found is None:
            return redirect("sign_in")
        user, since = found
        if kind not in ADDED:
            return _page(request, user, since, said="Choose what to add.")
        if now() - since > REGISTER_WITHIN:
            return _page(
                request, user, since, said="The ten minutes after signing in are over. Sign in again."
            )
        WORLD.ways_in.add(user.id, kind=kind, name=request.POST.get("name", "")[:60] or "New", created=now())
    return redirect("security_info")


@require_POST
def remove(request: HttpRequest, method_id: str) -> HttpResponse:
    with WORLD.lock:
        found = _signed_in(request)
        if found is None:
            return redirect("sign_in")
        WORLD.ways_in.remove(found[0].id, method_id)
    return redirect("security_info")
