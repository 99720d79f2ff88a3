"""Child processes that do not outlive us, and finding those that did.

Every child leads a session of its own and asks the kernel for a signal when we die (`PR_SET_PDEATHSIG`), so that
`kill -9` of the supervisor still stops it in good order. What the kernel cannot reach, the children of a child
that was itself killed, is found at the next start by the record left in the run folder.
"""

import contextlib
import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from portal.embedded.files import write_atomically

PR_SET_PDEATHSIG = 1
PROC = Path("/proc")

# Resolved before any fork: after a change of user the interpreter's own files may be out of reach.
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


@dataclass(frozen=True)
class Account:
    """The unprivileged user a process runs as when we are root."""

    name: str
    uid: int
    gid: int


@dataclass(frozen=True)
class Seen:
    """A process as the kernel tells it: the start time makes a reused number another process."""

    pid: int
    parent: int
    group: int
    session: int
    started: int
    state: str


def die_with_parent(number: int, parent: int) -> Callable[[], None]:
    """For `preexec_fn`: ask for the signal when the parent dies, and leave at once if it already has."""

    def ask() -> None:
        if _libc is not None:
            _libc.prctl(PR_SET_PDEATHSIG, number, 0, 0, 0)
            if os.getppid() != parent:
                os._exit(1)

    return ask


def spawn(
    argv: Sequence[str | Path],
    *,
    env: Mapping[str, str],
    cwd: Path,
    log: int,
    when_parent_dies: int = signal.SIGTERM,
    account: Account | None = None,
) -> subprocess.Popen[bytes]:
    """Start a child in a session of its own. Call it from the main thread: the death signal follows the thread."""
    return subprocess.Popen(
        [os.fspath(part) for part in argv],
        env=dict(env),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,
        preexec_fn=die_with_parent(when_parent_dies, os.getpid()),
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
    )


def look_at(pid: int) -> Seen | None:
    """What /proc says about a process; None when there is none (or no /proc)."""
    try:
        text = (PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # The name in the second field may hold spaces and brackets; what follows its last bracket is regular.
    fields = text.rpartition(")")[2].split()
    return Seen(
        pid=pid,
        state=fields[0],
        parent=int(fields[1]),
        group=int(fields[2]),
        session=int(fields[3]),
        started=int(fields[19]),
    )


def everybody() -> list[Seen]:
    """Every process of the machine; empty where there is no /proc."""
    if not PROC.is_dir():
        return []
    found = (look_at(int(entry.name)) for entry in PROC.iterdir() if entry.name.isdigit())
    return [seen for seen in found if seen is not None]


def _alive() -> list[Seen]:
    return [seen for seen in everybody() if seen.state not in "ZX"]


def _boot() -> str:
    try:
        return (PROC / "sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def write_record(folder: Path, name: str, pid: int, stop_signal: int) -> None:
    """Remember a child, so that the next start can find what this one may leave behind."""
    seen = look_at(pid)
    record = {"pid": pid, "started": seen.started if seen else 0, "boot": _boot(), "stop_signal": stop_signal}
    write_atomically(folder / f"{name}.json", json.dumps(record))


def forget_record(folder: Path, name: str) -> None:
    (folder / f"{name}.json").unlink(missing_ok=True)


def _of_session(record: Mapping[str, object]) -> list[Seen]:
    """The recorded child and everybody still in its session.

    The kernel gives a number away again only when no session or group bears it; a leader with another start
    time is therefore a stranger, and so is his session.
    """
    if record.get("boot") != _boot():
        return []
    pid, started = record.get("pid"), record.get("started")
    if not isinstance(pid, int) or not isinstance(started, int):
        return []
    leader = look_at(pid)
    if leader is not None and leader.started != started:
        return []
    return [seen for seen in _alive() if seen.session == pid and seen.started >= started]


def end_leftovers(folder: Path, *, patience: float = 10.0) -> list[str]:
    """End what an earlier run left behind; returns the names that were found alive."""
    ended = []
    for path in sorted(folder.glob("*.json")):
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            record = {}
        alive = _of_session(record)
        if alive:
            ended.append(path.stem)
            _end(record, alive, patience)
        path.unlink(missing_ok=True)
    return ended


def _end(record: Mapping[str, object], alive: list[Seen], patience: float) -> None:
    number = record.get("stop_signal")
    polite = number if isinstance(number, int) else signal.SIGTERM
    leader = [seen for seen in alive if seen.pid == seen.session]
    for seen in leader or alive:
        _signal(seen.pid, polite)
    until = time.monotonic() + patience
    while alive and time.monotonic() < until:
        time.sleep(0.05)
        alive = _of_session(record)
        if alive and not any(seen.pid == seen.session for seen in alive):
            break
    for seen in alive:
        _signal(seen.pid, signal.SIGKILL)
    while _of_session(record) and time.monotonic() < until + 5:
        time.sleep(0.02)


def _signal(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def kill_session(pid: int) -> None:
    """SIGKILL for whoever is left in the session of a child that has ended (its workers, for example)."""
    for seen in _alive():
        if seen.session == pid and seen.pid != pid:
            _signal(seen.pid, signal.SIGKILL)
