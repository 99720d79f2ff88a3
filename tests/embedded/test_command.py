"""Which command goes where, and with what in its environment."""

import argparse
import base64
import json
import os
import subprocess
import sys
from dataclasses import asdict

import pytest

from portal.embedded import bytecode, command, environment, telling
from portal.embedded.data import REPOSITORY, DataFolder, Secrets, State, data_folder
from portal.embedded.files import Trouble


@pytest.fixture
def data(tmp_path):
    folder = DataFolder(tmp_path / "data")
    folder.prepare()
    return folder


def test_the_data_option_is_taken_out_wherever_it_stands():
    assert command.take_data_option(["demo", "--data", "x", "--json"]) == ("x", ["demo", "--json"])
    assert command.take_data_option(["--data=x", "demo"]) == ("x", ["demo"])
    assert command.take_data_option(["demo"]) == (None, ["demo"])


@pytest.mark.parametrize("arguments", [["demo", "--data"], ["demo", "--data="]])
def test_a_data_option_without_a_folder_is_refused(arguments):
    with pytest.raises(Trouble, match="--data needs"):
        command.take_data_option(arguments)


def test_what_is_no_command_is_unusable_and_says_what_was_near():
    assert command.run(["manage.py", "demo", "--data"]) == 2
    with pytest.raises(
        command.Unusable, match=r"There is no command read_documents.*near to it: read_document"
    ):
        command._django(["manage.py", "read_documents"])


def test_the_option_goes_before_the_variable(tmp_path):
    assert data_folder(str(tmp_path / "a"), {"READMIT_DATA": str(tmp_path / "b")}).path == tmp_path / "a"
    assert data_folder(None, {"READMIT_DATA": str(tmp_path / "b")}).path == tmp_path / "b"


def test_a_command_by_hand_gets_the_folders_variables_but_keeps_its_own(data, tmp_path):
    secrets = data.secrets_made()
    data.write_state(State(8123, "redis://:x@127.0.0.1:1/0", str(tmp_path), 4))
    environ = {"READMIT_SECRET_KEY": "mine"}
    command.hand_over(data, tmp_path / "models", environ)
    assert environ["READMIT_SECRET_KEY"] == "mine"
    assert environ["READMIT_ROOT_KEY"] == secrets.root_key
    assert environ["READMIT_TENANT_BASE"] == "localhost:8123"
    assert environ["READMIT_HOUSE_ORIGIN"] == "http://house.localhost:8124"
    assert environ["READMIT_MODELS"] == str(tmp_path / "models")


def test_without_a_folder_the_variables_are_complete_and_nothing_is_written(tmp_path):
    environ: dict[str, str] = {}
    command.hand_over(DataFolder(tmp_path / "nowhere"), tmp_path, environ)
    assert set(environ) == set(
        environment.whole_environment(
            DataFolder(tmp_path), Secrets.fresh(), State.unstarted(DataFolder(tmp_path)), tmp_path
        )
    )
    assert not (tmp_path / "nowhere").exists()


def test_secrets_are_made_once(data):
    assert data.secrets_made() == data.secrets_made()
    assert (data.path / "secrets.json").stat().st_mode & 0o777 == 0o600


def test_every_key_holds_32_bytes_and_no_two_are_the_same():
    values = asdict(Secrets.fresh())
    assert len(set(values.values())) == len(values)
    for name in ("root_key", "pass_key", "digest_key", "audit_key", "house_root_key"):
        assert len(base64.b64decode(values[name], validate=True)) == 32, name


def test_secrets_of_another_version_are_refused_and_kept(data):
    (data.path / "secrets.json").write_text(json.dumps({"root_key": "x"}))
    with pytest.raises(Trouble, match=r"secrets\.json"):
        data.secrets_made()
    assert json.loads((data.path / "secrets.json").read_text()) == {"root_key": "x"}


def test_a_data_folder_that_cannot_be_made_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(Trouble, match="cannot be written") as refused:
        DataFolder(tmp_path / "file" / "data").prepare()
    assert "\n" not in str(refused.value)


def test_the_worker_has_the_operators_password_and_not_the_migrators(data, tmp_path):
    whole = environment.whole_environment(data, Secrets.fresh(), State.unstarted(data), tmp_path)
    worker = environment.for_worker(whole)
    assert "READMIT_DB_OPS_URL" in worker
    assert "READMIT_DB_MIGRATOR_URL" not in worker
    assert not {name for name in worker if name.startswith("READMIT_HOUSE_DB")}


def test_vision_has_no_key_of_the_product(data, tmp_path):
    whole = environment.whole_environment(data, Secrets.fresh(), State.unstarted(data), tmp_path)
    own = {name for name in environment.for_vision(whole) if name.startswith("READMIT_")}
    assert own <= environment.OF_VISION | {"READMIT_PROCESS"}


def test_proxies_and_certificates_reach_the_children(data, tmp_path, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.test:3128")
    monkeypatch.setenv("SSL_CERT_FILE", "/etc/some.pem")
    monkeypatch.setenv("SOMETHING_ELSE", "1")
    whole = environment.whole_environment(data, Secrets.fresh(), State.unstarted(data), tmp_path)
    child = environment.for_web(whole)
    assert child["HTTPS_PROXY"] == "http://proxy.test:3128"
    assert child["SSL_CERT_FILE"] == "/etc/some.pem"
    assert "SOMETHING_ELSE" not in child


def test_keys_to_money_and_mail_reach_the_product_alone(data, tmp_path, monkeypatch):
    named = {"STRIPE_SECRET_KEY": "sk_test_x", "READMIT_EMAIL_PASSWORD": "word"}
    for name, value in named.items():
        monkeypatch.setenv(name, value)
    whole = environment.whole_environment(data, Secrets.fresh(), State.unstarted(data), tmp_path)
    for child in (environment.for_web(whole), environment.for_worker(whole)):
        assert named.items() <= child.items()
    strangers = environment.for_vision(whole), environment.for_stripe_sandbox(whole)
    for child in (*strangers, environment.for_house(whole, data)):
        assert not set(named) & set(child)


@pytest.mark.parametrize("name", ["up", "test", "install"])
def test_production_refuses_the_commands_of_one_machine(name, monkeypatch, capsys):
    monkeypatch.setenv("READMIT_MODE", "production")
    assert command.run(["manage.py", name]) == 1
    assert "READMIT_MODE is production" in capsys.readouterr().err


def test_without_a_command_the_two_are_shown(capsys):
    assert command.run(["manage.py"]) == 0
    shown = capsys.readouterr().out
    assert "manage.py up" in shown and "manage.py test" in shown


def test_what_a_door_prints_is_its_answer_alone(monkeypatch):
    assert command.progress_stream("request_presentation", []) is sys.stderr
    assert (
        command.progress_stream("up", []) is None and command.progress_stream("up", ["--json"]) is sys.stderr
    )
    # Several at once do not wait for each other, and do not say so between the lines of their answers.
    monkeypatch.setattr(command, "locked", lambda *_a, **_k: pytest.fail("waited for nothing"))
    assert (command._materials(photographs=False, say=pytest.fail) / "face_landmark.tflite").is_file()


def test_nothing_of_the_product_is_imported():
    folder = os.path.dirname(command.__file__)
    for name in os.listdir(folder):
        if name.endswith(".py"):
            with open(os.path.join(folder, name), encoding="utf-8") as handle:
                imported = [line.split()[1] for line in handle if line.startswith(("import ", "from "))]
            ours = [
                module
                for module in imported
                if module.split(".")[0] in {"portal", "tenants", "vendors", "recovery"}
            ]
            assert all(module.startswith("portal.embedded") for module in ours), (name, ours)


def _refusing() -> int:
    sys.stderr.write("\x1b[31;1mThere is no organisation nope.\x1b[0m")
    sys.exit(1)


def _repeating() -> int:
    sys.stderr.write("Starting.\n")
    sys.stderr.write("There is no organisation x\ny.\n")
    return 1


def _talking() -> int:
    sys.stdout.write('{"people": 3}')
    sys.stderr.write("3 people")
    return 1


def _misused() -> int:
    argparse.ArgumentParser("manage.py readiness").parse_args(["--tenant"])
    return 0


@pytest.mark.parametrize(
    ("asked", "code", "told"),
    [
        (_refusing, 1, {"error": "There is no organisation nope."}),
        (_repeating, 1, {"error": "There is no organisation x y."}),
        (_talking, 1, {"people": 3}),
        (_misused, 2, {"error": "unrecognized arguments: --tenant"}),
    ],
)
def test_whoever_asks_for_json_reads_json_also_when_it_is_refused(asked, code, told, capsys):
    assert telling.told_in_json(asked) == code
    assert json.loads(capsys.readouterr().out) == told


def test_a_command_without_a_database_says_what_to_start_and_that_it_does_not_know(tmp_path):
    asked = [sys.executable, str(REPOSITORY / "manage.py"), "readiness", "--tenant", "acme", "--json"]
    own = {name: value for name, value in os.environ.items() if not name.startswith("READMIT_")}
    ran = subprocess.run(
        [*asked, "--data", str(tmp_path)], capture_output=True, text=True, check=False, cwd=tmp_path, env=own
    )
    assert ran.returncode == 2
    assert json.loads(ran.stdout)["error"] == ran.stderr.strip()
    assert "manage.py up" in ran.stderr and len(ran.stderr.strip().splitlines()) == 1


# What was compiled -----------------------------------------------------------------------------------------------


@pytest.fixture
def project(tmp_path):
    for folder in ("portal", ".venv", "data"):
        (tmp_path / folder).mkdir()
    return tmp_path


def test_compiled_files_lie_beside_the_sources_unless_the_person_refuses(project):
    assert bytecode.place_of(project, project / "data", {}) is None
    refused = bytecode.place_of(project, project / "data", {"PYTHONDONTWRITEBYTECODE": "1"})
    assert refused == project / ".venv/bytecode"


def test_a_folder_that_the_person_named_stays(project):
    environ = {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPYCACHEPREFIX": "/somewhere"}
    bytecode.keep_bytecode(project, project / "data", environ)
    assert environ == {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPYCACHEPREFIX": "/somewhere"}


def test_a_project_that_cannot_be_written_keeps_them_in_the_data_folder(project, monkeypatch):
    readable = {project / "data"}
    monkeypatch.setattr(os, "access", lambda path, _how: path in readable)
    assert bytecode.place_of(project, project / "data", {}) == project / "data/bytecode"
    readable.clear()
    assert bytecode.place_of(project, project / "data", {}) is None


def test_processes_of_the_product_learn_where_compiled_files_lie(monkeypatch, data):
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setenv("PYTHONPYCACHEPREFIX", "/somewhere")
    whole = environment.whole_environment(data, data.secrets_made(), State.unstarted(data), None)
    for handed in (
        environment.for_web(whole),
        environment.for_vision(whole),
        environment.for_house(whole, data),
    ):
        assert handed["PYTHONPYCACHEPREFIX"] == "/somewhere"
        assert "PYTHONDONTWRITEBYTECODE" not in handed


@pytest.mark.parametrize(("argument", "code"), [("\udcff", 2), ("a\ud800", 2)])
def test_an_argument_that_is_no_text_is_named_and_no_traceback(monkeypatch, capsys, argument, code):
    monkeypatch.setattr(command, "_run", lambda argv: len(argv[-1].encode()))
    assert command.run(["manage.py", "offer_credential", "--json", "--tenant", argument]) == code
    assert json.loads(capsys.readouterr().out) == {"error": "An argument is no text in UTF-8."}


@pytest.mark.parametrize(("name", "code"), [("up", 1), ("demo", 2)])
def test_a_library_that_the_system_lacks_is_one_sentence(monkeypatch, capsys, name, code):
    def lacks(argv):
        raise ImportError("Original error was: libfoo.so.2: cannot open shared object file: No such file")

    monkeypatch.setattr(command, "_run", lacks)
    assert command.run(["manage.py", name]) == code
    said = capsys.readouterr().err
    assert said == "The system library libfoo.so.2 is missing: install it and start again.\n"


def test_what_cannot_be_printed_is_no_argument(monkeypatch):
    monkeypatch.setattr(command, "_run", lambda argv: len("é".encode("ascii")))
    with pytest.raises(UnicodeEncodeError):
        command.run(["manage.py", "offer_credential", "--tenant", "acme"])
