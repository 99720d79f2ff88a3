"""The services of a test run: shared, cloned from, and gone with the run."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from portal.embedded import databases
from portal.embedded.data import REPOSITORY
from portal.embedded.testing import FOLDER_VARIABLE, create_database, drop_database, ensure_test_services
from tests.embedded.installation import ended, until_true

PROGRAM = """
import json, sys, time
sys.path.insert(0, {repository!r})
from portal.embedded.testing import ensure_test_services
print(json.dumps(ensure_test_services()), flush=True)
{then}
"""


def _run_of_its_own(then):
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("READMIT_", "PYTEST"))
    }
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM.format(repository=str(REPOSITORY), then=then)],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )


def test_a_worker_finds_what_its_run_has_started():
    assert ensure_test_services() == ensure_test_services()
    assert os.environ[FOLDER_VARIABLE] == ensure_test_services()[FOLDER_VARIABLE]


@pytest.mark.parametrize("ending", ["finished", "killed"])
def test_the_services_go_with_their_run_however_it_ends(ending):
    run = _run_of_its_own("" if ending == "finished" else "time.sleep(600)")
    folder = Path(json.loads(run.stdout.readline())[FOLDER_VARIABLE])
    if ending == "killed":
        run.send_signal(signal.SIGKILL)
    run.wait(timeout=30)
    until_true(lambda: not folder.exists(), seconds=30)


def test_two_runs_at_once_share_nothing():
    runs = [_run_of_its_own("time.sleep(600)") for _ in range(2)]
    try:
        folders = {json.loads(run.stdout.readline())[FOLDER_VARIABLE] for run in runs}
        assert len(folders) == 2
    finally:
        for run in runs:
            run.kill()
            run.wait()
    until_true(lambda: not any(Path(folder).exists() for folder in folders), seconds=30)


def test_a_killed_guardian_takes_the_database_with_it():
    run = _run_of_its_own("time.sleep(600)")
    try:
        folder = Path(json.loads(run.stdout.readline())[FOLDER_VARIABLE])
        server = json.loads((folder / "run/postgres.json").read_text())["pid"]
        os.kill(json.loads((folder / "guardian.json").read_text())["pid"], signal.SIGKILL)
        until_true(lambda: ended(server), seconds=30)
    finally:
        run.kill()
        run.wait()


def test_a_clone_holds_what_its_template_held_and_the_same_rights():
    env = ensure_test_services()
    suffix = os.getpid()
    template = create_database(env, f"template_{suffix}")
    with psycopg.connect(template["READMIT_DB_MIGRATOR_URL"]) as connection:
        connection.execute("CREATE TABLE thing (i int)")
        connection.execute("INSERT INTO thing VALUES (1)")
    clone = create_database(env, f"clone_{suffix}", template=f"template_{suffix}")
    try:
        with psycopg.connect(clone["READMIT_DB_WEB_URL"], autocommit=True) as connection:
            assert connection.execute("SELECT i FROM thing").fetchall() == [(1,)]
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute("CREATE TABLE other (i int)")
        with psycopg.connect(clone["READMIT_DB_MIGRATOR_URL"]) as connection:
            connection.execute("CREATE TABLE later (i int)")
        with psycopg.connect(clone["READMIT_DB_WEB_URL"]) as connection:
            connection.execute("INSERT INTO later VALUES (2)")
    finally:
        drop_database(env, f"clone_{suffix}")
        drop_database(env, f"template_{suffix}")


def test_the_house_partners_database_is_its_own():
    env = ensure_test_services()
    name = f"house_{os.getpid()}"
    house = create_database(env, name, owner=databases.HOUSE)
    try:
        assert house["READMIT_DB_WEB_URL"] == env["READMIT_DB_WEB_URL"]
        with psycopg.connect(house["READMIT_HOUSE_DB_URL"]) as connection:
            connection.execute("CREATE TABLE thing (i int)")
        with pytest.raises(psycopg.OperationalError, match="permission denied"):
            psycopg.connect(env["READMIT_DB_WEB_URL"].replace("/readmit?", f"/{name}?"))
    finally:
        drop_database(env, name)


def test_dropping_a_database_that_is_not_there_is_quiet():
    drop_database(ensure_test_services(), f"never_{os.getpid()}")
