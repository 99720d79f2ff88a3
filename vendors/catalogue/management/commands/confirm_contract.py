"""`manage.py confirm_contract SLUG --on DAY --reference TEXT`: the partner confirmed our profile of its contract."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.core.management.base import CommandParser

from portal.kit.errors import Invalid
from tenants.management.operating import DONE, OperatingCommand
from vendors.catalogue.confirming import confirm_contract


class Command(OperatingCommand):
    help = "Record that a partner confirmed our profile of its contract: from then on it may be used in production."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("slug", metavar="LISTING", help="the listing's name, for example au10tix")
        parser.add_argument("--on", required=True, metavar="YYYY-MM-DD", help="the day of the confirmation")
        parser.add_argument(
            "--reference", required=True, metavar="TEXT", help="where it is written: a letter, a ticket"
        )

    def answer(self, options: Mapping[str, Any]) -> tuple[int, Mapping[str, Any]]:
        try:
            day = date.fromisoformat(options["on"])
        except ValueError:
            raise Invalid("day_unusable", "Write the day as 2026-11-29.") from None
        row = confirm_contract(options["slug"], on=day, reference=options["reference"])
        return DONE, {
            "listing": row.slug,
            "confirmed_on": row.confirmed_on.isoformat(),
            "reference": row.reference,
            "id": row.public_id,
        }
