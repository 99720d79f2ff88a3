"""Which browser the tests drive, with a path of our own and an apt-get that only writes down what it was asked."""

import os

import pytest

from portal.embedded import chromium
from portal.embedded.files import Trouble


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """Programs on its path, packages its apt-get offers, and what it was asked for. Its user is root."""

    class Machine:
        offered: tuple[str, ...] = ()
        asked: list[str] = []

        def has(self, *names):
            for name in names:
                (tmp_path / name).touch(mode=0o755)

        def apt(self, *command):
            if command[0] == "install":
                self.asked.append(command[3])
                if command[3] not in self.offered:
                    return "no such package"
                self.has(command[3])
            return ""

        def browser(self, **environ):
            return chromium.ensure_chromium(say=lambda _: None, environ={"PATH": str(tmp_path), **environ})

    made = Machine()
    made.asked = []
    made.has("apt-get")
    monkeypatch.setattr(chromium, "_apt", made.apt)
    monkeypatch.setattr(chromium.os, "geteuid", lambda: 0)
    return made


def test_the_shell_without_windows_is_installed_and_taken(machine):
    machine.offered = ("chromium-headless-shell", "chromium")
    machine.has("chromium")
    assert machine.browser().endswith("/chromium-headless-shell")
    assert machine.browser().endswith("/chromium-headless-shell")
    assert machine.asked == ["chromium-headless-shell"]


def test_where_it_is_not_offered_the_browser_that_is_there_serves(machine):
    machine.offered = ("chromium",)
    machine.has("google-chrome")
    assert machine.browser().endswith("/google-chrome")
    assert machine.asked == ["chromium-headless-shell"]


def test_with_nothing_there_the_other_package_is_installed(machine):
    machine.offered = ("chromium",)
    assert machine.browser().endswith("/chromium")


def test_who_may_not_install_uses_what_is_there_or_reads_what_to_run(machine, monkeypatch):
    monkeypatch.setattr(chromium.os, "geteuid", lambda: 1000)
    with pytest.raises(Trouble, match="apt-get install chromium-headless-shell fonts-dejavu-core"):
        machine.browser()
    machine.has("chromium")
    assert machine.browser().endswith("/chromium")
    assert machine.asked == []


def test_what_apt_said_is_told_when_there_is_no_browser_at_all(machine):
    with pytest.raises(Trouble, match="could not install Chromium:\nno such package"):
        machine.browser()


def test_a_named_browser_goes_before_all_and_must_run(machine, tmp_path):
    machine.has("mine", "chromium-headless-shell")
    assert machine.browser(READMIT_CHROMIUM=str(tmp_path / "mine")) == str(tmp_path / "mine")
    with pytest.raises(Trouble, match="cannot be run"):
        machine.browser(READMIT_CHROMIUM=str(tmp_path / "none"))


def test_a_driver_that_finds_no_library_gets_it_from_root_and_else_says_which(tmp_path, monkeypatch):
    """A minimal Debian has none of it, and Chromium does not bring it along."""
    driver, had, asked = tmp_path / "node", tmp_path / "had", []
    lacks = (
        "error while loading shared libraries: libatomic.so.1: cannot open shared object file: No such file"
    )
    driver.write_text(f"#!/bin/sh\n[ -e {had} ] || {{ echo '{lacks}' >&2; exit 127; }}\n")
    driver.chmod(0o755)
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(Trouble, match=r"libatomic\.so\.1 is missing: install Debian's libatomic1 package"):
        chromium.ensure_driver(driver, say=asked.append)
    (tmp_path / "apt-get").write_text(f"#!/bin/sh\n[ $2 = install ] && touch {had}\nexit 0\n")
    (tmp_path / "apt-get").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr("os.geteuid", lambda: 0)
    chromium.ensure_driver(driver, say=asked.append)
    assert asked == ["Installing Debian's libatomic1, which the browser's driver needs."]
