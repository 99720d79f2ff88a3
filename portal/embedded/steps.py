"""The one-off steps before the services: run side by side, skipped when nothing they read has changed.

A stamp is taken away before its step runs and written after it succeeded, so a start that is killed in between
runs the step again. It also names the cluster: a new database knows no old stamp.
"""

import os
import signal
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from portal.embedded import processes
from portal.embedded.data import REPOSITORY, DataFolder
from portal.embedded.files import Say, Trouble, digest_of, missing_library, room_on, write_atomically
from portal.embedded.install import RUN_LOCK
from portal.embedded.supervisor import open_log, tail

ROOMS = ("portal", "tenants", "vendors", "recovery", "templates")
HOUSE = "vendors/house"


@dataclass(frozen=True)
class Step:
    """A command that ends. `digest` is over everything whose change makes it necessary again."""

    name: str
    sentence: str
    argv: Sequence[str | Path]
    env: Mapping[str, str]
    digest: str


def run_together(steps: Iterable[Step], data: DataFolder, *, say: Say) -> bool:
    """Run the steps that are due at the same time; whether there were any."""
    due = [step for step in steps if not _is_done(step, data)]
    running: list[tuple[Step, subprocess.Popen[bytes]]] = []
    try:
        for step in due:
            say(step.sentence)
            _stamp(step, data).unlink(missing_ok=True)
            running.append((step, _begin(step, data)))
        for step, process in running:
            _finish(step, process, data)
    finally:
        for step, process in running:
            if process.poll() is None:
                process.terminate()
                process.wait()
            processes.forget_record(data.run, f"step-{step.name}")
    return bool(due)


def _begin(step: Step, data: DataFolder) -> "subprocess.Popen[bytes]":
    path = data.logs / f"step-{step.name}.log"
    path.unlink(missing_ok=True)
    log = open_log(path)
    try:
        process = processes.spawn(step.argv, env=step.env, cwd=REPOSITORY, log=log)
    finally:
        os.close(log)
    processes.write_record(data.run, f"step-{step.name}", process.pid, signal.SIGTERM)
    return process


def _finish(step: Step, process: "subprocess.Popen[bytes]", data: DataFolder) -> None:
    if process.wait() != 0:
        log = data.logs / f"step-{step.name}.log"
        raise Trouble(
            f"This step failed: {step.sentence} {room_on(data.path)}{missing_library(tail(log, lines=60))}"
            f"Its log, {log}, ends with:\n{tail(log)}"
        )
    write_atomically(_stamp(step, data), step.digest)


def _stamp(step: Step, data: DataFolder) -> Path:
    return data.stamps / step.name


def _is_done(step: Step, data: DataFolder) -> bool:
    try:
        return _stamp(step, data).read_text(encoding="utf-8") == step.digest
    except FileNotFoundError:
        return False


# What each step reads --------------------------------------------------------------------------------------------


def of_migrations(cluster: str) -> str:
    """The product's migrations, the settings that say which apps there are, and the listings that are put on the shelf
    after migrating."""
    own = [path for path in _under("migrations") if not _of_house(path)]
    return digest_of(
        [*_settings("portal"), *own, *_under("listings")],
        relative_to=REPOSITORY,
        salt=cluster,
    )


def of_house_migrations(cluster: str) -> str:
    return digest_of(
        [*_settings(HOUSE), *(path for path in _under("migrations") if _of_house(path))],
        relative_to=REPOSITORY,
        salt=cluster,
    )


def of_static_files(settings: str) -> str:
    return digest_of([*_settings(settings), *_under("static")], relative_to=REPOSITORY)


def of_demonstration(cluster: str) -> str:
    """The demonstration's own code and data, and every migration below it."""
    own = _files(REPOSITORY / "portal/demo")
    return digest_of(own, relative_to=REPOSITORY, salt=of_migrations(cluster))


def _settings(folder: str) -> list[Path]:
    return [path for path in (REPOSITORY / folder / "settings.py", REPOSITORY / RUN_LOCK) if path.exists()]


def _under(name: str) -> list[Path]:
    return [
        path
        for room in ROOMS
        for folder in (REPOSITORY / room).rglob(name)
        if folder.is_dir()
        for path in _files(folder)
    ]


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts]


def _of_house(path: Path) -> bool:
    return path.is_relative_to(REPOSITORY / HOUSE)
