"""A recount that shares nothing with the ledger: one unit at a time, fractions, the standard library.

It was written from what is promised (README, annex), not from the code. It imports nothing of the product, and a test holds
that. Events, prices and subscriptions are the plain dicts of the files an operator writes.
"""

from __future__ import annotations

from calendar import monthrange
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from zoneinfo import ZoneInfo

DIGITS = {"EUR": 2, "USD": 2, "JPY": 0}
BILLED = {"passed", "failed"}


def to_minor(amount, currency):
    """Half to even."""
    scaled = amount * 10 ** DIGITS[currency]
    whole = scaled.numerator // scaled.denominator
    rest = scaled - whole
    if rest > Fraction(1, 2) or (rest == Fraction(1, 2) and whole % 2 == 1):
        whole += 1
    return whole


def period_start(subscription, year, month):
    """The anchor's day and time in this month; the month's last day if it is shorter. Skipped times begin later."""
    zone = ZoneInfo(subscription["time_zone"])
    local = datetime.fromisoformat(subscription["from"])
    day = min(local.day, monthrange(year, month)[1])
    return datetime(year, month, day, local.hour, local.minute, tzinfo=zone).astimezone(UTC)


def period_of(subscription, label):
    year, month = map(int, label.split("-"))
    following = (year + 1, 1) if month == 12 else (year, month + 1)
    return period_start(subscription, year, month), period_start(subscription, *following)


def plan_of(subscription, moment):
    plan = "standard"
    for since, name in subscription["plans"]:
        if since <= moment:
            plan = name
    return plan


def price_of(prices, product, plan, currency, moment):
    for wanted in (plan, "standard"):
        valid = [
            price
            for price in prices
            if (price["meter"], price["vendor"], price["plan"], price["currency"])
            == (*product, wanted, currency)
            and price["from"] <= moment
        ]
        if valid:
            return max(valid, key=lambda price: price["from"])
    return None


def unit_price(price, place, last):
    """What the unit at `place` in the period costs, if it is not included, when the period's last unit is at `last`."""
    if "tiers" not in price:
        return Fraction(price["unit_price"])
    decides = last if price["model"] == "volume" else place
    for tier in price["tiers"]:
        if tier["up_to"] is None or decides <= tier["up_to"]:
            return Fraction(tier["unit_price"])
    raise AssertionError("the last tier has no end")


def counted(prices, subscription, events):
    """Every event once, the billable ones without repetitions, sorted into products in their order of time."""
    once = {event["idempotency_key"]: event for event in reversed(events)}
    products = defaultdict(list)
    for event in once.values():
        if event["outcome"] in BILLED and event.get("connection", "through_us") == "through_us":
            products[event["kind"], event["vendor"]].append(
                (datetime.fromisoformat(event["occurred_at"]), event)
            )
    for product, listed in products.items():
        listed.sort(key=lambda pair: (pair[0], pair[1]["idempotency_key"]))
        products[product] = list(without_repetitions(prices, subscription, product, listed))
    return products


def without_repetitions(prices, subscription, product, listed):
    """A decision costs nothing less than its price's window after one of the same case that was charged."""
    charged = {}
    for moment, event in listed:
        price = price_of(prices, product, plan_of(subscription, moment), subscription["currency"], moment)
        window = timedelta(minutes=price.get("duplicate_window_minutes", 0))
        before = charged.get(event["case"])
        if before is None or moment - before >= window:
            charged[event["case"]] = moment
            yield moment, event


def usage_total(prices, subscription, events, label):
    """Minor units: what the usage of one tenant costs in one period."""
    start, end = period_of(subscription, label)
    currency = subscription["currency"]
    total = 0
    for product, listed in counted(prices, subscription, events).items():
        ever, paid, units = 0, [], []
        for moment, event in listed:
            price = price_of(prices, product, plan_of(subscription, moment), currency, moment)
            for _unit in range(event["quantity"]):
                ever += 1
                if start <= moment < end:
                    units.append(price)
                    if ever > price.get("trial", 0):
                        paid.append(price)
        if not units:
            continue
        lines = defaultdict(Fraction)
        free = by_time(prices, subscription, product, "included", start, end)
        for place, price in enumerate(paid, 1):
            if price.get("included") and free > 0:
                free -= 1
            else:
                lines[id(price)] += unit_price(price, place, len(paid))
        cost = sum(to_minor(amount, currency) for amount in lines.values())
        total += max(cost, to_minor(by_time(prices, subscription, product, "minimum", start, end), currency))
    return total


def by_time(prices, subscription, product, what, start, end):
    """Each price's minimum, or its included units, for the seconds of the period in which it held."""
    borders = sorted(
        {start, end}
        | {since for since, _plan in subscription["plans"] if start < since < end}
        | {price["from"] for price in prices if start < price["from"] < end}
    )
    due = Fraction(0)
    for since, until in pairwise(borders):
        price = price_of(prices, product, plan_of(subscription, since), subscription["currency"], since)
        if price:
            part = Fraction(int((until - since).total_seconds()), int((end - start).total_seconds()))
            due += Fraction(price.get(what, 0)) * part
    return due


def fee_total(prices, subscription, label):
    """Minor units: each plan costs its fee, as it was when it began in the period, for its seconds."""
    start, end = period_of(subscription, label)
    total = 0
    plans = subscription["plans"]
    for number, (since, plan) in enumerate(plans):
        until = plans[number + 1][0] if number + 1 < len(plans) else end
        since, until = max(since, start), min(until, end)
        own = [price for price in prices if price["plan"] == plan]
        price = price_of(own, ("fee", "readmit"), plan, subscription["currency"], since)
        if price and until > since:
            part = Fraction(int((until - since).total_seconds()), int((end - start).total_seconds()))
            total += to_minor(Fraction(price["unit_price"]) * part, subscription["currency"])
    return total


def dearest(price):
    """The most that one unit can cost, wherever the period ends: looked for at both sides of every border."""
    ends = [tier["up_to"] for tier in price.get("tiers", ()) if tier["up_to"] is not None]
    places = {1, *(end for end in ends), *(end + 1 for end in ends)}
    return max(unit_price(price, place, place) for place in places)


def budget_total(prices, subscription, events, year):
    """What a budget of everything has counted in a calendar year of the subscription's zone: exact, in major units."""
    zone = ZoneInfo(subscription["time_zone"])
    start, end = (datetime(each, 1, 1, tzinfo=zone) for each in (year, year + 1))
    total = Fraction(0)
    for product, listed in counted(prices, subscription, events).items():
        for moment, event in listed:
            if start <= moment < end:
                plan = plan_of(subscription, moment)
                price = price_of(prices, product, plan, subscription["currency"], moment)
                total += dearest(price) * event["quantity"]
    return total


def paid_by_credits(dues, grants):
    """What is left to pay of each period in turn, in minor units. `dues`: (start, end, minor) of each; `grants`: (minor,
    given at, ends at or None). The one that ends soonest pays first, of two that end alike the older one."""
    left = [minor for minor, _given, _ends in grants]
    never = datetime.max.replace(tzinfo=UTC)
    order = sorted(range(len(grants)), key=lambda each: (grants[each][2] or never, grants[each][1]))
    owed = []
    for start, end, due in dues:
        for each in order:
            _minor, given, ends = grants[each]
            if given < end and (ends is None or ends > start):
                part = min(left[each], due)
                left[each] -= part
                due -= part
        owed.append(due)
    return owed


def half_up(amount):
    whole = amount.numerator // amount.denominator
    return whole + (1 if amount - whole >= Fraction(1, 2) else 0)


def tax_given_back(net, tax, so_far, amount):
    """Minor units of tax that go with `amount` taken off a line of `net`, of which `so_far` was taken off before."""
    after, before = (half_up(Fraction(tax * taken, net)) for taken in (so_far + amount, so_far))
    return after - before
