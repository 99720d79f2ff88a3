"""`/api/v1/users` and `/api/v1/groups`: lists with filters and cursors, one user, the members of a group, the end of sessions."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, TypeVar
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from portal.sandboxes.okta.errors import OktaError, invalid, not_found
from portal.sandboxes.okta.tokens import require
from portal.sandboxes.okta.world import (
    GROUPS_READ,
    USERS_MANAGE,
    USERS_READ,
    WORLD,
    Group,
    User,
    moment,
)

Answer = Callable[..., HttpResponse]
Row = TypeVar("Row", User, Group)
MOST = 200
_MOMENT = r'"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z)"'
_CHANGED = re.compile(rf"lastUpdated gt {_MOMENT}")
_TOUCHED = re.compile(rf"lastUpdated gt {_MOMENT} or lastMembershipUpdated gt {_MOMENT}")
_FIELDS = re.compile(r"([A-Za-z]+,)*profile:\(([A-Za-z]+)(,[A-Za-z]+)*\)")


def okta_call(
    *methods: str, opened_by: Sequence[str], options: Sequence[str] = ()
) -> Callable[[Answer], Answer]:
    """Around a view of the API: only these HTTP methods and query options, only with one of these scopes."""

    def wrap(view: Answer) -> Answer:
        @csrf_exempt
        @wraps(view)
        def guarded(request: HttpRequest, **parts: str) -> HttpResponse:
            try:
                with WORLD.lock:
                    require(request, *opened_by)
                    if request.method not in methods:
                        raise OktaError(
                            405, "E0000022", "The endpoint does not support the provided HTTP method"
                        )
                    unknown = set(request.GET) - set(options)
                    if unknown or any(len(request.GET.getlist(name)) > 1 for name in request.GET):
                        raise invalid(f"query {sorted(unknown)}")
                    return view(request, **parts)
            except OktaError as refused:
                return refused.answer()

        return guarded

    return wrap


def _listed(
    request: HttpRequest, rows: Sequence[Row], shown: Callable[[Row], dict[str, Any]]
) -> HttpResponse:
    """One page, by id, with the links of RFC 8288."""
    limit = request.GET.get("limit", str(MOST))
    if not limit.isdigit() or not 1 <= int(limit) <= MOST:
        raise invalid("limit")
    after = request.GET.get("after", "")
    if after and (WORLD.faults.get("cursor_lost") or not any(one.id == after for one in rows)):
        raise invalid("after")
    following = sorted(rows, key=lambda one: one.id)
    found = [one for one in following if one.id > after]
    size = min(int(limit), WORLD.page_size)
    page = found[:size]
    query = {name: request.GET[name] for name in request.GET if name != "after"}
    origin = WORLD.faults.get("foreign_link", settings.SANDBOX_ORIGIN)
    links = [f'<{settings.SANDBOX_ORIGIN}{request.get_full_path()}>; rel="self"']
    is_half = bool(WORLD.faults.get("half")) and len(page) < len(following)
    if (len(found) > size and not is_half) or WORLD.faults.get("never_ends"):
        cursor = after if WORLD.faults.get("never_ends") and after else page[-1].id
        links.append(f'<{origin}{request.path}?{urlencode({"after": cursor, **query})}>; rel="next"')
    return JsonResponse([shown(one) for one in page], safe=False, headers={"Link": ", ".join(links)})


def shown_user(user: User, fields: Sequence[str] = (), profile: Sequence[str] = ()) -> dict[str, Any]:
    whole = {
        "id": user.id,
        "status": WORLD.faults.get("new_status", user.status),
        "created": moment(user.updated_at),
        "lastUpdated": moment(user.updated_at),
        "lastLogin": None if user.last_login is None else moment(user.last_login),
        "profile": {name: value for name, value in user.profile.items() if not profile or name in profile},
        "_links": {"self": {"href": f"{settings.SANDBOX_ORIGIN}/api/v1/users/{user.id}"}},
    }
    return {name: value for name, value in whole.items() if not fields or name in ("id", "profile", *fields)}


def _since(request: HttpRequest, pattern: re.Pattern[str]) -> str:
    text = request.GET.get("filter")
    if text is None:
        return ""
    found = pattern.fullmatch(text)
    if found is None or len(set(found.groups())) != 1:
        raise invalid("filter")
    return found[1]


@okta_call("GET", opened_by=(USERS_READ, USERS_MANAGE), options=("limit", "after", "filter", "fields"))
def users(request: HttpRequest) -> HttpResponse:
    """Without a filter those who were deactivated are left out."""
    since = _since(request, _CHANGED)
    rows = [
        one
        for one in WORLD.users.values()
        if (moment(one.updated_at) > since if since else one.status != "DEPROVISIONED")
    ]
    text = request.GET.get("fields", "")
    if text and not _FIELDS.fullmatch(text):
        raise invalid("fields")
    outer, _, inner = text.partition("profile:")
    fields, profile = outer.strip(",").split(","), inner.strip("()").split(",")
    return _listed(request, rows, lambda one: shown_user(one, fields, profile) if text else shown_user(one))


def user_of(user_id: str) -> User:
    found = WORLD.users.get(user_id)
    if found is None:
        raise not_found(user_id)
    return found


@okta_call("GET", opened_by=(USERS_READ, USERS_MANAGE))
def user(request: HttpRequest, user_id: str) -> HttpResponse:
    return JsonResponse(shown_user(user_of(user_id)))


@okta_call("DELETE", opened_by=(USERS_MANAGE,), options=("oauthTokens", "forgetDevices"))
def sessions(request: HttpRequest, user_id: str) -> HttpResponse:
    found = user_of(user_id)
    if any(request.GET[name] not in ("true", "false") for name in request.GET):
        raise invalid("a flag is true or false")
    if request.GET.get("oauthTokens") == "true":
        found.sessions_ended += 1
    return HttpResponse(status=204)


@okta_call("GET", opened_by=(GROUPS_READ,), options=("limit", "after", "filter"))
def groups(request: HttpRequest) -> HttpResponse:
    since = _since(request, _TOUCHED)
    rows = [
        one
        for one in WORLD.groups.values()
        if not since or moment(one.updated_at) > since or moment(one.membership_at) > since
    ]
    return _listed(request, rows, _shown_group)


def _shown_group(group: Group) -> dict[str, Any]:
    return {
        "id": group.id,
        "type": group.kind,
        "objectClass": ["okta:user_group"],
        "created": moment(group.updated_at),
        "lastUpdated": moment(group.updated_at),
        "lastMembershipUpdated": moment(group.membership_at),
        "profile": {"name": group.name, "description": None},
    }


@okta_call("GET", opened_by=(GROUPS_READ,), options=("limit", "after"))
def members(request: HttpRequest, group_id: str) -> HttpResponse:
    group = WORLD.groups.get(group_id)
    if group is None:
        raise not_found(group_id)
    rows = [WORLD.users[name] for name in group.members if name in WORLD.users]
    return _listed(request, rows, shown_user)
