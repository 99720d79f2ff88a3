"""The vision process: judges faces and documents for the web processes, over HTTP on a private address.

Protects the rest of the product from images: only this process decodes them, only in memory, and nothing of them is
logged. Protects itself by a token, by places that are counted before a body is read, and by bounds on every size and
time. It is no public service: it sits behind the web processes, which know who is asking.
"""

from __future__ import annotations

import hmac
import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TookTooLong
from dataclasses import asdict, dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from ..engine.errors import EngineError, ModelsMissing
from .admission import Admission, Overloaded, Place
from .documents import ReaderMissing, document_reader
from .endpoints import ENDPOINTS, Answer, Endpoint, to_bytes, warm_up
from .memory import give_back
from .parts import PartsRefused, decode_parts

log = logging.getLogger("readmit.vision")

MAX_BODY_BYTES = 32 * 1024 * 1024
_BODY_SECONDS = 20.0
_JOB_SECONDS = 60.0
_MAX_CONNECTIONS = 64


@dataclass(frozen=True)
class VisionSettings:
    """How the process runs. An empty token is refused."""

    host: str
    port: int
    token: str = field(repr=False)
    threads: int = 2
    queue: int = 4
    warm_documents: bool = False
    idle_seconds: float = 10.0

    def __post_init__(self) -> None:
        if len(self.token) < 16:
            raise ValueError("READMIT_VISION_TOKEN must have at least 16 characters")
        if not 1 <= self.threads <= 16 or not 0 <= self.queue <= 64:
            raise ValueError("threads must be 1 to 16 and the queue 0 to 64")


class VisionServer(ThreadingHTTPServer):
    """Connections have threads of their own that only wait; the work runs on the few engine threads."""

    daemon_threads = True
    request_queue_size = 64
    allow_reuse_address = True

    def __init__(self, settings: VisionSettings) -> None:
        self.settings = settings
        self.admission = Admission(
            capacity=settings.threads + settings.queue, threads=settings.threads, monotonic=time.monotonic
        )
        self.engine = ThreadPoolExecutor(settings.threads, thread_name_prefix="engine")
        self.warm = threading.Event()
        self.connections = threading.BoundedSemaphore(_MAX_CONNECTIONS)
        super().__init__((settings.host, settings.port), VisionHandler)

    def warm_up(self) -> None:
        """Load the models on every engine thread. Raises ModelsMissing when they are not there."""
        together = threading.Barrier(self.settings.threads)

        def load() -> None:
            together.wait(60)
            warm_up()

        for loading in [self.engine.submit(load) for _ in range(self.settings.threads)]:
            loading.result(120)
        if self.settings.warm_documents:
            self.engine.submit(document_reader).result(120)
        self.warm.set()

    def process_request(self, request: Any, client_address: Any) -> None:
        if not self.connections.acquire(blocking=False):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self.connections.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that broke off is nobody's fault and holds nothing worth a log."""


class VisionHandler(BaseHTTPRequestHandler):
    """One request a connection."""

    server: VisionServer
    server_version = "vision"
    sys_version = ""

    def setup(self) -> None:
        # Whoever sends nothing for this long is hung up on: a slow sender holds a place that others wait for.
        super().setup()
        self.connection.settimeout(self.server.settings.idle_seconds)

    def do_GET(self) -> None:
        if self.path == "/healthz":
            warm = self.server.warm.is_set()
            self._answer(200 if warm else 503, {"state": "ready" if warm else "loading"})
        elif not self._trusted():
            self._answer(401, {"error": "token"})
        elif self.path.startswith("/v1/tickets/"):
            place = self.server.admission.look(self.path.removeprefix("/v1/tickets/"))
            self._answer(200, asdict(place)) if place else self._answer(404, {"error": "ticket_unknown"})
        else:
            self._answer(404, {"error": "address_unknown"})

    def do_POST(self) -> None:
        endpoint = ENDPOINTS.get(self.path)
        try:
            if not self._trusted():
                self._answer(401, {"error": "token"})
            elif self.path == "/v1/tickets":
                place: Place = self.server.admission.issue()
                self._answer(200, asdict(place))
            elif endpoint is None:
                self._answer(404, {"error": "address_unknown"})
            else:
                # The place is taken before the body is read: a body without a place would only fill memory.
                with self.server.admission.enter(self.headers.get("X-Ticket")):
                    self._answer(*self._work(endpoint))
                if self.server.admission.is_idle:
                    give_back()
        except Overloaded as full:
            self._answer(429, {"error": "busy", "retry_after_ms": full.retry_after_ms})

    def _work(self, endpoint: Endpoint) -> tuple[int, Answer]:
        try:
            sent = decode_parts(self._body())
        except BodyRefused as refused:
            return refused.status, {"error": refused.code}
        except PartsRefused:
            return 400, {"error": "body_malformed"}
        try:
            return 200, self.server.engine.submit(endpoint, sent).result(_JOB_SECONDS)
        except PartsRefused:
            return 400, {"error": "part_missing"}
        except ReaderMissing:
            return 503, {"error": "document_reader_missing"}
        except ModelsMissing as missing:
            return 503, {"error": missing.code}
        except EngineError as refused:
            return 422, {"error": refused.code}
        except TookTooLong:
            return 503, {"error": "took_too_long"}
        except Exception as error:
            code = getattr(error, "code", None)
            if isinstance(code, str):
                return 422, {"error": code}
            # The message could quote what was read from a document: only the kind of error is logged.
            log.error("vision_failed path=%s error=%s", self.path, type(error).__name__)
            return 500, {"error": "failed"}

    def _body(self) -> bytes:
        """The whole body, within its size and time."""
        if self.headers.get("Transfer-Encoding"):
            raise BodyRefused(411, "length_required")
        try:
            length = int(self.headers.get("Content-Length", ""))
        except ValueError:
            raise BodyRefused(411, "length_required") from None
        if not 0 < length <= MAX_BODY_BYTES:
            raise BodyRefused(413, "body_too_large")
        until = time.monotonic() + _BODY_SECONDS
        received = bytearray()
        while len(received) < length:
            if time.monotonic() > until:
                raise BodyRefused(408, "body_too_slow")
            try:
                piece = self.rfile.read1(min(length - len(received), 1 << 20))
            except TimeoutError:
                raise BodyRefused(408, "body_too_slow") from None
            if not piece:
                raise BodyRefused(400, "body_cut_short")
            received += piece
        return bytes(received)

    def _trusted(self) -> bool:
        told = self.headers.get("Authorization", "")
        return hmac.compare_digest(told.encode(), f"Bearer {self.server.settings.token}".encode())

    def _answer(self, status: int, answer: Answer) -> None:
        content = to_bytes(answer)
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("Connection", "close")
        if status == 429:
            self.send_header("Retry-After", str(-(-int(answer["retry_after_ms"]) // 1000)))
        self.end_headers()
        self.wfile.write(content)
        self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        """Addresses and codes belong to the caller's log; here would only be noise."""


class BodyRefused(Exception):
    """The body is too large, too slow, or has no length."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
