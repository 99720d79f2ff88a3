"""Races and sameness of the journey, at length.

    python -m tests.benchmarks.bench_journey [--rounds 100] [--walks 200] [--returns 50] [--only 4]

1. `rounds` times a hundred redemptions of one pass at once: exactly one succeeds and is written down, every time.
2. `returns` browsers come back from the partner at once: every one ends with a credential to fetch.
3. `walks` interleaved walks of everybody who may and who may not recover, page by page up to the code: the rank test
   says whether a stranger could tell them apart by time. Exit code 1 if so. The mail leaves from the worker, after the
   answer: how long a mail server takes shows on no page.
4. The same for the way without a code, up to the partner.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
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
from tests.recovery.sameness import PATHS, WITHOUT_CODE, new_day, people, walk
from tests.recovery.test_races import events, issue
from tests.recovery.test_without_an_address import open_way
from tests.vendors.hostile import HostileProvider

Paths = Sequence[tuple[str, str, dict[str, str]]]
WITH_CODE: Paths = PATHS[:6]  # up to the first typed code
MEASURED = ("eligible", "unknown.", "suspende", "outside.")
MEASURED_WITHOUT = ("nomail..", "eligible", "unknown.", "suspende", "outside.")


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


def timed(place: Place, walks: int, paths: Paths = WITH_CODE, kinds: Sequence[str] = MEASURED) -> None:
    """The first of `kinds` is whom the way is for. SystemExit when a page tells a kind of person apart. The bound is one in a thousand for the whole table."""
    taken: dict[str, list[list[float]]] = {kind: [] for kind in kinds}
    for number in range(walks):
        # Each round in another order, so that no kind always comes first after a pause.
        order = [*kinds[number % len(kinds) :], *kinds[: number % len(kinds)]]
        with new_day(number):
            for kind in order:
                seen = walk(place, kind, counting=False, paths=paths)
                taken[kind].append([entry.seconds for entry in seen])
    bound = 0.001 / (len(paths) * (len(kinds) - 1))
    say(
        f"{walks} interleaved walks of each, median ms and p of the rank test against `{kinds[0]}`; bound {bound:.5f}"
    )
    told_apart = []
    for at, (method, path, _data) in enumerate(paths):
        own = [walked[at] for walked in taken[kinds[0]]]
        line = f"  {method:4} {path:22} {statistics.median(own) * 1000:6.1f}"
        for kind in kinds[1:]:
            other = [walked[at] for walked in taken[kind]]
            p = mannwhitneyu(own, other).pvalue
            line += f"   {kind} {statistics.median(other) * 1000:6.1f} p={p:.4f}"
            told_apart += [(path, kind)] if p < bound else []
        say(line)
    if told_apart:
        raise SystemExit(f"told apart by time: {told_apart}")


def main() -> None:
    parser = argparse.ArgumentParser()
    for name, default in (("rounds", 100), ("walks", 200), ("returns", 50)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--only", type=int, choices=(1, 2, 3, 4), help="one of the parts above")
    asked = parser.parse_args()
    provider, vision = HostileProvider(), PaperVision()
    settings.VISION_URL, settings.VISION_TOKEN = vision.url, "token"
    parts: list[Callable[[], None]] = [lambda: redemptions(asked.rounds)]
    place = make_place(provider, vision)
    parts.append(lambda: returns(place, asked.returns))
    crowd = make_place(provider, vision)
    people(crowd)
    parts.append(lambda: timed(crowd, asked.walks))
    without = make_place(provider, vision)
    people(without)
    open_way(without)
    parts.append(lambda: timed(without, asked.walks, WITHOUT_CODE, MEASURED_WITHOUT))
    try:
        for part in parts if not asked.only else [parts[asked.only - 1]]:
            part()
    finally:
        provider.close()
        vision.server.shutdown()


if __name__ == "__main__":
    main()
