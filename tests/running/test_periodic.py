"""What the clock starts: once over all workers, and for next to nothing while there is nothing to do."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal import celery
from portal.kit import clock
from tenants.models import PeriodicRun


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch, settings) -> list[str]:
    names: list[str] = []
    settings.PERIODIC_JOBS = {"often": (60, "x.y"), "seldom": (3600, "x.y")}
    PeriodicRun.objects.all().delete()
    monkeypatch.setattr(celery.run_periodic, "apply_async", lambda args, **_kept: names.append(args[0]))
    return names


def test_a_job_starts_when_it_is_due_and_not_before(started: list[str]) -> None:
    celery.start_due_periodic_jobs()
    celery.start_due_periodic_jobs()
    assert started == ["often", "seldom"]
    with clock.frozen(clock.now() + timedelta(seconds=61)):
        celery.start_due_periodic_jobs()
    assert started == ["often", "seldom", "often"]


def test_of_many_workers_one_starts_what_is_due(started: list[str]) -> None:
    def tick(_number: int) -> None:
        try:
            celery.start_due_periodic_jobs()
        finally:
            connection.close()

    celery.start_due_periodic_jobs()
    PeriodicRun.objects.update(ran_at=clock.now() - timedelta(days=1))
    with ThreadPoolExecutor(16) as workers:
        list(workers.map(tick, range(32)))
    assert sorted(started) == ["often", "often", "seldom", "seldom"]


def test_an_idle_tick_only_looks(started: list[str]) -> None:
    celery.start_due_periodic_jobs()
    with clock.frozen(clock.now()), CaptureQueriesContext(connection) as asked:
        celery.start_due_periodic_jobs()
    assert [query["sql"].split()[0] for query in asked.captured_queries] == ["SELECT"]
