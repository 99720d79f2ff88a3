"""Gives each test process real services and a database of its own, before Django reads its settings.

Loaded early by `-p tests.services` (pyproject.toml). PostgreSQL and the broker are shared by the run; each worker has a
database cloned from one template that was migrated once.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from pathlib import Path

from portal.embedded.testing import create_database, ensure_test_services

ROOT = Path(__file__).resolve().parent.parent
TEMPLATE = "readmit_template"


def _migrate(env: dict[str, str]) -> None:
    subprocess.run(
        [sys.executable, "-m", "django", "migrate", "--database=migrator", "--verbosity=0"],
        cwd=ROOT,
        env={**os.environ, **env, "DJANGO_SETTINGS_MODULE": "portal.settings"},
        check=True,
    )


def _template(env: dict[str, str]) -> None:
    """Migrate the template once a run; the others wait at the lock."""
    folder = Path(env["READMIT_TEST_DATA"])
    with open(folder / "template.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        stamp = folder / "template.done"
        if not stamp.exists():
            _migrate(create_database(env, TEMPLATE))
            stamp.touch()


def prepare() -> None:
    env = ensure_test_services()
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    _template(env)
    os.environ.update(create_database(env, f"readmit_{worker or 'main'}", template=TEMPLATE))
    os.environ["READMIT_PROCESS"] = f"test-{worker}"
    # The browser's driver keeps an event loop in the thread of the tests; their queries run beside it.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


def leave_it(row_id: str) -> None:
    """The outbox's sender in tests: nobody is told, the test drains the outbox itself."""


prepare()
