"""Races and sameness of the journey, at length.

    python -m tests.benchmarks.bench_journey [--rounds 100] [--walks 200] [--returns 50]

1. `rounds` times a hundred redemptions of one pass at once: exactly one succeeds and is written down, every time.
2. `returns` browsers come back from the partner at once: every one ends with a credential to fetch.
3. `walks` interleaved walks of somebody with an account and of nobody, page by page up to the code: the rank test says
   whether a stranger could tell them apart by time.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from tests.benchmarks.ready import say  # isort: skip
from django.conf import settings
from django.db import connections
from scipy.stats import mannwhitneyu

from recovery.access_pass import services as access_pass
from recovery.stages import Stage
from tests.conftest import make_tenant
from tests.facecheck.conftest import PaperVision
from tests.recovery.journey import Place, make_place
from tests.recovery.racing import race
from tests.recovery.sameness import PATHS, new_day, people, walk
from tests.recovery.test_races import events, issue
from tests.vendors.hostile import HostileProvider


def redemptions(rounds: int) -> None:
    tenant, began = make_tenant(), time.perf_counter()
    for number in range(rounds):
        case_id, browser = issue(tenant)

        def redeem(_n: int, case_id=case_id, browser=browser) -> str:
            access_pass.redeem_in_browser(case_id, browser_digest=browser, tenant_id=tenant.id)
            return "redeemed"

        found = race(redeem, times=100)
        assert found == {"redeemed": 1, "pass_refused": 99}, (number, found)
        assert events(tenant, case_id, "pass:pass:redeem") == 1, number
    say(f"{rounds} rounds of 100 redemptions: one each, {time.perf_counter() - began:.0f} s")


def returns(place: Place, count: int) -> None:
    browsers = []
    for number in range(count):
        place.person(f"p{number}", emails=[f"p{number}@people.example"])
        browser = place.browser().begin(f"p{number}")
        browser.consent()
        browsers.append((browser, browser.at_partner()))
    began = time.perf_counter()

    def come_back(entry) -> float:
        browser, query = entry
        started = time.perf_counter()
        answer = browser.client.get("/recover/return", query)
        assert answer.status_code == 303, answer.status_code
        connections.close_all()
        return time.perf_counter() - started

    with ThreadPoolExecutor(16) as pool:
        taken = sorted(pool.map(come_back, browsers))
    browsers[0][0].work()
    whole = time.perf_counter() - began
    stages = {browser.stage for browser, _query in browsers}
    assert stages == {Stage.CREDENTIAL}, stages
    p95 = taken[int(len(taken) * 0.95) - 1]
    say(f"{count} returns at once: page p95 {p95 * 1000:.0f} ms, all exchanged after {whole:.1f} s")


def timed(place: Place, walks: int) -> None:
    pages = 6
    taken: dict[str, list[list[float]]] = {"eligible": [], "unknown.": [], "suspende": []}
    for number in range(walks):
        with new_day(number):
            order = list(taken) if number % 2 else list(reversed(taken))
            for kind in order:
                seen = walk(place, kind, counting=False, pages=pages)
                taken[kind].append([entry.seconds for entry in seen])
    say(f"{walks} interleaved walks, milliseconds (median) and p of the rank test against `eligible`")
    for at, (method, path, _data) in enumerate(PATHS[:pages]):
        own = [walked[at] for walked in taken["eligible"]]
        line = f"  {method:4} {path:22} {statistics.median(own) * 1000:6.1f}"
        for kind in ("unknown.", "suspende"):
            other = [walked[at] for walked in taken[kind]]
            p = mannwhitneyu(own, other).pvalue
            line += f"   {kind} {statistics.median(other) * 1000:6.1f} p={p:.3f}"
        say(line)


def main() -> None:
    parser = argparse.ArgumentParser()
    for name, default in (("rounds", 100), ("walks", 200), ("returns", 50)):
        parser.add_argument(f"--{name}", type=int, default=default)
    asked = parser.parse_args()
    provider, vision = HostileProvider(), PaperVision()
    settings.VISION_URL, settings.VISION_TOKEN = vision.url, "token"
    parts: list[Callable[[], None]] = [lambda: redemptions(asked.rounds)]
    place = make_place(provider, vision)
    parts.append(lambda: returns(place, asked.returns))
    crowd = make_place(provider, vision)
    people(crowd)
    parts.append(lambda: timed(crowd, asked.walks))
    try:
        for part in parts:
            part()
    finally:
        provider.close()
        vision.server.shutdown()


if __name__ == "__main__":
    main()
