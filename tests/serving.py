"""A simulator as it is served, for tests: one process of granian, as the product serves them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from portal.embedded.data import REPOSITORY

# A call that hangs holds its thread until the fault ends, and the call that ends it needs one as well.
THREADS = 12


def serve(
    application: str, *, port: int, env: Mapping[str, str], log: Path, **more: Any
) -> subprocess.Popen[bytes]:
    """`application`: module:name of WSGI. It answers a little later; what it says goes to the end of `log`."""
    with log.open("ab") as out:
        return subprocess.Popen(
            [
                *(sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1"),
                *("--port", str(port), "--workers", "1", "--blocking-threads", str(THREADS), "--no-ws"),
                application,
            ],
            cwd=REPOSITORY,
            env=env,
            stdout=out,
            stderr=out,
            **more,
        )
