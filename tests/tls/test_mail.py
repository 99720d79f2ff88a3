"""Production's mail leaves by SMTP, to the server the settings name."""

from __future__ import annotations

import socketserver
import subprocess
import sys
import threading

from tests.peers.serving import ROOT, environment_of
from tests.tls.conftest import production_origins

SENDING = """
import django; django.setup()
from django.core.mail import EmailMessage
EmailMessage("Subject", "Body", to=["ada@example.com"]).send()
"""


class Sink(socketserver.StreamRequestHandler):
    """Takes whatever mail comes (RFC 5321, the least of it)."""

    def handle(self) -> None:
        self.wfile.write(b"220 sink\r\n")
        for raw in self.rfile:
            verb = raw[:4].upper()
            if verb == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                lines = list(iter(self.rfile.readline, b".\r\n"))
                self.server.received.append(b"".join(lines).decode())  # type: ignore[attr-defined]
            self.wfile.write(b"221 bye\r\n" if verb == b"QUIT" else b"250 ok\r\n")
            if verb == b"QUIT":
                return


def test_mail_reaches_the_server_that_the_environment_names() -> None:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Sink) as server:
        server.received = []  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        environment = environment_of(
            production_origins(443),
            READMIT_MODE="production",
            READMIT_EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend",
            READMIT_EMAIL_HOST="127.0.0.1",
            READMIT_EMAIL_PORT=str(server.server_address[1]),
            READMIT_FROM_EMAIL="Readmit <no-reply@readmit.test>",
        )
        subprocess.run([sys.executable, "-c", SENDING], cwd=ROOT, env=environment, check=True, timeout=60)
        server.shutdown()
        (mail,) = server.received  # type: ignore[attr-defined]
    assert "To: ada@example.com" in mail and "From: Readmit <no-reply@readmit.test>" in mail
