"""How many workers `manage.py test` starts, unless it is told."""

import os

import pytest

from portal.embedded.suite import _with_workers

GIVEN = ["--dist", "loadfile"]


@pytest.mark.parametrize(("cores", "workers"), [(1, "2"), (2, "3"), (4, "5"), (64, "6")])
def test_one_worker_more_than_cores_fills_what_browsers_leave_idle_up_to_six(cores, workers, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(cores)))
    assert _with_workers([]) == ["-n", workers, *GIVEN]


def test_who_says_how_many_or_debugs_is_asked_no_further():
    assert _with_workers(["-n", "0"]) == _with_workers(["--numprocesses=0"]) == GIVEN
    assert _with_workers(["--pdb"]) == _with_workers(["-p", "no:xdist"]) == []
