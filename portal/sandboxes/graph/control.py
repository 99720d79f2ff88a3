"""What tests and scripts change: the directory, the size of a page, faults."""

from __future__ import annotations

import json
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from portal.sandboxes.graph.faults import FAULTS
from portal.sandboxes.graph.world import WORLD, Thing


def _told(request: HttpRequest) -> dict[str, Any]:
    """Only as JSON: a form on somebody's page cannot send that without being asked first."""
    if request.content_type != "application/json":
        raise Http404
    told = json.loads(request.body or b"{}")
    return told if isinstance(told, dict) else {}


@csrf_exempt
def control(request: HttpRequest) -> HttpResponse:
    """GET says what is there. POST {"seed": {people, groups, guests, disabled}, "page_size", "faults", "policy"} sets it, in
    that order."""
    if request.method == "POST":
        told = _told(request)
        if set(told.get("faults", ())) - set(FAULTS):
            return JsonResponse({"unknown": sorted(set(told["faults"]) - set(FAULTS))}, status=400)
        with WORLD.lock:
            if "seed" in told:
                WORLD.seed(**told["seed"])
            WORLD.page_size = int(told.get("page_size", WORLD.page_size))
            WORLD.faults = dict(told.get("faults", WORLD.faults))
            WORLD.ways_in.policy |= dict(told.get("policy", {}))
    return JsonResponse(
        {
            "users": [_shown(each) for each in WORLD.of_kind("user")],
            "groups": [_shown(each) for each in WORLD.of_kind("group")],
            "faults": WORLD.faults,
            "policy": WORLD.ways_in.policy,
            "calls": WORLD.calls[-500:],
        }
    )


def _shown(thing: Thing) -> dict[str, Any]:
    members = [name for name, held in thing.members.items() if not held.is_gone]
    shown = {name: value for name, (value, _moment) in thing.props.items()}
    return shown | {"id": thing.id, "is_removed": thing.removed is not None, "members": members}


def _thing(thing_id: str) -> Thing:
    found = WORLD.things.get(thing_id)
    if found is None:
        raise Http404
    return found


@csrf_exempt
def change(request: HttpRequest, collection: str) -> HttpResponse:
    """{"add": [{…}], "change": [{"id", …}], "remove": [id], "purge": [id], "restore": [id]}; `join` and `leave` of a group
    are lists of ids beside its properties. Says the ids of what was added."""
    told = _told(request)
    kind = collection.removesuffix("s")
    with WORLD.lock:
        added = [_apply(WORLD.add(kind, {}), one).id for one in told.get("add", ())]
        for one in told.get("change", ()):
            _apply(_thing(one["id"]), one)
        for reason, name in (("changed", "remove"), ("deleted", "purge")):
            for thing_id in told.get(name, ()):
                WORLD.remove(_thing(thing_id), reason)
        for thing_id in told.get("restore", ()):
            WORLD.restore(_thing(thing_id))
    return JsonResponse({"added": added})


def _apply(thing: Thing, told: dict[str, Any]) -> Thing:
    WORLD.change(thing, {name: value for name, value in told.items() if name not in ("id", "join", "leave")})
    for member in told.get("join", ()):
        WORLD.join(thing, _thing(member).id)
    for member in told.get("leave", ()):
        WORLD.leave(thing, member)
    return thing


@csrf_exempt
def ways_in(request: HttpRequest) -> HttpResponse:
    """Of {"user": id}: {"add": [{"kind", "name", "created", "id"}], "remove": [id]}. Says what they have, the characters of no
    pass among it."""
    told = _told(request)
    with WORLD.lock:
        user = _thing(told["user"])
        for one in told.get("add", ()):
            WORLD.ways_in.add(user.id, **one)
        for method_id in told.get("remove", ()):
            WORLD.ways_in.remove(user.id, method_id)
        found = WORLD.ways_in.of(user.id)
        made = WORLD.ways_in.passes.get(user.id)
        return JsonResponse(
            {
                "methods": [{"id": one.id, "kind": one.kind, "created": one.created_at} for one in found],
                "pass": {"id": made.id, "is_used": made.used_at is not None} if made else None,
                "sessions_ended": WORLD.ways_in.sessions_ended.get(user.id, 0),
                "passes_made": WORLD.ways_in.made.get(user.id, 0),
            }
        )
