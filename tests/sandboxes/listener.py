"""A webhook endpoint of the tests: keeps what it was sent, answers as it is told."""

from __future__ import annotations

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import stripe


class Listener:
    """`answers` are the statuses of the next deliveries; 200 when they have run out."""

    def __init__(self) -> None:
        self.received: list[tuple[bytes, str]] = []
        self.answers: list[int] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.received.append((body, self.headers["Stripe-Signature"]))
                self.send_response(outer.answers.pop(0) if outer.answers else 200)
                self.end_headers()

            def log_message(self, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://hooks.localhost:{self.server.server_port}/hooks/stripe"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def wait(self, count: int, *, seconds: float = 20) -> list[tuple[bytes, str]]:
        until = time.monotonic() + seconds
        while len(self.received) < count and time.monotonic() < until:
            time.sleep(0.02)
        assert len(self.received) >= count, [len(self.received), count]
        return list(self.received)

    def events(self, secret: str, count: int) -> list[stripe.Event]:
        """The first `count` deliveries, each verified by the package."""
        return [
            stripe.Webhook.construct_event(body, signature, secret) for body, signature in self.wait(count)
        ]

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
