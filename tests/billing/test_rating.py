"""Periods and prices without a database: 31sts, leap days, clock changes, and prices that cannot be."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.kit.money import EXPONENTS, Money, UnitPrice, rounded
from vendors.billing.price_file import SENTENCES
from vendors.billing.rating.billability import Billability, Outcome, outcome_named
from vendors.billing.rating.invoice import Credit, Line, LineKind, differences, pay_with_credits
from vendors.billing.rating.periods import Anchor, period_after, period_at, period_named
from vendors.billing.rating.rate import Segment, rate
from vendors.billing.rating.terms import BadTerms, Model, Terms, Tier, flat, read_terms, terms_json


def anchor(text, zone="Europe/Prague"):
    return Anchor(datetime.fromisoformat(text), ZoneInfo(zone))


def starts(found, first, count):
    period, told = period_named(found, first), []
    for _ in range(count):
        told.append(period.start.astimezone(found.zone).isoformat())
        period = period_after(found, period)
    return told


def test_the_31st_is_the_last_day_of_shorter_months_and_comes_back():
    assert starts(anchor("2027-10-31"), "2027-12", 5) == [
        "2027-12-31T00:00:00+01:00",
        "2028-01-31T00:00:00+01:00",
        "2028-02-29T00:00:00+01:00",
        "2028-03-31T00:00:00+02:00",
        "2028-04-30T00:00:00+02:00",
    ]


def test_a_leap_day_is_the_28th_in_other_years():
    assert starts(anchor("2028-02-29"), "2029-02", 2) == [
        "2029-02-28T00:00:00+01:00",
        "2029-03-29T00:00:00+02:00",
    ]


def test_a_time_that_a_clock_change_skips_begins_later_and_one_that_comes_twice_begins_first():
    found = anchor("2026-01-29T02:30", "Europe/Berlin")
    assert period_named(found, "2026-03").start == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    found = anchor("2026-01-25T02:30", "Europe/Berlin")
    assert period_named(found, "2026-10").start == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_a_share_of_a_period_is_by_the_second_also_over_a_clock_change():
    period = period_named(anchor("2026-03-01"), "2026-03")
    middle = datetime(2026, 3, 16, tzinfo=ZoneInfo("Europe/Prague"))
    assert period.share(period.start, middle) == Fraction(360, 743)
    assert period.share(period.end, middle) == 0


@given(
    st.integers(200_000_000, 3_000_000_000),
    st.integers(200_000_000, 3_000_000_000),
    st.sampled_from(["Europe/Prague", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"]),
)
def test_every_moment_is_in_exactly_one_period_and_periods_leave_no_gap(wall, seconds, zone):
    found, moment = (
        Anchor.of(datetime.fromtimestamp(wall, UTC), ZoneInfo(zone)),
        datetime.fromtimestamp(seconds, UTC),
    )
    period = period_at(found, moment)
    assert period.holds(moment) and not period.holds(period.end)
    following = period_after(found, period)
    assert following.start == period.end and following.label != period.label
    assert period_named(found, period.label) == period


@pytest.mark.parametrize("label", ["2026-13", "2026-1", "26-01", "", "2026-01-01", "0000-01"])
def test_what_is_no_month_names_no_period(label):
    with pytest.raises(ValueError):
        period_named(anchor("2026-01-01"), label)


# ------------------------------------------------------------------ money


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        ("0.005", "EUR", 0),
        ("0.015", "EUR", 2),
        ("0.025", "EUR", 2),
        ("-0.015", "EUR", -2),
        ("2.5", "JPY", 2),
        ("3.5", "JPY", 4),
        ("0.0250001", "EUR", 3),
    ],
)
def test_amounts_are_rounded_half_to_even(amount, currency, minor):
    assert rounded(Decimal(amount), currency) == Money(minor, currency)


def test_money_of_two_currencies_does_not_add():
    assert Money(150, "EUR") - Money(25, "EUR") == Money(125, "EUR")
    with pytest.raises(ValueError):
        Money(1, "EUR") + Money(1, "USD")
    assert UnitPrice(Decimal("0.0125"), "EUR").times(100) == Money(125, "EUR")
    assert str(Money(123456, "EUR").amount) == "1234.56" and EXPONENTS["JPY"] == 0


# ------------------------------------------------------------------ prices that cannot be


@pytest.mark.parametrize(
    ("price", "code"),
    [
        ({}, "price_not_exact"),
        ({"unit_price": 0.25}, "price_not_exact"),
        ({"unit_price": "-1"}, "price_unusable"),
        ({"unit_price": "NaN"}, "price_unusable"),
        ({"unit_price": "1e400"}, "price_unusable"),
        ({"unit_price": "0.0000001"}, "price_too_fine"),
        ({"unit_price": "1", "tiers": []}, "unit_price_or_tiers"),
        ({"tiers": []}, "tier_unusable"),
        ({"tiers": [{"up_to": 10, "unit_price": "1"}]}, "last_tier_has_no_end"),
        (
            {"tiers": [{"up_to": None, "unit_price": "1"}, {"up_to": None, "unit_price": "1"}]},
            "last_tier_has_no_end",
        ),
        (
            {
                "tiers": [
                    {"up_to": 10, "unit_price": "1"},
                    {"up_to": 10, "unit_price": "1"},
                    {"up_to": None, "unit_price": "1"},
                ]
            },
            "tiers_overlap",
        ),
        (
            {"tiers": [{"from": 1, "up_to": 10, "unit_price": "1"}, {"from": 10, "unit_price": "1"}]},
            "tiers_overlap",
        ),
        (
            {"tiers": [{"from": 1, "up_to": 10, "unit_price": "1"}, {"from": 12, "unit_price": "1"}]},
            "tiers_leave_a_gap",
        ),
        (
            {"model": "flat", "tiers": [{"up_to": 5, "unit_price": "1"}, {"unit_price": "2"}]},
            "flat_price_has_one_tier",
        ),
        ({"model": "package", "unit_price": "1"}, "model_unknown"),
        ({"unit_price": "1", "included": -1}, "quantity_unusable"),
        ({"unit_price": "1", "trial": 1.5}, "quantity_unusable"),
    ],
)
def test_a_price_that_cannot_be_is_refused_with_a_sentence(price, code):
    with pytest.raises(BadTerms) as refused:
        read_terms(price)
    assert refused.value.code == code
    assert SENTENCES[code]


def test_terms_are_read_back_as_they_were_written():
    terms = Terms(Model.VOLUME, (Tier(5, Decimal("0.333333")), Tier(None, Decimal(0))), 3, 4, Decimal("9.99"))
    assert read_terms(terms_json(terms)) == terms


# ------------------------------------------------------------------ rating


@given(
    st.lists(st.integers(0, 40), min_size=1, max_size=4),
    st.integers(0, 30),
    st.integers(0, 30),
    st.integers(0, 60),
    st.sampled_from(Model),
)
def test_every_unit_is_on_trial_included_or_in_a_tier(quantities, trial, included, before, model):
    tiers = (
        (Tier(None, Decimal(1)),) if model is Model.FLAT else (Tier(10, Decimal(2)), Tier(None, Decimal(1)))
    )
    terms = Terms(model, tiers, included, trial)
    share = Fraction(1, len(quantities))
    segments = [Segment(str(number), terms, quantity, 1, share) for number, quantity in enumerate(quantities)]
    for rated in rate(segments, used_before=before):
        assert (
            rated.trial + rated.included + sum(use.quantity for use in rated.tiers) == rated.segment.quantity
        )
    if model is not Model.VOLUME:
        whole = rate([Segment("all", terms, sum(quantities), 1)], used_before=before)
        assert sum(r.amount for r in rate(segments, used_before=before)) == whole[0].amount


def test_a_plan_left_at_once_includes_next_to_nothing_and_one_held_for_half_a_period_half():
    monthly = Terms(Model.FLAT, (Tier(None, Decimal("0.30")),), included=100)
    other = Terms(Model.FLAT, (Tier(None, Decimal("0.28")),))
    for share, included in ((Fraction(1, 43_200), 1), (Fraction(1, 2), 50), (Fraction(1), 100)):
        rated = rate([Segment("monthly", monthly, 130, 1, share), Segment("other", other, 20, 1, 1 - share)])
        assert [each.included for each in rated] == [included, 0]


def test_units_included_in_a_period_are_the_first_ones_whichever_version_held_then():
    first = Terms(Model.FLAT, (Tier(None, Decimal(2)),), included=10)
    then = Terms(Model.FLAT, (Tier(None, Decimal(1)),), included=30)
    rated = rate(
        [Segment("first", first, 15, 1, Fraction(1, 2)), Segment("then", then, 15, 1, Fraction(1, 2))]
    )
    assert [each.included for each in rated] == [15, 5]
    before = Segment("before", Terms(Model.FLAT, (Tier(None, Decimal(3)),)), 5, 1, Fraction(1, 2))
    rated = rate([before, Segment("then", then, 40, 1, Fraction(1, 2))])
    assert [each.included for each in rated] == [0, 15]


def test_a_quantity_below_zero_is_not_rated():
    with pytest.raises(ValueError):
        rate([Segment("a", flat(Decimal(1)), -1, 1)])


def test_nothing_but_a_decision_can_be_billed():
    with pytest.raises(ValueError):
        Billability(frozenset({Outcome.RETAKE}))
    with pytest.raises(ValueError):
        outcome_named("maybe")
    assert outcome_named("not_verified") is Outcome.FAILED


# ------------------------------------------------------------------ corrections and credits


def line(minor, quantity=1, version="v", about="2026-01"):
    return Line(
        LineKind.USAGE,
        about,
        "decision",
        "p",
        version,
        quantity,
        quantity,
        minor,
        Decimal(minor),
        Decimal(minor),
    )


def test_a_correction_is_what_is_missing_to_the_lines_as_they_are_now():
    assert differences([line(10)], [line(10)]) == []
    assert [(d.minor, d.quantity) for d in differences([line(30, 3)], [line(10), line(10)])] == [(10, 1)]
    assert [(d.minor, d.quantity, d.version) for d in differences([], [line(10)])] == [(-10, -1, "v")]
    assert [d.minor for d in differences([line(5, version="w")], [line(10)])] == [5, -10]


def test_credits_pay_no_more_than_is_due_and_only_for_periods_they_were_valid_in():
    period = period_named(anchor("2026-01-01"), "2026-03")
    early = Credit("early", 500, period.start - timedelta(days=9), period.start)
    late = Credit("late", 500, period.end, None)
    soon = Credit("soon", 40, period.start, period.end)
    ever = Credit("ever", 500, period.start, None)
    paid = pay_with_credits(period, 100, [ever, late, early, soon])
    assert [(used.version, used.minor) for used in paid] == [("soon", -40), ("ever", -60)]
    assert pay_with_credits(period, 0, [ever]) == [] == pay_with_credits(period, -5, [ever])
