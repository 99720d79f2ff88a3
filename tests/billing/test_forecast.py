"""The forecast: its range holds as often as it says, and it says nothing when it knows nothing."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from tests.billing.judging import judge_many, share_held
from vendors.billing.forecasting import Left, forecast

MONDAY = date(2026, 6, 1)
ONE = Decimal(1)


def days_left(count, first=MONDAY, part=1.0):
    return [Left(first, part), *(Left(first + timedelta(days=number), 1.0) for number in range(1, count))]


def look_ahead(amounts, left, *, spent=Decimal(0), unit=ONE):
    amounts = [Decimal(amount) for amount in amounts]
    return forecast(amounts, left, spent=spent, unit=unit, checks=int(sum(amounts)))


def test_the_range_holds_in_four_of_five_months_nobody_tuned_it_on():
    everything, _months = judge_many(range(70_000, 70_060))
    assert 0.75 <= share_held(everything) <= 0.85
    assert everything.total() == 60 * 24 and everything["early"] < 40


@pytest.mark.parametrize(
    "amounts",
    [[], [5] * 13, [0] * 100, [0] * 100 + [9] * 13, [0, 1] * 7],
    ids=["nothing", "13 days", "no check", "begun 13 days ago", "nine checks"],
)
def test_with_little_history_it_is_too_early_to_say(amounts):
    assert look_ahead(amounts, days_left(15)) is None


def test_a_steady_past_goes_on():
    found = look_ahead([10] * 60, days_left(10), spent=Decimal(200))
    assert found.expected == 300
    assert 200 < found.low < 300 < found.high < 400


def test_weekends_that_were_empty_stay_empty():
    week = [10, 10, 10, 10, 10, 0, 0]
    found = look_ahead(week * 12, days_left(7))
    assert abs(found.expected - 50) < 1
    shares = found.shares
    assert shares[4] > 0.98 and shares[6] == 1


def test_what_is_left_of_today_counts_in_part():
    whole = look_ahead([10] * 60, days_left(1))
    half = look_ahead([10] * 60, days_left(1, part=0.5))
    assert half.expected == whole.expected / 2


def test_more_days_of_past_that_strays_make_the_range_longer():
    steady = look_ahead([20] * 120, days_left(15))
    stray = look_ahead(([5] * 15 + [35] * 15) * 4, days_left(15))
    assert (stray.high - stray.low) / stray.expected > 2 * (steady.high - steady.low) / steady.expected


def test_a_price_changes_the_unit_and_nothing_else():
    past = [3, 8, 4, 9, 2, 1, 0] * 10
    ones = look_ahead(past, days_left(12))
    fives = forecast(
        [Decimal(5 * amount) for amount in past],
        days_left(12),
        spent=Decimal(0),
        unit=Decimal(5),
        checks=sum(past),
    )
    assert abs(fives.expected - 5 * ones.expected) < Decimal("0.05")
    assert abs(fives.low - 5 * ones.low) < Decimal("0.05") and abs(fives.high - 5 * ones.high) < Decimal(
        "0.05"
    )


def test_what_is_taken_back_makes_no_day_cheaper_than_nothing():
    assert look_ahead([10] * 30 + [-50], days_left(5)).low >= 0


def test_a_budget_is_crossed_on_a_day_with_its_range():
    found = look_ahead([10] * 60, days_left(10), spent=Decimal(100))
    crossing = found.crosses(Decimal(150))
    assert crossing.expected == MONDAY + timedelta(days=4)
    assert crossing.earliest <= crossing.expected <= crossing.latest
    assert found.crosses(Decimal(90)).latest == MONDAY
    never = found.crosses(found.high + 1)
    assert (never.earliest, never.expected, never.latest) == (None, None, None)
