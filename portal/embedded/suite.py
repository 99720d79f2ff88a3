"""`manage.py test`: the services of the tests, a browser, then pytest in this very process."""

import os
import sys
from pathlib import Path

from portal.embedded import chromium
from portal.embedded.data import REPOSITORY, DataFolder
from portal.embedded.files import Progress
from portal.embedded.testing import ensure_test_services

WORKERS = "2"


def main(data: DataFolder, arguments: list[str], models: Path) -> int:
    """Become pytest. The services end when that process does, whether it finishes or is killed."""
    say = Progress()
    os.environ[chromium.VARIABLE] = chromium.ensure_chromium(say=say)
    say("Starting PostgreSQL and the broker for the tests.")
    os.environ.update(ensure_test_services())
    os.chdir(REPOSITORY)
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", "pytest", *_with_workers(arguments), *arguments])


def _with_workers(arguments: list[str]) -> list[str]:
    """Two workers, unless the person says how many or wants a debugger. Tests of one file share a worker."""
    if _any_begins(arguments, "--pdb", "--trace", "no:xdist", "-pno:xdist"):
        return []
    number = [] if _any_begins(arguments, "-n", "--numprocesses") else ["-n", WORKERS]
    sharing = [] if _any_begins(arguments, "--dist") else ["--dist", "loadfile"]
    return number + sharing


def _any_begins(arguments: list[str], *with_one_of: str) -> bool:
    return any(argument.startswith(with_one_of) for argument in arguments)
