"""Making the environment, with an installer that only writes down what it was asked."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from portal.embedded import install
from portal.embedded.data import REPOSITORY
from portal.embedded.files import Trouble, locked


@pytest.fixture
def said():
    return []


@pytest.fixture
def repository(tmp_path):
    for name in (install.RUN_LOCK, install.TEST_LOCK, install.UV_LOCK):
        (tmp_path / name).write_text(f"# {name}\n")
    return tmp_path


@pytest.fixture
def installer(repository, monkeypatch):
    """Stands in for venv, pip and uv: commands are recorded, and fail when their text holds `failing`."""

    class Installer:
        commands: list[str] = []
        failing: str | None = None

        def __call__(self, command):
            text = " ".join(map(str, command))
            self.commands.append(text)
            if self.failing and self.failing in text:
                return "    no"
            if " -m venv " in text:
                python = install.python_of(repository / ".venv")
                python.parent.mkdir(parents=True)
                python.symlink_to(sys.executable)
                return None
            if "--version" in text or " -c " in text:
                return None if Path(command[0]).exists() else "    missing"
            if "requirements-uv.lock" in text:
                (repository / ".venv/bin/uv").touch()
            return None

    made = Installer()
    made.commands = []
    monkeypatch.setattr(install, "_run", made)
    return made


def _install(repository, said, *, tests=False):
    return install.ensure_installed(tests=tests, say=said.append, repository=repository)


def test_a_fresh_folder_gets_an_environment_from_the_lock(repository, installer, said):
    python = _install(repository, said)
    assert python == repository / ".venv/bin/python"
    assert "uv pip sync" in installer.commands[-1]
    assert all(
        "--require-hashes" in text for text in installer.commands if "install" in text or "sync" in text
    )


def test_an_unchanged_lock_installs_nothing(repository, installer, said):
    _install(repository, said)
    installer.commands.clear()
    _install(repository, said)
    assert installer.commands == []


def test_a_changed_lock_installs_again(repository, installer, said):
    _install(repository, said)
    (repository / install.RUN_LOCK).write_text("# another\n")
    installer.commands.clear()
    _install(repository, said)
    assert "uv pip sync" in installer.commands[-1]


def test_what_the_tests_installed_is_enough_for_up(repository, installer, said):
    _install(repository, said, tests=True)
    installer.commands.clear()
    _install(repository, said)
    assert installer.commands == []


def test_what_up_installed_is_not_enough_for_the_tests(repository, installer, said):
    _install(repository, said)
    _install(repository, said, tests=True)
    assert install.TEST_LOCK in installer.commands[-1]


def test_a_failed_installation_leaves_no_stamp(repository, installer, said):
    _install(repository, said)
    (repository / install.RUN_LOCK).write_text("# another\n")
    installer.failing = install.RUN_LOCK
    with pytest.raises(Trouble, match="could not be installed"):
        _install(repository, said)
    assert not (repository / ".venv/readmit-installed.json").exists()


def test_an_installation_that_was_cut_short_is_done_again_wholly(repository, installer, said):
    installer.failing = install.RUN_LOCK
    with pytest.raises(Trouble):
        _install(repository, said)
    installer.failing = None
    _install(repository, said)
    assert "--reinstall" in installer.commands[-1]


def test_pip_is_tried_where_uv_finds_nothing(repository, installer, said):
    installer.failing = "uv pip sync"
    _install(repository, said)
    assert "-m pip install" in installer.commands[-1]
    assert "--require-hashes" in installer.commands[-1]


def test_an_environment_whose_python_is_gone_is_made_again(repository, installer, said):
    _install(repository, said)
    python = install.python_of(repository / ".venv")
    python.unlink()
    python.symlink_to(repository / "no-such-python")
    installer.commands.clear()
    _install(repository, said)
    assert any(" -m venv " in text for text in installer.commands)


def test_a_missing_venv_module_names_the_package(repository, installer, said, monkeypatch):
    monkeypatch.setattr(install, "find_spec", lambda name: None if name == "ensurepip" else object())
    with pytest.raises(Trouble, match="python3-venv"):
        _install(repository, said)


def test_a_folder_that_cannot_be_written_is_one_sentence(repository, said, monkeypatch):
    monkeypatch.setattr(install.os, "access", lambda path, mode: mode != os.W_OK)
    with pytest.raises(Trouble, match="cannot be written") as refused:
        _install(repository, said)
    assert "\n" not in str(refused.value)


def test_an_environment_of_another_user_is_one_sentence(repository, installer, said, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "exists", refuse)
    with pytest.raises(Trouble, match="another user made it"):
        _install(repository, said)


def test_a_finished_installation_writes_nothing_any_more(repository, installer, said, monkeypatch):
    _install(repository, said)
    monkeypatch.setattr(install.os, "access", lambda path, mode: mode != os.W_OK)
    before = {path: path.stat().st_mtime_ns for path in repository.rglob("*")}
    _install(repository, said)
    assert before == {path: path.stat().st_mtime_ns for path in repository.rglob("*")}


def test_two_starts_take_turns(repository, installer, said):
    other = (
        f"import sys; sys.path.insert(0, {str(REPOSITORY)!r})\n"
        "from pathlib import Path\n"
        "from portal.embedded.files import locked\n"
        f"with locked(Path({str(repository)!r}), waiting=lambda: print('waiting', flush=True)):\n"
        f"    print(Path({str(repository)!r}, 'done').exists(), flush=True)\n"
    )
    with locked(repository):
        second = subprocess.Popen([sys.executable, "-c", other], stdout=subprocess.PIPE, text=True)
        assert second.stdout.readline().strip() == "waiting"
        (repository / "done").touch()
    assert second.communicate()[0].strip() == "True"


def test_the_test_lock_holds_everything_of_the_run_lock():
    run, tests = (_pins(REPOSITORY / name) for name in (install.RUN_LOCK, install.TEST_LOCK))
    assert run <= tests


def _pins(lock):
    return {line.split(" ")[0] for line in lock.read_text().splitlines() if "==" in line}


def test_the_command_reads_without_any_package(tmp_path):
    """The usage comes from a Python that sees no site-packages at all."""
    done = subprocess.run(
        [sys.executable, "-S", "-s", str(REPOSITORY / "manage.py")],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "manage.py up" in done.stdout


def test_an_old_python_is_told_which_one_is_needed(tmp_path):
    program = (
        f"import runpy, sys; sys.version_info = (3, 9, 2); sys.path.insert(0, {str(REPOSITORY)!r})\n"
        f"runpy.run_path({str(REPOSITORY / 'manage.py')!r}, run_name='__main__')"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr == "Readmit needs Python 3.11 or newer, and this is 3.9.\n"
