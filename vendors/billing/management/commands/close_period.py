"""`manage.py close_period --tenant SLUG --period YYYY-MM`: the invoice of a period that is over, and its credit notes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.management.base import CommandParser

from portal.kit.money import Money
from portal.kit.scope import tenant_scope
from tenants.management.operating import DONE, OperatingCommand, tenant_named
from vendors.billing.models import Invoice
from vendors.billing.services import close_period


class Command(OperatingCommand):
    help = "Close a billing period that is over: its invoice, and credit notes for what became cheaper."
    unusable = frozenset({"period_unusable"})
    exit_codes = (
        "Exit codes: 0 closed, 1 refused, 2 the period is no month, or it could not be found out (one sentence on standard\n"
        "error says why)."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--tenant", metavar="SLUG", required=True)
        parser.add_argument("--period", metavar="YYYY-MM", required=True, help="the month it begins in")

    def answer(self, options: Mapping[str, Any]) -> tuple[int, Mapping[str, Any]]:
        tenant = tenant_named(options["tenant"])
        with tenant_scope(tenant.id):
            made = close_period(options["period"], actor=self.actor())
        return DONE, {"tenant": tenant.slug, "documents": [_told(document) for document in made]}

    def words(self, told: Mapping[str, Any]) -> str:
        lines = [
            f"{row['kind']} {row['period']}: {row['total']} {row['currency']}" for row in told["documents"]
        ]
        return "\n".join(lines) or f"{told['tenant']}: closed, and nothing was charged"


def _told(document: Invoice) -> dict[str, Any]:
    return {
        "kind": document.kind,
        "period": document.period,
        "number": document.number,
        "total": str(Money(document.total_minor, document.currency).amount),
        "currency": document.currency,
    }
