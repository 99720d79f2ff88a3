"""Identifiers are in the order in which one process made them."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from uuid import RFC_4122

import pytest

from portal.kit.ids import _Order, uuid7


def test_identifiers_of_one_process_are_in_order_and_of_version_seven() -> None:
    made = [uuid7() for _ in range(20_000)]
    assert made == sorted(made)
    assert {(made_one.version, made_one.variant) for made_one in made} == {(7, RFC_4122)}


def test_threads_never_make_the_same_one() -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: uuid7(), range(20_000)))
    assert len(set(made)) == len(made)
    # The counter alone keeps them apart: nothing rests on the random half.
    assert len({identifier.int >> 64 for identifier in made}) == len(made)


def test_a_thread_that_was_held_up_does_not_set_the_clock_back(monkeypatch: pytest.MonkeyPatch) -> None:
    order, waited, told = _Order(), threading.Event(), []

    def next_of_the_slow() -> None:
        waited.set()
        told.append(order.next())

    order._lock.acquire()
    slow = threading.Thread(target=next_of_the_slow)
    slow.start()
    waited.wait()
    order._milliseconds = time.time_ns() // 1_000_000 + 5_000
    now = (order._milliseconds + 1) * 1_000_000
    monkeypatch.setattr(time, "time_ns", lambda: now)
    order._lock.release()
    slow.join()
    assert told[0][0] == now // 1_000_000


def test_a_clock_that_was_set_back_is_believed_once_it_is_far(monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time_ns()
    moments = iter([now + 86_400_000_000_000, now, now - 900_000_000])
    monkeypatch.setattr(time, "time_ns", lambda: next(moments))
    tomorrow, today, little_back = uuid7(), uuid7(), uuid7()
    assert tomorrow > today and little_back > today
    assert today.int >> 80 == now // 1_000_000
