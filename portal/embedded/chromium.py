"""The browser the tests drive: the one that is named, the one on the path, or Debian's, installed by root."""

import os
import shutil
import subprocess
from collections.abc import Mapping

from portal.embedded.files import Say, Trouble

VARIABLE = "READMIT_CHROMIUM"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PACKAGES = ("chromium", "fonts-dejavu-core")


def ensure_chromium(*, say: Say, environ: Mapping[str, str] = os.environ) -> str:
    """The browser's path. Nothing is skipped without one: the tests do not start."""
    named = environ.get(VARIABLE)
    if named:
        if not os.access(named, os.X_OK):
            raise Trouble(f"{VARIABLE} names {named}, which cannot be run.")
        return named
    path = environ.get("PATH")
    found = _on(path)
    if found is None and os.geteuid() == 0 and shutil.which("apt-get", path=path):
        say("Installing Debian's Chromium for the browser tests.")
        _install()
        found = _on(path)
    if found is None:
        raise Trouble(
            f"The tests drive Chromium and there is none: run `apt-get install {' '.join(PACKAGES)}` as root, "
            f"or name a Chromium or Chrome in {VARIABLE}."
        )
    return found


def _on(path: str | None) -> str | None:
    return next((found for found in (shutil.which(name, path=path) for name in NAMES) if found), None)


def _install() -> None:
    environment = dict(os.environ) | {"DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update"], ["install", "--yes", "--no-install-recommends", *PACKAGES]):
        done = subprocess.run(
            ["apt-get", "-q", *command],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
    if done.returncode:
        said = "\n".join((done.stderr or done.stdout).strip().splitlines()[-5:])
        raise Trouble(f"apt-get could not install Chromium:\n{said}")
