"""The whole start-up with a stand-in product: started, killed in every way, started again."""

import json
import os
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

import pytest

from portal.embedded import processes
from tests.embedded.installation import Installation, ended, until_true

pytestmark = pytest.mark.whole


@pytest.fixture(scope="module")
def place():
    # Not under pytest's own folder: its 0700 parents would hide the database from the user who runs it.
    with tempfile.TemporaryDirectory(prefix="readmit-up-") as name:
        if os.geteuid() == 0:
            Path(name).chmod(0o711)
        yield Path(name)


@pytest.fixture(scope="module")
def installation(place):
    made = Installation(place)
    yield made
    made.clear()


@pytest.fixture
def running(installation):
    if installation.process is None or installation.process.poll() is not None:
        installation.start()
    return installation


def test_a_first_start_serves_its_page_and_says_where_it_is(running):
    installation, printed = running, running.printed()
    assert f"http://localhost:{installation.port}" in printed
    assert f"-L {installation.port + 1}:127.0.0.1:{installation.port + 1}" in printed
    assert f"http://stripe.localhost:{installation.port + 2}/" in printed
    assert "Sign in there with" in printed and "anna@acme.example" in printed
    assert installation.page("/readyz")


def test_each_process_sees_only_its_own_variables(running):
    web = set(json.loads(running.page("/variables")))
    house = set(json.loads(running.page("/variables", port=running.port + 1)))
    sandbox = set(json.loads(running.page("/variables", port=running.port + 2)))
    assert sandbox == {
        "READMIT_MODE",
        "READMIT_PROCESS",
        "READMIT_STRIPE_SANDBOX_DATABASE",
        "READMIT_STRIPE_SANDBOX_KEY",
        "READMIT_STRIPE_SANDBOX_ORIGIN",
        "READMIT_STRIPE_SANDBOX_WEBHOOK_SECRET",
        "READMIT_STRIPE_SANDBOX_WEBHOOK_URL",
    }
    assert "READMIT_STRIPE_API_BASE" in web and "READMIT_STRIPE_SANDBOX_DATABASE" not in web
    assert "READMIT_DB_WEB_URL" in web
    assert not web & {
        "READMIT_DB_MIGRATOR_URL",
        "READMIT_DB_OPS_URL",
        "READMIT_HOUSE_DB_URL",
        "READMIT_HOUSE_ROOT_KEY",
    }
    assert "READMIT_HOUSE_DB_URL" in house
    assert not house & {"READMIT_ROOT_KEY", "READMIT_PASS_KEY", "READMIT_SECRET_KEY", "READMIT_BROKER_URL"}
    assert not {name for name in house if name.startswith("READMIT_DB_")}


def test_secrets_are_readable_by_their_owner_alone(running):
    for name in ("secrets.json", "state.json", "broker/valkey.conf"):
        assert (running.data / name).stat().st_mode & 0o077 == 0, name


def test_a_second_start_on_the_same_folder_is_refused(running):
    refused = running.command("up", "--port", str(running.port))
    assert refused.returncode == 1
    assert "already runs on" in refused.stderr
    assert refused.stderr.count("\n") == 1


def test_a_command_by_hand_reaches_the_running_database(running):
    answer = running.command("demo", "--json")
    assert json.loads(answer.stdout)["visits"] >= 1


def test_a_command_by_hand_finds_the_folder_by_its_option(running):
    answer = subprocess.run(
        [
            str(running.repository / ".venv/bin/python"),
            "manage.py",
            "demo",
            "--json",
            "--data",
            str(running.data),
        ],
        cwd=running.repository,
        env={name: value for name, value in running.environment().items() if name != "READMIT_DATA"},
        capture_output=True,
        text=True,
    )
    assert json.loads(answer.stdout)["visits"] >= 1


@pytest.mark.parametrize(
    "name", ["vision", "worker", "house", "web", "simulators", "stripe", "broker", "postgres"]
)
def test_a_killed_process_comes_back(running, name):
    killed = running.recorded(name)
    os.kill(killed, signal.SIGKILL)
    until_true(lambda: running.recorded(name) != killed)
    assert running.wait_for("/visits")
    assert running.wait_for("/healthz", port=running.port + 1)
    assert running.process.poll() is None


def test_a_killed_web_worker_comes_back(running):
    main = running.recorded("web")
    worker = next(seen.pid for seen in processes.everybody() if seen.parent == main)
    os.kill(worker, signal.SIGKILL)
    until_true(lambda: ended(worker))
    assert running.wait_for("/visits")
    assert running.recorded("web") == main


def test_a_killed_supervisor_takes_everything_with_it_and_the_next_start_repeats_no_step(running):
    visits = int(running.wait_for("/visits"))
    running.process.kill()
    running.process.wait()
    until_true(lambda: not running.pids())
    printed = running.start()
    assert int(running.page("/visits")) == visits + 1
    assert (
        "Preparing" not in printed and "Collecting" not in printed and "demonstration tenant" not in printed
    )


def test_everything_killed_at_once_starts_again_with_its_data(running):
    visits = int(running.wait_for("/visits"))
    for pid in [running.process.pid, *running.pids()]:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    running.process.wait()
    running.start()
    assert int(running.page("/visits")) == visits + 1


def test_workers_orphaned_by_two_kills_are_ended_by_the_next_start(running):
    main = running.recorded("web")
    orphans = [seen.pid for seen in processes.everybody() if seen.parent == main]
    running.process.send_signal(signal.SIGSTOP)
    os.kill(main, signal.SIGKILL)
    running.process.kill()
    running.process.wait()
    running.start()
    assert all(ended(pid) for pid in orphans)
    assert running.page("/readyz")


def test_a_migration_by_hand_is_checked_again_at_the_next_start(running):
    assert running.command("migrate", "--database=migrator").returncode == 0
    running.stop()
    assert "Preparing the product's database" in running.start()


def test_ctrl_c_stops_everything(running):
    assert running.stop() == 0
    assert running.pids() == []
    assert running.names() == []
    assert "Stopped." in running.printed()


def test_a_taken_port_is_named_and_nothing_starts(installation):
    if installation.process and installation.process.poll() is None:
        installation.stop()
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", installation.port + 1))
        taken.listen()
        refused = installation.command("up", "--port", str(installation.port))
    assert refused.returncode == 1
    assert f"Port {installation.port + 1} is taken" in refused.stderr
    assert "--port" in refused.stderr
    assert installation.pids() == []


def test_a_folder_keeps_the_port_it_was_made_on(installation):
    """Hosts, DIDs and passkeys carry the port: on another one every organisation would be gone."""
    if installation.process and installation.process.poll() is None:
        installation.stop()
    refused = installation.command("up", "--port", str(installation.port + 2))
    assert refused.returncode == 1
    assert f"was made on port {installation.port}" in refused.stderr and "--data" in refused.stderr
    assert installation.pids() == []
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", installation.port))
        taken.listen()
        refused = installation.command("up")
    assert f"Port {installation.port} is taken" in refused.stderr


def test_a_command_that_needs_no_database_needs_no_data_folder(installation, place):
    answer = installation.command("needs_nothing", "--data", str(place / "nowhere"))
    assert (answer.returncode, answer.stdout.strip()) == (0, "done")
    assert not (place / "nowhere").exists()


def test_a_command_that_needs_the_database_says_what_to_start(installation, place):
    answer = installation.command("demo", "--data", str(place / "nowhere"))
    assert answer.returncode == 2
    assert "manage.py up" in answer.stderr
    assert "Traceback" not in answer.stderr
