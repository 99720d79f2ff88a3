"""A simulator as it is served, for tests: a process of its own, found by its address alone."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit

from portal.embedded import broker
from portal.embedded.data import REPOSITORY
from tests.outside import kept_environment
from tests.serving import serve


class ServedSimulator:
    """`name`: of its package, its host and its variables. `script`: prints as JSON what its front page shows."""

    name: ClassVar[str]
    script: ClassVar[str]

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = broker.free_port()
        self.origin = f"http://{self.name}.localhost:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None
        self.known: dict[str, Any] = {}

    @property
    def env(self) -> dict[str, str]:
        return kept_environment() | {
            "DJANGO_SETTINGS_MODULE": f"portal.sandboxes.{self.name}.settings",
            "PYTHONPATH": str(REPOSITORY),
            "READMIT_MODE": "development",
            f"READMIT_{self.name.upper()}_SIMULATOR_ORIGIN": self.origin,
        }

    @property
    def log(self) -> Path:
        return self.folder / f"{self.name}.log"

    def start(self) -> None:
        application = f"portal.sandboxes.{self.name}.wsgi:application"
        self.process = serve(application, port=self.port, env=self.env, log=self.log)
        until = time.monotonic() + 60
        while time.monotonic() < until and self.process.poll() is None:
            try:
                if self.ask("GET", "/healthz")[0] == 200:
                    self.known = self._known()
                    return
            except OSError:
                pass
            time.sleep(0.05)
        raise AssertionError(self.log.read_text())

    def _known(self) -> dict[str, Any]:
        """What the front page shows, asked of the program itself with its own settings."""
        script = f"import django,json;django.setup();{self.script}"
        found = subprocess.run(
            [sys.executable, "-c", script], cwd=REPOSITORY, env=self.env, capture_output=True, check=True
        )
        known: dict[str, Any] = json.loads(found.stdout)
        return known

    def stop(self) -> None:
        assert self.process is not None
        self.process.terminate()
        self.process.wait(timeout=20)

    def ask(
        self, method: str, path: str, body: bytes | None = None, **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        door = HTTPConnection("127.0.0.1", self.port, timeout=60)
        sent = {"Host": urlsplit(self.origin).netloc}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            door.request(method, path, body=body, headers=sent)
            answer = door.getresponse()
            told = {name.lower(): value for name, value in answer.headers.items()}
            return answer.status, told, answer.read()
        finally:
            door.close()
