"""The operators' doors to partners: the same services as the pages, JSON out, exit codes, one sentence."""

from __future__ import annotations

import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
from datetime import date

import pytest
from django.core.management import call_command

from portal.embedded import broker
from portal.embedded.data import REPOSITORY
from portal.kit.actors import SYSTEM
from portal.kit.scope import tenant_scope
from tenants.directory.services import create_person
from tests.conftest import make_tenant
from tests.vendors.conftest import completed, work
from tests.vendors.rest_journey import RestJourney
from vendors.billing.models import UsageEntry
from vendors.management import waiting
from vendors.management.commands.simulator import KEYS
from vendors.models import Connection, ProofingAttempt


@pytest.fixture
def run(monkeypatch):
    """The command does the worker's work itself: here is none."""
    monkeypatch.setattr(waiting, "GRACE_SECONDS", 0.0)
    monkeypatch.setattr(waiting, "LOOK_SECONDS", 0.0)

    def go(*arguments: str):
        out, err = io.StringIO(), io.StringIO()
        with pytest.raises(SystemExit) as left:
            call_command(*arguments, "--json", stdout=out, stderr=err)
        told = json.loads(out.getvalue()) if out.getvalue() else None
        return int(left.value.code or 0), told, err.getvalue().strip()

    return go


@pytest.fixture
def place(simulators):
    tenant = make_tenant(is_demonstration=True)
    with tenant_scope(tenant.id):
        create_person(
            user_name="ada",
            given_names="Ada",
            family_name="Lovelace",
            emails=["ada@acme.example"],
            birthdate=date(1990, 2, 1),
            actor=SYSTEM,
        )
    return RestJourney(tenant, simulators["persona"])


@pytest.fixture
def connected(place, run, tmp_path):
    assert run(*connecting(place, tmp_path))[0] == 0
    return place


def connecting(place, tmp_path, **changes):
    file = tmp_path / "persona.json"
    file.write_text(json.dumps({**place.simulator.settings, "unit_price": 1.5, **changes}))
    return ("connect_vendor", "--tenant", place.tenant.slug, "--vendor", "persona", "--config", str(file))


def test_a_partner_is_connected_tried_used_and_read(place, run, tmp_path):
    code, told, _ = run(*connecting(place, tmp_path))
    assert (code, told["status"], told["problems"]) == (0, "ready", [])
    assert told["webhook_url"].endswith(f"/hooks/partners/{place.tenant.slug}/{told['id']}")
    assert run("test_vendor", "--tenant", place.tenant.slug, "--vendor", "persona")[:1] == (0,)

    starting = ("start_proofing", "--tenant", place.tenant.slug, "--vendor", "persona", "--person", "ada")
    code, begun, _ = run(*starting)
    assert code == 0 and begun["address"].startswith(place.simulator.origin)
    code, told, _ = run("proofing_result", begun["id"])
    assert (code, told["phase"], told["outcome"], told["claims"]) == (2, "waiting_for_user", None, {})

    place.come_back(
        {"state": [place.simulator.finish(begun["address"], "verified").rpartition("state=")[2]]},
        browser=b"any browser",
    )
    work(place.tenant)
    code, told, _ = run("proofing_result", begun["id"], "--tenant", place.tenant.slug)
    assert (code, told["outcome"], told["contradicted"]) == (0, "verified", False)
    assert told["claims"]["family_name"] == "Lovelace"
    assert told["claims"]["portrait"]["media_type"] == "image/jpeg"
    assert run("proofing_result", begun["id"])[0] == 0, "reading does not use it up"
    assert completed == [], "no case waits for a trial"
    with tenant_scope(place.tenant.id):
        (entry,) = UsageEntry.objects.all()
        assert (entry.mode, str(entry.unit_price)) == ("evaluation", "1.500000")
    (event,) = place.events("partner:proofing:start")
    assert event["vendor"] == "persona"


def test_what_the_page_would_refuse_is_refused_and_nothing_is_saved(place, run, tmp_path):
    for changes, said in (
        ({"template_id": ""}, "template_id (Inquiry template"),
        ({"api_key": ""}, "api_key (API key): Enter this: API key."),
        ({"decision_status": "perhaps"}, "Last word"),
        ({"api_base": "persona"}, "https://"),
        ({"unit_price": -1}, "Price of one decision"),
        ({"colour": "blue"}, "There is no setting colour."),
    ):
        code, told, sentence = run(*connecting(place, tmp_path, **changes))
        assert (code, told) == (1, None)
        assert said in sentence
    with tenant_scope(place.tenant.id):
        assert not Connection.objects.exists()


def test_keys_the_partner_refuses_are_told_in_plain_words(place, run, tmp_path):
    code, told, _ = run(*connecting(place, tmp_path, api_key="persona_sandbox_of_somebody_else"))
    assert (code, told["status"]) == (1, "failing")
    assert told["problems"] == [
        {"setting": "API key", "problem": "The partner does not accept this key.", "answered": "unauthorized"}
    ]
    assert "persona_sandbox_of_somebody_else" not in json.dumps(told)


def test_settings_are_changed_without_typing_the_secrets_again(connected, run, tmp_path):
    file = tmp_path / "change.json"
    file.write_text('{"decision_status": "completed"}')
    code, _, _ = run(
        *("connect_vendor", "--tenant", connected.tenant.slug, "--vendor", "persona", "--config", str(file))
    )
    assert code == 0
    with tenant_scope(connected.tenant.id):
        assert Connection.objects.get().config["decision_status"] == "completed"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("connect_vendor", "--vendor", "nobody", "--config", "x"), 1, "There is no partner nobody."),
        (("connect_vendor", "--vendor", "persona"), 1, "name a file"),
        (("connect_vendor", "--vendor", "house", "--config", "x"), 1, "registers by itself"),
        (("connect_vendor", "--vendor", "persona", "--config", "/nowhere.json"), 2, "could not be read"),
        (("test_vendor", "--vendor", "stripe_identity"), 1, "Connect it first"),
        (("start_proofing", "--vendor", "persona", "--person", "nobody"), 1, "nobody called nobody"),
        (("proofing_result", "attempt_x"), 1, "That is no session's id."),
        (("proofing_result", "attempt_00000000000000000000000001"), 1, "There is no such session."),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_an_exit_code(connected, run, arguments, code, said):
    found, told, sentence = run(*arguments, "--tenant", connected.tenant.slug)
    assert (found, told) == (code, None)
    assert said in sentence and "\n" not in sentence


def test_an_organisation_nobody_knows_is_one_sentence_too(run):
    assert run("test_vendor", "--tenant", "nobody-here", "--vendor", "persona") == (
        1,
        None,
        "There is no organisation nobody-here.",
    )


def test_another_organisations_session_is_not_found_in_ones_own(connected, run, other_tenant):
    _, begun, _ = run(
        *("start_proofing", "--tenant", connected.tenant.slug, "--vendor", "persona", "--person", "ada")
    )
    assert run("proofing_result", begun["id"], "--tenant", other_tenant.slug)[0] == 1
    with tenant_scope(other_tenant.id):
        assert not ProofingAttempt.objects.exists()


def test_a_partner_that_does_not_answer_is_not_found_out(connected, run):
    connected.simulator.misbehave("down")
    code, told, sentence = run(
        *("start_proofing", "--tenant", connected.tenant.slug, "--vendor", "persona", "--person", "ada"),
        *("--wait", "0"),
    )
    assert (code, told) == (2, None)
    assert "has not answered yet" in sentence


# ------------------------------------------------------------------ the simulators themselves


def test_the_command_knows_every_simulator():
    script = (
        "import django;django.setup();"
        "from portal.sandboxes.partners.simulators import SIMULATORS;print(*sorted(SIMULATORS))"
    )
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "portal.sandboxes.partners.settings"}
    found = subprocess.run(
        [sys.executable, "-c", script], cwd=REPOSITORY, env=env, capture_output=True, check=True, text=True
    )
    assert tuple(found.stdout.split()) == KEYS


def test_a_simulator_shares_its_port_with_nobody(run):
    """Its server would take a port that somebody else shares, and answer some of the other's requests."""
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        code, told, sentence = run("simulator", "persona", "--port", str(port))
    assert (code, told) == (2, None)
    assert f"Port {port} cannot be had" in sentence


@pytest.mark.parametrize("port", ["0", "-1", "65536"])
def test_a_simulator_s_port_is_one_that_there_is(run, port):
    assert run("simulator", "persona", f"--port={port}")[0] == 2


def test_a_simulator_ends_with_its_command_however_that_ends():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = subprocess.Popen(
        [sys.executable, "-m", "django", "simulator", "persona", "--port", str(port), "--json"],
        cwd=REPOSITORY,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "portal.settings"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    with command:
        assert command.stdout is not None and command.stdout.readline()
        command.kill()
    until = time.monotonic() + 10
    while is_listening(port) and time.monotonic() < until:
        time.sleep(0.05)
    assert not is_listening(port)


def is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"READMIT_MODE": "production"}, "is refused in production"),
        ({"READMIT_SIMULATOR_ORIGIN": "http://partner.example:8010"}, "only be reached on this machine"),
    ],
)
def test_a_simulator_refuses_production_and_other_machines(changes, said):
    env = {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "portal.sandboxes.partners.settings",
        "READMIT_MODE": "development",
        **changes,
    }
    found = subprocess.run(
        [sys.executable, "-c", "import portal.sandboxes.partners.wsgi"],
        cwd=REPOSITORY,
        env=env,
        capture_output=True,
        text=True,
    )
    assert found.returncode != 0 and said in found.stderr


def test_the_simulator_command_serves_says_what_to_enter_and_ends_when_it_is_told(settings):
    port = broker.free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "django", "simulator", "persona", "--port", str(port), "--json"],
        cwd=REPOSITORY,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "portal.settings"},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    told = json.loads(process.stdout.readline())
    assert told["address"] == f"http://persona.localhost:{port}"
    assert set(told["config"]) == {"api_key", "webhook_secret", "template_id", "decision_status", "api_base"}
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=20) == 0
