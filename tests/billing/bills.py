"""A month of one partner's checks and the partner's invoice about them, with errors planted where a test says."""

from __future__ import annotations

import csv
import io
import json
import random
import secrets
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.scope import tenant_scope
from tests.billing.world import new_name
from vendors.billing.bills.file import case_key
from vendors.billing.event_file import record_lines
from vendors.billing.services import enter_contract_price

START = datetime(2026, 4, 30, 22, tzinfo=UTC)  # 1 May in Prague
HEAD = [
    "transaction_id",
    "case_reference",
    "completed_at",
    "result",
    "quantity",
    "unit_price",
    "amount",
    "currency",
]


def priced(tenant, price="0.95", currency="EUR"):
    partner = new_name()
    with clock.frozen(datetime(2026, 1, 5, tzinfo=UTC)), tenant_scope(tenant.id):
        enter_contract_price(vendor=partner, unit_price=Decimal(price), currency=currency, actor=SYSTEM)
    return partner


def events_of(tenant, partner, count, seed=7):
    """`count` decisions spread over May, some of a case that comes again, and a retake for each twentieth."""
    chance = random.Random(seed)
    events = []
    for number in range(count):
        at = START + timedelta(seconds=chance.uniform(600, 30.9 * 86_400))
        case = f"c{chance.randrange(count)}-{seed}"
        events.append(
            {
                "idempotency_key": f"t-{seed}-{number}",
                "tenant": tenant.slug,
                "vendor": partner,
                "kind": "decision",
                "outcome": chance.choice(["passed", "passed", "passed", "failed"]),
                "quantity": chance.choice([1, 1, 1, 1, 2]),
                "occurred_at": at.isoformat(),
                "case": case,
                "connection": "own_contract",
            }
        )
        if number % 20 == 0:
            events.append({**events[-1], "idempotency_key": f"r-{seed}-{number}", "outcome": "retake"})
    return events


def booked(events):
    results = list(record_lines(json.dumps(event) for event in events))
    assert {result.result for result in results} == {"recorded"}, results[0]


def billed(events, price="0.95"):
    """The partner's lines about the decisions among them."""
    return [
        [
            event["idempotency_key"],
            event["case"],
            event["occurred_at"],
            event["outcome"],
            str(event["quantity"]),
            price,
            str(Decimal(price) * event["quantity"]),
            "EUR",
        ]
        for event in events
        if event["outcome"] in {"passed", "failed"}
    ]


def sheet(lines, head=HEAD, delimiter=","):
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows([head, *lines])
    return out.getvalue().encode()


def planted(events, price="0.95", each=7, seed=3):
    """(lines, {kind: how many}) with `each` errors of eight kinds and one more of the first, none twice on a line."""
    chance = random.Random(seed)
    lines = billed(events, price)
    places = chance.sample(range(len(lines)), each * 7 + 1)
    groups = [places[start::7] for start in range(7)]
    dropped, extra = [], []
    for place in groups[0]:
        dropped.append(place)  # missing with them
    for place in groups[1]:  # another price
        lines[place][5], lines[place][6] = "1.05", str(Decimal("1.05") * int(lines[place][4]))
    for place in groups[2]:  # another quantity
        lines[place][4] = str(int(lines[place][4]) + 3)
        lines[place][6] = str(Decimal(price) * int(lines[place][4]))
    for place in groups[3]:
        extra.append(list(lines[place]))  # double
    for place in groups[4]:
        lines[place][3] = "failed" if lines[place][3] == "passed" else "passed"
    for place in groups[5]:
        moment = datetime.fromisoformat(lines[place][2])
        lines[place][2] = (moment - timedelta(days=45)).isoformat()  # another period
    for place in groups[6]:
        lines[place][7] = "USD"
    for _number in range(each):  # missing with us
        moment = START + timedelta(days=chance.uniform(1, 29))
        reference = f"x-{secrets.token_hex(4)}"
        extra.append([reference, case_key(reference), moment.isoformat(), "passed", "1", price, price, "EUR"])
    gone = set(dropped)
    kept = [line for place, line in enumerate(lines) if place not in gone] + extra
    chance.shuffle(kept)
    counts = {
        "missing_there": len(groups[0]),
        "price": len(groups[1]),
        "quantity": len(groups[2]),
        "double": len(groups[3]),
        "outcome": len(groups[4]),
        "period": len(groups[5]),
        "currency": len(groups[6]),
        "missing_here": each,
    }
    return kept, counts
