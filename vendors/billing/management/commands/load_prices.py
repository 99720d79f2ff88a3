"""`manage.py load_prices FILE.json`: new price versions from a file, with a result for each."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from django.core.management.base import CommandParser

from portal.kit.bodies import read_once
from portal.kit.errors import Misconfigured, Unavailable
from tenants.management.files import content_of
from tenants.management.operating import (
    DONE,
    REFUSED,
    OperatingCommand,
    summary_of,
    words_of_summary,
)
from vendors.billing.price_file import SENTENCES, Loaded, load_price, prices_of

MOST_BYTES = 16_000_000
RESULTS = ("loaded", "known", "refused")


class Command(OperatingCommand):
    help = "Write new price versions down, from a file."
    exit_codes = (
        "Exit codes: 0 every price is in force or was, 1 some were refused, 2 the file or the database could not be used\n"
        "(one sentence on standard error says why). With --json one JSON object for each price,\n"
        "and a last one that counts them."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "file", metavar="FILE.json", help="README, annex, says what it holds; - is standard input"
        )

    def answer(self, options: Mapping[str, Any]) -> tuple[int, Mapping[str, Any]]:
        counted: Counter[str] = Counter()
        for number, found in enumerate(_listed(options["file"]), 1):
            try:
                result = load_price(number, found)
            except Misconfigured:
                raise Misconfigured(
                    "role_missing", "Prices are written by the operator's role: set READMIT_DB_OPS_URL."
                ) from None
            counted[result.result] += 1
            self.stdout.write(json.dumps(result.to_json()) if options["json"] else _line(result))
        return REFUSED if counted["refused"] else DONE, summary_of("prices", counted, RESULTS)

    def words(self, told: Mapping[str, Any]) -> str:
        return words_of_summary(told)


def _listed(name: str) -> Sequence[object]:
    text = content_of(name, most=MOST_BYTES)
    try:
        return prices_of(read_once(text))
    except (ValueError, RecursionError):
        raise Unavailable("file_unusable", f"{name} holds no list of prices in JSON.") from None


def _line(result: Loaded) -> str:
    if result.code:
        where = f" ({result.field})" if result.field else ""
        return f"price {result.number}: REFUSED: {SENTENCES[result.code]}{where}"
    return f"price {result.number}: {result.result} {result.price}"
