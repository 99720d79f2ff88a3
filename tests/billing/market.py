"""A market drawn by a seed: partners with prices of every kind, subscriptions with awkward anchors, events that come
twice, late and in no order. Plain dicts for the ledger's doors and for the oracle alike."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from tests.billing.world import load, local, new_name, subscribe, switch

PERIODS = ("2026-01", "2026-02", "2026-03")
ANCHORS = (
    ("2025-12-31T00:00", "Europe/Prague"),
    ("2026-01-01T00:00", "UTC"),
    ("2025-12-29T02:30", "America/New_York"),
    ("2025-12-15T09:00", "Asia/Tokyo"),
    ("2025-12-30T02:30", "Europe/Berlin"),
)
OUTCOMES = ["passed"] * 12 + ["failed"] * 4 + ["retake", "partner_failed", "timed_out", "given_up"]
SHAPES = (
    {"unit_price": "1.35", "duplicate_window_minutes": 30},
    {"unit_price": "0.0125", "included": 40},
    {"model": "graduated", "tiers": [("50", "1.20"), ("200", "0.99"), (None, "0.333333")], "included": 10},
    {
        "model": "volume",
        "tiers": [("60", "0.75"), ("150", "0.605"), (None, "0.5")],
        "duplicate_window_minutes": 90,
    },
    {"unit_price": "2.005", "trial": 35},
    {"unit_price": "0.40", "minimum": "75.00"},
    {"model": "graduated", "tiers": [("30", "0.15"), (None, "0.145")], "trial": 12, "minimum": "12.50"},
)


@dataclass
class Market:
    prices: list[dict] = field(default_factory=list)
    partners: list[str] = field(default_factory=list)
    plans: list[str] = field(default_factory=list)
    subscriptions: dict = field(default_factory=dict)  # slug -> what the oracle asks for


def _price(market, shape, **more):
    """The same price for the ledger and, read, for the oracle."""
    price = {
        "meter": "decision",
        "currency": "EUR",
        "plan": "standard",
        "effective_from": "2020-01-01T00:00:00Z",
    }
    price |= {name: value for name, value in shape.items() if name != "tiers"} | more
    if "tiers" in shape:
        price["tiers"] = [
            {"up_to": int(end) if end else None, "unit_price": each} for end, each in shape["tiers"]
        ]
    load(**price)
    market.prices.append({**price, "from": datetime.fromisoformat(price["effective_from"])})


def make_market():
    """Seven partners. Each price changes once for everybody and is another one on the plan `business`."""
    market = Market(plans=[new_name("team"), new_name("business")])
    team, business = market.plans
    for number, shape in enumerate(SHAPES):
        partner = new_name()
        market.partners.append(partner)
        _price(market, shape, vendor=partner)
        later = SHAPES[(number + 3) % len(SHAPES)]
        _price(market, later, vendor=partner, effective_from=f"2026-02-{10 + number}T11:30:00Z")
        if number % 2:
            _price(market, SHAPES[(number + 5) % len(SHAPES)], vendor=partner, plan=business)
    _price(market, {"unit_price": "99.00"}, meter="fee", vendor="readmit", plan=team)
    _price(market, {"unit_price": "249.00"}, meter="fee", vendor="readmit", plan=business)
    return market


def join(market, tenant, number):
    """Subscribe a tenant; two of three change their plan in the middle of a period, one of them twice."""
    at, zone = ANCHORS[number % len(ANCHORS)]
    team, business = market.plans
    plans = [(local(at, zone), team)]
    subscribe(tenant, at, zone=zone, plan=team)
    for change, plan in (("2026-02-14T16:20", business), ("2026-02-21T03:00", team))[: number % 3]:
        switch(tenant, change, plan, zone)
        plans.append((local(change, zone), plan))
    market.subscriptions[tenant.slug] = {
        "from": at,
        "time_zone": zone,
        "currency": "EUR",
        "plans": plans,
    }


def draw_events(market, slugs, count, seed, largest=3):
    """Events of the three periods, each with a key of its own."""
    chance = random.Random(seed)
    begun = datetime(2026, 1, 1, tzinfo=UTC)
    seconds = int(timedelta(days=100).total_seconds())
    moment, drawn = begun, {}
    for number in range(count):
        if drawn and chance.random() < 0.1:
            # The case before comes again, a while earlier or later.
            moment += timedelta(minutes=chance.randint(-60, 60))
            moment = max(moment, begun)
        else:
            moment = begun + timedelta(seconds=chance.randrange(seconds))
            drawn = {
                "tenant": chance.choice(slugs),
                "vendor": chance.choice(market.partners),
                "case": f"case-{number}",
            }
        yield {
            "idempotency_key": f"event-{seed}-{number}",
            **drawn,
            "kind": "decision",
            "outcome": chance.choice(OUTCOMES),
            "quantity": chance.randint(1, largest),
            "occurred_at": moment.isoformat(),
        }


def disturb(events, seed):
    """(what comes in time, what comes late): 20 % come twice, in no order; 3 % come after periods were closed."""
    chance = random.Random(seed)
    late = [event for event in events if chance.random() < 0.03]
    kept = {event["idempotency_key"] for event in late}
    timely = [event for event in events if event["idempotency_key"] not in kept]
    timely += chance.sample(timely, len(timely) // 5)
    late += chance.sample(late, len(late) // 5)
    chance.shuffle(timely)
    chance.shuffle(late)
    return timely, late
