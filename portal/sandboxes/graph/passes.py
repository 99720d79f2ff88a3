"""Temporary Access Passes and the policy they follow."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse

from portal.sandboxes.graph import registered
from portal.sandboxes.graph.errors import GraphError
from portal.sandboxes.graph.methods import CHANGE, collection_of, refused
from portal.sandboxes.graph.people import graph_call, now, user_of, value_of
from portal.sandboxes.graph.ways_in import Pass, moment
from portal.sandboxes.graph.world import WORLD, Thing

POLICY_PATH = "policies/authenticationMethodsPolicy/authenticationMethodConfigurations/temporaryAccessPass"
READ_POLICY = {"Policy.Read.All", "Policy.Read.AuthenticationMethod", "Policy.ReadWrite.AuthenticationMethod"}
PASSES = {*CHANGE, "UserAuthMethod-TAP.ReadWrite.All"}
KIND = "microsoft.graph.temporaryAccessPassAuthenticationMethod"


def bad(message: str) -> GraphError:
    return GraphError(400, "badRequest", message)


@graph_call("GET", opened_by=READ_POLICY)
def policy(request: HttpRequest) -> HttpResponse:
    context = f"{registered.RESOURCE}/v1.0/$metadata#authenticationMethodConfigurations/$entity"
    return JsonResponse(
        {
            "@odata.context": context,
            "@odata.type": f"#{KIND}Configuration",
            "id": "TemporaryAccessPass",
            **WORLD.ways_in.policy,
        }
    )


def shown(made: Pass, *, with_characters: bool = False) -> dict[str, Any]:
    reason = made.reason(now())
    return {
        "id": made.id,
        "isUsable": reason == "EnabledByPolicy",
        "methodUsabilityReason": reason,
        "temporaryAccessPass": made.characters if with_characters else None,
        "createdDateTime": moment(made.created_at),
        "startDateTime": moment(made.starts_at),
        "lifetimeInMinutes": made.minutes,
        "isUsableOnce": made.is_once,
    }


@graph_call("GET", "POST", opened_by=PASSES, refusal=refused)
def passes(request: HttpRequest, user: str) -> HttpResponse:
    found = user_of(user, code="resourceNotFound")
    if request.method == "POST":
        return _make(request, found)
    made = WORLD.ways_in.passes.get(found.id)
    return collection_of(found.id, "temporaryAccessPassMethods", [shown(made)] if made else [])


def _make(request: HttpRequest, found: Thing) -> HttpResponse:
    asked = _asked(request)
    rules = WORLD.ways_in.policy
    if rules["state"] != "enabled":
        raise bad("Temporary Access Pass is not enabled by policy.")
    if value_of(found, "userType") == "Guest":
        raise bad("A Temporary Access Pass cannot be added to an external guest user.")
    minutes = asked.get("lifetimeInMinutes", rules["defaultLifetimeInMinutes"])
    if not isinstance(minutes, int) or not (
        rules["minimumLifetimeInMinutes"] <= minutes <= rules["maximumLifetimeInMinutes"]
    ):
        raise bad("The lifetime is not within the bounds of the policy.")
    is_once = asked.get("isUsableOnce", rules["isUsableOnce"])
    if rules["isUsableOnce"] and not is_once:
        raise bad("The policy allows passes that are used once only.")
    is_once = is_once and not WORLD.faults.get("pass_used_often")
    whose = found
    if WORLD.faults.get("pass_of_another"):
        whose = next(each for each in WORLD.of_kind("user") if each.id != found.id)
    made = WORLD.ways_in.make_pass(
        whose.id, minutes=minutes, is_once=is_once, starts_at=_start(asked), now=now()
    )
    made.is_disabled = not _is_in_scope(found) or bool(WORLD.faults.get("pass_disabled"))
    context = f"{registered.RESOURCE}/v1.0/$metadata#users('{whose.id}')/authentication/temporaryAccessPassMethods/$entity"
    return JsonResponse({"@odata.context": context, **shown(made, with_characters=True)}, status=201)


def _asked(request: HttpRequest) -> dict[str, Any]:
    if request.content_type != "application/json":
        raise bad("The body is not JSON.")
    try:
        asked = json.loads(request.body)
    except ValueError as error:
        raise bad("The body is not JSON.") from error
    known = {"@odata.type", "startDateTime", "lifetimeInMinutes", "isUsableOnce"}
    if not isinstance(asked, dict) or set(asked) - known:
        raise bad("A property of the body is not known.")
    if not isinstance(asked.get("isUsableOnce", True), bool):
        raise bad("isUsableOnce is no boolean.")
    return asked


def _start(asked: dict[str, Any]) -> float:
    if "startDateTime" not in asked:
        return now()
    try:
        return max(now(), datetime.fromisoformat(asked["startDateTime"]).timestamp())
    except (TypeError, ValueError) as error:
        raise bad("startDateTime is no time.") from error


def _is_in_scope(found: Thing) -> bool:
    """Outside of it a pass is made and cannot be used."""

    def names(targets: list[dict[str, Any]]) -> bool:
        return any(target["id"] == "all_users" or _is_member(target["id"], found) for target in targets)

    rules = WORLD.ways_in.policy
    return names(rules["includeTargets"]) and not names(rules["excludeTargets"])


def _is_member(group_id: str, found: Thing) -> bool:
    group = WORLD.things.get(group_id)
    held = group.members.get(found.id) if group else None
    return held is not None and not held.is_gone


@graph_call("GET", "DELETE", opened_by=PASSES, refusal=refused)
def one_pass(request: HttpRequest, user: str, pass_id: str) -> HttpResponse:
    found = user_of(user, code="resourceNotFound")
    made = WORLD.ways_in.passes.get(found.id)
    if made is None or made.id != pass_id:
        raise GraphError(404, "resourceNotFound", "Resource not found.")
    if request.method == "GET":
        return JsonResponse(shown(made))
    del WORLD.ways_in.passes[found.id]
    return HttpResponse(status=204)
