"""Asking a partner's REST API: where it is, what its answers are, and whose fault it is when there is none.

Protects the tenant's key from every address that is not the partner's: it is sent to the hosts of this list alone, and to
this machine where somebody develops against a simulator.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from vendors.adapters.oidc.answers import is_web_address, read_object
from vendors.adapters.pictures import MAX_PORTRAIT, require_jpeg
from vendors.contract import (
    AdapterError,
    BadConfig,
    ContractBroken,
    Ctx,
    HttpReply,
    IssuerUntrusted,
    PartnerAuthFailed,
    PartnerDown,
    RateLimited,
    RequestRejected,
    SessionOver,
)

_CODE = re.compile(r"[a-z0-9_.-]{1,60}\Z")
_KEY = re.compile(r"[\x21-\x7e]{8,400}\Z")
MAX_ANSWER = 500_000


@dataclass(frozen=True, slots=True)
class Partner:
    """Where a partner's API answers. `hosts` are exact names; one with a dot in front stands for all below it."""

    base: str
    hosts: frozenset[str]

    def base_of(self, ctx: Ctx) -> str:
        """The partner's own, or the simulator's where the tenant named one. BadConfig for any other host."""
        named = str(ctx.config.get("api_base") or self.base).rstrip("/")
        if not self.owns(named):
            raise BadConfig("api_base_unusable", setting="api_base")
        return named

    def owns(self, url: str) -> bool:
        """One of the partner's hosts over https, or this machine, which production refuses to reach."""
        if not is_web_address(url):
            return False
        host = urlsplit(url).hostname or ""
        if host == "localhost" or host.endswith(".localhost"):
            return True
        return any(host == own or (own.startswith(".") and host.endswith(own)) for own in self.hosts)

    def require_own(self, url: object, code: str) -> str:
        """An address inside an answer, before anything is sent there or anybody is sent there."""
        if not isinstance(url, str) or len(url) > 4_000:
            raise ContractBroken(code)
        if not self.owns(url):
            raise IssuerUntrusted(code)
        return url

    def is_simulated(self, ctx: Ctx) -> bool:
        return self.base_of(ctx) != self.base


def key_of(ctx: Ctx) -> str:
    """BadConfig for what cannot stand in a header."""
    key = ctx.secrets.get("api_key", "")
    if not _KEY.match(key):
        raise BadConfig("api_key_unusable", setting="api_key")
    return key


def code_word(value: object) -> str:
    """A code of the partner's if it looks like one; prose and anything else becomes `unreadable`."""
    return value if isinstance(value, str) and _CODE.match(value) else "unreadable"


def fault_of(reply: HttpReply, answered: str) -> AdapterError:
    """The error behind a status that is not a success; `answered` is the code the partner gave with it."""
    about: dict[str, Any] = {"answered": answered, "http_status": reply.status}
    if reply.status == 429:
        return RateLimited("rate_limited", **about)
    if reply.status >= 500 or reply.status == 408:
        return PartnerDown("partner_down", **about)
    if reply.status == 401:
        return PartnerAuthFailed("key_refused", **about)
    if reply.status == 402:
        return BadConfig("partner_unpaid", setting="api_key", **about)
    if reply.status == 403:
        return BadConfig("permission_missing", setting="api_key", **about)
    if reply.status in (404, 410):
        return SessionOver("session_unknown", **about)
    return RequestRejected("request_refused", **about)


def object_of(reply: HttpReply) -> dict[str, Any]:
    if reply.status not in (200, 201):
        raise ContractBroken("status_unexpected", http_status=reply.status)
    return read_object(reply)


def digest_of(record: Mapping[str, Any]) -> str:
    """The same record has the same digest, whatever order its names come in."""
    return hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()


def fetch_picture(ctx: Ctx, url: str, headers: Mapping[str, str]) -> bytes:
    """A bounded JPEG. The caller has looked at the host."""
    reply = ctx.http.send("GET", url, headers=headers, max_bytes=MAX_PORTRAIT)
    if reply.status != 200:
        raise fault_of(reply, "")
    require_jpeg(reply.body)
    return reply.body


def with_state(return_url: str, state: str) -> str:
    """The partner sends the browser back to exactly this; our word in it binds browser and attempt."""
    return f"{return_url}{'&' if '?' in return_url else '?'}state={state}"
