"""The Stripe sandbox as it is served, for tests: a process of its own, driven over HTTP on loopback."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import time
from http.client import HTTPConnection
from pathlib import Path

import stripe

from portal.embedded import broker
from portal.embedded.data import REPOSITORY
from tests.outside import kept_environment
from tests.serving import serve


class Sandbox:
    """A served sandbox that can be stopped and started again on the same file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = broker.free_port()
        self.origin = f"http://stripe.localhost:{self.port}"
        self.api = f"http://127.0.0.1:{self.port}"
        self.database = folder / "stripe.sqlite3"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def env(self) -> dict[str, str]:
        return kept_environment() | {
            "DJANGO_SETTINGS_MODULE": "portal.sandboxes.stripe.settings",
            "PYTHONPATH": str(REPOSITORY),
            "READMIT_MODE": "development",
            "READMIT_STRIPE_SANDBOX_ORIGIN": self.origin,
            "READMIT_STRIPE_SANDBOX_DATABASE": str(self.database),
            "READMIT_STRIPE_SANDBOX_RETRIES": "0.2,0.3,0.4",
        }

    def start(self) -> None:
        self.process = serve(
            "portal.sandboxes.stripe.wsgi:application",
            port=self.port,
            env=self.env,
            log=self.folder / "stripe.log",
            start_new_session=True,
        )
        until = time.monotonic() + 60
        while time.monotonic() < until and self.process.poll() is None:
            if self.status("/healthz") == 200:
                return
            time.sleep(0.05)
        raise AssertionError((self.folder / "stripe.log").read_text())

    def stop(self, *, kill: bool = False) -> None:
        assert self.process is not None
        if kill:
            # The serving process is a child of granian's; both have to go at once.
            os.killpg(self.process.pid, signal.SIGKILL)
        else:
            self.process.terminate()
        self.process.wait(timeout=20)

    def status(self, path: str, host: str = "") -> int:
        door = HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            door.request("GET", path, headers={"Host": host or f"stripe.localhost:{self.port}"})
            return door.getresponse().status
        except OSError:
            return 0
        finally:
            door.close()

    def client(self, key: str = "") -> stripe.StripeClient:
        """The package as anybody would use it, on an account of its own."""
        return stripe.StripeClient(
            key or f"sk_test_{secrets.token_hex(12)}", base_addresses={"api": self.api}, max_network_retries=0
        )
