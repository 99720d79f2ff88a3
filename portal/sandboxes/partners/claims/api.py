"""One address. It checks who asks and what, and answers at once; what it answers is switched on the front page."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.urls import URLPattern, path
from django.views.decorators.csrf import csrf_exempt

from portal.sandboxes.partners.world import WORLD, Session, has, word

PATH = "api/claims"
EVENT = "microsoft.graph.authenticationEvent.verifiedIdClaimValidation"
DATA = "microsoft.graph.onVerifiedIdClaimValidationCalloutData"
RESPONSE = "microsoft.graph.onVerifiedIdClaimValidationResponseData"
ACTION = "microsoft.graph.verifiedIdClaimValidation."
SCENARIOS = {"passes": "Everything agrees", "fails": "The date of birth does not agree"}
DRIP_SECONDS = 0.3


def address() -> str:
    return f"{settings.SANDBOX_ORIGIN}/{PATH}"


def settings_to_enter() -> dict[str, str]:
    return {"api_base": address(), "webhook_secret": word("claim check secret")}


def finish(session: Session) -> None:
    """Nobody comes here in a browser."""


def settle(session: Session) -> None:
    """Nothing is worked on."""


def _part(text: str) -> dict[str, Any]:
    found = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    return found if isinstance(found, dict) else {}


def _why_refused(request: HttpRequest) -> str:
    """What is wrong with the token; empty when nothing is. The signature is for whoever knows the caller's keys."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    parts = token.split(".")
    if kind != "Bearer" or len(parts) != 3:
        return "no_token"
    try:
        header, claims = _part(parts[0]), _part(parts[1])
    except ValueError:
        return "token_unreadable"
    digest = base64.urlsafe_b64encode(hashlib.sha256(request.body).digest()).rstrip(b"=").decode()
    wrong = {
        "algorithm": header.get("alg") != "ES256" or not header.get("kid"),
        "audience": claims.get("aud") != address(),
        "time": not claims.get("nbf", 0) <= time.time() < claims.get("exp", 0) <= time.time() + 600,
        "body": claims.get("body_sha256") != digest,
        "caller": not claims.get("azp") or not str(claims.get("iss", "")).startswith("http"),
    }
    return next((name for name, is_so in wrong.items() if is_so), "")


def _is_signed(request: HttpRequest) -> bool:
    """Whoever sends no signature shares no secret with us."""
    given = request.headers.get("Readmit-Signature")
    if given is None:
        return True
    parts = dict(part.partition("=")[::2] for part in given.split(","))
    made = hmac.digest(
        word("claim check secret").encode(), parts.get("t", "").encode() + b"." + request.body, hashlib.sha256
    )
    return hmac.compare_digest(made.hex(), parts.get("v1", ""))


def _asked(request: HttpRequest) -> dict[str, Any]:
    """The claims' part of a question that is as documented; empty for anything else."""
    try:
        told = json.loads(request.body)
        data = told["data"]
        context = data["verifiedIdClaimsContext"]
        is_right = (
            told["type"] == EVENT
            and told["source"].startswith("/tenants/")
            and data["@odata.type"] == DATA
            and data["authenticationContext"]["correlationId"]
            and data["authenticationContext"]["user"]["userPrincipalName"]
            and all(isinstance(value, str) and value for value in context["claims"].values())
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}
    return dict(context, correlation=data["authenticationContext"]["correlationId"]) if is_right else {}


@csrf_exempt
def check(request: HttpRequest) -> HttpResponse:
    refused = _why_refused(request)
    if refused or not _is_signed(request):
        return JsonResponse({"error": refused or "signature"}, status=401)
    asked = _asked(request)
    if request.method != "POST" or request.content_type != "application/json" or not asked:
        return JsonResponse({"error": "not_the_event"}, status=400)
    with WORLD.lock:
        session = WORLD.sessions.get(asked["correlation"]) or WORLD.add(
            Session(asked["correlation"], asked["correlation"], "", {"claims": sorted(asked["claims"])})
        )
        session.reads += 1
        session.scenario = "fails" if _says_no(session) else "passes"
    return _answer(session.scenario)


def _says_no(session: Session) -> bool:
    if has("contradiction"):
        return session.reads % 2 == 0
    return has("says_no") or WORLD.scenario == "fails"


def _answer(scenario: str) -> HttpResponse:
    passes: dict[str, Any] = {"@odata.type": f"{ACTION}pass"}
    fails: dict[str, Any] = {"@odata.type": f"{ACTION}failed", "failedClaims": ["dateOfBirth"]}
    actions = [fails if scenario == "fails" else passes]
    if has("both_actions"):
        actions = [passes, fails]
    if has("unknown_word"):
        actions = [{"@odata.type": f"{ACTION}maybe"}]
    if has("elsewhere"):
        return HttpResponse(status=307, headers={"Location": f"{address()}?again"})
    told = {"data": {"@odata.type": RESPONSE, "actions": actions}}
    if has("drips"):
        return StreamingHttpResponse(_dripping(json.dumps(told)), content_type="application/json")
    return JsonResponse(told, content_type="text/html" if has("wrong_type") else "application/json")


def _dripping(text: str) -> Iterator[bytes]:
    for letter in text:
        time.sleep(DRIP_SECONDS)
        yield letter.encode()


URLS: list[URLPattern] = [path(PATH, check, name="claims")]
