"""How often the forecast's range holds. Goal: in 75 to 85 of 100 months, asked in their middle.

    python -m tests.benchmarks.bench_forecast [organisations] [first seed]

Draws two years of each organisation (tests/billing/seasons.py) from seeds on which nothing was tuned.
"""

from __future__ import annotations

import json
import sys

from tests.billing.judging import judge_many, share_held


def main() -> None:
    given = [int(word) for word in sys.argv[1:3]]
    count, first = [*given, *(400, 90_000)[len(given) :]]
    everything, months = judge_many(range(first, first + count))
    sys.stdout.write(
        json.dumps(
            {
                "organisations": count,
                "months": everything.total(),
                "too_early": everything["early"],
                "held": round(share_held(everything), 4),
                "below": everything["below"],
                "above": everything["above"],
                "held_by_month": [round(share_held(month), 3) for month in months],
            }
        )
        + "\n"
    )


if __name__ == "__main__":
    main()
