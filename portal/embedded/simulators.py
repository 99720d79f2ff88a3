"""Keeps the simulators of verification partners that people ask for in the console: starts, tells, ends them.

Protects the machine from a console that could start programs: a request names an organisation and one of the keys below, and
nothing of it becomes a word of a command. It ends what nobody uses any more, keeps to a few at once, and takes them with it
when it ends, however it ends. What it does not do: decide who may ask; the product does, and shows the word they share.

One thread, so that each child's death signal hangs on a thread that lives as long as the process (`processes.spawn`).
"""

import argparse
import contextlib
import hashlib
import hmac
import json
import os
import re
import signal
import socket
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

from portal.embedded import processes
from portal.embedded.data import REPOSITORY
from portal.embedded.files import write_atomically
from portal.embedded.supervisor import Interrupted, interruptible, open_log, rotate, uninterrupted

LOOPBACK = "127.0.0.1"
# One for each wire contract of a partner (`manage.py simulator`); the claim check is no partner.
KEYS = ("bankid_se", "eu_pid", "handoff", "idemia", "oidc", "persona", "stripe_identity")
MOST, MOST_OF_ONE = 8, 4
IDLE_SECONDS = 15 * 60.0
START_SECONDS = 60.0
# Two ports each: the second is the door that asks for a client certificate, where there is one.
PLACES, PORTS_OF_ONE = 20, 2
ASK_SECONDS = 2.0
END_SECONDS = 5.0
LOOK_SECONDS = 1.0
MOST_BYTES = 4_096
LAST_PORT = 65_535
_PATH = re.compile(r"/simulators/([0-9a-f]{32})/([a-z_]{1,40})(?:/(start|stop|set))?")
_PASSED_ON = ("PATH", "HOME", "TMPDIR", "LANG", "PYTHONPATH", "PYTHONPYCACHEPREFIX", "READMIT_LOG_LEVEL")


class Full(Exception):
    """No further one may run. `code` says which bound it is."""

    def __init__(self, code: str, running: Sequence[str] = ()) -> None:
        super().__init__(code)
        self.code, self.running = code, sorted(running)


@dataclass
class _One:
    """A simulator that runs, or is about to."""

    owner: str
    key: str
    place: int
    port: int
    child: Any  # subprocess.Popen[bytes]
    used: Path
    began: float = field(default_factory=time.monotonic)
    is_ready: bool = False

    @property
    def origin(self) -> str:
        return f"http://{self.key.replace('_', '-')}.localhost:{self.port}"


class Keeper:
    """Those that run, by organisation and key; and which place each had, so that its addresses stay as they were."""

    def __init__(self, folder: Path, first_port: int, word: str, *, idle: float = IDLE_SECONDS) -> None:
        self._folder, self._first_port, self._word, self._idle = folder, first_port, word, idle
        self._running: dict[tuple[str, str], _One] = {}
        self._why: dict[tuple[str, str], str] = {}
        self._places = self._remembered()

    # ------------------------------------------------------------------ what is asked

    def standing(self, owner: str, key: str) -> dict[str, Any]:
        """What there is of it now. One that was killed is found here to be gone."""
        self.look()
        one = self._running.get((owner, key))
        if one is None:
            return {"state": "stopped", "why": self._why.get((owner, key), "")}
        told = self._ask(one, "GET")
        if told is None and not one.is_ready:
            return {"state": "starting", "address": one.origin}
        if told is None:
            return {"state": "silent", "address": one.origin}
        one.is_ready = True
        return {
            "state": "running",
            "address": one.origin,
            "scenario": told["scenario"],
            "scenarios": told["scenarios"],
            "settings": told["settings"],
            "idle_minutes": round(self._idle / 60),
        }

    def start(self, owner: str, key: str) -> dict[str, Any]:
        """Begin it; whoever asks again meanwhile is told of the same one. Full when a bound is reached."""
        self.look()
        if (owner, key) not in self._running:
            own = [one.key for one in self._running.values() if one.owner == owner]
            if len(own) >= MOST_OF_ONE:
                raise Full("own_many", own)
            if len(self._running) >= MOST:
                raise Full("too_many")
            self._begin(owner, key)
        return self.standing(owner, key)

    def stop(self, owner: str, key: str) -> dict[str, Any]:
        self._end([one for one in (self._running.get((owner, key)),) if one is not None], "stopped")
        return self.standing(owner, key)

    def set(self, owner: str, key: str, told: Mapping[str, Any]) -> dict[str, Any] | None:
        """Hand on how sessions end and where events go. None where it does not run, or does not know that."""
        one = self._running.get((owner, key))
        known = {name: str(told[name]) for name in ("scenario", "webhook_url") if name in told}
        if one is None or self._ask(one, "POST", known) is None:
            return None
        one.used.touch()
        return self.standing(owner, key)

    # ------------------------------------------------------------------ what happens by itself

    def look(self) -> None:
        """Clear away who ended, and end who is used no more."""
        now = time.time()
        for pair, one in list(self._running.items()):
            if one.child.poll() is not None:
                self._forget(one, "died")
            elif (
                not one.is_ready
                and time.monotonic() - one.began > START_SECONDS
                and not self._ask(one, "GET")
            ):
                self._end([one], "not_started")
            elif now - one.used.stat().st_mtime > self._idle:
                self._end([self._running[pair]], "idle")

    def end_all(self) -> None:
        self._end(list(self._running.values()), "stopped")

    # ------------------------------------------------------------------ how

    def _begin(self, owner: str, key: str) -> None:
        place = self._place_for(owner, key)
        port = self._first_port + place * PORTS_OF_ONE
        name = f"simulator-{place}"
        used = self._folder / f"{name}.used"
        used.touch()
        log_path = self._folder / f"{name}.log"
        log = open_log(log_path)
        try:
            rotate(log_path)
            child = processes.spawn(
                _program(port), env=self._environment(owner, key, port, used), cwd=REPOSITORY, log=log
            )
        finally:
            os.close(log)
        processes.write_record(self._folder, name, child.pid, signal.SIGTERM)
        self._running[owner, key] = _One(owner, key, place, port, child, used)
        self._why.pop((owner, key), None)

    def _environment(self, owner: str, key: str, port: int, used: Path) -> dict[str, str]:
        """Its secrets are derived from whose it is, so that nobody's keys open another's, and they outlast a restart."""
        word = hmac.digest(self._word.encode(), f"{owner} {key}".encode(), hashlib.sha256).hex()
        origin = f"http://{key.replace('_', '-')}.localhost:{port}"
        return {name: os.environ[name] for name in _PASSED_ON if name in os.environ} | {
            "DJANGO_SETTINGS_MODULE": "portal.sandboxes.partners.settings",
            "READMIT_MODE": "development",
            "READMIT_SIMULATOR": key,
            "READMIT_SIMULATOR_ORIGIN": origin,
            "READMIT_SIMULATOR_TLS_PORT": str(port + 1),
            "READMIT_SIMULATOR_SECRET_KEY": word,
            "READMIT_SIMULATOR_USED": str(used),
        }

    def _ask(self, one: _One, method: str, told: Mapping[str, str] | None = None) -> dict[str, Any] | None:
        door = HTTPConnection(LOOPBACK, one.port, timeout=ASK_SECONDS)
        headers = {"Host": f"{LOOPBACK}:{one.port}", "Content-Type": "application/json"}
        try:
            door.request(method, "/control", body=json.dumps(told) if told else None, headers=headers)
            answer = door.getresponse()
            found = json.loads(answer.read()) if answer.status == 200 else None
        except (OSError, HTTPException, ValueError):
            return None
        finally:
            door.close()
        return found if isinstance(found, dict) else None

    def _end(self, ending: list[_One], why: str) -> None:
        for one in ending:
            with contextlib.suppress(ProcessLookupError):
                one.child.terminate()
        until = time.monotonic() + END_SECONDS
        for one in ending:
            while one.child.poll() is None and time.monotonic() < until:
                time.sleep(0.02)
            if one.child.poll() is None:
                one.child.kill()
                one.child.wait()
            self._forget(one, why)

    def _forget(self, one: _One, why: str) -> None:
        processes.kill_session(one.child.pid)
        processes.forget_record(self._folder, f"simulator-{one.place}")
        self._running.pop((one.owner, one.key), None)
        self._why[one.owner, one.key] = why

    # ------------------------------------------------------------------ places

    def _remembered(self) -> dict[str, int]:
        try:
            told = json.loads((self._folder / "places").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return {str(name): int(place) for name, place in told.items() if 0 <= int(place) < PLACES}

    def _place_for(self, owner: str, key: str) -> int:
        """The one it had, else one nobody had, else that of whoever has not run for longest."""
        name, taken = f"{owner}/{key}", {one.place for one in self._running.values()}
        before = self._places.pop(name, None)
        unused = [place for place in range(PLACES) if place not in self._places.values()]
        order = [*([before] if before is not None else []), *unused, *self._places.values()]
        for place in order:
            if place not in taken and self._is_free(place):
                self._places = {other: at for other, at in self._places.items() if at != place} | {
                    name: place
                }
                write_atomically(self._folder / "places", json.dumps(self._places))
                return place
        raise Full("no_port")

    def _is_free(self, place: int) -> bool:
        port = self._first_port + place * PORTS_OF_ONE
        return all(number <= LAST_PORT and _is_free(number) for number in range(port, port + PORTS_OF_ONE))


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def _program(port: int) -> list[str]:
    return [
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "--host", LOOPBACK, "--port", str(port)),
        *("--workers", "1", "--blocking-threads", "8", "--no-ws", "--log-level", "error"),
        "portal.sandboxes.partners.wsgi:application",
    ]


class _Server(HTTPServer):
    def __init__(self, port: int, keeper: Keeper, word: str) -> None:
        super().__init__((LOOPBACK, port), _Door)
        self.keeper, self.word = keeper, word


class _Door(BaseHTTPRequestHandler):
    server: _Server
    timeout = 5.0

    def do_GET(self) -> None:
        if self.path == "/healthz":
            return self._answer(200, {"state": "ready"})
        asked = self._asked()
        if asked is None or asked[2]:
            return self._answer(404, {})
        return self._answer(200, self.server.keeper.standing(asked[0], asked[1]))

    def do_POST(self) -> None:
        asked = self._asked()
        if asked is None or not asked[2]:
            return self._answer(404, {})
        owner, key, verb = asked
        try:
            if verb == "start":
                return self._answer(200, self.server.keeper.start(owner, key))
        except Full as full:
            return self._answer(409, {"refused": full.code, "running": full.running})
        if verb == "stop":
            return self._answer(200, self.server.keeper.stop(owner, key))
        told = self._body()
        found = None if told is None else self.server.keeper.set(owner, key, told)
        return self._answer(404 if found is None else 200, found or {})

    def _asked(self) -> tuple[str, str, str] | None:
        """Whose, which and what for; None without the word, and for what there is not."""
        given = self.headers.get("Authorization", "")
        found = _PATH.fullmatch(self.path)
        is_known = hmac.compare_digest(given.encode(), f"Bearer {self.server.word}".encode())
        if not is_known or found is None or found[2] not in KEYS:
            return None
        return found[1], found[2], found[3] or ""

    def _body(self) -> dict[str, Any] | None:
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > MOST_BYTES:
            return None
        try:
            told = json.loads(self.rfile.read(int(length)))
        except (OSError, ValueError):
            return None
        return told if isinstance(told, dict) else None

    def _answer(self, status: int, told: Mapping[str, Any]) -> None:
        body = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """The product asks whenever a page is drawn: that is no news."""


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="simulators")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--first-port", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    options = parser.parse_args(arguments)
    word = os.environ.get("READMIT_SIMULATORS_TOKEN", "")
    if os.environ.get("READMIT_MODE") != "development" or not word:
        print("Simulators verify nobody and are refused in production.", file=sys.stderr)
        return 1
    options.folder.mkdir(mode=0o700, exist_ok=True)
    processes.end_leftovers(options.folder)
    keeper = Keeper(options.folder, options.first_port, word)
    try:
        with interruptible(), _Server(options.port, keeper, word) as server:
            server.timeout = LOOK_SECONDS
            while True:
                server.handle_request()
                keeper.look()
    except Interrupted:
        return 0
    finally:
        with uninterrupted():
            keeper.end_all()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
