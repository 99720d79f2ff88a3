"""The product's pages on a loopback port, on the test's own database, as a browser finds them at the site's host."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from django.core.wsgi import get_wsgi_application
from django.db import connections

from tests.static_files import with_static

SITE = "localhost:8000"


class _Threaded(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, *args: object) -> None:
        """Say nothing."""


def at_site(inner: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
    """The product serves its site under one host name; the browser comes by a port of the test's."""

    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        environ["HTTP_HOST"] = SITE
        for name in ("HTTP_ORIGIN", "HTTP_REFERER"):
            if environ.get(name):
                environ[name] = f"http://{SITE}/" if name == "HTTP_REFERER" else f"http://{SITE}"
        try:
            answer = inner(environ, start_response)
            body = b"".join(answer)
            close = getattr(answer, "close", None)
            if close:
                close()
            return [body]
        finally:
            connections.close_all()

    return application


def serve_site() -> WSGIServer:
    application = at_site(with_static(get_wsgi_application()))
    server = make_server("127.0.0.1", 0, application, server_class=_Threaded, handler_class=_Quiet)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    return server
