"""Work that talks to the outside is kept by whoever lives, however long it takes, and stood in for soon when they died."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest

from portal.kit import clock, outbox
from portal.kit.outbox import enqueue
from tenants.models import Outbox

TOPIC = "kit.slow_effect"


class Killed(BaseException):
    """kill -9: no handler of errors sees it."""


@pytest.fixture
def row(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Outbox:
    settings.OUTBOX_TOPICS = {**settings.OUTBOX_TOPICS, TOPIC: f"{__name__}.effect"}
    return Outbox.objects.get(id=enqueue(TOPIC))


def do(monkeypatch: pytest.MonkeyPatch, row: Outbox, handler: Any) -> bool:
    monkeypatch.setattr(outbox, "_handler", lambda topic: outbox.effect(handler))
    return outbox.run(row.id)


def test_whoever_waits_long_for_somebody_outside_keeps_the_work(
    row: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "RENEWED_EVERY", 0.02)
    leases: set[Any] = set()

    def wait(job: outbox.Job) -> None:
        until = time.monotonic() + 10
        while len(leases) < 3:
            assert time.monotonic() < until, "the lease was not renewed"
            leases.add(Outbox.objects.values_list("available_at", flat=True).get(id=job.id))

    assert do(monkeypatch, row, wait)
    assert not Outbox.objects.filter(id=row.id).exists()


def test_whoever_died_in_it_is_stood_in_for_within_half_a_minute(
    row: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(job: outbox.Job) -> None:
        raise Killed

    with pytest.raises(Killed):
        do(monkeypatch, row, die)
    sent: list[Any] = []
    monkeypatch.setattr(outbox, "_send", sent.append)
    with clock.frozen(clock.now() + timedelta(seconds=5)):
        outbox.relay()
    assert row.id not in sent
    with clock.frozen(clock.now() + timedelta(seconds=30)):
        outbox.relay()
    assert row.id in sent
