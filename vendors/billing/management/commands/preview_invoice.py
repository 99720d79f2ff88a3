"""`manage.py preview_invoice --tenant SLUG [--period YYYY-MM]`: 0 with the invoice, 1 for an organisation or a period that
does not exist, 2 when it could not be found out."""

from __future__ import annotations

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError

from portal.kit import clock
from portal.kit.scope import tenant_scope
from tenants.models import Tenant
from vendors.billing.book import standing
from vendors.billing.previewing import preview

SHOWN, NONE, UNKNOWN = 0, 1, 2


class Command(BaseCommand):
    help = "Show the invoice of a period as it stands: each line, its amount, and how many entries are behind it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant", metavar="SLUG", required=True)
        parser.add_argument(
            "--period", metavar="YYYY-MM", help="the month it begins in; the running one unless named"
        )
        parser.add_argument("--json", action="store_true", help="one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        sys.exit(self.show(options["tenant"], options["period"], as_json=options["json"]))

    def show(self, slug: str, label: str | None, *, as_json: bool) -> int:
        try:
            tenant = Tenant.objects.filter(slug=slug).first()
            if tenant is None:
                self.stderr.write(f"There is no organisation {slug}.")
                return NONE
            with tenant_scope(tenant.id):
                found = standing()
                period = found.period_named(label) if label else found.period_at(clock.now())
                told = {"tenant": slug, **preview(period)}
        except ValueError:
            self.stderr.write("--period is a month, for example 2026-02.")
            return NONE
        except DatabaseError as error:
            self.stderr.write(f"Could not be found out: {type(error).__name__}")
            return UNKNOWN
        self.stdout.write(json.dumps(told) if as_json else _text(told))
        return SHOWN


def _text(told: dict[str, Any]) -> str:
    lines = [f"{told['tenant']}: {told['period']} ({told['status']}), {told['start']} to {told['end']}"]
    for line in told["lines"]:
        lines.append(_line(line))
    lines += [f"  {'total':34}{total:>28} {currency}" for currency, total in told["totals"].items()]
    for note in told["credit_notes"]:
        lines += ["credit note:", *(_line(line) for line in note["lines"])]
        lines.append(f"  {'total':34}{note['total']:>28} {note['currency']}")
    for row in told["own_contract"]:
        lines.append(
            f"billed by {row['vendor']}: {row['quantity']} {row['meter']}, {row['amount']} {row['currency']}"
        )
    for row in told["not_charged"]:
        lines.append(f"not charged: {row['quantity']} {row['meter']} of {row['vendor']}, {row['why']}")
    if told["kept_aside"]:
        lines.append(f"kept aside: {told['kept_aside']} events that could not be counted")
    return "\n".join(lines)


def _line(line: dict[str, Any]) -> str:
    what = " ".join(filter(None, (line["kind"], line["vendor"], line["meter"], line["period"])))
    return (
        f"  {what:34}{line['quantity']:>10} from {line['entries']:>7} entries"[:64].ljust(50)
        + f"{line['amount']:>14} {line['currency']}"
    )
