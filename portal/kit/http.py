"""Outbound HTTP for everything that leaves this process.

Protects the inside of the network from addresses that others wrote (server-side request forgery), and our threads
from slow and huge answers. Names are resolved once and the connection goes to that address; redirects are not
followed; private address space is refused, but for `*.localhost` in development, which is loopback (RFC 6761, 6.3).
It refuses to run inside a web request or an open transaction. What it does not do: retry.
"""

from __future__ import annotations

import ipaddress
import json
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult, urlencode, urlsplit

import urllib3
from django.conf import settings
from django.db import connections

from portal.kit.errors import Misconfigured, Unavailable

MAX_BYTES = 1_000_000
_serving: ContextVar[bool] = ContextVar("readmit_serving_request", default=False)


@contextmanager
def serving_request() -> Iterator[None]:
    """Marks the web request; the middleware holds it open around the view."""
    token = _serving.set(True)
    try:
        yield
    finally:
        _serving.reset(token)


@dataclass(frozen=True, slots=True)
class Reply:
    """`headers` are lower-cased; `body` is bounded and kept out of logs."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    def json(self) -> Any:
        """The body as JSON. Unavailable("bad_json") if it is not."""
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise Unavailable("bad_json") from error


def _is_loopback_name(host: str) -> bool:
    return host == "localhost" or host.endswith(".localhost")


def _address(host: str, port: int) -> str:
    if _is_loopback_name(host):
        if settings.IS_PRODUCTION:
            raise Misconfigured("address_refused", detail={"host": host})
        return "127.0.0.1"
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise Unavailable("name_not_found", detail={"host": host}) from error
    for entry in found:
        address = ipaddress.ip_address(entry[4][0])
        if address.is_global and not address.is_multicast:
            return str(address)
    raise Misconfigured("address_refused", detail={"host": host})


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        port_is_fine = parts.port is None or 0 < parts.port < 65536
    except ValueError as error:
        raise Misconfigured("address_unusable") from error
    plain_allowed = not settings.IS_PRODUCTION and _is_loopback_name(parts.hostname or "")
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.username or not port_is_fine:
        raise Misconfigured("address_unusable")
    if parts.scheme == "http" and not plain_allowed:
        raise Misconfigured("address_not_https", detail={"host": parts.hostname})
    return parts


def _pool(parts: SplitResult, timeout: float) -> urllib3.HTTPConnectionPool:
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    limits = urllib3.Timeout(total=timeout)
    address = _address(host, port)
    if parts.scheme == "https":
        return urllib3.HTTPSConnectionPool(
            address,
            port,
            timeout=limits,
            server_hostname=host,
            assert_hostname=host,
            ca_certs=settings.OUTBOUND_CA_FILE or None,
        )
    return urllib3.HTTPConnectionPool(address, port, timeout=limits)


def send(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    form: Mapping[str, str] | None = None,
    body: bytes | None = None,
    timeout: float = 10.0,
    max_bytes: int = MAX_BYTES,
) -> Reply:
    """One request, no redirects. Unavailable when the other side does not answer well, Misconfigured for an address
    that is refused. Any HTTP status is a Reply."""
    if _serving.get():
        raise RuntimeError("outbound HTTP inside a web request; enqueue it")
    if connections["default"].in_atomic_block:
        raise RuntimeError("outbound HTTP inside an open transaction")
    parts = _split(url)
    sent = {"Host": parts.netloc, "User-Agent": "Readmit", "Accept-Encoding": "identity", **(headers or {})}
    if form is not None:
        body = urlencode(form).encode()
        sent["Content-Type"] = "application/x-www-form-urlencoded"
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    with _pool(parts, timeout) as pool:
        try:
            response = pool.urlopen(
                method, target, body=body, headers=sent, redirect=False, retries=False, preload_content=False
            )
            data = response.read(max_bytes + 1)
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise Unavailable("no_answer", detail={"host": parts.hostname}) from error
        if len(data) > max_bytes:
            raise Unavailable("answer_too_large", detail={"host": parts.hostname})
        return Reply(
            response.status, {name.lower(): value for name, value in response.headers.items()}, bytes(data)
        )
