"""The virtual environment: made once, filled from a lock file with hashes, filled again when the lock changes.

Runs on a bare Python. Two starts at once take turns, and a start that was killed half-way is begun again: the
stamp is taken away before anything changes and written when all is done.
"""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from portal.embedded.data import REPOSITORY
from portal.embedded.files import Say, Trouble, locked, write_atomically
from portal.embedded.processes import die_with_parent

RUN_LOCK, TEST_LOCK, UV_LOCK = "requirements.lock", "requirements-test.lock", "requirements-uv.lock"


def ensure_installed(*, tests: bool, say: Say, repository: Path = REPOSITORY) -> Path:
    """The environment's Python, after making sure that what the lock names is installed."""
    venv = repository / ".venv"
    if _is_current(repository, tests=tests):
        return python_of(venv)
    if not os.access(venv if venv.is_dir() else repository, os.W_OK):
        raise Trouble(
            f"{repository} cannot be written, and its virtual environment must be made or renewed there: "
            f"change the folder's owner, or copy the project to a folder of your own."
        )
    with locked(repository, waiting=lambda: say("Another start is installing; waiting for it.")):
        if not _is_current(repository, tests=tests):
            _install(repository, venv, tests=tests, say=say)
    return python_of(venv)


def python_of(venv: Path) -> Path:
    return venv / "bin" / "python"


def inside(repository: Path = REPOSITORY) -> bool:
    """Whether this very process already runs in the environment."""
    return Path(sys.prefix).resolve() == (repository / ".venv").resolve()


# What is there ---------------------------------------------------------------------------------------------------


def _stamp(venv: Path) -> Path:
    return venv / "readmit-installed.json"


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except FileNotFoundError:
        raise Trouble(f"{path} is missing: this is not a whole copy of the project.") from None


def _is_current(repository: Path, *, tests: bool) -> bool:
    venv = repository / ".venv"
    try:
        if not python_of(venv).exists():  # also false for a link to a Python that was removed
            return False
    except PermissionError as problem:
        raise Trouble(
            f"{python_of(venv)} leads where this user may not go, for another user made it: "
            f"copy the project without .venv and start that, or start it as the other user."
        ) from problem
    try:
        installed = json.loads(_stamp(venv).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    name = TEST_LOCK if tests else RUN_LOCK
    return bool(installed.get(name) == _digest(repository / name))


# Making it so ----------------------------------------------------------------------------------------------------


def _install(repository: Path, venv: Path, *, tests: bool, say: Say) -> None:
    lock = repository / (TEST_LOCK if tests else RUN_LOCK)
    # The test lock holds all of the run lock, so `up` after `test` has nothing to do.
    stamp = {name: _digest(repository / name) for name in ((RUN_LOCK, TEST_LOCK) if tests else (RUN_LOCK,))}
    _stamp(venv).unlink(missing_ok=True)
    if not _runs([python_of(venv), "-c", "import sys; sys.exit(sys.version_info < (3, 11))"]):
        _make_venv(venv, say)
    if not _runs([venv / "bin" / "uv", "--version"]):
        try:
            _install_uv(repository, venv, say)
        except Trouble:
            # A start that was killed may have left half a pip behind; from the beginning, once.
            _make_venv(venv, say)
            _install_uv(repository, venv, say)
    say(f"Installing the packages named in {lock.name} (once, and when it changes).")
    _sync_wholly(venv, lock, say)
    write_atomically(_stamp(venv), json.dumps(stamp), mode=0o644)


def _make_venv(venv: Path, say: Say) -> None:
    if find_spec("venv") is None or find_spec("ensurepip") is None:
        raise Trouble(
            f"This Python has no venv module: install Debian's python3-venv package "
            f"(apt-get install python{sys.version_info.major}.{sys.version_info.minor}-venv) and start again."
        )
    say(f"Making the virtual environment {venv.name}.")
    shutil.rmtree(venv, ignore_errors=True)
    # Not the interpreter inside the environment that is being made again, should this process run in it.
    python = getattr(sys, "_base_executable", None) or sys.executable
    try:
        _must([python, "-m", "venv", venv], "The virtual environment could not be made")
    except Trouble:
        shutil.rmtree(venv, ignore_errors=True)
        raise


def _install_uv(repository: Path, venv: Path, say: Say) -> None:
    python = python_of(venv)
    say("Installing the installer.")
    if not _runs([python, "-m", "pip", "--version"]):
        _must([python, "-m", "ensurepip", "--upgrade"], "pip could not be installed")
    _must([*_pip(python), "--no-deps", "-r", repository / UV_LOCK], "uv could not be installed")


def _sync_wholly(venv: Path, lock: Path, say: Say) -> None:
    """Install; after an installation that was cut short, every package again.

    A package half of whose files arrived may look installed to the installer.
    """
    begun = venv / "readmit-installing"
    cut_short = begun.exists()
    begun.touch()
    _sync(venv, lock, say, again=cut_short)
    begun.unlink()


def _sync(venv: Path, lock: Path, say: Say, *, again: bool) -> None:
    """With uv; with pip where uv finds no index, because uv does not read pip's configuration."""
    python = python_of(venv)
    sync: list[str | Path] = [
        venv / "bin" / "uv",
        "pip",
        "sync",
        "--quiet",
        "--python",
        python,
        "--require-hashes",
    ]
    with_uv = [*sync, *(["--reinstall"] if again else []), lock]
    problem = _run(with_uv)
    if problem is None:
        return
    say("uv could not install them; trying pip, which reads its own configuration.")
    if not _runs([python, "-m", "pip", "--version"]):
        raise Trouble(f"The packages could not be installed.\n{problem}")
    second = _run([*_pip(python), *(["--force-reinstall"] if again else []), "--no-deps", "-r", lock])
    if second is not None:
        raise Trouble(f"The packages could not be installed.\nuv said:\n{problem}\npip said:\n{second}")


def _pip(python: Path) -> list[str | Path]:
    options = ["--quiet", "--disable-pip-version-check", "--no-input", "--no-user", "--require-hashes"]
    return [python, "-m", "pip", "install", *options]


def _runs(command: Sequence[str | Path]) -> bool:
    return _run(command) is None


def _must(command: Sequence[str | Path], complaint: str) -> None:
    problem = _run(command)
    if problem is not None:
        raise Trouble(f"{complaint}.\n{problem}")


def _run(command: Sequence[str | Path]) -> str | None:
    """None when it worked, else the end of what it said. The whole environment goes along: proxies, indexes."""
    environment = {
        name: value for name, value in os.environ.items() if name not in {"VIRTUAL_ENV", "PYTHONHOME"}
    }
    try:
        done = subprocess.run(
            [os.fspath(part) for part in command],
            capture_output=True,
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
            env=environment,
            preexec_fn=die_with_parent(signal.SIGKILL, os.getpid()),
        )
    except OSError as problem:
        return str(problem)
    if done.returncode == 0:
        return None
    said = (done.stderr.strip() or done.stdout.strip()).splitlines()[-12:]
    return "\n".join(f"    {line}" for line in said) or f"    it ended with code {done.returncode}"
