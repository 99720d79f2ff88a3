"""The running product seen from outside: its processes, their memory, and how to end them the hard way."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from portal.demo.walk.stand import Stand
from portal.embedded import processes
from portal.embedded.data import REPOSITORY, DataFolder
from portal.embedded.environment import whole_environment
from portal.embedded.services import what_is_missing

KEPT = ("READMIT_CHROMIUM", "READMIT_PHOTOGRAPHS")
FOUNDATIONS = ("postgres", "broker")
NAMES = (*FOUNDATIONS, "vision", "worker", "house", "web", "stripe")


@dataclass
class Product:
    """What `manage.py up` keeps running on one data folder."""

    stand: Stand
    starts: list[tuple[str, float]] = field(default_factory=list)
    restarted: subprocess.Popen[bytes] | None = None

    @property
    def data(self) -> DataFolder:
        return DataFolder(self.stand.data)

    def pid(self, name: str) -> int:
        """The recorded process, or 0 between its end and its next start."""
        try:
            found: int = json.loads((self.data.run / f"{name}.json").read_text())["pid"]
        except (FileNotFoundError, ValueError):
            return 0
        seen = processes.look_at(found)
        return found if seen is not None and seen.state not in "ZX" else 0

    @property
    def supervisor(self) -> int:
        seen = processes.look_at(self.pid("web"))
        assert seen is not None
        return seen.parent

    def tree(self) -> list[int]:
        """The supervisor and everything below it."""
        found, everybody = [self.supervisor], processes.everybody()
        for pid in found:
            found += [seen.pid for seen in everybody if seen.parent == pid and seen.state not in "ZX"]
        return found

    def children(self, name: str) -> list[int]:
        parent = self.pid(name)
        return [seen.pid for seen in processes.everybody() if parent and seen.parent == parent]

    def answers(self) -> str:
        """Empty when site, house partner and vision answer, else what is missing."""
        state = self.data.state()
        assert state is not None
        return (
            what_is_missing(state.port, "/readyz", f"localhost:{state.port}")
            or what_is_missing(state.port + 1, "/healthz", f"house.localhost:{state.port + 1}")
            or what_is_missing(state.vision_port, "/healthz", "localhost")
            or ("" if self.pid("worker") else "the worker is not there.")
        )

    def wait_until_ready(self, seconds: float = 60) -> None:
        until = time.monotonic() + seconds
        while missing := self.answers():
            assert time.monotonic() < until, missing
            time.sleep(0.1)

    @contextmanager
    def without(self, name: str) -> Iterator[None]:
        """kill -9, then the block, while the supervisor brings it back; it stands again within a minute."""
        before = self.pid(name)
        os.kill(before, signal.SIGKILL)
        yield
        wait_for(lambda: self.pid(name) not in (0, before))
        self.wait_until_ready()

    def kill_everything(self) -> None:
        """The supervisor first, so that it cannot stop anybody in good order."""
        for pid in self.tree():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue

    def start_again(self) -> None:
        state = self.data.state()
        assert state is not None
        log = self.stand.data.parent / "up-again.log"
        began = time.monotonic()
        with log.open("ab") as output:
            self.restarted = subprocess.Popen(
                [sys.executable, "manage.py", "up", "--port", str(state.port), "--data", str(self.data.path)],
                cwd=REPOSITORY,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=plain_environment(),
            )
        wait_for(lambda: b"Ctrl-C" in log.read_bytes() or self.restarted.poll() is not None, seconds=120)  # type: ignore[union-attr]
        assert self.restarted.poll() is None, log.read_text()
        self.starts.append(("start after kill -9 of everything", time.monotonic() - began))

    def stop(self) -> None:
        if self.restarted is not None and self.restarted.poll() is None:
            self.restarted.send_signal(signal.SIGTERM)
            self.restarted.wait(60)

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """A command beside the running product, as an operator types it."""
        return subprocess.run(
            [sys.executable, "manage.py", *command, "--data", str(self.data.path)],
            cwd=REPOSITORY,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env=plain_environment(),
        )

    def database(self) -> str:
        """As its migrator, past row-level security."""
        secrets, state = self.data.secrets(), self.data.state()
        assert secrets is not None and state is not None
        return whole_environment(self.data, secrets, state, None)["READMIT_DB_MIGRATOR_URL"]

    def memory(self) -> int:
        """Bytes in all, pages that are shared counted once (PSS)."""
        return sum(_proportional_set(pid) for pid in self.tree())


def plain_environment() -> dict[str, str]:
    """Without the variables of the tests' own services."""
    return {
        name: value
        for name, value in os.environ.items()
        if name in KEPT or not (name.startswith("READMIT_") or name == "DJANGO_SETTINGS_MODULE")
    }


def wait_for(question: Callable[[], object], *, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not question():
        assert time.monotonic() < until, "waited too long"
        time.sleep(0.1)


def _proportional_set(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
