"""`manage.py roll_up [--tenant SLUG] [--check]`: the usage page's sums beside a recount of the entries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.management.base import CommandParser

from portal.kit.scope import tenant_scope
from tenants.management.operating import DONE, OperatingCommand, tenant_named
from tenants.models import Tenant
from vendors.billing.rollups import Difference, check_days

DIFFERED = 1


class Command(OperatingCommand):
    help = "Compare the sums of the usage page with a recount of the ledger, and rebuild those that differ."
    exit_codes = (
        "Exit codes: 0 all sums equal the entries, 1 some did not, or there is no such organisation, 2 it could not be found\n"
        "out (one sentence on standard error says why)."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--tenant", metavar="SLUG", help="one organisation; all of them unless named")
        parser.add_argument("--check", action="store_true", help="compare, and change nothing")

    def answer(self, options: Mapping[str, Any]) -> tuple[int, Mapping[str, Any]]:
        slug = options["tenant"]
        told = []
        for tenant in [tenant_named(slug)] if slug else Tenant.objects.order_by("slug"):
            with tenant_scope(tenant.id):
                found = check_days(repair=not options["check"])
            told.append({"tenant": tenant.slug, "differing": [_day(each) for each in found]})
        code = DIFFERED if any(each["differing"] for each in told) else DONE
        return code, {"organisations": told}

    def words(self, told: Mapping[str, Any]) -> str:
        return "\n".join(
            f"{each['tenant']}: {_words(len(each['differing']))}" for each in told["organisations"]
        )


def _day(found: Difference) -> dict[str, Any]:
    return {"day": str(found.day), "entries": found.entries, "rolled_up": found.rolled_up}


def _words(days: int) -> str:
    return f"{days} days differed from the entries" if days else "every day equals its entries"
