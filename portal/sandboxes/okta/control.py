"""What tests and scripts change: keys, people, groups, ways to sign in, faults."""

from __future__ import annotations

import json
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from portal.sandboxes.okta import jose
from portal.sandboxes.okta.faults import FAULTS
from portal.sandboxes.okta.world import APPLICATIONS, WORLD, Enrolment, User, fresh_id


def _told(request: HttpRequest) -> dict[str, Any]:
    """Only as JSON: a form on somebody's page cannot send that without being asked first."""
    if request.content_type != "application/json":
        raise Http404
    told = json.loads(request.body or b"{}")
    return told if isinstance(told, dict) else {}


def add_key(client_id: str, jwk: Any) -> None:
    """Of an application. ValueError for what Okta's console would not take: a private key among it."""
    known = {one.client_id for one in APPLICATIONS}
    if client_id not in known or not isinstance(jwk, dict) or jose.PRIVATE & set(jwk):
        raise ValueError("not a public key of an application")
    if jwk.get("kty") not in ("RSA", "EC") or not jwk.get("kid"):
        raise ValueError("a key has a kty and a kid")
    with WORLD.lock:
        WORLD.keys.setdefault(client_id, []).append(jwk)


@csrf_exempt
def control(request: HttpRequest) -> HttpResponse:
    """GET says what is there. POST {"seed": {people, groups}, "page_size", "faults", "authenticator", "key": {client_id, jwk}}
    sets it, in that order."""
    if request.method == "POST":
        told = _told(request)
        unknown = set(told.get("faults", ())) - set(FAULTS)
        if unknown:
            return JsonResponse({"unknown": sorted(unknown)}, status=400)
        with WORLD.lock:
            if "seed" in told:
                WORLD.seed(**told["seed"])
            WORLD.page_size = int(told.get("page_size", WORLD.page_size))
            WORLD.faults = dict(told.get("faults", WORLD.faults))
            WORLD.authenticator |= dict(told.get("authenticator", {}))
        if "key" in told:
            add_key(told["key"]["client_id"], told["key"]["jwk"])
    return JsonResponse(
        {
            "users": [{"id": one.id, "status": one.status, **one.profile} for one in WORLD.users.values()],
            "groups": [
                {"id": one.id, "name": one.name, "type": one.kind, "members": one.members}
                for one in WORLD.groups.values()
            ],
            "faults": WORLD.faults,
            "calls": WORLD.calls[-500:],
        }
    )


@csrf_exempt
def users(request: HttpRequest) -> HttpResponse:
    """{"add": [profile], "change": [{"id", "status", …profile}], "delete": [id]}. Says the ids of what was added."""
    told = _told(request)
    with WORLD.lock:
        added = [WORLD.add_user(profile).id for profile in told.get("add", ())]
        for one in told.get("change", ()):
            user = _user(one["id"])
            user.status = one.get("status", user.status)
            user.profile |= {name: value for name, value in one.items() if name not in ("id", "status")}
            user.updated_at = WORLD.now()
        for name in told.get("delete", ()):
            del WORLD.users[_user(name).id]
            for group in WORLD.groups.values():
                if name in group.members:
                    group.members.remove(name)
                    group.membership_at = WORLD.now()
    return JsonResponse({"added": added})


@csrf_exempt
def groups(request: HttpRequest) -> HttpResponse:
    """{"change": [{"id", "join": [id], "leave": [id]}], "delete": [id]}"""
    told = _told(request)
    with WORLD.lock:
        for one in told.get("change", ()):
            group = WORLD.groups[one["id"]]
            group.members = [name for name in group.members if name not in one.get("leave", ())]
            group.members += one.get("join", ())
            group.membership_at = WORLD.now()
        for name in told.get("delete", ()):
            del WORLD.groups[name]
    return JsonResponse({})


def _user(user_id: str) -> User:
    found = WORLD.users.get(user_id)
    if found is None:
        raise Http404
    return found


@csrf_exempt
def ways_in(request: HttpRequest) -> HttpResponse:
    """Of {"user": id}: {"add": [{"key", "created", "id"}], "remove": [id], "signed_in": seconds}. Says what they have, the
    characters of no code among it."""
    told = _told(request)
    with WORLD.lock:
        user = _user(told["user"])
        for one in told.get("add", ()):
            made = Enrolment(one.get("id") or fresh_id("enr"), one["key"], one.get("created") or WORLD.now())
            user.enrolments.append(made)
        user.enrolments = [one for one in user.enrolments if one.id not in told.get("remove", ())]
        if "signed_in" in told:
            user.last_login = float(told["signed_in"])
        return JsonResponse(
            {
                "enrolments": [
                    {"id": one.id, "key": one.key, "created": one.created_at, "status": one.status}
                    for one in user.enrolments
                ],
                "sessions_ended": user.sessions_ended,
                "codes_made": user.codes_made,
            }
        )
