"""Reads what a client sent: bounded, each parameter once, no empty ones."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_plus, urlsplit

from vendors.house.provider import errors
from vendors.house.provider.errors import ProtocolError

MAX_VALUE = 8192
MAX_PARAMETERS = 40
BASIC = 'Basic realm="readmit-house", charset="UTF-8"'
_CREDENTIAL = re.compile(r"[\x20-\x7e]{1,200}")


def single_parameters(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """RFC 6749, 3.1 and 3.2: a parameter occurs once; one without a value counts as absent."""
    found: dict[str, str] = {}
    seen: set[str] = set()
    for name, value in pairs:
        if name in seen:
            raise ProtocolError(errors.INVALID_REQUEST, "repeated_parameter", clause="RFC 6749, 3.1")
        seen.add(name)
        if len(seen) > MAX_PARAMETERS or len(name) > 100 or len(value) > MAX_VALUE:
            raise ProtocolError(errors.INVALID_REQUEST, "parameter_too_long")
        if value:
            found[name] = value
    return found


@dataclass(frozen=True, slots=True)
class UnverifiedCredentials:
    """Who the caller says it is, and what it says to prove it."""

    client_id: str
    method: str
    secret: str = field(repr=False)


def read_credentials(authorization: str, parameters: Mapping[str, str]) -> UnverifiedCredentials:
    """RFC 6749, 2.3.1. One method a request (2.3); none at all is refused."""
    in_body = "client_secret" in parameters
    if authorization:
        if in_body:
            raise ProtocolError(errors.INVALID_REQUEST, "two_client_authentications", clause="RFC 6749, 2.3")
        return _basic(authorization, parameters)
    if not in_body or "client_id" not in parameters:
        raise unauthenticated("no_client_authentication")
    return UnverifiedCredentials(parameters["client_id"], "client_secret_post", parameters["client_secret"])


def unauthenticated(reason: str) -> ProtocolError:
    """RFC 6749, 5.2: 401 with a challenge; the same words for an unknown client and a wrong secret."""
    return ProtocolError(
        errors.INVALID_CLIENT,
        reason,
        "Client authentication failed.",
        clause="RFC 6749, 5.2",
        status=401,
        challenge=BASIC,
    )


def _basic(authorization: str, parameters: Mapping[str, str]) -> UnverifiedCredentials:
    scheme, _, encoded = authorization.partition(" ")
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True).decode("ascii")
    except (binascii.Error, ValueError) as error:
        raise unauthenticated("basic_unreadable") from error
    client_id, colon, secret = decoded.partition(":")
    client_id, secret = unquote_plus(client_id), unquote_plus(secret)
    if scheme.lower() != "basic" or not colon or not _CREDENTIAL.fullmatch(client_id):
        raise unauthenticated("basic_unreadable")
    if parameters.get("client_id", client_id) != client_id:
        raise ProtocolError(errors.INVALID_REQUEST, "other_client_id", clause="RFC 9126, 2.1")
    return UnverifiedCredentials(client_id, "client_secret_basic", secret)


def json_object(
    unverified: str | bytes, *, error: str = errors.INVALID_REQUEST, what: str = "body"
) -> dict[str, Any]:
    """A JSON object of bounded depth and size."""
    if len(unverified) > 4 * MAX_VALUE:
        raise ProtocolError(error, f"{what}_too_long")
    try:
        read = json.loads(unverified)
    except (ValueError, RecursionError) as broken:
        raise ProtocolError(error, f"{what}_not_json") from broken
    if not isinstance(read, dict):
        raise ProtocolError(error, f"{what}_not_an_object")
    return read


def usable_redirect_uri(uri: object, *, plain_loopback: bool) -> bool:
    """RFC 6749, 3.1.2: absolute, without a fragment; https, or http on this machine in development."""
    if not isinstance(uri, str) or len(uri) > 2000 or not re.fullmatch(r"[\x21-\x7e]+", uri):
        return False
    try:
        parts = urlsplit(uri)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        return False
    if "#" in uri or not host or parts.username is not None or parts.password is not None or "\\" in uri:
        return False
    loopback = host in ("localhost", "127.0.0.1") or host.endswith(".localhost")
    return parts.scheme == "https" or (parts.scheme == "http" and loopback and plain_loopback)
