"""Pages of delta queries.

Protects us from answers of any size and shape, and the token from links that lead elsewhere. `StateLost` means that a round
has to begin anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portal.kit import http
from portal.kit.errors import ReadmitError, Unavailable
from portal.kit.remote import RemoteRefused, Token, read_object, require_well
from tenants.directory.connections.contract import USERS, Page, StateLost
from tenants.directory.connections.microsoft import addresses, reading

TIMEOUT = 20.0
MAX_PAGE = 16_000_000
_STATE_LOST = frozenset({"syncstatenotfound", "syncstateinvalid", "resyncrequired"})


def fetch_page(kind: str, link: str, token: Token) -> Page:
    """One page, of the first where there is no link. ValueError for a link that is not one of ours: it is stored, and was read
    before that."""
    link = link or addresses.first_url(kind)
    if not addresses.is_own_link(kind, link):
        raise ValueError("a link leads elsewhere")
    headers = {"Authorization": f"Bearer {token.value}", "Accept": "application/json"}
    reply = http.send("GET", link, headers=headers, timeout=TIMEOUT, max_bytes=MAX_PAGE)
    require_well(reply)
    if reply.status != 200:
        raise _refusal(kind, reply)
    return _page(kind, read_object(reply))


def _page(kind: str, body: Mapping[str, Any]) -> Page:
    items, links = body.get("value"), (body.get("@odata.nextLink"), body.get("@odata.deltaLink"))
    given = [link for link in links if link is not None]
    # Without a link nobody knows whether that was all; with both, which of them holds.
    if not isinstance(items, list) or len(given) != 1 or not isinstance(given[0], str):
        raise Unavailable("answer_unusable")
    if not addresses.is_own_link(kind, given[0]):
        raise RemoteRefused("link_elsewhere")
    following, last = links[0] or "", links[1] or ""
    if kind == USERS:
        users, unreadable = reading.read_users(items)
        return Page(users=users, unreadable=unreadable, next_link=following, delta_link=last)
    groups, unreadable = reading.read_groups(items)
    return Page(groups=groups, unreadable=unreadable, next_link=following, delta_link=last)


def _refusal(kind: str, reply: http.Reply) -> ReadmitError:
    if reply.status == 401:
        return RemoteRefused("token_rejected", http_status=401)
    if reply.status == 403:
        return RemoteRefused(f"permission_missing_{kind}", http_status=403)
    error = read_object(reply).get("error")
    code = error.get("code") if isinstance(error, dict) else None
    # The documentation has 410; the service has also answered 400 with the same code.
    if reply.status == 410 or (isinstance(code, str) and code.lower() in _STATE_LOST):
        return StateLost()
    return RemoteRefused("request_refused", http_status=reply.status)
