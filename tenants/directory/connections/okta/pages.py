"""Rounds at Okta, which has no delta queries: what changed since a moment, and from time to time everything.

A link here is what the next page needs: an address of Okta's, the moment the round began (by Okta's clock, with a margin), and
for groups whose members are still to be told. Members are told group by group, whole, page by page. Protects the token from
links that lead elsewhere. What it does not do: tell who was deleted; that only a round that tells everything does.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from portal.kit import clock, http
from portal.kit.remote import RemoteRefused, pause_of
from tenants.directory.connections.contract import GROUPS, USERS, Page, StateLost
from tenants.directory.connections.okta import addresses, reading
from tenants.directory.connections.okta.calls import Caller, read_list
from tenants.directory.connections.told import Group

TIMEOUT = 20.0
MAX_PAGE = 16_000_000
PAGE_SIZE = "200"
# Changes that were being written while the round before began are told once more.
MARGIN = timedelta(minutes=5)
# Of a hundred calls of a minute this many are left to others.
LEFT_TO_OTHERS = 10
_NEXT = re.compile(r'<([^<>]{1,4000})>\s*;\s*rel="?next"?')
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.000Z")


@dataclass(frozen=True, slots=True)
class Place:
    """How far a round came. `since` is what it tells of, empty for everything; `mark` when it began; `url` the page that
    follows; `queue` the groups whose members follow, `members` the page of the first of them."""

    since: str = ""
    mark: str = ""
    url: str = ""
    queue: tuple[str, ...] = ()
    members: str = ""
    is_listed: bool = False
    step: int = field(default=0)

    def written(self) -> str:
        return json.dumps(asdict(self), separators=(",", ":"))


def read_place(link: str) -> Place:
    """ValueError for what we did not write."""
    if not link:
        return Place()
    found: Any = json.loads(link)
    place = Place(**{**found, "queue": tuple(addresses.read_id(one) for one in found["queue"])})
    if any(moment and not _MOMENT.fullmatch(moment) for moment in (place.since, place.mark)):
        raise ValueError("not a moment")
    return place


def fetch_page(caller: Caller, kind: str, link: str) -> Page:
    place = read_place(link)
    if kind == GROUPS and place.queue:
        return _members(caller, place)
    return _listed(caller, kind, place)


def _first_url(caller: Caller, kind: str, since: str) -> str:
    if kind == USERS:
        # Of everything a moment long ago: without a filter those who were deactivated are not told.
        told = f'lastUpdated gt "{since or "1970-01-01T00:00:00.000Z"}"'
        return addresses.api_url(caller.host, "users", limit=PAGE_SIZE, filter=told, fields=reading.FIELDS)
    if not since:
        return addresses.api_url(caller.host, "groups", limit=PAGE_SIZE)
    told = f'lastUpdated gt "{since}" or lastMembershipUpdated gt "{since}"'
    return addresses.api_url(caller.host, "groups", limit=PAGE_SIZE, filter=told)


def _listed(caller: Caller, kind: str, place: Place) -> Page:
    url = place.url or _first_url(caller, kind, place.since)
    if place.url and not addresses.is_own_link(caller.host, kind, url):
        raise ValueError("a link leads elsewhere")
    reply = caller.send("GET", url, what=kind, timeout=TIMEOUT, max_bytes=MAX_PAGE)
    if place.url and reply.status == 400:
        # Cursors are forgotten after a while.
        raise StateLost
    items, following = read_list(reply), _following(caller, kind, reply)
    mark = place.mark or _mark(reply)
    if kind == USERS:
        users, unreadable = reading.read_users(items)
        told: dict[str, Any] = {"users": users, "unreadable": unreadable}
        queue: tuple[str, ...] = ()
    else:
        groups, unreadable = reading.read_groups(items)
        told = {"groups": groups, "unreadable": unreadable}
        queue = tuple(groups)
    after = Place(place.since, mark, following, queue, is_listed=not following, step=place.step + 1)
    return _page(reply, after, told)


def _members(caller: Caller, place: Place) -> Page:
    group_id = place.queue[0]
    path = f"groups/{group_id}/users"
    url = place.members or addresses.api_url(caller.host, path, limit=PAGE_SIZE)
    if place.members and not addresses.is_own_link(caller.host, path, url):
        raise ValueError("a link leads elsewhere")
    reply = caller.send("GET", url, what=GROUPS, timeout=TIMEOUT, max_bytes=MAX_PAGE)
    if reply.status == 404:
        gone = Group(group_id, is_removed=True)
        after = Place(
            place.since,
            place.mark,
            place.url,
            place.queue[1:],
            is_listed=place.is_listed,
            step=place.step + 1,
        )
        return _page(reply, after, {"groups": {group_id: gone}})
    if place.members and reply.status == 400:
        raise StateLost
    group, unreadable = reading.read_members(group_id, read_list(reply))
    following = _following(caller, path, reply)
    # A member that could not be read is no reason to take the others for all there are.
    group.begins, group.ends = not place.members, not following and not unreadable
    queue = place.queue if following else place.queue[1:]
    after = Place(
        place.since,
        place.mark,
        place.url,
        queue,
        members=following,
        is_listed=place.is_listed,
        step=place.step + 1,
    )
    return _page(reply, after, {"groups": {group_id: group}, "unreadable": unreadable})


def _page(reply: http.Reply, after: Place, told: Mapping[str, Any]) -> Page:
    if after.queue or not after.is_listed:
        return Page(**told, next_link=after.written(), pause=_pause(reply))
    return Page(**told, delta_link=Place(since=after.mark).written(), pause=_pause(reply))


def _following(caller: Caller, path: str, reply: http.Reply) -> str:
    found = _NEXT.search(reply.headers.get("link", ""))
    if found is None:
        return ""
    if not addresses.is_own_link(caller.host, path, found[1]):
        raise RemoteRefused("link_elsewhere")
    return found[1]


def _mark(reply: http.Reply) -> str:
    """When the round began, by Okta's clock as far as its answer says it, never later than by ours."""
    try:
        there = parsedate_to_datetime(reply.headers.get("date", ""))
    except (TypeError, ValueError):
        there = clock.now()
    there = there if there.tzinfo else there.replace(tzinfo=UTC)
    earlier: datetime = min(there, clock.now()) - MARGIN
    return f"{earlier.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.000Z"


def _pause(reply: http.Reply) -> int:
    """For how long to leave the organisation alone so that others can work: until its count begins anew, once it is nearly
    used up."""
    limit, left = (reply.headers.get(f"x-rate-limit-{name}", "") for name in ("limit", "remaining"))
    if not (re.fullmatch(r"[0-9]{1,7}", limit) and re.fullmatch(r"[0-9]{1,7}", left)):
        return 0
    if int(left) * 100 > int(limit) * LEFT_TO_OTHERS:
        return 0
    return pause_of(reply) or 0
