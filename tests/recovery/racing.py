"""Many at once, on connections of their own: what each came back with."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import connections

from portal.kit.errors import ReadmitError

THREADS = 16


def race(work: Callable[[int], Any], *, times: int, threads: int = THREADS) -> Counter[str]:
    """Call `work` from many threads that start together; how often each answer or error code came."""
    gate = threading.Barrier(threads)
    numbers = iter(range(times))
    lock = threading.Lock()
    found: Counter[str] = Counter()

    def run(_worker: int) -> None:
        gate.wait()
        try:
            while True:
                with lock:
                    number = next(numbers, None)
                if number is None:
                    return
                try:
                    answer = str(work(number))
                except ReadmitError as error:
                    answer = error.code
                with lock:
                    found[answer] += 1
        finally:
            connections.close_all()

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(run, range(threads)))
    return found
