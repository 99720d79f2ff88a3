"""What the APIs of directories have in common: tokens, refusals, being told to wait, JSON that may be anything.

Protects tokens (they are in no log, error or repr) and us from answers of any size and shape. Errors of the other side become
codes of ours: `RemoteRefused` names what an administrator can change, `Busy` may pass by itself and says for how long it asks
to be left alone. What it does not do: ask anybody, or keep a token.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

from portal.kit import clock, http
from portal.kit.errors import Misconfigured, ReadmitError, Unavailable

LONGEST_PAUSE = 3600
# A token is not used in its last minutes: it has to live as long as the call.
EARLY = timedelta(minutes=2)
Answer = TypeVar("Answer")


class RemoteRefused(ReadmitError):
    """The answer is no until somebody changes something."""

    def __init__(self, code: str, *, http_status: int = 0) -> None:
        super().__init__(code, detail={"http_status": http_status})
        self.http_status = http_status


class Busy(Unavailable):
    """Not now. `pause` is for how many seconds the other side asked to be left alone, None when it did not say."""

    def __init__(self, code: str, *, pause: int | None = None, http_status: int = 0) -> None:
        super().__init__(code, detail={"http_status": http_status})
        self.pause = pause


# Whatever may come of asking.
TROUBLE = (RemoteRefused, Unavailable, Misconfigured)


@dataclass(frozen=True, slots=True)
class Token:
    """`unverified_grants` is what the token says it may do, unread by anybody who could vouch for it: for words on a page.
    None when it cannot be read. `key` is the private key a token is bound to (RFC 9449), as a JWK; empty for a bearer's."""

    value: str = field(repr=False)
    expires_at: datetime
    unverified_grants: frozenset[str] | None = None
    key: str = field(default="", repr=False)


def use_token(
    cached: Token | None,
    call: Callable[[Token], Answer],
    *,
    fetch: Callable[[], Token],
    keep: Callable[[Token], None],
) -> Answer:
    """Make a call with the token at hand while it lives, else with a new one, which is kept. A token that is rejected before
    its time (a permission was taken away or given) is replaced once."""
    if cached is not None and cached.expires_at - EARLY > clock.now():
        try:
            return call(cached)
        except RemoteRefused as refused:
            if refused.code != "token_rejected" and not refused.code.startswith("permission_missing"):
                raise
    fresh = fetch()
    keep(fresh)
    return call(fresh)


def require_well(reply: http.Reply) -> None:
    """Busy for an answer that says "not now"; Unavailable for one that leads elsewhere."""
    if reply.status == 429 or reply.status >= 500:
        raise Busy("service_busy", pause=pause_of(reply), http_status=reply.status)
    if 300 <= reply.status < 400:
        # Redirects are not followed: a secret or a token would go along.
        raise Unavailable("service_moved", detail={"http_status": reply.status})


def read_object(reply: http.Reply) -> Mapping[str, Any]:
    """The answer as a JSON object. Unavailable("bad_json") if it is none."""
    body = read_json(reply)
    if not isinstance(body, dict):
        raise Unavailable("bad_json")
    return body


def read_json(reply: http.Reply) -> Any:
    try:
        return reply.json()
    except RecursionError as error:
        raise Unavailable("bad_json") from error


def pause_of(reply: http.Reply) -> int | None:
    """For how many seconds the answer asks to be left alone: `Retry-After` in seconds or as a date (RFC 9110, 10.2.3), else
    `X-Rate-Limit-Reset`, a moment in seconds since 1970 by the clock of the answer's own `Date`. None when it does not say."""
    text = reply.headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]{1,9}", text):
        return _bounded(int(text))
    there = _date(reply.headers.get("date", "")) or clock.now()
    asked = _date(text)
    if asked is not None:
        return _bounded((asked - there).total_seconds())
    reset = reply.headers.get("x-rate-limit-reset", "").strip()
    if re.fullmatch(r"[0-9]{1,11}", reset):
        return _bounded(int(reset) - there.timestamp())
    return None


def _bounded(seconds: float) -> int:
    return int(max(1, min(seconds, LONGEST_PAUSE)))


def _date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def time_of(value: Any) -> datetime | None:
    """A moment as these services write it. None for anything else, one without a zone among it."""
    try:
        found = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return found if found.tzinfo else None
