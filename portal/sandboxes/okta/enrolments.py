"""Authenticators of the organisation, and what each user has enrolled: list, delete, a temporary access code."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse

from portal.sandboxes.okta.directory import okta_call, user_of
from portal.sandboxes.okta.errors import denied, invalid, not_found
from portal.sandboxes.okta.world import (
    AUTHENTICATORS_READ,
    USERS_MANAGE,
    USERS_READ,
    WORLD,
    Enrolment,
    User,
    derived_id,
    moment,
)

COMPLEXITY = {"numbers": True, "letters": True, "specialCharacters": True}
TYPES = {
    "okta_password": "password",
    "okta_email": "email",
    "phone_number": "phone",
    "okta_verify": "app",
    "google_otp": "app",
    "webauthn": "security_key",
    "security_question": "security_question",
    "tac": "tac",
}


def tac_id() -> str:
    return derived_id("aut", "temporary access code")


@okta_call("GET", opened_by=(AUTHENTICATORS_READ,))
def authenticators(request: HttpRequest) -> HttpResponse:
    found: list[dict[str, Any]] = [
        {"id": derived_id("aut", "password"), "key": "okta_password", "type": "password", "status": "ACTIVE"},
        {"id": derived_id("aut", "webauthn"), "key": "webauthn", "type": "security_key", "status": "ACTIVE"},
    ]
    rules = WORLD.authenticator
    if rules["exists"]:
        configuration = {
            name: rules[name] for name in ("minTtl", "maxTtl", "defaultTtl", "length", "multiUseAllowed")
        }
        found.append(
            {
                "id": tac_id(),
                "key": "tac",
                "type": "tac",
                "name": "Temporary Access Code",
                "status": rules["status"],
                "provider": {"type": "tac", "configuration": configuration | {"complexity": COMPLEXITY}},
            }
        )
    return JsonResponse(found, safe=False)


def _links(user: User, one: Enrolment) -> dict[str, Any]:
    base = f"{settings.SANDBOX_ORIGIN}/api/v1/users/{user.id}"
    return {"self": {"href": f"{base}/authenticator-enrollments/{one.id}"}, "user": {"href": base}}


def shown(user: User, one: Enrolment) -> dict[str, Any]:
    is_over = one.key == "tac" and WORLD.now() >= one.expires_at
    return {
        "id": one.id,
        "key": one.key,
        "type": TYPES.get(one.key, "app"),
        "name": one.key,
        "status": "INACTIVE" if is_over else one.status,
        "created": moment(one.created_at),
        "lastUpdated": moment(one.created_at),
        "_links": _links(user, one),
    }


@okta_call("GET", opened_by=(USERS_READ, USERS_MANAGE))
def enrolments(request: HttpRequest, user_id: str) -> HttpResponse:
    found = user_of(user_id)
    return JsonResponse([shown(found, one) for one in found.enrolments], safe=False)


@okta_call("GET", "DELETE", opened_by=(USERS_MANAGE,))
def enrolment(request: HttpRequest, user_id: str, enrolment_id: str) -> HttpResponse:
    found = user_of(user_id)
    one = next((each for each in found.enrolments if each.id == enrolment_id), None)
    if one is None:
        raise not_found(enrolment_id)
    if request.method == "GET":
        return JsonResponse(shown(found, one))
    if one.key == "okta_password":
        raise denied()
    found.enrolments.remove(one)
    return HttpResponse(status=204)


@okta_call("POST", opened_by=(USERS_MANAGE,))
def tac(request: HttpRequest, user_id: str) -> HttpResponse:
    found, minutes = user_of(user_id), _asked(request)
    if found.status not in ("ACTIVE", "RECOVERY", "LOCKED_OUT", "PASSWORD_EXPIRED"):
        raise denied()
    if WORLD.faults.get("code_of_another"):
        found = next(one for one in WORLD.users.values() if one is not found)
    made = WORLD.make_code(found, minutes=minutes)
    if WORLD.faults.get("code_inactive"):
        made.status = "INACTIVE"
    told = shown(found, made)
    # Without its zone, as the documentation has it.
    until = moment(made.expires_at).partition(".")[0]
    return JsonResponse(told | {"profile": {"tac": made.characters, "multiUse": False, "expiresAt": until}})


def _asked(request: HttpRequest) -> int:
    """Whether the body is what the reference says; for how many minutes."""
    try:
        body = json.loads(request.body)
    except ValueError as error:
        raise invalid("the body is not JSON") from error
    rules = WORLD.authenticator
    if (
        not isinstance(body, dict)
        or set(body) != {"authenticatorId", "profile"}
        or body["authenticatorId"] != tac_id()
    ):
        raise invalid("authenticatorId and profile")
    profile = body["profile"]
    if not rules["exists"] or rules["status"] != "ACTIVE":
        raise invalid("the authenticator is not active")
    if not isinstance(profile, dict) or set(profile) - {"ttl", "multiUse"}:
        raise invalid("profile")
    if profile.get("multiUse") not in (None, False) and not rules["multiUseAllowed"]:
        raise invalid("multiUse")
    text = str(profile.get("ttl", rules["defaultTtl"]))
    if not text.isdigit() or not int(rules["minTtl"]) <= int(text) <= int(rules["maxTtl"]):
        raise invalid("ttl")
    return int(text)
