"""The port that asks who calls: mutual TLS in front of the same application. Nobody without a certificate of ours is heard."""

from __future__ import annotations

import logging
import os
import socket
import ssl
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from urllib.parse import urlsplit
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from django.conf import settings

from portal.sandboxes.partners.bankid_se import pki

log = logging.getLogger("readmit.sandbox.partner.tls")
CALLER = "SSL_CLIENT_SUBJECT"
LINGER_SECONDS = 1.0
HANDSHAKE_SECONDS = 10.0
_port = [0]


def port() -> int:
    return _port[0]


def _context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(cadata=pki.root(pki.CALLERS))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "server.pem"
        file.write_text(pki.server())
        context.load_cert_chain(file)
    return context


class _Handler(WSGIRequestHandler):
    def get_environ(self) -> dict[str, Any]:
        environ = super().get_environ()
        own = urlsplit(settings.SANDBOX_ORIGIN)
        # The host is checked on the way in; this port is the same host's.
        if environ.get("HTTP_HOST", "") in {
            f"{name}:{port()}" for name in (own.hostname, "127.0.0.1", "localhost")
        }:
            environ["HTTP_HOST"] = own.netloc
        subject = dict(pair[0] for pair in self.connection.getpeercert()["subject"])
        environ[CALLER] = subject.get("commonName", "")
        return environ

    def log_message(self, format: str, *args: Any) -> None:
        log.info(format, *args)


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, address: tuple[str, int]) -> None:
        super().__init__(address, _Handler)
        self.tls = _context()

    def server_bind(self) -> None:
        """Without asking the resolver for our own name."""
        socket.socket.setsockopt(self.socket, socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = "localhost", self.server_address[1]
        self.setup_environ()

    def finish_request(self, request: Any, client_address: Any) -> None:
        request.settimeout(HANDSHAKE_SECONDS)
        connection = self.tls.wrap_socket(request, server_side=True, do_handshake_on_connect=False)
        try:
            connection.do_handshake()
        except OSError as error:
            log.info("nobody we know: %s", getattr(error, "reason", error))
            _linger(connection)
            return
        try:
            connection.settimeout(60)
            self.RequestHandlerClass(connection, client_address, self)
        finally:
            _linger(connection)


def _linger(connection: ssl.SSLSocket) -> None:
    """Close only after the other side has read what was said: closing with something of it unread throws that away."""
    try:
        connection.shutdown(socket.SHUT_WR)
        connection.settimeout(LINGER_SECONDS)
        while connection.recv(4096):
            pass
    except OSError:
        pass
    finally:
        connection.close()


def serve(application: Callable[..., Any]) -> None:
    """In threads of this process, because what it remembers is in memory."""
    server = _Server(("127.0.0.1", int(os.environ.get("READMIT_SIMULATOR_TLS_PORT", "0"))))
    server.set_app(application)
    _port[0] = server.server_port
    threading.Thread(target=server.serve_forever, name="mutual-tls", daemon=True).start()
