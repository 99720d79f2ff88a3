"""Asking Microsoft Graph: a token, and pages of delta queries.

Protects the secret and the token (neither is in a log, an error or a repr) and us from answers of any size and shape.
Errors of the other side die here: `Unavailable` may pass by itself and says for how long it asks to be left alone,
`StateLost` means that a round has to begin anew, `GraphRefused` names in a code of ours what the administrator can change.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from portal.kit import http, microsoft
from portal.kit.errors import ReadmitError, Unavailable
from portal.kit.microsoft import Busy, MicrosoftRefused, Token
from tenants.directory.graph import addresses

__all__ = [
    "Busy",
    "Credentials",
    "GraphRefused",
    "StateLost",
    "Token",
    "UnverifiedPage",
    "fetch_page",
    "fetch_token",
]

TIMEOUT = 20.0
MAX_PAGE = 16_000_000
_STATE_LOST = frozenset({"syncstatenotfound", "syncstateinvalid", "resyncrequired"})
# The answer is no until somebody changes something.
GraphRefused = MicrosoftRefused


class StateLost(ReadmitError):
    """Microsoft does not know any more how far we were: everything has to be told again."""

    def __init__(self) -> None:
        super().__init__("sync_state_lost")


@dataclass(frozen=True, slots=True)
class Credentials:
    directory: str
    client_id: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class UnverifiedPage:
    """One answer of a delta query. Exactly one of the links is there."""

    items: list[Any] = field(repr=False)
    next_link: str = field(repr=False)
    delta_link: str = field(repr=False)


def fetch_token(credentials: Credentials) -> Token:
    return microsoft.fetch_token(
        addresses.token_url(credentials.directory),
        client_id=credentials.client_id,
        scope=addresses.SCOPE,
        proof={"client_secret": credentials.secret},
    )


def fetch_page(kind: str, link: str, token: Token) -> UnverifiedPage:
    """One page. ValueError for a link that is not one of ours: it is stored, and was read before that."""
    if not addresses.is_own_link(kind, link):
        raise ValueError("a link leads elsewhere")
    headers = {"Authorization": f"Bearer {token.value}", "Accept": "application/json"}
    reply = http.send("GET", link, headers=headers, timeout=TIMEOUT, max_bytes=MAX_PAGE)
    microsoft.require_well(reply)
    if reply.status != 200:
        raise _refusal(kind, reply)
    return _page(kind, microsoft.read_object(reply))


def _page(kind: str, body: Mapping[str, Any]) -> UnverifiedPage:
    items, links = body.get("value"), (body.get("@odata.nextLink"), body.get("@odata.deltaLink"))
    given = [link for link in links if link is not None]
    # Without a link nobody knows whether that was all; with both, which of them holds.
    if not isinstance(items, list) or len(given) != 1 or not isinstance(given[0], str):
        raise Unavailable("answer_unusable")
    if not addresses.is_own_link(kind, given[0]):
        raise GraphRefused("link_elsewhere")
    following, last = links
    return UnverifiedPage(items, following or "", last or "")


def _refusal(kind: str, reply: http.Reply) -> ReadmitError:
    if reply.status == 401:
        return GraphRefused("token_rejected", http_status=401)
    if reply.status == 403:
        return GraphRefused(f"permission_missing_{kind}", http_status=403)
    error = microsoft.read_object(reply).get("error")
    code = error.get("code") if isinstance(error, dict) else None
    # The documentation has 410; the service has also answered 400 with the same code.
    if reply.status == 410 or (isinstance(code, str) and code.lower() in _STATE_LOST):
        return StateLost()
    return GraphRefused("request_refused", http_status=reply.status)
