"""Asking Microsoft: a token, and the two requests of the Request Service API.

Protects the secret and the token (neither is in a log, an error or a repr) and us from answers of any size and shape.
Errors of the other side die here: `Unavailable` may pass by itself, `EntraRefused` names in a code of ours what the
administrator can change. Only the token is asked for twice; a request that may have been made is not made again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from portal.kit import clock, http, microsoft
from portal.kit.errors import Unavailable
from portal.kit.remote import RemoteRefused, Token, read_object, require_well
from tenants.verified_id.entra import addresses
from tenants.verified_id.entra.certificate import ASSERTION_TYPE, KeyPair, make_assertion

__all__ = ["Accepted", "Credentials", "EntraRefused", "Token", "create", "fetch_token"]

TIMEOUT = 10.0
# With a QR code in it the answer to a request is some ten kilobytes.
MAX_ANSWER = 200_000
_SERVICE_ID = re.compile(r"[A-Za-z0-9-]{8,64}")
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


class EntraRefused(RemoteRefused):
    """The answer is no until somebody changes something. `setting` names what, as far as the answer tells."""

    def __init__(self, code: str, *, setting: str = "", http_status: int = 0) -> None:
        super().__init__(code, http_status=http_status)
        self.detail["setting"] = setting
        self.setting = setting


@dataclass(frozen=True, slots=True)
class Credentials:
    """`pair` stands in where there is no secret."""

    directory: str
    client_id: str
    secret: str = field(repr=False)
    pair: KeyPair | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Accepted:
    """A request that was accepted: what its callbacks name it, where it leads a wallet, until when."""

    service_id: str
    link: str = field(repr=False)
    expires_at: datetime


def fetch_token(credentials: Credentials, *, scope: str = addresses.SCOPE) -> Token:
    url = addresses.token_url(credentials.directory)
    try:
        return microsoft.fetch_token(
            url,
            client_id=credentials.client_id,
            scope=scope,
            proof=_proof(credentials, url),
            timeout=TIMEOUT,
        )
    except RemoteRefused as refused:
        raise EntraRefused(refused.code, http_status=refused.http_status) from refused


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
    require_well(reply)
    answer = read_object(reply)
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
