"""The authentication methods of a user: list, read, delete."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse

from portal.sandboxes.graph import registered
from portal.sandboxes.graph.errors import GraphError
from portal.sandboxes.graph.people import graph_call, user_of
from portal.sandboxes.graph.ways_in import KINDS, Method, moment
from portal.sandboxes.graph.world import WORLD

CHANGE = {"UserAuthenticationMethod.ReadWrite.All"}
READ = {"UserAuthenticationMethod.Read.All", *CHANGE}
# A method of these kinds says nothing of when it came.
WITHOUT_TIME = {"phoneMethods", "emailMethods", "softwareOathMethods"}


def refused() -> GraphError:
    """This part of the API has codes of its own."""
    return GraphError(403, "accessDenied", "Request Authorization failed")


def shown(method: Method) -> dict[str, Any]:
    told: dict[str, Any] = {"@odata.type": f"#microsoft.graph.{KINDS[method.kind]}", "id": method.id}
    if method.kind not in WITHOUT_TIME:
        told["createdDateTime"] = moment(method.created_at)
    match method.kind:
        case "fido2Methods":
            told |= {
                "displayName": method.name,
                "aaGuid": "de1e552d-db1d-4423-a619-566b625cdc84",
                "model": "Microsoft Authenticator",
                "attestationCertificates": [],
                "attestationLevel": "notAttested",
            }
        case "phoneMethods":
            told |= {"phoneNumber": "+44 7700900123", "phoneType": "mobile", "smsSignInState": "notSupported"}
        case "emailMethods":
            told |= {"emailAddress": "somebody@private.example"}
        case "passwordMethods":
            told |= {"password": None}
        case _:
            told |= {"displayName": method.name}
    return told


def collection_of(user_id: str, kind: str, value: list[dict[str, Any]]) -> HttpResponse:
    context = f"{registered.RESOURCE}/v1.0/$metadata#users('{user_id}')/authentication/{kind}"
    return JsonResponse({"@odata.context": context, "value": value})


@graph_call("GET", opened_by=READ, refusal=refused)
def every_method(request: HttpRequest, user: str) -> HttpResponse:
    """A pass is a method as well."""
    found = user_of(user, code="resourceNotFound")
    value = [shown(each) for each in WORLD.ways_in.of(found.id)]
    made = WORLD.ways_in.passes.get(found.id)
    if made is not None:
        kind = "#microsoft.graph.temporaryAccessPassAuthenticationMethod"
        value.append({"@odata.type": kind, "id": made.id, "createdDateTime": moment(made.created_at)})
    return collection_of(found.id, "methods", value)


def _known(collection: str) -> str:
    if collection not in KINDS:
        raise GraphError(400, "BadRequest", f"Resource not found for the segment '{collection[:60]}'.")
    return collection


@graph_call("GET", opened_by=READ, refusal=refused)
def methods(request: HttpRequest, user: str, collection: str) -> HttpResponse:
    kind, found = _known(collection), user_of(user, code="resourceNotFound")
    own = [each for each in WORLD.ways_in.of(found.id) if each.kind == kind]
    return collection_of(found.id, kind, [shown(each) for each in own])


@graph_call("GET", "DELETE", opened_by=CHANGE, refusal=refused)
def one_method(request: HttpRequest, user: str, collection: str, method_id: str) -> HttpResponse:
    kind, found = _known(collection), user_of(user, code="resourceNotFound")
    for each in WORLD.ways_in.of(found.id):
        if (each.kind, each.id) == (kind, method_id):
            break
    else:
        raise GraphError(404, "resourceNotFound", "Resource not found.")
    if request.method == "GET":
        return JsonResponse(shown(each))
    if kind == "passwordMethods":
        raise GraphError(405, "methodNotAllowed", "A password cannot be deleted.")
    WORLD.ways_in.remove(found.id, method_id)
    return HttpResponse(status=204)
