"""The whole site on a free port of this machine, against the test's own database, for a real browser."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import connections

from tests.static_files import with_static


class ThreadingServer(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = True

    def shutdown_request(self, request: Any) -> None:
        super().shutdown_request(request)
        connections.close_all()


class QuietHandler(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def site_running() -> Iterator[str]:
    """Its origin. The settings name the port while it runs, because hosts are compared with it."""
    server = make_server(
        "127.0.0.1", 0, lambda environ, start: [], server_class=ThreadingServer, handler_class=QuietHandler
    )
    before = settings.SITE_ORIGIN, settings.TENANT_BASE
    settings.SITE_ORIGIN = f"http://localhost:{server.server_port}"
    settings.TENANT_BASE = f"localhost:{server.server_port}"
    server.set_app(with_static(get_wsgi_application()))
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield settings.SITE_ORIGIN
    finally:
        server.shutdown()
        server.server_close()
        settings.SITE_ORIGIN, settings.TENANT_BASE = before
