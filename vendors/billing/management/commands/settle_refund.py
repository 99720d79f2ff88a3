"""`manage.py settle_refund --tenant SLUG`: refunds without a credit note; with `--refund` and a reason, enters one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.management.base import CommandParser

from portal.kit.money import Money
from portal.kit.scope import tenant_scope
from tenants.management.operating import DONE, OperatingCommand, tenant_named
from vendors.billing.collecting.refunds import Refund, refunds_apart, settle_refund
from vendors.billing.models import Entry
from vendors.billing.price_file import amount_text


class Command(OperatingCommand):
    help = "Show what was paid back at Stripe without a credit note, or enter one such refund in the ledger."
    exit_codes = (
        "Exit codes: 0 listed or entered (or entered so before), 1 refused, 2 it could not be found out (one sentence on\n"
        "standard error says why)."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--tenant", metavar="SLUG", required=True)
        parser.add_argument("--refund", metavar="re_…", help="the refund; without it all are listed")
        parser.add_argument("--reason", default="", help="a sentence that stays in the audit log")

    def answer(self, options: Mapping[str, Any]) -> tuple[int, Mapping[str, Any]]:
        tenant = tenant_named(options["tenant"])
        with tenant_scope(tenant.id):
            if options["refund"]:
                entry = settle_refund(options["refund"], reason=options["reason"], actor=self.actor())
                return DONE, {"tenant": tenant.slug, "entered": _entered(entry)}
            return DONE, {"tenant": tenant.slug, "refunds": [_told(each) for each in refunds_apart()]}

    def words(self, told: Mapping[str, Any]) -> str:
        if "entered" in told:
            return "{entry} {amount} {currency} entered".format(**told["entered"])
        lines = ["{refund} {amount} {currency} of {period}".format(**row) for row in told["refunds"]]
        return "\n".join(lines) or f"{told['tenant']}: no refund without a credit note"


def _told(refund: Refund) -> dict[str, Any]:
    apart = Money(refund.apart - refund.noted, refund.currency)
    return {
        "refund": refund.stripe_id,
        "period": refund.period,
        "amount": amount_text(apart.amount),
        "currency": refund.currency,
    }


def _entered(entry: Entry) -> dict[str, Any]:
    return {"entry": entry.public_id, "amount": amount_text(entry.amount), "currency": entry.currency}
