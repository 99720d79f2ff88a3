"""Where Python keeps what it compiled, so that no process compiles Django and all of ours again.

Images for containers often set PYTHONDONTWRITEBYTECODE, so that nothing is written beside the sources; a folder may
belong to another user. Then each start of a process costs seconds of a core. What is compiled goes into a folder of
our own instead: of the environment, else of the data folder. Standard library only.
"""

import os
import sys
from collections.abc import MutableMapping
from pathlib import Path

REFUSED, PREFIX = "PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX"
FOLDER = "bytecode"


def place_of(repository: Path, data: Path, environ: MutableMapping[str, str]) -> Path | None:
    """The folder for compiled files; None where they may lie beside the sources, the person named a folder, or
    there is none that could be written."""
    if environ.get(PREFIX):
        return None
    if not environ.get(REFUSED) and os.access(repository / "portal", os.W_OK):
        return None
    return next((own / FOLDER for own in (repository / ".venv", data) if os.access(own, os.W_OK)), None)


def keep_bytecode(repository: Path, data: Path, environ: MutableMapping[str, str]) -> None:
    """For this process and for those that get its environment."""
    place = place_of(repository, data, environ)
    if place is None:
        return
    environ.pop(REFUSED, None)
    environ[PREFIX] = sys.pycache_prefix = str(place)
    sys.dont_write_bytecode = False
