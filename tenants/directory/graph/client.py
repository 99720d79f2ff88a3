"""Asking Microsoft: a token, and pages of delta queries.

Protects the secret and the token (neither is in a log, an error or a repr) and us from answers of any size and shape.
Errors of the other side die here: `Unavailable` may pass by itself and says for how long it asks to be left alone,
`StateLost` means that a round has to begin anew, `GraphRefused` names in a code of ours what the administrator can change.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from portal.kit import clock, http
from portal.kit.errors import ReadmitError, Unavailable
from tenants.directory.graph import addresses

TIMEOUT = 20.0
MAX_TOKEN = 200_000
MAX_PAGE = 16_000_000
LONGEST_LIFE = timedelta(hours=24)
LONGEST_PAUSE = 3600
_TOKEN = re.compile(r"[\x21-\x7e]{1,20000}")

# Numbers of the token endpoint, each with what it means to the administrator. Only words hang on them: what is not
# here is refused just the same.
_NUMBERS = {
    90002: "directory_unknown",
    900023: "directory_unknown",
    700016: "client_unknown",
    7000215: "secret_wrong",
    7000218: "secret_wrong",
    7000222: "secret_expired",
    7000112: "client_disabled",
    500011: "service_missing",
    53003: "blocked_by_policy",
}
_STATE_LOST = frozenset({"syncstatenotfound", "syncstateinvalid", "resyncrequired"})


class GraphRefused(ReadmitError):
    """The answer is no until somebody changes something."""

    def __init__(self, code: str, *, http_status: int = 0) -> None:
        super().__init__(code, detail={"http_status": http_status})


class StateLost(ReadmitError):
    """Microsoft does not know any more how far we were: everything has to be told again."""

    def __init__(self) -> None:
        super().__init__("sync_state_lost")


class Busy(Unavailable):
    """Not now. `pause` is for how many seconds the other side asked to be left alone, None when it did not say."""

    def __init__(self, code: str, *, pause: int | None = None, http_status: int = 0) -> None:
        super().__init__(code, detail={"http_status": http_status})
        self.pause = pause


@dataclass(frozen=True, slots=True)
class Credentials:
    directory: str
    client_id: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Token:
    """`unverified_roles` is what the token says it may do, unread by anybody who could vouch for it: for words on a
    page. None when it cannot be read."""

    value: str = field(repr=False)
    expires_at: datetime
    unverified_roles: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class UnverifiedPage:
    """One answer of a delta query. Exactly one of the links is there."""

    items: list[Any] = field(repr=False)
    next_link: str = field(repr=False)
    delta_link: str = field(repr=False)


def fetch_token(credentials: Credentials) -> Token:
    """Client credentials (RFC 6749, 4.4). Asked again once when nobody answers: nothing is made by asking."""
    url = addresses.token_url(credentials.directory)
    form = {
        "grant_type": "client_credentials",
        "client_id": credentials.client_id,
        "client_secret": credentials.secret,
        "scope": addresses.SCOPE,
    }
    try:
        reply = http.send("POST", url, form=form, timeout=TIMEOUT / 2, max_bytes=MAX_TOKEN)
    except Unavailable:
        reply = http.send("POST", url, form=form, timeout=TIMEOUT / 2, max_bytes=MAX_TOKEN)
    _require_well(reply)
    body = _object(reply)
    if reply.status != 200:
        raise GraphRefused(_token_problem(body), http_status=reply.status)
    value, life = body.get("access_token"), body.get("expires_in")
    is_bearer = str(body.get("token_type")).lower() == "bearer"
    if not isinstance(value, str) or not _TOKEN.fullmatch(value) or not is_bearer:
        raise Unavailable("token_unusable")
    if isinstance(life, bool) or not isinstance(life, int) or life <= 0:
        raise Unavailable("token_unusable")
    expires_at = clock.now() + min(timedelta(seconds=life), LONGEST_LIFE)
    return Token(value, expires_at, _unverified_roles(value))


def fetch_page(kind: str, link: str, token: Token) -> UnverifiedPage:
    """One page. ValueError for a link that is not one of ours: it is stored, and was read before that."""
    if not addresses.is_own_link(kind, link):
        raise ValueError("a link leads elsewhere")
    headers = {"Authorization": f"Bearer {token.value}", "Accept": "application/json"}
    reply = http.send("GET", link, headers=headers, timeout=TIMEOUT, max_bytes=MAX_PAGE)
    _require_well(reply)
    if reply.status != 200:
        raise _refusal(kind, reply)
    return _page(kind, _object(reply))


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


def _require_well(reply: http.Reply) -> None:
    if reply.status == 429 or reply.status >= 500:
        raise Busy("service_busy", pause=_pause(reply), http_status=reply.status)
    if 300 <= reply.status < 400:
        # Redirects are not followed: a secret or a token would go along.
        raise Unavailable("service_moved", detail={"http_status": reply.status})


def _pause(reply: http.Reply) -> int | None:
    """Seconds only: that is what this service sends (RFC 9110, 10.2.3 would allow a date)."""
    text = reply.headers.get("retry-after", "").strip()
    if not re.fullmatch(r"[0-9]{1,9}", text):
        return None
    return max(1, min(int(text), LONGEST_PAUSE))


def _object(reply: http.Reply) -> Mapping[str, Any]:
    try:
        body = reply.json()
    except RecursionError as error:
        raise Unavailable("bad_json") from error
    if not isinstance(body, dict):
        raise Unavailable("bad_json")
    return body


def _token_problem(body: Mapping[str, Any]) -> str:
    numbers = body.get("error_codes")
    for number in numbers if isinstance(numbers, list) else ():
        if isinstance(number, int) and number in _NUMBERS:
            return _NUMBERS[number]
    return "secret_wrong" if body.get("error") == "invalid_client" else "token_refused"


def _refusal(kind: str, reply: http.Reply) -> ReadmitError:
    if reply.status == 401:
        return GraphRefused("token_rejected", http_status=401)
    if reply.status == 403:
        return GraphRefused(f"permission_missing_{kind}", http_status=403)
    error = _object(reply).get("error")
    code = error.get("code") if isinstance(error, dict) else None
    # The documentation has 410; the service has also answered 400 with the same code.
    if reply.status == 410 or (isinstance(code, str) and code.lower() in _STATE_LOST):
        return StateLost()
    return GraphRefused("request_refused", http_status=reply.status)


def _unverified_roles(value: str) -> frozenset[str] | None:
    """The token is for Microsoft's API and need not be a JWT at all."""
    try:
        middle = value.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
        roles = claims.get("roles", [])
        return frozenset(role for role in roles if isinstance(role, str))
    except (IndexError, ValueError, AttributeError, TypeError, RecursionError):
        return None
