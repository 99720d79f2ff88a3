"""`/users/delta` and `/groups/delta`: rounds, their pages, and the tokens that lead from one to the next."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from portal.sandboxes.graph import registered
from portal.sandboxes.graph.errors import GraphError, bad_query, denied, sync_state_lost
from portal.sandboxes.graph.tokens import roles_of
from portal.sandboxes.graph.world import MEMBERS_PER_PAGE, WORLD, Round, Thing
from portal.sandboxes.microsoft import opened, signed

PROPERTIES = {
    "user": {
        *("accountEnabled", "businessPhones", "companyName", "createdDateTime", "department", "displayName"),
        *("employeeId", "givenName", "jobTitle", "mail", "mailNickname", "manager", "mobilePhone"),
        *("officeLocation", "onPremisesSyncEnabled", "otherMails", "preferredLanguage", "proxyAddresses"),
        *("surname", "userPrincipalName", "userType", "country", "usageLocation"),
    },
    "group": {
        *("createdDateTime", "description", "displayName", "groupTypes", "mail", "mailEnabled"),
        *("mailNickname", "members", "owners", "securityEnabled", "visibility"),
    },
}
USUAL = {
    "user": ("displayName", "givenName", "mail", "mobilePhone", "surname", "userPrincipalName"),
    "group": ("description", "displayName", "groupTypes", "mail", "members", "securityEnabled"),
}
# What opens each, the least first (permissions reference).
OPENS = {
    "user": {"User.Read.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"},
    "group": {
        *("GroupMember.Read.All", "Group.Read.All", "Group.ReadWrite.All"),
        *("Directory.Read.All", "Directory.ReadWrite.All"),
    },
}
REFUSED = {"$expand", "$top", "$orderby", "$search", "$count", "$skip", "$format"}
MOST_FILTERED = 50
_ONE_ID = re.compile(r"id eq '([0-9a-fA-F-]{36})'")


@csrf_exempt
def delta(request: HttpRequest, collection: str) -> HttpResponse:
    kind = collection.removesuffix("s")
    try:
        roles = roles_of(request.headers.get("Authorization", ""))
        if request.method != "GET":
            raise GraphError(
                405, "Request_BadRequest", "Specified HTTP method is not allowed for the target."
            )
        if not OPENS[kind] & set(roles):
            raise denied()
        with WORLD.lock:
            return JsonResponse(
                _page(request, kind),
                content_type="application/json;odata.metadata=minimal;odata.streaming=true;charset=utf-8",
            )
    except GraphError as refused:
        return refused.answer(request)


def _page(request: HttpRequest, kind: str) -> dict[str, Any]:
    query = {name.lower(): str(value) for name, value in request.GET.items()}
    if len(query) != len(request.GET) or any(len(request.GET.getlist(name)) > 1 for name in request.GET):
        raise bad_query("A query option is repeated.")
    unknown = set(query) - {"$select", "$filter", "$skiptoken", "$deltatoken"}
    if unknown & REFUSED or unknown:
        raise bad_query(f"The query option '{min(unknown)}' is not supported by delta.")
    if "$skiptoken" in query:
        if len(query) > 1:
            raise bad_query("Nothing stands beside a skip token.")
        return _from_skip_token(request, kind, query["$skiptoken"])
    if "$deltatoken" in query:
        return _from_delta_token(request, kind, query)
    select = _selected(kind, query.get("$select"))
    wanted = _filtered(query.get("$filter"))
    return _begin(request, kind, select, since=0, wanted=wanted)


def _selected(kind: str, text: str | None) -> tuple[str, ...]:
    if text is None:
        return USUAL[kind]
    names = tuple(name.strip() for name in text.split(","))
    for name in names:
        if name != "id" and name not in PROPERTIES[kind]:
            message = f"Could not find a property named '{name}' on type 'microsoft.graph.{kind}'."
            raise GraphError(400, "BadRequest", f"Parsing OData Select and Expand failed: {message}")
    return tuple(name for name in names if name != "id")


def _filtered(text: str | None) -> set[str] | None:
    if text is None:
        return None
    parts = [_ONE_ID.fullmatch(part.strip()) for part in text.split(" or ")]
    found = {part[1].lower() for part in parts if part is not None}
    if len(found) != len(parts) or len(parts) > MOST_FILTERED:
        raise bad_query("A filter names at most 50 objects by their id.")
    return found


# Tokens ------------------------------------------------------------------------------------------------------------


def _link(kind: str, name: str, **said: Any) -> str:
    token = signed({"kind": kind, "epoch": WORLD.epoch, **said})
    origin = WORLD.faults.get("foreign_link", settings.SANDBOX_ORIGIN)
    return f"{origin}/v1.0/{kind}s/delta?${name}={quote(token)}"


def _read(kind: str, text: str, select: tuple[str, ...]) -> dict[str, Any]:
    said = opened(text)
    if said is None or said.get("kind") != kind:
        raise GraphError(400, "Request_BadRequest", "The state token is not valid.")
    lost = WORLD.faults.get("sync_state_lost")
    if said["epoch"] != WORLD.epoch or lost:
        fresh = f"{settings.SANDBOX_ORIGIN}/v1.0/{kind}s/delta?$deltatoken="
        raise sync_state_lost(
            int(lost or 410), fresh + ("" if not select else f"&$select={','.join(select)}")
        )
    return said


def _from_skip_token(request: HttpRequest, kind: str, text: str) -> dict[str, Any]:
    said = _read(kind, text, ())
    walk = WORLD.rounds.get(str(said.get("round")))
    if walk is None:
        raise sync_state_lost(410, f"{settings.SANDBOX_ORIGIN}/v1.0/{kind}s/delta?$deltatoken=")
    return _shown(request, str(said["round"]), walk, int(said["at"]))


def _from_delta_token(request: HttpRequest, kind: str, query: dict[str, str]) -> dict[str, Any]:
    text = query["$deltatoken"]
    select = _selected(kind, query.get("$select"))
    if text == "latest":
        return _whole(kind, [], _link(kind, "deltatoken", since=WORLD.moment, select=select), is_last=True)
    if not text:
        return _begin(request, kind, select, since=0, wanted=None)
    said = _read(kind, text, select)
    if "since" not in said:
        raise GraphError(400, "Request_BadRequest", "The token is not one of a finished round.")
    chosen = select if "$select" in query else tuple(said["select"])
    return _begin(request, kind, chosen, since=int(said["since"]), wanted=None)


# Rounds ------------------------------------------------------------------------------------------------------------


def _begin(
    request: HttpRequest, kind: str, select: tuple[str, ...], *, since: int, wanted: set[str] | None
) -> dict[str, Any]:
    entries: list[tuple[str, tuple[str, ...]]] = []
    for thing in WORLD.of_kind(kind):
        if wanted is None or thing.id in wanted:
            entries += _entries_of(thing, select, since)
    if WORLD.faults.get("half"):
        entries = entries[: len(entries) // 2]
    if WORLD.faults.get("twice"):
        entries = [each for each in entries for _again in range(2)]
    walk = Round(kind, select, since, WORLD.moment, entries)
    return _shown(request, WORLD.keep_round(walk), walk, 0)


def _entries_of(thing: Thing, select: tuple[str, ...], since: int) -> list[tuple[str, tuple[str, ...]]]:
    if thing.removed is not None:
        # Who came and went between two rounds was never there.
        was_known = since and thing.created <= since
        return [(thing.id, ())] if was_known and thing.removed[1] > since else []
    members: list[str] = []
    if "members" in select:
        members = [
            name
            for name, held in thing.members.items()
            if held.moment > since and not (held.is_gone and not since)
        ]
    changed = any(name in select and moment > since for name, (_value, moment) in thing.props.items())
    if not (members or changed or thing.created > since):
        return []
    pieces = [tuple(members[at : at + MEMBERS_PER_PAGE]) for at in range(0, len(members), MEMBERS_PER_PAGE)]
    return [(thing.id, piece) for piece in pieces or [()]]


def _shown(request: HttpRequest, name: str, walk: Round, at: int) -> dict[str, Any]:
    is_minimal = "return=minimal" in request.headers.get("Prefer", "").replace(" ", "").lower()
    if WORLD.faults.get("empty_page") == at and at:
        WORLD.faults.pop("empty_page")
        return _whole(walk.kind, [], _link(walk.kind, "skiptoken", round=name, at=at, again=1), is_last=False)
    end = at + WORLD.page_size
    value = [_object(walk, thing_id, piece, is_minimal) for thing_id, piece in walk.entries[at:end]]
    if end < len(walk.entries) or WORLD.faults.get("never_ends"):
        following = at if WORLD.faults.get("never_ends") else end
        return _whole(
            walk.kind, value, _link(walk.kind, "skiptoken", round=name, at=following), is_last=False
        )
    link = _link(walk.kind, "deltatoken", since=walk.until, select=list(walk.select))
    return _whole(walk.kind, value, link, is_last=True)


def _whole(kind: str, value: list[dict[str, Any]], link: str, *, is_last: bool) -> dict[str, Any]:
    told: dict[str, Any] = {"@odata.context": f"{registered.RESOURCE}/v1.0/$metadata#{kind}s"}
    told["@odata.deltaLink" if is_last else "@odata.nextLink"] = link
    return told | {"value": value}


def _object(walk: Round, thing_id: str, piece: tuple[str, ...], is_minimal: bool) -> dict[str, Any]:
    thing = WORLD.things[thing_id]
    if thing.removed is not None:
        return {"id": thing.id, "@removed": {"reason": thing.removed[0]}}
    least = walk.since if is_minimal else 0
    told: dict[str, Any] = {
        prop: value
        for prop, (value, moment) in thing.props.items()
        if prop in walk.select and moment > min(least, walk.until)
    }
    told["id"] = thing.id
    if piece:
        told["members@delta"] = [_member(thing, member) for member in piece]
    return told


def _member(group: Thing, member_id: str) -> dict[str, Any]:
    held = group.members[member_id]
    told: dict[str, Any] = {"@odata.type": f"#microsoft.graph.{held.kind}", "id": member_id}
    return told | ({"@removed": {"reason": "deleted"}} if held.is_gone else {})
