"""Children are watched, cut off from what they may not see, and ended; logs stay bounded."""

import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

from portal.embedded import processes
from portal.embedded.data import REPOSITORY
from portal.embedded.files import Trouble
from portal.embedded.supervisor import Interrupted, Service, Supervisor, interruptible, rotate, tail
from tests.embedded.installation import ended, until_true

PROGRAM = [sys.executable, "-u", "-c"]
SLEEP = "import time; print('here', flush=True); time.sleep(600)"
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('here', flush=True); time.sleep(600)"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "logs").mkdir()
    (tmp_path / "run").mkdir()
    return tmp_path


@pytest.fixture
def said():
    return []


@pytest.fixture
def supervisor(folder, said):
    made = Supervisor(logs=folder / "logs", run=folder / "run", say=said.append)
    yield made
    made.stop()


def _service(name, program, **options):
    return Service(name=name, argv=[*PROGRAM, program], env={"PATH": os.defpath}, **options)


def _watch_until(supervisor, question):
    """Run the watching loop until the question is answered: the alarm plays the person at the keyboard."""

    def look(number, frame):
        if question():
            raise Interrupted("seen")

    earlier = signal.signal(signal.SIGALRM, look)
    signal.setitimer(signal.ITIMER_REAL, 0.1, 0.1)
    try:
        with pytest.raises(Interrupted):
            supervisor.watch()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, earlier)


def test_a_service_that_ends_is_started_again(supervisor, said):
    supervisor.start(_service("one", SLEEP))
    first = supervisor.pid("one")
    os.kill(first, signal.SIGKILL)
    _watch_until(supervisor, lambda: supervisor.pid("one") != first)
    assert "one ended with code -9" in said[0]


def test_a_service_that_keeps_ending_is_started_more_and_more_seldom(supervisor, said):
    supervisor.start(_service("one", "pass"))
    _watch_until(supervisor, lambda: len(said) >= 3)
    pauses = [int(sentence.split(" again in ")[1].split(" ")[0]) for sentence in said[:3]]
    assert pauses == [1, 2, 4]


def test_a_service_that_was_ended_many_times_is_back_within_seconds(supervisor, said, monkeypatch):
    """Somebody waits at a page meanwhile."""
    monkeypatch.setattr("portal.embedded.supervisor.FIRST_PAUSE", 64.0)
    supervisor.start(_service("one", SLEEP))
    os.kill(supervisor.pid("one"), signal.SIGKILL)
    _watch_until(supervisor, lambda: said)
    assert "again in 5 s" in said[0]


def test_a_readiness_that_never_comes_says_what_is_missing(supervisor):
    supervisor.start(_service("one", SLEEP, ready_probe=lambda: "the moon is missing."))
    with pytest.raises(Trouble, match="the moon is missing"):
        supervisor.wait_ready(["one"], seconds=0.2)


def test_a_service_that_ends_before_it_is_ready_shows_its_log(supervisor):
    supervisor.start(_service("one", "raise SystemExit('the cause')", ready_probe=lambda: "not yet"))
    with pytest.raises(Trouble, match="the cause"):
        supervisor.wait_ready(["one"], seconds=30)


def test_a_service_that_ended_for_want_of_room_says_so(supervisor, folder, monkeypatch):
    full = shutil._ntuple_diskusage(40_000_000, 40_000_000, 0)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: full)
    supervisor.start(_service("one", "raise SystemExit(1)", ready_probe=lambda: "not yet"))
    with pytest.raises(Trouble, match=f"The disk of {folder / 'logs'} is full"):
        supervisor.wait_ready(["one"], seconds=30)


def test_a_service_that_found_no_library_of_the_system_says_which(supervisor):
    lacks = "raise ImportError('libstdc++.so.6: cannot open shared object file: No such file or directory')"
    supervisor.start(_service("one", lacks, ready_probe=lambda: "not yet"))
    with pytest.raises(
        Trouble, match=r"libstdc\+\+\.so\.6 is missing: install Debian's libstdc\+\+6 package"
    ):
        supervisor.wait_ready(["one"], seconds=30)


def test_whoever_ends_what_it_has_begun_is_waited_for_by_name(supervisor, folder, said, monkeypatch):
    monkeypatch.setattr("portal.embedded.supervisor.TELL_SECONDS", 0.1)
    program = (
        "import signal, sys, time\n"
        "def end(*a): time.sleep(0.5); sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, end); print('here', flush=True); time.sleep(600)"
    )
    supervisor.start(_service("one", program, patience=60))
    until_true(lambda: "here" in (folder / "logs/one.log").read_text())
    supervisor.stop()
    assert said == ["Waiting for one to end what it has begun."]


def test_a_service_that_ignores_the_polite_signal_is_killed(supervisor, folder, said):
    supervisor.start(_service("one", STUBBORN, patience=0.3))
    pid = supervisor.pid("one")
    until_true(lambda: "here" in (folder / "logs/one.log").read_text())
    supervisor.stop()
    assert ended(pid)
    assert "was killed" in said[0]


def test_foundations_stop_last(supervisor, folder):
    program = (
        "import signal, sys, time\n"
        f"log = open({str(folder / 'order')!r}, 'a')\n"
        "def end(*a): log.write(sys.argv[1]); log.flush(); sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, end); print('here', flush=True); time.sleep(600)"
    )
    for name, foundation in (("a", True), ("b", False)):
        service = _service(name, program, foundation=foundation)
        supervisor.start(Service(**(service.__dict__ | {"argv": [*service.argv, name]})))
        until_true(lambda name=name: "here" in (folder / f"logs/{name}.log").read_text())
    supervisor.stop()
    assert (folder / "order").read_text() == "ba"


def test_children_of_a_killed_child_are_ended_with_it(supervisor, folder):
    program = f"import subprocess, sys; p = subprocess.Popen([sys.executable, '-c', {SLEEP!r}]); print(p.pid, flush=True); p.wait()"
    supervisor.start(_service("one", program))
    grandchild = int(until_true(lambda: (folder / "logs/one.log").read_text().split("\n")[0]))
    first = supervisor.pid("one")
    os.kill(first, signal.SIGKILL)
    _watch_until(supervisor, lambda: supervisor.pid("one") != first)
    until_true(lambda: ended(grandchild))


def test_what_an_earlier_run_left_is_ended_and_strangers_are_not(folder):
    left = subprocess.Popen([*PROGRAM, SLEEP], start_new_session=True, stdout=subprocess.DEVNULL)
    stranger = subprocess.Popen([*PROGRAM, SLEEP], start_new_session=True, stdout=subprocess.DEVNULL)
    try:
        processes.write_record(folder / "run", "left", left.pid, signal.SIGTERM)
        processes.write_record(folder / "run", "stranger", stranger.pid, signal.SIGTERM)
        record = folder / "run/stranger.json"
        started = processes.look_at(stranger.pid).started
        record.write_text(record.read_text().replace(str(started), str(started - 1)))
        assert processes.end_leftovers(folder / "run") == ["left"]
        assert left.wait(timeout=60) == -signal.SIGTERM
        assert stranger.poll() is None
        assert list((folder / "run").iterdir()) == []
    finally:
        for process in (left, stranger):
            process.kill()
            process.wait()


def test_a_record_of_another_boot_ends_nobody(folder, monkeypatch):
    alive = subprocess.Popen([*PROGRAM, SLEEP], start_new_session=True, stdout=subprocess.DEVNULL)
    try:
        processes.write_record(folder / "run", "one", alive.pid, signal.SIGTERM)
        monkeypatch.setattr(processes, "_boot", lambda: "another")
        assert processes.end_leftovers(folder / "run") == []
        assert alive.poll() is None
    finally:
        alive.kill()
        alive.wait()


def test_a_child_ends_when_its_parent_is_killed(tmp_path):
    program = (
        "import os, sys, time\n"
        f"sys.path.insert(0, {str(REPOSITORY)!r})\n"
        "from pathlib import Path\n"
        "from portal.embedded.processes import spawn\n"
        "child = spawn([sys.executable, '-c', 'import time; time.sleep(600)'], env={}, cwd=Path('/'), log=2)\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    parent = subprocess.Popen([*PROGRAM, program], stdout=subprocess.PIPE, text=True)
    child = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    until_true(lambda: ended(child), seconds=60)


def test_a_long_log_is_cut_and_its_older_part_kept(tmp_path):
    log = tmp_path / "web.log"
    with log.open("ab") as child:
        child.write(b"old\n" * 100)
        child.flush()
        rotate(log, limit=100)
        child.write(b"new\n")
    assert log.read_bytes() == b"new\n"
    assert (tmp_path / "web.log.1").read_bytes() == b"old\n" * 100


def test_a_short_log_is_left_alone(tmp_path):
    log = tmp_path / "web.log"
    log.write_text("short\n")
    rotate(log, limit=100)
    assert log.read_text() == "short\n"
    assert tail(log) == "    short"


def test_the_second_signal_does_not_break_the_stop():
    with pytest.raises(Interrupted), interruptible():
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(5)
        finally:
            os.kill(os.getpid(), signal.SIGTERM)
