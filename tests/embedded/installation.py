"""A copy of the start-up with a stand-in product of one page, started and stopped for real."""

import json
import os
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

from portal.demo.walk.stand import free_ports
from portal.embedded import processes
from portal.embedded.data import REPOSITORY

STANDIN = Path(__file__).parent / "standin"
SECONDS = 90


class Installation:
    def __init__(self, folder: Path) -> None:
        self.repository = folder / "repository"
        self.data = folder / "data"
        self.port = free_ports()
        self.process: subprocess.Popen | None = None
        self.output = folder / "up.log"
        shutil.copytree(STANDIN, self.repository)
        shutil.copytree(REPOSITORY / "portal/embedded", self.repository / "portal/embedded")
        kit = self.repository / "portal/kit"
        kit.mkdir()
        # What stands between the web server and the application is the product's own.
        shutil.copy(REPOSITORY / "portal/kit/serving.py", kit)
        shutil.copy(REPOSITORY / "manage.py", self.repository)
        for lock in REPOSITORY.glob("requirements*.lock"):
            shutil.copy(lock, self.repository)
        (self.repository / ".venv").symlink_to(REPOSITORY / ".venv")

    def environment(self) -> dict[str, str]:
        """As on a fresh machine: nothing of the test run's own variables."""
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("READMIT_", "DJANGO_"))
        }
        return kept | {"READMIT_DATA": str(self.data)}

    def command(self, *arguments: str, **options) -> subprocess.CompletedProcess:
        return subprocess.run(
            [REPOSITORY / ".venv/bin/python", "manage.py", *arguments],
            cwd=self.repository,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=SECONDS,
            **options,
        )

    def begin(self, *arguments: str) -> None:
        with self.output.open("w") as output:
            self.process = subprocess.Popen(
                [REPOSITORY / ".venv/bin/python", "manage.py", "up", "--port", str(self.port), *arguments],
                cwd=self.repository,
                env=self.environment(),
                stdout=output,
                stderr=output,
            )

    def start(self, *arguments: str) -> str:
        """Start it and wait for the last line of the welcome; what it printed."""
        self.begin(*arguments)
        until = time.monotonic() + SECONDS
        while "Ctrl-C" not in self.printed():
            assert self.process.poll() is None, self.printed()
            assert time.monotonic() < until, self.printed()
            time.sleep(0.05)
        return self.printed()

    def printed(self) -> str:
        return self.output.read_text()

    def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=30)

    def clear(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(timeout=30)
        for pid in self.pids():
            os.kill(pid, signal.SIGKILL)

    def page(self, path: str, *, port: int | None = None) -> str:
        """The page, or the empty string while nobody answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port or self.port}{path}", timeout=10) as answer:
                return answer.read().decode()
        except (urllib.error.URLError, OSError):
            return ""

    def wait_for(self, path: str, *, port: int | None = None) -> str:
        return until_true(lambda: self.page(path, port=port))

    def recorded(self, name: str) -> int:
        return json.loads((self.data / "run" / f"{name}.json").read_text())["pid"]

    def names(self) -> list[str]:
        return sorted(path.stem for path in (self.data / "run").glob("*.json"))

    def pids(self) -> list[int]:
        """Everything that runs out of this installation, by the folders it names or stands in."""
        found = []
        for seen in processes.everybody():
            if seen.state in "ZX":
                continue
            try:
                words = Path(f"/proc/{seen.pid}/cmdline").read_bytes().decode(errors="replace")
                place = os.readlink(f"/proc/{seen.pid}/cwd")
            except OSError:
                continue
            if str(self.data.parent) in words or place.startswith(str(self.data.parent)):
                found.append(seen.pid)
        return [pid for pid in found if pid != os.getpid()]


def until_true(question, *, seconds: float = SECONDS):
    until = time.monotonic() + seconds
    while not (answer := question()):
        assert time.monotonic() < until, "waited too long"
        time.sleep(0.05)
    return answer


def ended(pid: int) -> bool:
    """Whether the process is gone, or only waits to be cleared away by its parent."""
    seen = processes.look_at(pid)
    return seen is None or seen.state in "ZX"
