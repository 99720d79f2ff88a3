"""Small promises about files: written whole or not at all, locked by one, and a sentence when it cannot be."""

import contextlib
import fcntl
import hashlib
import os
import re
import secrets
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO

Say = Callable[[str], None]
BEGAN = "READMIT_COMMAND_BEGAN"
LITTLE_ROOM = 4_000_000
# As the loader says it. What the packages bring along is not among them: these are the system's own.
_NO_LIBRARY = re.compile(r"\b(lib[\w+.-]+\.so[.\d]*): cannot open shared object file")
_PACKAGES = {
    "libstdc++.so.6": "libstdc++6",
    "libatomic.so.1": "libatomic1",
    "libgcc_s.so.1": "libgcc-s1",
    "libgomp.so.1": "libgomp1",
    "libz.so.1": "zlib1g",
    "libGL.so.1": "libgl1",
    "libglib-2.0.so.0": "libglib2.0-0",
}


class Trouble(Exception):
    """Something the person at the keyboard can mend; its text is the one sentence they read."""


class Progress:
    """Prints a line with the seconds since the command began, so that a slow step is seen as one; on standard output, where
    nothing else is named."""

    def __init__(self, stream: IO[str] | None = None) -> None:
        self._stream = stream
        # The command goes on in another interpreter after installing; its clock goes on with it.
        self._began = float(os.environ.pop(BEGAN, 0) or time.monotonic())

    def __call__(self, sentence: str) -> None:
        print(f"[{time.monotonic() - self._began:6.1f} s] {sentence}", file=self._stream, flush=True)

    def hand_on(self) -> None:
        """Leave the beginning for the interpreter that takes over this process."""
        os.environ[BEGAN] = str(self._began)


def room_on(folder: Path) -> str:
    """Where the disk is full, the sentence that says so: what failed for want of room mostly cannot even write its log."""
    try:
        free = shutil.disk_usage(folder).free
    except OSError:
        return ""
    return f"The disk of {folder} is full. " if free < LITTLE_ROOM else ""


def package_lacking(text: str) -> str:
    """Debian's package of the library that was not found, where we know it."""
    found = _NO_LIBRARY.search(text)
    return _PACKAGES.get(found[1], "") if found else ""


def missing_library(text: str) -> str:
    """Where a program of the environment found no library of the system, the sentence that says which."""
    found = _NO_LIBRARY.search(text)
    if found is None:
        return ""
    name, package = found[1], package_lacking(text)
    how = f"install Debian's {package} package (apt-get install {package})" if package else "install it"
    return f"The system library {name} is missing: {how} and start again. "


def write_atomically(path: Path, text: str, *, mode: int = 0o600) -> None:
    """Replace the file in one move; after a crash at any point it holds the old text or the new one."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
            handle.write(text)
            handle.flush()
            os.fsync(handle.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def locked(
    path: Path, *, otherwise: str | None = None, waiting: Callable[[], None] | None = None
) -> Iterator[None]:
    """Hold the lock file. With `otherwise`, do not wait: raise that sentence if somebody else holds it.

    The kernel drops the lock when its holder dies, however it dies. The file itself stays; a folder can be
    locked as well, and then nothing is written.
    """
    flags = os.O_RDONLY if path.is_dir() else os.O_RDWR | os.O_CREAT
    descriptor = os.open(path, flags | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if otherwise is not None:
                raise Trouble(otherwise) from None
            if waiting is not None:
                waiting()
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def digest_of(paths: Iterable[Path], *, relative_to: Path, salt: str = "") -> str:
    """One digest over names and contents; the order of the paths does not matter."""
    total = hashlib.sha256(salt.encode())
    for path in sorted(set(paths)):
        total.update(f"\0{path.relative_to(relative_to)}\0".encode())
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()
