"""The calls: who asks, whether what they send is as documented, and the answer."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import json
import secrets
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import URLPattern, path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from portal.sandboxes.partners.bankid_se import door, pki
from portal.sandboxes.partners.bankid_se.orders import collected, is_over, scan
from portal.sandboxes.partners.world import WORLD, Session

VISIBLE, NOT_VISIBLE = 1_500, 1_500
PARAMETERS = frozenset(
    {
        "endUserIp",
        "requirement",
        "returnRisk",
        "returnUrl",
        "userVisibleData",
        "userVisibleDataFormat",
        "userNonVisibleData",
        "app",
        "web",
    }
)
REQUIREMENTS = frozenset({"pinCode", "mrtd", "cardReader", "certificatePolicies", "personalNumber", "risk"})


class Refusal(Exception):
    def __init__(self, status: int, code: str, details: str) -> None:
        super().__init__(code)
        self.status, self.code, self.details = status, code, details


def settings_to_enter() -> dict[str, str]:
    host = urlsplit(settings.SANDBOX_ORIGIN).hostname
    return {
        "environment": "test",
        "identity": pki.caller(),
        "server_root": pki.root(pki.SERVER),
        "strength": "any",
        "most_risk": "moderate",
        "api_base": f"https://{host}:{door.port()}/rp/v6.0",
        "app_base": f"{settings.SANDBOX_ORIGIN}/app",
    }


def _call(answer: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[[HttpRequest], HttpResponse]:
    @csrf_exempt
    def view(request: HttpRequest) -> HttpResponse:
        # Set by the port that asks for a certificate, and by no header.
        if not request.META.get(door.CALLER):
            raise Http404
        try:
            return JsonResponse(answer(_body(request)))
        except Refusal as refusal:
            told = {"errorCode": refusal.code, "details": refusal.details}
            return JsonResponse(told, status=refusal.status)

    return view


def _body(request: HttpRequest) -> dict[str, Any]:
    if request.method != "POST":
        raise Refusal(405, "methodNotAllowed", "Only http method POST is allowed")
    if request.content_type != "application/json":
        raise Refusal(415, "unsupportedMediaType", "Content-Type has to be application/json")
    try:
        told = json.loads(request.body)
    except ValueError:
        raise Refusal(400, "invalidParameters", "Bad JSON") from None
    if not isinstance(told, dict):
        raise Refusal(400, "invalidParameters", "Bad JSON")
    return told


def _bad(name: str) -> Refusal:
    return Refusal(400, "invalidParameters", f"Invalid parameter: {name}")


def _check_text(told: dict[str, Any], name: str, most: int) -> None:
    text = told.get(name)
    if text is None:
        return
    try:
        base64.b64decode(text, validate=True).decode()
    except (binascii.Error, ValueError, TypeError):
        raise _bad(name) from None
    if len(text) > most:
        raise _bad(name)


def auth(told: dict[str, Any]) -> dict[str, Any]:
    for name in told.keys() - PARAMETERS:
        raise _bad(name)
    try:
        ipaddress.ip_address(told.get("endUserIp", ""))
    except ValueError:
        raise _bad("endUserIp") from None
    requirement = told.get("requirement", {})
    if not isinstance(requirement, dict) or requirement.keys() - REQUIREMENTS:
        raise _bad("requirement")
    _check_text(told, "userVisibleData", VISIBLE)
    _check_text(told, "userNonVisibleData", NOT_VISIBLE)
    order = WORLD.add(
        Session(
            id=str(secrets.token_hex(16)),
            reference="",
            back="",
            wanted={
                "asked": told,
                "begun": time.time(),
                "opened": 0.0,
                "qr_token": secrets.token_hex(16),
                "qr_secret": secrets.token_hex(16),
            },
        )
    )
    return {
        "orderRef": order.id,
        "autoStartToken": order.token,
        "qrStartToken": order.wanted["qr_token"],
        "qrStartSecret": order.wanted["qr_secret"],
    }


def _order(told: dict[str, Any]) -> Session:
    order = WORLD.sessions.get(str(told.get("orderRef")))
    if order is None:
        raise Refusal(400, "invalidParameters", "No such order")
    return order


def collect(told: dict[str, Any]) -> dict[str, Any]:
    return collected(_order(told))


def cancel(told: dict[str, Any]) -> dict[str, Any]:
    order = _order(told)
    if is_over(order):
        raise Refusal(400, "invalidParameters", "No such order")
    order.ended_early = "userCancel"
    return {}


@csrf_exempt
@require_POST
def control_scan(request: HttpRequest) -> HttpResponse:
    """{"code"}: somebody points the app at it."""
    if request.content_type != "application/json":
        raise Http404
    found = scan(str(json.loads(request.body or b"{}").get("code")))
    if isinstance(found, Session):
        return JsonResponse({"session": found.id})
    return JsonResponse({"refused": found}, status=400)


@csrf_exempt
@require_POST
def control_age(request: HttpRequest) -> HttpResponse:
    """{"session", "seconds"}: as if the order had been made so much earlier."""
    if request.content_type != "application/json":
        raise Http404
    told = json.loads(request.body or b"{}")
    order = _order({"orderRef": told.get("session")})
    order.wanted["begun"] -= float(told["seconds"])
    return JsonResponse({"session": order.id})


BASE = "rp/v6.0"
URLS: list[URLPattern] = [
    path(f"{BASE}/auth", _call(auth), name="bankid_auth"),
    path(f"{BASE}/collect", _call(collect), name="bankid_collect"),
    path(f"{BASE}/cancel", _call(cancel), name="bankid_cancel"),
    path("control/scan", control_scan, name="bankid_scan"),
    path("control/age", control_age, name="bankid_age"),
]
