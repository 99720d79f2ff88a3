"""What is walked on: the product that runs on this data folder, or one started for the walk and stopped after it."""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

from django.conf import settings

from portal.demo.seeding import describe
from portal.demo.walk.journal import WalkFailed

START_SECONDS = 240
_open = build_opener(ProxyHandler({})).open
# Linux gives connections ports from 32,768 on.
LOWEST_PORT, HIGHEST_PORT = 20_000, 32_000


@dataclass(frozen=True)
class Stand:
    """Addresses and sign-ins, as `manage.py demo` tells them, and the data folder with the old passkey."""

    told: Mapping[str, Any]
    data: Path

    def address(self, name: str, path: str = "") -> str:
        return str(self.told[name]).rstrip("/") + path

    @property
    def site(self) -> str:
        return str(self.told["console"]).split("/o/")[0]

    @property
    def staff(self) -> tuple[str, str]:
        return str(self.told["staff"]["email"]), str(self.told["staff"]["password"])

    @property
    def person(self) -> Mapping[str, str]:
        """The demonstration person, who has a passkey to lose."""
        found: Mapping[str, str] = self.told["people"][0]
        return found

    def passkey(self) -> dict[str, str]:
        found: dict[str, str] = json.loads(self._passkey_file.read_text())
        return found

    def keep_passkey(self, passkey: Mapping[str, str]) -> None:
        """The person's passkey of now, so that the next walk has one to lose."""
        self._passkey_file.write_text(json.dumps(dict(passkey)))
        self._passkey_file.chmod(0o600)

    @property
    def _passkey_file(self) -> Path:
        return self.data / "demo-passkey.json"


@contextmanager
def stand_for_walk() -> Iterator[Stand]:
    """The product of this data folder where it answers, else a fresh one on free ports in a temporary folder."""
    if answers(settings.SITE_ORIGIN):
        yield Stand(describe(), Path(settings.DATA))
        return
    with own_stand() as started:
        yield started


@contextmanager
def own_stand() -> Iterator[Stand]:
    """`manage.py up` from an empty folder; everything is gone afterwards."""
    manage = Path(__file__).resolve().parents[3] / "manage.py"
    with tempfile.TemporaryDirectory(prefix="readmit-walk-") as folder:
        if os.geteuid() == 0:
            # PostgreSQL runs as another user, who has to pass through; else its files would outlive the folder.
            Path(folder).chmod(0o711)
        data, port = Path(folder, "data"), free_ports()
        log = Path(folder, "up.log")
        command = [sys.executable, str(manage), "up", "--port", str(port), "--data", str(data)]
        with log.open("wb") as output:
            process = subprocess.Popen(  # noqa: S603  our own manage.py
                command, stdout=output, stderr=output, env=_plain_environment()
            )
        try:
            _wait_until_printed(process, log)
            yield Stand(_ask_demo(manage, data), data)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


def answers(origin: str) -> bool:
    try:
        with _open(f"{origin}/readyz", timeout=5) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


def free_ports() -> int:
    """A port that is free, and so are the two after it. Below those that the system gives to connections by itself: the
    product binds them up to a minute later, and until then nobody else is handed one."""
    for _ in range(200):
        port = LOWEST_PORT + secrets.randbelow(HIGHEST_PORT - LOWEST_PORT)
        with ExitStack() as held:
            try:
                for more in range(3):
                    held.enter_context(socket.socket()).bind(("127.0.0.1", port + more))
            except OSError:
                continue
            return port
    raise WalkFailed("There are no three free ports side by side.")


def _plain_environment() -> dict[str, str]:
    """Without our own variables: they name the services of another data folder."""
    kept = {"READMIT_CHROMIUM", "READMIT_PHOTOGRAPHS", "READMIT_LOG_LEVEL"}
    return {
        name: value
        for name, value in os.environ.items()
        if (not name.startswith("READMIT_") or name in kept) and name != "DJANGO_SETTINGS_MODULE"
    }


def _wait_until_printed(process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while b"Stop" not in log.read_bytes():
        if process.poll() is not None or time.monotonic() > until:
            raise WalkFailed(f"The product did not start:\n{log.read_text(errors='replace')[-3000:]}")
        time.sleep(0.2)


def _ask_demo(manage: Path, data: Path) -> dict[str, Any]:
    asked = subprocess.run(  # noqa: S603  our own manage.py
        [sys.executable, str(manage), "demo", "--json", "--data", str(data)],
        env=_plain_environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    told: dict[str, Any] = json.loads(asked.stdout.strip().splitlines()[-1])
    return told
