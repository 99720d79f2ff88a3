"""Takes requests whole before anybody works on them.

Protects the few threads that serve pages from senders who drip: under WSGI a body that comes slowly holds a thread, so
that eight of them hold the site. Here bodies are collected without a thread, bounded in size, pace and sum, and only
whole ones reach the application. Answers are handed over whole as well, unless they are long. What it does not do:
count who sends; limits do.
"""

from __future__ import annotations

import asyncio
import io
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

KEPT = 18_200_000
"""Bytes of one body that are kept: what uploads may have (`portal.kit.uploads`) and its envelope. The rest is read past,
so that the sender gets an answer instead of a broken connection."""
READ_PAST = 64_000_000
ALL_TOGETHER = 400_000_000
SILENCE = 15.0
"""Seconds a sender may say nothing."""
SLOWEST = 8_000
"""Bytes a second that a body must reach over all, after a first minute."""
IN_ONE_PIECE = 4_000_000
_READER = 60.0

Environ = dict[str, Any]
Headers = list[tuple[str, str]]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]


# What an answer brings where none of our middleware ran: as strict as any page, for nothing is shown.
BARE: Mapping[str, str] = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class _Refused(Exception):
    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class WholeRequests:
    """A WSGI application that can be served over RSGI (granian's own interface), with bodies read ahead."""

    def __init__(self, application: Application, *, threads: int) -> None:
        self.application = application
        self.threads = threads
        self.pool: ThreadPoolExecutor | None = None
        self.held = 0

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        return self.application(environ, start_response)

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        if scope.proto != "http":
            return
        held = [0]
        try:
            body = await self._body(scope, protocol, held)
            await self._serve(scope, protocol, body)
        except _Refused as refused:
            headers = [(name.lower(), value) for name, value in BARE.items()]
            protocol.response_empty(refused.status, [("connection", "close"), *headers])
        finally:
            self.held -= held[0]

    async def _body(self, scope: Any, protocol: Any, held: list[int]) -> bytes:
        """Refused(408) for a sender who is too slow, 413 for one who never stops, 503 while others fill the memory, 400
        for one who broke off: half a request is none."""
        told = "content-length" in scope.headers or "transfer-encoding" in scope.headers
        if not told and scope.http_version.startswith("1"):
            return b""  # HTTP/2 need not say that a body comes
        loop = asyncio.get_running_loop()
        kept, received, began = bytearray(), 0, loop.time()
        chunks = aiter(protocol)
        while True:
            try:
                chunk = await asyncio.wait_for(anext(chunks), SILENCE)
            except StopAsyncIteration:
                if received < _declared(scope):
                    raise _Refused(400) from None
                return bytes(kept)
            except TimeoutError:
                raise _Refused(408) from None
            received += len(chunk)
            if received > READ_PAST:
                raise _Refused(413)
            if loop.time() - began > 60 + received / SLOWEST:
                raise _Refused(408)
            if len(kept) < KEPT:
                self.held += len(chunk)
                held[0] += len(chunk)
                kept += chunk
            if self.held > ALL_TOGETHER:
                raise _Refused(503)

    async def _serve(self, scope: Any, protocol: Any, body: bytes) -> None:
        if self.pool is None:
            self.pool = ThreadPoolExecutor(self.threads, thread_name_prefix="serving")
        loop = asyncio.get_running_loop()
        work = _Work(self.application, _environ(scope, body), protocol, loop)
        await loop.run_in_executor(self.pool, work.run)


def _declared(scope: Any) -> int:
    """The length the sender named; none counts when the body says itself where it ends (RFC 9112, 6.3)."""
    if "transfer-encoding" in scope.headers:
        return 0
    return int(scope.headers.get("content-length") or 0)


class _Work:
    """One request in one thread, from its first line to its last: connections and scopes belong to the thread."""

    def __init__(
        self, application: Application, environ: Environ, protocol: Any, loop: asyncio.AbstractEventLoop
    ) -> None:
        self.application = application
        self.environ = environ
        self.protocol = protocol
        self.loop = loop
        self.status = 500
        self.headers: Headers = []

    def run(self) -> None:
        answer = self.application(self.environ, self._start)
        try:
            self._send(iter(answer))
        finally:
            close = getattr(answer, "close", None)
            if close is not None:
                close()

    def _start(self, status: str, headers: Headers, exc_info: Any = None) -> None:
        self.status = int(status.split(" ", 1)[0])
        self.headers = [(name.lower(), value) for name, value in headers]

    def _send(self, pieces: Iterator[bytes]) -> None:
        gathered = bytearray()
        for piece in pieces:
            gathered += piece
            if len(gathered) > IN_ONE_PIECE:
                self._stream(bytes(gathered), pieces)
                return
        self.loop.call_soon_threadsafe(
            self.protocol.response_bytes, self.status, self.headers, bytes(gathered)
        )

    def _stream(self, first: bytes, rest: Iterator[bytes]) -> None:
        transport = self.protocol.response_stream(self.status, self.headers)
        self._push(transport, first)
        for piece in rest:
            self._push(transport, piece)

    def _push(self, transport: Any, piece: bytes) -> None:
        async def send() -> None:
            await asyncio.wait_for(transport.send_bytes(piece), _READER)

        asyncio.run_coroutine_threadsafe(send(), self.loop).result()


def _environ(scope: Any, body: bytes) -> Environ:
    """PEP 3333, with the length the body really has: for one that came in chunks nobody wrote it down."""
    host, _, port = scope.server.rpartition(":")
    environ: Environ = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": scope.path.encode().decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "SERVER_NAME": host,
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": scope.client.rpartition(":")[0].strip("[]"),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in scope.headers.items():
        _add_header(environ, name, value)
    if scope.authority:
        environ.setdefault("HTTP_HOST", scope.authority)  # HTTP/2 has no Host (RFC 9113, 8.3.1)
    if "CONTENT_LENGTH" not in environ and body:
        environ["CONTENT_LENGTH"] = str(len(body))
    environ.pop("HTTP_TRANSFER_ENCODING", None)
    return environ


def _add_header(environ: Environ, name: str, value: str) -> None:
    """A name with an underscore could pass for one with a hyphen that a proxy of ours writes: left out."""
    if "_" in name:
        return
    key = name.upper().replace("-", "_")
    key = key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"
    if key in environ:
        value = f"{environ[key]}{'; ' if key == 'HTTP_COOKIE' else ','}{value}"
    environ[key] = value
