"""One user, and the end of their sign-ins."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from functools import wraps

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from portal.sandboxes.graph import registered
from portal.sandboxes.graph.delta import PROPERTIES, USUAL
from portal.sandboxes.graph.errors import GraphError, denied
from portal.sandboxes.graph.tokens import roles_of
from portal.sandboxes.graph.world import WORLD, Thing

READ_USERS = {"User.Read.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"}
END_SESSIONS = {"User.RevokeSessions.All", "User.ReadWrite.All", "Directory.ReadWrite.All"}
Answer = Callable[..., HttpResponse]


def graph_call(
    *methods: str, opened_by: Collection[str], refusal: Callable[[], GraphError] = denied
) -> Callable[[Answer], Answer]:
    """Around a view of the API: only these HTTP methods, only for an application that was granted one of `opened_by`."""

    def wrap(view: Answer) -> Answer:
        @csrf_exempt
        @wraps(view)
        def guarded(request: HttpRequest, **parts: str) -> HttpResponse:
            try:
                roles = roles_of(request.headers.get("Authorization", ""))
                if request.method not in methods:
                    text = "Specified HTTP method is not allowed for the target."
                    raise GraphError(405, "Request_BadRequest", text)
                if not set(opened_by) & set(roles):
                    raise refusal()
                with WORLD.lock:
                    return view(request, **parts)
            except GraphError as refused:
                return refused.answer(request)

        return guarded

    return wrap


def now() -> float:
    """The service's clock."""
    return time.time() + float(WORLD.faults.get("clock_off", 0))


def user_of(name: str, *, code: str = "Request_ResourceNotFound") -> Thing:
    """By id or user name. Who was deleted is not there."""
    for thing in [WORLD.things.get(name.lower()), *WORLD.of_kind("user")]:
        if thing is None or thing.kind != "user" or thing.removed is not None:
            continue
        if name.lower() in (thing.id, str(value_of(thing, "userPrincipalName")).lower()):
            return thing
    raise GraphError(
        404, code, f"Resource '{name[:80]}' does not exist or one of its queried properties is not present."
    )


def value_of(thing: Thing, name: str) -> object:
    return thing.props.get(name, (None, 0))[0]


@graph_call("GET", opened_by=READ_USERS)
def user(request: HttpRequest, user: str) -> HttpResponse:
    found = user_of(user)
    wanted = [name.strip() for name in request.GET.get("$select", ",".join(USUAL["user"])).split(",")]
    unknown = [name for name in wanted if name != "id" and name not in PROPERTIES["user"]]
    if unknown or set(request.GET) - {"$select"}:
        raise GraphError(400, "BadRequest", f"Could not find a property named '{unknown[:1]}'.")
    told = {name: value_of(found, name) for name in wanted if name != "id"}
    context = f"{registered.RESOURCE}/v1.0/$metadata#users({','.join(wanted)})/$entity"
    return JsonResponse({"@odata.context": context, **told, "id": found.id})


@graph_call("POST", opened_by=END_SESSIONS)
def revoke_sessions(request: HttpRequest, user: str) -> HttpResponse:
    WORLD.ways_in.end_sessions(user_of(user).id)
    return JsonResponse(
        {"@odata.context": f"{registered.RESOURCE}/v1.0/$metadata#Edm.Boolean", "value": True}
    )
