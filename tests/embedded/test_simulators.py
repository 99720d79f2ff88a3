"""Simulators that somebody asked for: one of each for an organisation, bounded, ended with their keeper. A program of a few lines
stands for the simulator, but where the real one has to end."""

import json
import os
import signal
import subprocess
import sys
import time
from http.client import HTTPConnection

import pytest

from portal.embedded import broker, processes, simulators
from portal.embedded.data import REPOSITORY
from portal.embedded.simulators import Full, Keeper
from tests.embedded.installation import ended, until_true

OURS, THEIRS = "a" * 32, "b" * 32
STUB = """
import json, os, sys
from http.server import BaseHTTPRequestHandler, HTTPServer
set_to = {"scenario": ""}
class Door(BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps({**set_to, "scenarios": {"verified": "Verified"}, "settings":
            {"key": os.environ["READMIT_SIMULATOR_SECRET_KEY"], "seen": sorted(os.environ)}}).encode()
        self.send_response(200); self.send_header("Content-Length", str(len(body))); self.end_headers()
        self.wfile.write(body)
    def do_POST(self):
        set_to.update(json.loads(self.rfile.read(int(self.headers["Content-Length"])))); self.do_GET()
    def log_message(self, *given): pass
HTTPServer(("127.0.0.1", int(sys.argv[1])), Door).serve_forever()
"""


@pytest.fixture
def first_port():
    return broker.free_port()


@pytest.fixture
def keeper(tmp_path, first_port, monkeypatch):
    monkeypatch.setattr(simulators, "_program", lambda port: [sys.executable, "-c", STUB, str(port)])
    made = Keeper(tmp_path, first_port, "a word")
    yield made
    made.end_all()


def up(keeper, key="persona", owner=OURS):
    keeper.start(owner, key)
    return until_true(lambda: (told := keeper.standing(owner, key))["state"] == "running" and told)


def pid_of(keeper, key="persona", owner=OURS):
    return keeper._running[owner, key].child.pid


def test_two_presses_start_one(keeper):
    keeper.start(OURS, "persona")
    first = pid_of(keeper)
    keeper.start(OURS, "persona")
    assert pid_of(keeper) == first


def test_an_organisation_has_its_own_with_its_own_keys_and_choice(keeper):
    ours, theirs = up(keeper), up(keeper, owner=THEIRS)
    assert ours["address"] != theirs["address"]
    assert ours["settings"]["key"] != theirs["settings"]["key"]
    assert keeper.set(OURS, "persona", {"scenario": "verified", "else": "x"})["scenario"] == "verified"
    assert keeper.standing(THEIRS, "persona")["scenario"] == ""


def test_a_simulator_sees_no_word_of_its_keepers(keeper, monkeypatch):
    monkeypatch.setenv("READMIT_SIMULATORS_TOKEN", "a word")
    assert "READMIT_SIMULATORS_TOKEN" not in up(keeper)["settings"]["seen"]


def test_a_killed_one_is_told_as_gone_and_comes_back_as_it_was(keeper):
    before = up(keeper)
    os.kill(pid_of(keeper), signal.SIGKILL)
    until_true(lambda: ended(pid_of(keeper)))
    assert keeper.standing(OURS, "persona") == {"state": "stopped", "why": "died"}
    assert up(keeper) == before


def test_addresses_and_keys_outlast_their_keeper(keeper, tmp_path, first_port):
    before = up(keeper, "oidc")
    keeper.end_all()
    later = Keeper(tmp_path, first_port, "a word")
    try:
        assert up(later, "persona")["address"] != before["address"]
        assert up(later, "oidc") == before
    finally:
        later.end_all()


def test_what_nobody_uses_ends(keeper):
    up(keeper)
    used = keeper._running[OURS, "persona"].used
    long_ago = time.time() - simulators.IDLE_SECONDS - 1
    os.utime(used, (long_ago, long_ago))
    keeper.look()
    assert keeper.standing(OURS, "persona") == {"state": "stopped", "why": "idle"}


def test_a_few_run_at_once_and_who_has_many_is_told_which(keeper):
    for key in ("persona", "oidc", "idemia", "handoff"):
        keeper.start(OURS, key)
    with pytest.raises(Full) as refused:
        keeper.start(OURS, "eu_pid")
    assert (refused.value.code, refused.value.running) == (
        "own_many",
        ["handoff", "idemia", "oidc", "persona"],
    )
    keeper.start(OURS, "persona")
    keeper.stop(OURS, "persona")
    keeper.start(OURS, "eu_pid")


def test_a_machine_runs_a_few_for_everybody(keeper, monkeypatch):
    monkeypatch.setattr(simulators, "MOST", 1)
    keeper.start(OURS, "persona")
    with pytest.raises(Full, match="too_many"):
        keeper.start(THEIRS, "persona")


class Served:
    """The process as the launcher starts it, with the real simulators."""

    def __init__(self, folder, first_port, mode="development"):
        self.port = broker.free_port()
        self.folder = folder / "simulators"
        env = {
            name: value for name, value in os.environ.items() if not name.startswith(("READMIT_", "DJANGO_"))
        }
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "portal.embedded.simulators", "--port", str(self.port)),
                *("--first-port", str(first_port), "--folder", str(self.folder)),
            ],
            cwd=REPOSITORY,
            env=env
            | {"READMIT_MODE": mode, "READMIT_SIMULATORS_TOKEN": "a word", "PYTHONPATH": str(REPOSITORY)},
            stderr=subprocess.DEVNULL,
        )

    def ask(self, method, path, word="a word"):
        door = HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            door.request(method, path, headers={"Authorization": f"Bearer {word}"})
            answer = door.getresponse()
            return answer.status, json.loads(answer.read())
        except OSError:
            return 0, {}
        finally:
            door.close()


@pytest.fixture
def served(tmp_path, first_port):
    made = Served(tmp_path, first_port)
    until_true(lambda: made.ask("GET", "/healthz")[0] == 200)
    yield made
    made.process.kill()
    made.process.wait()
    processes.end_leftovers(made.folder)


@pytest.mark.parametrize(
    ("path", "word"),
    [
        (f"/simulators/{OURS}/persona/start", "another word"),
        (f"/simulators/{OURS}/persona/start", ""),
        (f"/simulators/{OURS}/nobody/start", "a word"),
        (f"/simulators/{OURS}/persona;sh/start", "a word"),
        (f"/simulators/{OURS[:-1]}/persona/start", "a word"),
        (f"/simulators/../{OURS}/persona/start", "a word"),
        (f"/simulators/{OURS}/persona/start?--port=1", "a word"),
        (f"/simulators/{OURS}/persona", "a word"),
    ],
)
def test_nothing_but_a_known_name_and_the_word_starts_anything(served, path, word):
    assert served.ask("POST", path, word) == (404, {})
    assert not list(served.folder.glob("*.json"))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_simulators_end_with_whoever_keeps_them(served, number):
    served.ask("POST", f"/simulators/{OURS}/persona/start")
    until_true(lambda: served.ask("GET", f"/simulators/{OURS}/persona")[1]["state"] == "running")
    (record,) = served.folder.glob("*.json")
    main = json.loads(record.read_text())["pid"]
    family = [seen.pid for seen in processes.everybody() if seen.session == main]
    assert len(family) > 1, "a worker of its own"
    served.process.send_signal(number)
    served.process.wait()
    until_true(lambda: all(ended(pid) for pid in family))


def test_production_has_nobody_who_keeps_simulators(tmp_path, first_port):
    assert Served(tmp_path, first_port, mode="production").process.wait() == 1
