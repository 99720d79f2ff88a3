"""A partner simulator as it is served, for tests: a process of its own, and a person at it without a browser."""

from __future__ import annotations

import json
import subprocess
import time
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from portal.embedded import broker
from portal.embedded.data import REPOSITORY
from tests.outside import kept_environment
from tests.serving import serve

SECRETS = frozenset({"api_key", "webhook_secret", "client_secret", "identity"})


class Simulator:
    """One for each key and worker; `reset` between tests."""

    def __init__(self, key: str, folder: Path, **more: str) -> None:
        self.key = key
        self.folder = folder
        self.more = more
        self.port = broker.free_port()
        self.host = f"{key.replace('_', '-')}.localhost:{self.port}"
        self.origin = f"http://{self.host}"
        self.log = folder / f"{key}.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.settings: dict[str, str] = {}

    @property
    def env(self) -> dict[str, str]:
        return kept_environment() | {
            "DJANGO_SETTINGS_MODULE": "portal.sandboxes.partners.settings",
            "PYTHONPATH": str(REPOSITORY),
            "READMIT_MODE": "development",
            "READMIT_SIMULATOR": self.key,
            "READMIT_SIMULATOR_ORIGIN": self.origin,
            **self.more,
        }

    def start(self) -> None:
        self.process = serve(
            "portal.sandboxes.partners.wsgi:application", port=self.port, env=self.env, log=self.log
        )
        until = time.monotonic() + 60
        while time.monotonic() < until and self.process.poll() is None:
            try:
                if self.ask("GET", "/healthz")[0] == 200:
                    self.settings = self.control()["settings"]
                    return
            except OSError:
                time.sleep(0.05)
        raise AssertionError(self.log.read_text())

    def stop(self) -> None:
        assert self.process is not None
        self.process.terminate()
        self.process.wait(timeout=20)

    def ask(
        self, method: str, path: str, body: bytes | None = None, **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        door = HTTPConnection("127.0.0.1", self.port, timeout=20)
        sent = {"Host": self.host} | {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            door.request(method, path, body=body, headers=sent)
            answer = door.getresponse()
            found = {name.lower(): value for name, value in answer.headers.items()}
            return answer.status, found, answer.read()
        finally:
            door.close()

    def _send(self, path: str, told: dict[str, Any]) -> dict[str, Any]:
        status, _, body = self.ask("POST", path, json.dumps(told).encode(), Content_Type="application/json")
        assert status == 200, body
        answer: dict[str, Any] = json.loads(body)
        return answer

    def control(self, **told: Any) -> dict[str, Any]:
        if told:
            return self._send("/control", told)
        answer: dict[str, Any] = json.loads(self.ask("GET", "/control")[2])
        return answer

    def reset(self) -> None:
        self.control(faults=[], scenario="", webhook_url="", settle_seconds=3600, clear=True)

    def misbehave(self, *faults: str) -> None:
        self.control(faults=list(faults))

    def follow(self, url: str) -> str:
        """Where an address leads a browser."""
        parts = urlsplit(url)
        status, headers, _ = self.ask("GET", f"{parts.path}?{parts.query}")
        assert status == 302, (status, url)
        return headers["location"]

    def finish(self, url: str, scenario: str, **person: str) -> str:
        """A person who followed the link ends it this way; where their browser is sent."""
        token = urlsplit(url).path.rpartition("/")[2]
        told = {"token": token, "scenario": scenario, "person": person}
        return str(self._send("/control/finish", told)["back"])

    def finish_session(self, session_id: str, scenario: str, **person: str) -> None:
        self._send("/control/finish", {"session": session_id, "scenario": scenario, "person": person})

    def tell(self, path: str, **told: Any) -> dict[str, Any]:
        """Something that one simulator alone is told."""
        return self._send(path, told)

    def scan(self, code: str) -> str:
        """The session whose code it is. AssertionError for a code that is not this moment's."""
        return str(self._send("/control/scan", {"code": code})["session"])

    def grow_older(self, session_id: str, seconds: float) -> None:
        """As if it had been begun so much earlier."""
        self._send("/control/age", {"session": session_id, "seconds": seconds})

    def settle(self, url: str) -> None:
        self._send("/control/settle", {"token": urlsplit(url).path.rpartition("/")[2]})

    def settle_session(self, session_id: str) -> None:
        self._send("/control/settle", {"session": session_id})

    @property
    def secrets(self) -> dict[str, str]:
        return {name: value for name, value in self.settings.items() if name in SECRETS}

    @property
    def config(self) -> dict[str, str]:
        return {name: value for name, value in self.settings.items() if name not in self.secrets}

    @property
    def calls(self) -> list[str]:
        return list(self.control()["calls"])


class Simulators:
    """Started when somebody asks for one, one of each for a worker."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.running: dict[str, Simulator] = {}

    def __getitem__(self, key: str) -> Simulator:
        if key not in self.running:
            self.running[key] = Simulator(key, self.folder)
            self.running[key].start()
        self.running[key].reset()
        return self.running[key]

    def stop(self) -> None:
        for simulator in self.running.values():
            simulator.stop()
