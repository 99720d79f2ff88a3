"""One house partner for the run, as it is served: granian, its own database, driven over HTTP."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from pathlib import Path

import psycopg
import pytest

from portal.embedded import broker, databases
from portal.embedded.data import REPOSITORY
from portal.embedded.environment import OF_HOUSE
from portal.embedded.testing import create_database, drop_database, ensure_test_services
from tests.house.person import Person
from tests.house.relying_party import RelyingParty
from tests.outside import kept_environment


class House:
    """Where it is reached, how to look into its database, and how to run one of its commands."""

    def __init__(self, port: int, env: dict[str, str]) -> None:
        self.port = port
        self.env = env
        self.origin = env["READMIT_HOUSE_ORIGIN"]
        self.token = env["READMIT_HOUSE_REGISTRATION_TOKEN"]

    def rows(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        with psycopg.connect(self.env["READMIT_HOUSE_DB_URL"], autocommit=True) as connection:
            found = connection.execute(statement, values)  # type: ignore[arg-type]
            return list(found.fetchall()) if found.description else []

    def run(self, *command: str, **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "django", *command],
            cwd=REPOSITORY,
            env=self.env | env,
            capture_output=True,
            text=True,
        )


def house_environment(services: dict[str, str], port: int, settings: str) -> dict[str, str]:
    own = {name: value for name, value in services.items() if name in OF_HOUSE}
    return (
        kept_environment()
        | own
        | {
            "READMIT_HOUSE_ORIGIN": f"http://house.localhost:{port}",
            "DJANGO_SETTINGS_MODULE": settings,
            "PYTHONPATH": str(REPOSITORY),
        }
    )


def serve(env: dict[str, str], port: int, log: Path) -> Iterator[House]:
    house = House(port, env)
    migrated = house.run("migrate")
    assert migrated.returncode == 0, migrated.stderr
    with log.open("wb") as output:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "granian", "--interface", "rsgi", "--host", "127.0.0.1"),
                *("--port", str(port), "--workers", "1", "--no-ws"),
                "vendors.house.wsgi:application",
            ],
            cwd=REPOSITORY,
            env=env,
            stdout=output,
            stderr=output,
        )
        try:
            _wait(process, port, log)
            yield house
        finally:
            process.terminate()
            process.wait(timeout=10)


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until and process.poll() is None:
        door = HTTPConnection("127.0.0.1", port, timeout=2)
        try:
            door.request("GET", "/healthz", headers={"Host": f"house.localhost:{port}"})
            if door.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.1)
        finally:
            door.close()
    raise AssertionError(log.read_text())


@pytest.fixture(scope="session")
def services() -> dict[str, str]:
    return ensure_test_services()


@pytest.fixture(scope="session")
def house(services: dict[str, str], turn: ExitStack) -> House:
    """The vision behind it pretends; everything else is what runs."""
    return turn.enter_context(_house(services))


@contextmanager
def _house(services: dict[str, str]) -> Iterator[House]:
    name = f"house_{uuid.uuid4().hex[:12]}"
    port = broker.free_port()
    whole = create_database(services, name, owner=databases.HOUSE)
    env = house_environment(whole, port, "tests.house.settings")
    with tempfile.TemporaryDirectory(prefix="readmit-house-") as folder:
        try:
            yield from serve(env | {"READMIT_STATIC_ROOT": folder}, port, Path(folder) / "house.log")
        finally:
            drop_database(services, name)


@pytest.fixture
def party(house: House) -> RelyingParty:
    """A relying party of its own for each test."""
    return RelyingParty.register(house.origin, house.token)


@pytest.fixture
def demonstration_party(house: House) -> RelyingParty:
    return RelyingParty.register(house.origin, house.token, readmit_demonstration=True)


@pytest.fixture
def person(house: House) -> Person:
    return Person(house.origin)
