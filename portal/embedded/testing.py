"""PostgreSQL and a broker for one run of the tests, shared by all of its workers.

`ensure_test_services()` returns the same variables `up` hands out, pointing at passing services in a temporary
folder. A guardian process starts them; it ends them and removes the folder when the process that owns the run
ends, however it ends. `manage.py test` and a plain `pytest` go the same way.
"""

import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from portal.embedded import broker, databases, postgres, processes
from portal.embedded.data import REPOSITORY, DataFolder, State
from portal.embedded.environment import whole_environment
from portal.embedded.files import Progress, Trouble, locked, write_atomically
from portal.embedded.materials import ensure_models
from portal.embedded.supervisor import Interrupted, Supervisor, interruptible, tail, uninterrupted

FOLDER_VARIABLE = "READMIT_TEST_DATA"
ADMIN_VARIABLE = "READMIT_TEST_ADMIN"
PREFIX = "readmit-test-"
START_SECONDS = 120.0


def ensure_test_services() -> dict[str, str]:
    """Start the services of this test run unless they stand already; return their variables.

    The first process of a run to call this decides the folder and leaves its name in the environment, so that
    the workers it starts find it. Besides the product's variables the mapping holds READMIT_TEST_DATA (the
    folder) and READMIT_TEST_ADMIN (the superuser, for `create_database`).
    """
    named = os.environ.get(FOLDER_VARIABLE)
    if named and _guardian_lives(Path(named)):
        return _variables(Path(named))
    owner = _owner()
    folder = _folder_of(owner)
    with locked(folder / "start.lock"):
        if not _guardian_lives(folder):
            _start_guardian(folder, owner)
    os.environ[FOLDER_VARIABLE] = str(folder)
    return _variables(folder)


def create_database(
    env: Mapping[str, str], name: str, template: str | None = None, *, owner: str = databases.MIGRATOR
) -> dict[str, str]:
    """Make a database, empty or cloned from a template nobody is connected to, and return the variables for it.

    With `owner=databases.HOUSE` it is one for the house partner. The mapping is `env` with the URLs of that
    owner's roles pointing at the new database.
    """
    databases.clone(env[ADMIN_VARIABLE], name, owner=owner, template=template)
    of_product = ("READMIT_DB_WEB_URL", "READMIT_DB_MIGRATOR_URL", "READMIT_DB_OPS_URL")
    changed = ("READMIT_HOUSE_DB_URL",) if owner == databases.HOUSE else of_product
    return dict(env) | {key: urlunsplit(urlsplit(env[key])._replace(path=f"/{name}")) for key in changed}


def drop_database(env: Mapping[str, str], name: str) -> None:
    """Remove a database, ending whatever session is still in it. Quiet when there is none."""
    databases.drop(env[ADMIN_VARIABLE], name)


# The run ---------------------------------------------------------------------------------------------------------


def _owner() -> int:
    """The process the run lives and dies with: a worker's controller, else this process."""
    return os.getppid() if "PYTEST_XDIST_WORKER" in os.environ else os.getpid()


def _folder_of(owner: int) -> Path:
    seen = processes.look_at(owner)
    place = Path(tempfile.gettempdir())
    _sweep(place)
    folder = place / f"{PREFIX}{owner}-{seen.started if seen else 0}"
    folder.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, exist_ok=True)
    if folder.stat().st_uid != os.geteuid():
        raise Trouble(f"{folder} belongs to another user; set TMPDIR to a folder of your own.")
    return folder


def _sweep(place: Path) -> None:
    """Remove what runs left whose guardian was killed."""
    for folder in place.glob(f"{PREFIX}*-*"):
        owner, _, started = folder.name.removeprefix(PREFIX).partition("-")
        with suppress(OSError, ValueError):
            seen = processes.look_at(int(owner))
            gone = seen is None or seen.started != int(started)
            if gone and folder.stat().st_uid == os.geteuid() and not _guardian_lives(folder):
                _remove(folder)


def _guardian_lives(folder: Path) -> bool:
    try:
        record = json.loads((folder / "guardian.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    seen = processes.look_at(record["pid"])
    return seen is not None and seen.state not in "ZX" and seen.started == record["started"]


def _variables(folder: Path) -> dict[str, str]:
    found: dict[str, str] = json.loads((folder / "variables.json").read_text(encoding="utf-8"))
    return found


def _start_guardian(folder: Path, owner: int) -> None:
    log = folder / "guardian.log"
    (folder / "variables.json").unlink(missing_ok=True)
    with log.open("wb") as output:
        guardian = subprocess.Popen(
            [sys.executable, "-m", "portal.embedded.testing", str(folder), str(owner)],
            cwd=REPOSITORY,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    until = time.monotonic() + START_SECONDS
    while not (folder / "variables.json").exists():
        if guardian.poll() is not None or time.monotonic() > until:
            raise Trouble(f"The services for the tests did not start; {log} ends with:\n{tail(log)}")
        time.sleep(0.05)


# The guardian ----------------------------------------------------------------------------------------------------


def guard(folder: Path, owner: int) -> None:
    """Start the services, tell the run, wait for its owner's end, clear everything away."""
    data = DataFolder(folder)
    supervisor: Supervisor | None = None
    own = processes.look_at(os.getpid())
    record = {"pid": os.getpid(), "started": own.started if own else 0}
    try:
        with interruptible():
            data.prepare()
            write_atomically(folder / "guardian.json", json.dumps(record))
            supervisor = Supervisor(logs=data.logs, run=data.run, say=Progress())
            variables = _start_services(data, supervisor)
            write_atomically(folder / "variables.json", json.dumps(variables))
            _wait_for_end(owner)
    except Interrupted:
        pass
    finally:
        with uninterrupted():
            if supervisor is not None:
                supervisor.stop()
            _remove(folder)


def _start_services(data: DataFolder, supervisor: Supervisor) -> dict[str, str]:
    secrets = data.secrets_made()
    server = postgres.prepare(data, secrets, say=Progress(), options=postgres.PASSING)
    transport = broker.prepare(data, secrets, durable=False)
    supervisor.start(server.service())
    if transport.service:
        supervisor.start(transport.service)
        supervisor.wait_ready(["broker"], seconds=START_SECONDS)
    supervisor.wait_ready(["postgres"], seconds=START_SECONDS)
    databases.ensure_roles_and_databases(server.conninfo(), secrets)
    state = State(8000, transport.url, str(server.socket_folder), broker.free_port())
    data.write_state(state)
    models = ensure_models(Path(sys.prefix), say=Progress())
    return whole_environment(data, secrets, state, models) | {
        FOLDER_VARIABLE: str(data.path),
        ADMIN_VARIABLE: server.conninfo(),
    }


def _wait_for_end(owner: int) -> None:
    try:
        descriptor = os.pidfd_open(owner)
    except ProcessLookupError:
        return
    except (AttributeError, OSError):
        while processes.look_at(owner) is not None:
            time.sleep(1)
        return
    select.select([descriptor], [], [])


def _remove(folder: Path) -> None:
    data = DataFolder(folder)
    with suppress(Trouble):
        state, secrets = data.state(), data.secrets()
        if state and secrets:
            postgres.remove_cluster(data, secrets)
            if PREFIX not in state.socket_folder and Path(state.socket_folder).name.startswith("readmit-"):
                shutil.rmtree(state.socket_folder, ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    guard(Path(sys.argv[1]), int(sys.argv[2]))
