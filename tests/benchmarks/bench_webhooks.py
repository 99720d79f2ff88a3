"""Stripe's webhooks: deliveries a second through the whole stack of the product, each event several times, shuffled.

    python -m tests.benchmarks.bench_webhooks [--events 1000] [--writers 2]

The goal is 200 a second on two cores. Every delivery is signed anew and comes one to five times; each event is kept once.
"""

from __future__ import annotations

import argparse
import json
import random
import time

from tests.benchmarks.ready import say  # isort: skip
from django.conf import settings

from portal.kit.children import child_process
from tests.collecting.world import SECRET, deliver, new_event
from vendors.billing.collecting.models import PaymentEvent

GOAL = 200


def send(bodies: list[bytes]) -> int:
    settings.STRIPE_WEBHOOK_SECRET = SECRET
    return sum(deliver(body) == 200 for body in bodies)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=int, default=1000)
    parser.add_argument("--writers", type=int, default=2)
    options = parser.parse_args()
    chance = random.Random(7)
    events = [json.dumps(new_event(customer="cus_bench")).encode() for _ in range(options.events)]
    several = [body for body in events for _ in range(chance.randint(1, 5))]
    chance.shuffle(several)
    writers = [child_process() for _number in range(options.writers)]
    for each in [writer.submit(send, []) for writer in writers]:
        each.result()  # they are begun
    began = time.perf_counter()
    parts = [writer.submit(send, several[part :: options.writers]) for part, writer in enumerate(writers)]
    answered = sum(part.result() for part in parts)
    rate = answered / (time.perf_counter() - began)
    for writer in writers:
        writer.shutdown()
    kept = PaymentEvent.objects.filter(customer="cus_bench").count()
    assert (answered, kept) == (len(several), options.events), (answered, kept)
    say(f"{answered} deliveries of {kept} events: {rate:.0f} a second, {rate / GOAL:.1f} times the goal")


if __name__ == "__main__":
    main()
