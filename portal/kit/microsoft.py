"""A token of the Microsoft identity platform for an application (OAuth 2.0 client credentials).

Protects the secret and the token: neither is in a log, an error or a repr. The numbers of its refusals become codes of ours,
each with what an administrator can change. What it does not do: keep a token.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from portal.kit import clock, http
from portal.kit.errors import Unavailable
from portal.kit.remote import RemoteRefused, Token, read_object, require_well

MAX_TOKEN = 200_000
LONGEST_LIFE = timedelta(hours=24)
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
    700027: "certificate_unknown",
    500011: "service_missing",
    53003: "blocked_by_policy",
}
REFUSALS = frozenset({*_NUMBERS.values(), "token_refused"})
"""Why an application gets no token until an administrator changes something, in our codes."""


def fetch_token(
    url: str, *, client_id: str, scope: str, proof: Mapping[str, str], timeout: float = 10.0
) -> Token:
    """Client credentials (RFC 6749, 4.4). `proof` is the secret or the assertion, by the names of the form; `timeout` is for
    one try, in seconds. Asked again once when nobody answers: nothing is made by asking."""
    form = {"grant_type": "client_credentials", "client_id": client_id, "scope": scope, **proof}
    try:
        reply = http.send("POST", url, form=form, timeout=timeout, max_bytes=MAX_TOKEN)
    except Unavailable:
        reply = http.send("POST", url, form=form, timeout=timeout, max_bytes=MAX_TOKEN)
    require_well(reply)
    body = read_object(reply)
    if reply.status != 200:
        raise RemoteRefused(_token_problem(body), http_status=reply.status)
    value, life = body.get("access_token"), body.get("expires_in")
    is_bearer = str(body.get("token_type")).lower() == "bearer"
    if not isinstance(value, str) or not _TOKEN.fullmatch(value) or not is_bearer:
        raise Unavailable("token_unusable")
    if isinstance(life, bool) or not isinstance(life, int) or life <= 0:
        raise Unavailable("token_unusable")
    expires_at = clock.now() + min(timedelta(seconds=life), LONGEST_LIFE)
    return Token(value, expires_at, _unverified_roles(value))


def _token_problem(body: Mapping[str, Any]) -> str:
    numbers = body.get("error_codes")
    for number in numbers if isinstance(numbers, list) else ():
        if isinstance(number, int) and number in _NUMBERS:
            return _NUMBERS[number]
    return "secret_wrong" if body.get("error") == "invalid_client" else "token_refused"


def _unverified_roles(value: str) -> frozenset[str] | None:
    """The token is for Microsoft's API and need not be a JWT at all."""
    try:
        middle = value.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
        roles = claims.get("roles", [])
        return frozenset(role for role in roles if isinstance(role, str))
    except (IndexError, ValueError, AttributeError, TypeError, RecursionError):
        return None
