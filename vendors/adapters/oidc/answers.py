"""Reading what an OpenID Provider answered over HTTP: JSON objects, error codes, faults."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from portal.kit.bodies import read_once
from vendors.contract import (
    AdapterError,
    ContractBroken,
    HttpReply,
    PartnerAuthFailed,
    PartnerDown,
    RateLimited,
    RequestRejected,
    SessionOver,
)

_CODE = re.compile(r"[a-z_]{1,40}\Z")
# Of what else may stand in a host, browsers and Python read different hosts: a backslash ends one for the former alone.
_HOST = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?\Z|[0-9a-f:.]+\Z")


def read_object(reply: HttpReply) -> dict[str, Any]:
    """The body as a JSON object. ContractBroken for anything else, a name given twice included."""
    try:
        value = read_once(reply.body.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise ContractBroken("answer_not_json", http_status=reply.status) from error
    if not isinstance(value, dict):
        raise ContractBroken("answer_not_an_object", http_status=reply.status)
    return value


def error_code(value: object) -> str:
    """An OAuth error code if it looks like one; prose and anything else becomes `unreadable`."""
    return value if isinstance(value, str) and _CODE.match(value) else "unreadable"


def text_of(document: Mapping[str, Any], name: str, *, longest: int = 4_000) -> str:
    value = document.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= longest:
        raise ContractBroken(f"{name}_missing")
    return value


def _answered(reply: HttpReply) -> str:
    try:
        return error_code(read_object(reply).get("error"))
    except ContractBroken:
        return "unreadable"


def fault_of(reply: HttpReply) -> AdapterError:
    """The error behind a status that is not a success (RFC 6749 section 5.2, RFC 9126 section 2.3)."""
    if reply.status == 429:
        return RateLimited("rate_limited", http_status=429)
    if reply.status >= 500:
        return PartnerDown("partner_down", http_status=reply.status)
    answered = _answered(reply)
    if reply.status == 401 or answered in ("invalid_client", "unauthorized_client"):
        return PartnerAuthFailed("client_refused", answered=answered, http_status=reply.status)
    if answered == "invalid_grant":
        return SessionOver("code_refused", answered=answered, http_status=reply.status)
    return RequestRejected("request_refused", answered=answered, http_status=reply.status)


def origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()


def is_web_address(url: str) -> bool:
    """https, or http to a name under localhost; a host that everybody reads alike, no user name, no fragment, nothing that is no
    character."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    plain = parts.scheme == "http" and (host == "localhost" or host.endswith(".localhost"))
    if not _HOST.match(host) or port == 0 or "@" in parts.netloc or not url.isprintable():
        return False
    return (parts.scheme == "https" or plain) and not parts.fragment
