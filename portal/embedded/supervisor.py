"""Keeps a list of services running, and stops them in order.

One thread, no polling: it sleeps on the children's process descriptors and wakes when one ends.
"""

import contextlib
import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from portal.embedded import processes
from portal.embedded.files import Say, Trouble, missing_library, room_on
from portal.embedded.processes import Account

LOG_LIMIT = 5_000_000
LOG_CHECK_SECONDS = 10.0
TELL_SECONDS = 6.0
# Somebody waits at a page meanwhile: a process that was ended again and again is back soon all the same, and one that cannot
# start costs little at this pace.
FIRST_PAUSE, LONGEST_PAUSE, CALM_SECONDS = 0.5, 5.0, 20.0
STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True)
class Service:
    """A long-running child.

    `ready_probe` returns an empty string when the service answers, else what is missing, in words.
    `foundation` services (database, broker) stop after all others have.
    """

    name: str
    argv: Sequence[str | Path]
    env: Mapping[str, str]
    ready_probe: Callable[[], str] | None = None
    cwd: Path = Path("/")
    stop_signal: int = signal.SIGTERM
    patience: float = 6.0
    account: Account | None = None
    foundation: bool = False


@dataclass
class _Child:
    service: Service
    process: subprocess.Popen[bytes]
    began: float
    descriptor: int | None
    pause: float = FIRST_PAUSE
    due: float | None = field(default=None)


class Supervisor:
    """Starts, watches, restarts and stops services; a service's output goes to `<logs>/<name>.log`."""

    def __init__(self, *, logs: Path, run: Path, say: Say) -> None:
        self._logs, self._run, self._say = logs, run, say
        self._children: dict[str, _Child] = {}

    def start(self, service: Service) -> None:
        pause = self._children[service.name].pause if service.name in self._children else FIRST_PAUSE
        log = open_log(self._logs / f"{service.name}.log")
        try:
            process = processes.spawn(
                service.argv,
                env=service.env,
                cwd=service.cwd,
                log=log,
                when_parent_dies=service.stop_signal,
                account=service.account,
            )
        finally:
            os.close(log)
        self._children[service.name] = _Child(
            service, process, time.monotonic(), _descriptor_of(process.pid), pause=pause
        )
        processes.write_record(self._run, service.name, process.pid, service.stop_signal)

    def pid(self, name: str) -> int:
        return self._children[name].process.pid

    def wait_ready(self, names: Sequence[str], *, seconds: float) -> None:
        """Wait until each named service answers its probe; say what is missing when the time is up."""
        until = time.monotonic() + seconds
        waiting = [self._children[name] for name in names if self._children[name].service.ready_probe]
        missing, pause = "", 0.02
        while waiting:
            child = waiting[0]
            probe = child.service.ready_probe
            missing = probe() if probe else ""
            if not missing:
                waiting.pop(0)
                continue
            if child.process.poll() is not None:
                raise Trouble(self._ended_early(child))
            if time.monotonic() > until:
                raise Trouble(
                    f"{child.service.name} is not ready after {seconds:.0f} s: {missing} "
                    f"Its log is {self._logs / (child.service.name + '.log')}."
                )
            # Soon at first, then seldom: asking wakes what is busy starting.
            time.sleep(pause := min(pause * 1.5, 0.4))

    def _ended_early(self, child: _Child) -> str:
        log = self._logs / f"{child.service.name}.log"
        return (
            f"{child.service.name} ended with code {child.process.returncode}. {room_on(self._logs)}"
            f"{missing_library(tail(log, lines=60))}{log} ends with:\n{tail(log)}"
        )

    def watch(self) -> None:
        """Restart whatever ends, until a signal handler raises."""
        while True:
            self._sleep()
            now = time.monotonic()
            for child in list(self._children.values()):
                if child.due is None and child.process.poll() is not None:
                    self._schedule(child, now)
                elif child.due is not None and child.due <= now:
                    self.start(child.service)
            for path in self._logs.glob("*.log"):
                rotate(path)

    def _sleep(self) -> None:
        dues = [child.due for child in self._children.values() if child.due is not None]
        seconds = max(0.0, min([LOG_CHECK_SECONDS, *(due - time.monotonic() for due in dues)]))
        running = [child for child in self._children.values() if child.due is None]
        poller = select.poll()
        for child in running:
            if child.descriptor is not None:
                poller.register(child.descriptor, select.POLLIN)
        if any(child.descriptor is None for child in running):
            seconds = min(seconds, 0.5)
        poller.poll(seconds * 1000)

    def _schedule(self, child: _Child, now: float) -> None:
        """Clear away the workers of a child that ended, and start it again after a pause that grows."""
        _close(child)
        processes.kill_session(child.process.pid)
        child.pause = FIRST_PAUSE if now - child.began > CALM_SECONDS else min(child.pause * 2, LONGEST_PAUSE)
        child.due = now + child.pause
        self._say(
            f"{child.service.name} ended with code {child.process.returncode}; "
            f"starting it again in {child.pause:.0f} s (log: {self._logs / (child.service.name + '.log')})."
        )

    def stop(self) -> None:
        """End everything: first what serves, then what it stands on."""
        for foundation in (False, True):
            self._stop([child for child in self._children.values() if child.service.foundation is foundation])
        self._children.clear()

    def _stop(self, children: Sequence[_Child]) -> None:
        alive = [child for child in children if child.process.poll() is None]
        for child in alive:
            with contextlib.suppress(ProcessLookupError):
                child.process.send_signal(child.service.stop_signal)
        self._wait_for_ends(alive)
        for child in children:
            _close(child)
            processes.kill_session(child.process.pid)
            processes.forget_record(self._run, child.service.name)

    def _wait_for_ends(self, stopping: Sequence[_Child]) -> None:
        """Each has its own patience from now on; whoever takes long is named, so that nobody thinks it hangs."""
        began = time.monotonic()
        for child in sorted(stopping, key=lambda child: child.service.patience):
            name, patience = child.service.name, child.service.patience
            if patience > TELL_SECONDS and not _ends_until(child, began + TELL_SECONDS):
                self._say(f"Waiting for {name} to end what it has begun.")
            if not _ends_until(child, began + patience):
                self._say(f"{name} did not stop in {patience:.0f} s and was killed.")
                child.process.kill()
                child.process.wait()


def _ends_until(child: _Child, moment: float) -> bool:
    try:
        child.process.wait(timeout=max(0.0, moment - time.monotonic()))
    except subprocess.TimeoutExpired:
        return False
    return True


def open_log(path: Path) -> int:
    """For appending, so that cutting the file while a child writes leaves no hole."""
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)


def rotate(path: Path, *, limit: int = LOG_LIMIT) -> None:
    """Keep one older part of a log that has grown too long. Lines written during the copy may be lost."""
    if path.stat().st_size <= limit:
        return
    older = path.with_name(path.name + ".1")
    with path.open("rb") as source, older.open("wb") as target:
        older.chmod(0o600)
        for block in iter(lambda: source.read(1 << 20), b""):
            target.write(block)
    os.truncate(path, 0)


def tail(path: Path, *, lines: int = 15) -> str:
    """The last lines of a log, for a person who must see why a start failed."""
    try:
        with path.open("rb") as handle:
            handle.seek(max(0, path.stat().st_size - 20_000))
            text = handle.read().decode("utf-8", "replace")
    except OSError:
        return "    (nothing)"
    return "\n".join(f"    {line}" for line in text.splitlines()[-lines:]) or "    (nothing)"


class Interrupted(BaseException):
    """Ctrl-C, SIGTERM or a closed terminal: stop in order."""


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Turn the stopping signals into `Interrupted` inside the block, and ignore them after the first one."""

    def stop(number: int, frame: object) -> None:
        for other in STOPPING:
            signal.signal(other, signal.SIG_IGN)
        raise Interrupted(signal.Signals(number).name)

    earlier = {number: signal.signal(number, stop) for number in STOPPING}
    try:
        yield
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def uninterrupted() -> Iterator[None]:
    """For stopping, which is short and must come to its end: an impatient second Ctrl-C changes nothing."""
    earlier = {number: signal.signal(number, signal.SIG_IGN) for number in STOPPING}
    try:
        yield
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)


def _descriptor_of(pid: int) -> int | None:
    """A descriptor that becomes readable when the process ends; None where the kernel has none."""
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):
        return None


def _close(child: _Child) -> None:
    if child.descriptor is not None:
        os.close(child.descriptor)
        child.descriptor = None
