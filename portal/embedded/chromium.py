"""The browser the tests drive: the one that is named, the one on the path, or Debian's, installed by root.

The shell without windows comes first: a page costs it two thirds of the time, and a new visitor less than half.
"""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from portal.embedded.files import Say, Trouble, missing_library, package_lacking

VARIABLE = "READMIT_CHROMIUM"
SHELLS = ("chromium-headless-shell", "chrome-headless-shell")
NAMES = (*SHELLS, "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FONTS = "fonts-dejavu-core"
# The second where the first is not offered and there is nothing else.
PACKAGES = ("chromium-headless-shell", "chromium")
INSTALL_SECONDS = 300


def ensure_chromium(*, say: Say, environ: Mapping[str, str] = os.environ) -> str:
    """The browser's path. Nothing is skipped without one: the tests do not start."""
    named = environ.get(VARIABLE)
    if named:
        if not os.access(named, os.X_OK):
            raise Trouble(f"{VARIABLE} names {named}, which cannot be run.")
        return named
    path = environ.get("PATH")
    found, trouble = _on(path, NAMES), ""
    if _on(path, SHELLS) is None and os.geteuid() == 0 and shutil.which("apt-get", path=path):
        say("Installing Debian's Chromium for the browser tests.")
        trouble = _install(PACKAGES[:1] if found else PACKAGES)
        found = _on(path, NAMES)
    if found is None:
        raise Trouble(
            trouble
            or f"The tests drive Chromium and there is none: run `apt-get install {PACKAGES[0]} {FONTS}` as root, "
            f"or name a Chromium or Chrome in {VARIABLE}."
        )
    return found


def ensure_driver(driver: Path, *, say: Say, environ: Mapping[str, str] = os.environ) -> None:
    """What drives the browser is a program of its own, and a minimal Debian lacks a library it needs."""
    problem = _does_not_run(driver)
    package = package_lacking(problem)
    if package and os.geteuid() == 0 and shutil.which("apt-get", path=environ.get("PATH")):
        say(f"Installing Debian's {package}, which the browser's driver needs.")
        _apt("update")
        _apt("install", "--yes", "--no-install-recommends", package)
        problem = _does_not_run(driver)
    if problem:
        raise Trouble(missing_library(problem).strip() or f"{driver} does not run: {problem}")


def _does_not_run(program: Path) -> str:
    """Empty when it does."""
    try:
        done = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.SubprocessError) as problem:
        return str(problem)
    return (done.stderr.strip() or f"code {done.returncode}") if done.returncode else ""


def _on(path: str | None, names: tuple[str, ...]) -> str | None:
    return next((found for found in (shutil.which(name, path=path) for name in names) if found), None)


def _install(packages: Sequence[str]) -> str:
    """Empty when one of the packages is there now, else what apt-get said last."""
    said = _apt("update")
    for package in packages:
        said = _apt("install", "--yes", "--no-install-recommends", package, FONTS)
        if not said:
            return ""
    return f"apt-get could not install Chromium:\n{said}"


def _apt(*command: str) -> str:
    """Empty when it went well."""
    try:
        done = subprocess.run(
            ["apt-get", "-q", *command],
            env=dict(os.environ) | {"DEBIAN_FRONTEND": "noninteractive"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=INSTALL_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return f"it was not done after {INSTALL_SECONDS} s."
    if not done.returncode:
        return ""
    return "\n".join((done.stderr or done.stdout).strip().splitlines()[-5:]) or f"code {done.returncode}"
