"""Outbound HTTP for everything that leaves this process.

Protects the inside of the network from addresses that others wrote (server-side request forgery), and our threads
from slow and huge answers. Names are resolved once and the connection goes to that address; redirects are not
followed; private address space is refused, but for `*.localhost` in development, which is loopback (RFC 6761, 6.3).
It refuses to run inside a web request or an open transaction. Where the other side wants to know who calls, the request
carries a client certificate (portal.kit.client_tls), and only the roots that came with it are believed. What it does not do:
retry.
"""

from __future__ import annotations

import ipaddress
import json
import re
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any
from urllib.parse import SplitResult, urlencode, urlsplit

import urllib3
from django.conf import settings
from django.db import connections
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.util.ssl_match_hostname import CertificateError

from portal.kit.client_tls import ClientTls, open_tls, refusal_of
from portal.kit.errors import Misconfigured, Unavailable

MAX_BYTES = 1_000_000
_UNICAST = ipaddress.ip_network("2000::/3")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052: an IPv4 address, for networks that have none
_RESERVED = tuple(
    ipaddress.ip_network(text) for text in ("192.0.0.0/24", "192.88.99.0/24", "2002::/16", "3fff::/20")
)
_SENDABLE = re.compile(r"[\x21-\x7e]*")
_serving: ContextVar[bool] = ContextVar("readmit_serving_request", default=False)


@contextmanager
def serving_request() -> Iterator[None]:
    """Marks the web request; the middleware holds it open around the view."""
    token = _serving.set(True)
    try:
        yield
    finally:
        _serving.reset(token)


def require_outside() -> None:
    """RuntimeError inside a web request or an open transaction: others' slowness would hold a thread or a lock."""
    if _serving.get():
        raise RuntimeError("outbound HTTP inside a web request; enqueue it")
    if connections["default"].in_atomic_block:
        raise RuntimeError("outbound HTTP inside an open transaction")


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


def _is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Reachable from everywhere (IANA special-purpose registries). `is_global` alone lets IPv4 in disguise through."""
    if isinstance(address, ipaddress.IPv4Address):
        return address.is_global and not address.is_multicast and not any(address in net for net in _RESERVED)
    if address in _NAT64:
        return _is_public(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return address.is_global and address in _UNICAST and not any(address in net for net in _RESERVED)


def _address(host: str, port: int) -> str:
    if _is_loopback_name(host):
        if settings.IS_PRODUCTION:
            raise Misconfigured("address_refused", detail={"host": host})
        return "127.0.0.1"
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unavailable("name_not_found", detail={"host": host}) from error
    for entry in found:
        address = ipaddress.ip_address(entry[4][0])
        if _is_public(address):
            return str(address)
    raise Misconfigured("address_refused", detail={"host": host})


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        port_is_fine = parts.port is None or 0 < parts.port < 65536
    except ValueError as error:
        raise Misconfigured("address_unusable") from error
    plain_allowed = not settings.IS_PRODUCTION and _is_loopback_name(parts.hostname or "")
    if parts.scheme not in ("https", "http") or not parts.hostname or "@" in parts.netloc or not port_is_fine:
        raise Misconfigured("address_unusable")
    if not _SENDABLE.fullmatch(parts.path + parts.query):
        raise Misconfigured("address_unusable", detail={"host": parts.hostname})
    if parts.scheme == "http" and not plain_allowed:
        raise Misconfigured("address_not_https", detail={"host": parts.hostname})
    return parts


def _connection(parts: SplitResult, timeout: float, tls: ClientTls | None) -> HTTPConnection:
    if tls is not None and parts.scheme != "https":
        raise Misconfigured("address_not_https", detail={"host": parts.hostname})
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    address = _address(host, port)
    if parts.scheme == "https":
        return HTTPSConnection(
            address,
            port,
            timeout=timeout,
            cert_reqs="CERT_REQUIRED",
            server_hostname=host,
            assert_hostname=host,
            ssl_context=open_tls(tls) if tls is not None else None,
            ca_certs=None if tls is not None else settings.OUTBOUND_CA_FILE or None,
        )
    return HTTPConnection(address, port, timeout=timeout)


class _Deadline:
    """Cuts the connection when the time is up: a socket's own time-out starts anew with every byte that drips in."""

    def __init__(self, connection: HTTPConnection, timeout: float) -> None:
        # Kept here: the connection lets go of its socket as soon as it has read that the answer is the last.
        self._socket = connection.sock
        self._timer = threading.Timer(timeout, self._cut)
        self._timer.daemon = True
        self.passed = False

    def _cut(self) -> None:
        self.passed = True
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> _Deadline:
        self._timer.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._timer.cancel()


def _exchange(
    connection: HTTPConnection,
    method: str,
    target: str,
    body: bytes | None,
    sent: Mapping[str, str],
    size: int,
) -> tuple[int, Mapping[str, str], bytes]:
    connection.request(method, target, body=body, headers=sent, preload_content=False)
    response = connection.getresponse()
    return response.status, response.headers, bytes(response.read(size))


def send(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    form: Mapping[str, str] | None = None,
    body: bytes | None = None,
    timeout: float = 10.0,
    max_bytes: int = MAX_BYTES,
    tls: ClientTls | None = None,
) -> Reply:
    """One request, no redirects, over after `timeout` whatever drips in. Unavailable when the other side does not answer well, Misconfigured for an address
    that is refused, and, with `tls`, for a certificate that one of the two does not take. Any HTTP status is a Reply."""
    require_outside()
    parts = _split(url)
    sent = {"Host": parts.netloc, "User-Agent": "Readmit", "Accept-Encoding": "identity", **(headers or {})}
    if form is not None:
        body = urlencode(form).encode()
        sent["Content-Type"] = "application/x-www-form-urlencoded"
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    until = time.monotonic() + timeout
    connection = _connection(parts, timeout, tls)
    try:
        connection.connect()
        with _Deadline(connection, max(0.0, until - time.monotonic())) as deadline:
            status, received, data = _exchange(connection, method, target, body, sent, max_bytes + 1)
    except (urllib3.exceptions.HTTPError, HTTPException, CertificateError, OSError) as error:
        refused = refusal_of(error) if tls is not None else None
        if refused is not None:
            raise Misconfigured(refused, detail={"host": parts.hostname}) from error
        raise Unavailable("no_answer", detail={"host": parts.hostname}) from error
    except ValueError as error:  # a header that somebody else's text broke in two
        raise Misconfigured("request_unsendable", detail={"host": parts.hostname}) from error
    finally:
        connection.close()
    if deadline.passed:
        raise Unavailable("no_answer", detail={"host": parts.hostname})
    if len(data) > max_bytes:
        raise Unavailable("answer_too_large", detail={"host": parts.hostname})
    # A header that came several times is one, with commas between (RFC 9110, 5.3).
    return Reply(status, {name.lower(): received[name] for name in received}, data)
