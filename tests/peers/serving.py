"""The product behind its real web server on a loopback port, in a process of its own, on this worker's database.

The test process makes tenants and offers itself; `origins` are the settings it must share with the server for that.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60.0
STRONG = ("READMIT_DB_MIGRATOR_URL", "READMIT_DB_OPS_URL", "READMIT_HOUSE_DB_URL")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Served:
    """A running server. `origins` is what both processes call its hosts."""

    port: int
    origins: Mapping[str, str]
    log: Path
    process: subprocess.Popen[bytes] = field(repr=False)

    @property
    def base(self) -> str:
        return self.origins["TENANT_BASE"]


def plain_origins(port: int) -> dict[str, str]:
    return {
        "SITE_ORIGIN": f"http://localhost:{port}",
        "TENANT_BASE": f"localhost:{port}",
        "WALLET_ORIGIN": f"http://wallet.localhost:{port}",
    }


def environment_of(origins: Mapping[str, str], **more: str) -> dict[str, str]:
    """What the web process is given: this worker's database as the web role, nothing stronger."""
    own = {name: value for name, value in os.environ.items() if name not in STRONG}
    named = {f"READMIT_{name}": value for name, value in origins.items()}
    return own | named | {"READMIT_PROCESS": "web", "DJANGO_SETTINGS_MODULE": "portal.settings"} | more


def collect_static(folder: Path, environment: Mapping[str, str]) -> None:
    subprocess.run(
        [sys.executable, "-m", "django", "collectstatic", "--no-input", "--verbosity", "0"],
        cwd=ROOT,
        env={**environment, "READMIT_STATIC_ROOT": str(folder)},
        check=True,
        timeout=120,
    )


@contextmanager
def served(
    port: int, origins: Mapping[str, str], log: Path, *arguments: str, **more: str
) -> Iterator[Served]:
    """Granian with one worker, as `manage.py up` starts it; ended by its own id, whatever happens."""
    command = [
        *(sys.executable, "-m", "granian", "--interface", "rsgi", "--host", "127.0.0.1", "--port", str(port)),
        *("--workers", "1", "--workers-kill-timeout", "4", "--no-ws", *arguments),
        "portal.wsgi:application",
    ]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment_of(origins, **more), stdout=output, stderr=output
        )
        try:
            _wait(process, port, log)
            yield Served(port, origins, log, process)
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(10)
            if process.poll() is None:
                process.kill()
                process.wait(10)


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Granian opens its port before the worker has loaded the application; the kernel keeps those who wait."""
    until = time.monotonic() + START_SECONDS
    while True:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        if process.poll() is not None or time.monotonic() > until:
            raise AssertionError(f"the server did not start:\n{log.read_text()[-3000:]}")
        time.sleep(0.05)


@contextmanager
def shared_origins(origins: Mapping[str, str]) -> Iterator[None]:
    """This process names hosts as the server does, for as long as the block runs."""
    earlier = {name: getattr(settings, name) for name in origins}
    for name, value in origins.items():
        setattr(settings, name, value)
    try:
        yield
    finally:
        for name, value in earlier.items():
            setattr(settings, name, value)
