"""Changes that are told, and those that chance makes every week."""

from __future__ import annotations

import random
from math import isclose

import pytest
from scipy.stats import fisher_exact

from recovery.patterns.judging import (
    Counts,
    _chance_of_at_most,
    is_not_borne_out,
    refuses_less,
    tries_names,
)


@pytest.mark.parametrize("seed", range(20))
def test_the_chance_is_that_of_fishers_exact_test_as_scipy_computes_it(seed: int) -> None:
    chosen = random.Random(seed)
    total, before = chosen.randint(1, 400), chosen.randint(1, 3000)
    counts = Counts(chosen.randint(0, total), total, chosen.randint(0, before), before)
    table = [[counts.events, total - counts.events], [counts.events_before, before - counts.events_before]]
    assert isclose(
        _chance_of_at_most(counts),
        fisher_exact(table, alternative="less").pvalue,
        rel_tol=1e-6,
        abs_tol=1e-12,
    )


@pytest.mark.parametrize(
    ("counts", "is_told"),
    [
        (Counts(0, 100, 100, 800), True),
        (Counts(0, 1000, 40, 1000), True),
        (Counts(8, 100, 100, 800), False),
        (Counts(0, 19, 400, 800), False),
        (Counts(0, 100, 20, 49), False),
        # As unlikely by chance, but no large change: 12 of 100 becomes 9.
        (Counts(1800, 20000, 2400, 20000), False),
        (Counts(30, 100, 100, 800), False),
        (Counts(0, 100, 0, 800), False),
    ],
)
def test_a_partner_that_refuses_hardly_anybody_any_more_is_told(counts: Counts, is_told: bool) -> None:
    assert refuses_less(counts) is is_told


@pytest.mark.parametrize(
    ("counts", "is_told"),
    [
        (Counts(20, 100, 10, 800), True),
        (Counts(4, 20, 0, 800), False),
        (Counts(5, 20, 0, 800), True),
        (Counts(3, 100, 10, 800), False),
        (Counts(20, 100, 0, 0), False),
    ],
)
def test_passes_that_do_not_hold_are_told(counts: Counts, is_told: bool) -> None:
    assert is_not_borne_out(counts) is is_told


@pytest.mark.parametrize(
    ("names", "confirmed", "is_told"), [(15, 3, True), (14, 0, False), (15, 4, False), (200, 51, False)]
)
def test_an_office_with_one_address_is_not_somebody_who_tries_names(
    names: int, confirmed: int, is_told: bool
) -> None:
    assert tries_names(names, confirmed) is is_told


def test_weeks_in_which_nothing_changed_are_told_less_than_once_in_a_thousand() -> None:
    chosen = random.Random(7)
    told = 0
    for _week in range(2000):
        rate = chosen.uniform(0.02, 0.4)
        now = sum(chosen.random() < rate for _ in range(60))
        before = sum(chosen.random() < rate for _ in range(300))
        told += refuses_less(Counts(now, 60, before, 300))
    assert told <= 2
