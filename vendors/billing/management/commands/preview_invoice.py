"""`manage.py preview_invoice --tenant SLUG [--period YYYY-MM]`: the invoice of a period as it stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.management.base import CommandParser

from portal.kit import clock
from portal.kit.errors import Invalid
from portal.kit.scope import tenant_scope
from tenants.management.operating import DONE, OperatingCommand, tenant_named
from vendors.billing.book import standing
from vendors.billing.previewing import preview
from vendors.billing.rating.periods import Period


class Command(OperatingCommand):
    help = "Show the invoice of a period as it stands: each line, its amount, and how many entries are behind it."
    unusable = frozenset({"period_unusable"})
    exit_codes = (
        "Exit codes: 0 with the invoice, 1 no such organisation, 2 the period is no month, or it could not be found out\n"
        "(one sentence on standard error says why)."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--tenant", metavar="SLUG", required=True)
        parser.add_argument(
            "--period", metavar="YYYY-MM", help="the month it begins in; the running one unless named"
        )

    def answer(self, options: Mapping[str, Any]) -> tuple[int, Mapping[str, Any]]:
        tenant = tenant_named(options["tenant"])
        with tenant_scope(tenant.id):
            return DONE, {"tenant": tenant.slug, **preview(_period(options["period"]))}

    def words(self, told: Mapping[str, Any]) -> str:
        lines = [f"{told['tenant']}: {told['period']} ({told['status']}), {told['start']} to {told['end']}"]
        lines += [_line(line) for line in told["lines"]]
        lines += [f"  {'total':34}{total:>45} {currency}" for currency, total in told["totals"].items()]
        for note in told["credit_notes"]:
            lines += ["credit note:", *(_line(line) for line in note["lines"])]
            lines.append(f"  {'total':34}{note['total']:>45} {note['currency']}")
        for row in told["own_contract"]:
            what = f"{row['quantity']} {row['meter']}, {row['amount']} {row['currency']}"
            lines.append(f"billed by {row['vendor']}: {what}")
        for row in told["not_charged"]:
            lines.append(f"not charged: {row['quantity']} {row['meter']} of {row['vendor']}, {row['why']}")
        if told["kept_aside"]:
            lines.append(f"kept aside: {told['kept_aside']} events that could not be counted")
        return "\n".join(lines)


def _period(label: str | None) -> Period:
    found = standing()
    try:
        return found.period_named(label) if label else found.period_at(clock.now())
    except ValueError:
        raise Invalid("period_unusable", "--period is a month, for example 2026-02.") from None


def _line(line: Mapping[str, Any]) -> str:
    what = " ".join(filter(None, (line["kind"], line["vendor"], line["meter"], line["period"])))
    counted = f"{line['quantity']:>10} from {line['entries']:>7} entries"
    return f"  {what:34}{counted}{line['amount']:>14} {line['currency']}"
