"""`manage.py load_prices FILE.json`: 0 when every price is in force or was, 1 when some were refused, 2 when the file or
the database could not be used."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError

from portal.kit.errors import Misconfigured
from vendors.billing.price_file import SENTENCES, Loaded, load_price, prices_of

LOADED, SOME_REFUSED, UNUSABLE = 0, 1, 2


class Command(BaseCommand):
    help = "Write new price versions down, from a file."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "file", metavar="FILE.json", help="README, annex, says what it holds; - is standard input"
        )
        parser.add_argument("--json", action="store_true", help="one JSON object for each price")

    def handle(self, *args: Any, **options: Any) -> None:
        sys.exit(self.load(options["file"], as_json=options["json"]))

    def load(self, name: str, *, as_json: bool) -> int:
        try:
            text = sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8")
            listed = prices_of(json.loads(text))
        except OSError as error:
            self.stderr.write(f"{name} could not be read: {error.strerror}.")
            return UNUSABLE
        except ValueError:
            self.stderr.write(f"{name} holds no list of prices in JSON.")
            return UNUSABLE
        try:
            results = [
                self.told(load_price(number, found), as_json) for number, found in enumerate(listed, 1)
            ]
        except Misconfigured:
            self.stderr.write("Prices are written by the operator's role: set READMIT_DB_OPS_URL.")
            return UNUSABLE
        except DatabaseError as error:
            self.stderr.write(f"Could not write prices: {type(error).__name__}")
            return UNUSABLE
        return SOME_REFUSED if any(result.code for result in results) else LOADED

    def told(self, result: Loaded, as_json: bool) -> Loaded:
        if as_json:
            self.stdout.write(json.dumps(result.to_json()))
        elif result.code:
            self.stdout.write(f"price {result.number}: REFUSED: {SENTENCES[result.code]} ({result.field})")
        else:
            self.stdout.write(f"price {result.number}: {result.result} {result.price}")
        return result
