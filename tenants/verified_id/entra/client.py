"""Asking Microsoft: a token, and the two requests of the Request Service API.

Protects the secret and the token (neither is in a log, an error or a repr) and us from answers of any size and shape.
Errors of the other side die here: `Unavailable` may pass by itself, `EntraRefused` names in a code of ours what the
administrator can change. Only the token is asked for twice; a request that may have been made is not made again.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from portal.kit import clock, http
from portal.kit.errors import ReadmitError, Unavailable
from tenants.verified_id.entra import addresses
from tenants.verified_id.entra.certificate import ASSERTION_TYPE, KeyPair, make_assertion

TIMEOUT = 10.0
# With a QR code in it the answer to a request is some ten kilobytes; a token three.
MAX_ANSWER = 200_000
LONGEST_LIFE = timedelta(hours=24)
_TOKEN = re.compile(r"[\x21-\x7e]{1,20000}")
_SERVICE_ID = re.compile(r"[A-Za-z0-9-]{8,64}")

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
# The member of the request that was refused, and the setting it comes from.
_SETTINGS = {
    "authority": "authority",
    "type": "credential_type",
    "manifest": "manifest_url",
    "callback": "callback",
    "requestedCredentials": "credential_type",
    "pin": "pin",
    "claims": "claims",
}


class EntraRefused(ReadmitError):
    """The answer is no until somebody changes something. `setting` names what, as far as the answer tells."""

    def __init__(self, code: str, *, setting: str = "", http_status: int = 0) -> None:
        super().__init__(code, detail={"setting": setting, "http_status": http_status})
        self.setting = setting
        self.http_status = http_status


@dataclass(frozen=True, slots=True)
class Credentials:
    """`pair` stands in where there is no secret."""

    directory: str
    client_id: str
    secret: str = field(repr=False)
    pair: KeyPair | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Token:
    """`unverified_roles` is what the token says it may do, unread by anybody who could vouch for it: for words on a
    page. None when it cannot be read."""

    value: str = field(repr=False)
    expires_at: datetime
    unverified_roles: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """A request that was accepted: what its callbacks name it, where it leads a wallet, until when."""

    service_id: str
    link: str = field(repr=False)
    expires_at: datetime


def fetch_token(credentials: Credentials) -> Token:
    """Client credentials (RFC 6749, 4.4). Asked again once when nobody answers: nothing is made by asking."""
    url = addresses.token_url(credentials.directory)
    form = {
        "grant_type": "client_credentials",
        "client_id": credentials.client_id,
        "scope": addresses.SCOPE,
        **_proof(credentials, url),
    }
    try:
        reply = http.send("POST", url, form=form, timeout=TIMEOUT, max_bytes=MAX_ANSWER)
    except Unavailable:
        reply = http.send("POST", url, form=form, timeout=TIMEOUT, max_bytes=MAX_ANSWER)
    _require_well(reply)
    body = _object(reply)
    if reply.status != 200:
        raise EntraRefused(_token_problem(body), http_status=reply.status)
    value, life = body.get("access_token"), body.get("expires_in")
    if (
        not isinstance(value, str)
        or not _TOKEN.fullmatch(value)
        or str(body.get("token_type")).lower() != "bearer"
    ):
        raise Unavailable("token_unusable")
    if isinstance(life, bool) or not isinstance(life, int) or life <= 0:
        raise Unavailable("token_unusable")
    expires_at = clock.now() + min(timedelta(seconds=life), LONGEST_LIFE)
    return Token(value, expires_at, _unverified_roles(value))


def _proof(credentials: Credentials, url: str) -> dict[str, str]:
    if credentials.pair is None:
        return {"client_secret": credentials.secret}
    made = make_assertion(credentials.pair, client_id=credentials.client_id, audience=url, now=clock.now())
    return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": made}


def create(url: str, body: Mapping[str, Any], token: Token) -> Accepted:
    """One request. It is not sent twice: an answer that was lost may belong to a request that was made."""
    headers = {"Authorization": f"Bearer {token.value}", "Content-Type": "application/json"}
    reply = http.send(
        "POST", url, headers=headers, body=json.dumps(body).encode(), timeout=TIMEOUT, max_bytes=MAX_ANSWER
    )
    _require_well(reply)
    answer = _object(reply)
    if reply.status != 201:
        raise _refusal(reply.status, answer)
    service_id, link, expiry = answer.get("requestId"), answer.get("url"), answer.get("expiry")
    if not isinstance(service_id, str) or not _SERVICE_ID.fullmatch(service_id):
        raise Unavailable("answer_unusable")
    if not isinstance(link, str) or not addresses.is_own_link(link):
        raise Unavailable("answer_unusable")
    if isinstance(expiry, bool) or not isinstance(expiry, int):
        raise Unavailable("answer_unusable")
    now = clock.now()
    until = now + timedelta(seconds=max(0, min(expiry - int(now.timestamp()), 86_400)))
    return Accepted(service_id, link, until.astimezone(UTC))


def _require_well(reply: http.Reply) -> None:
    if reply.status == 429 or reply.status >= 500:
        raise Unavailable("service_busy", detail={"http_status": reply.status})
    if 300 <= reply.status < 400:
        # Redirects are not followed: a secret or a token would go along.
        raise Unavailable("service_moved", detail={"http_status": reply.status})


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


def _refusal(status: int, body: Mapping[str, Any]) -> EntraRefused:
    if status == 401:
        return EntraRefused("token_rejected", http_status=status)
    if status == 403:
        return EntraRefused("permission_missing", http_status=status)
    error = body.get("error")
    inner = error.get("innererror") if isinstance(error, dict) else None
    target = inner.get("target") if isinstance(inner, dict) else None
    first = re.split(r"[.\[]", target, maxsplit=1)[0] if isinstance(target, str) else ""
    setting = _SETTINGS.get(first, "")
    return EntraRefused(
        "setting_refused" if setting else "request_refused", setting=setting, http_status=status
    )


def _unverified_roles(value: str) -> frozenset[str] | None:
    """The token is for Microsoft's API and need not be a JWT at all."""
    try:
        middle = value.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
        roles = claims.get("roles", [])
        return frozenset(role for role in roles if isinstance(role, str))
    except (IndexError, ValueError, AttributeError, TypeError, RecursionError):
        return None
