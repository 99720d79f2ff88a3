"""Where the peers' packages are: pinned, with their digests, in a folder of their own below `.venv/peers`.

They are no dependency of the product. With CI=true they are installed there once and whatever goes wrong is a failure;
otherwise they are used when they are there, and a test that needs them says which it did not ask.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

HERE = Path(__file__).parent
FOLDER = Path(sys.prefix) / "peers"
INSTALL_SECONDS = 300
WALLET = (
    "a wallet of @openid4vc 0.4.6 and @sd-jwt/sd-jwt-vc 0.19.0, oidc-provider 9.13.3 and openid-client 6.8.9"
)
VERIFIERS = "polaris-oid4vp 1.0.0 and openvc-core 1.37.0"


def _is_ci() -> bool:
    return os.environ.get("CI") == "true"


def _run(*command: str | Path, cwd: Path) -> None:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=INSTALL_SECONDS)
    assert done.returncode == 0, f"{command[0]} failed: {done.stderr.strip()[-600:]}"


def _ensure(kind: str, pinned: Path, install: Callable[[Path], None], what: str) -> Path:
    """The folder for exactly what `pinned` says; made whole under a lock, or not at all."""
    folder = FOLDER / f"{kind}-{hashlib.sha256(pinned.read_bytes()).hexdigest()[:12]}"
    stamp = folder / "installed"
    if stamp.exists():
        return folder
    if not _is_ci():
        pytest.skip(f"not asked: {what} (not in {folder.name}; CI=true installs it)")
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not stamp.exists():
            install(folder)
            stamp.touch()
    return folder


def _install_node(folder: Path) -> None:
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(HERE / "node" / name, folder)
    _run("npm", "ci", cwd=folder)


def node_folder() -> Path:
    """The folder that holds `node_modules`."""
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            assert not _is_ci(), f"{program} is not installed"
            pytest.skip(f"not asked: {WALLET} ({program} is not installed)")
    return _ensure("node", HERE / "node" / "package-lock.json", _install_node, WALLET)


def _install_python(folder: Path) -> None:
    _run(sys.executable, "-m", "venv", folder / "env", cwd=folder)
    pinned = HERE / "python" / "requirements.lock"
    python = folder / "env" / "bin" / "python"
    _run(python, "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes", "-r", pinned, cwd=folder)


def python_peer() -> Path:
    """The interpreter that has the verifiers."""
    folder = _ensure("python", HERE / "python" / "requirements.lock", _install_python, VERIFIERS)
    return folder / "env" / "bin" / "python"
